"""Search: which record somebody means by a platform's id, an id of ours, a number or a name.

In: what was typed. Out: one record, or candidates with the command for each. A whole name goes before a part of one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

from console.explain.document import Candidate, Candidates
from console.explain.labels import called
from console.projection.filters import Filters
from console.projection.listing import quarantined
from console.projection.naming import folded
from console.projection.tables import Known
from schemas.errors import Refused
from schemas.names import Entity

REFERENCE = re.compile(r"(hubspot|xero)[:/]([a-z_]+)[:/](.+)", re.IGNORECASE)
CANONICAL = re.compile(rf"({'|'.join(Entity)}):\w+")
MOST = 20  # candidates shown; more is no help to anybody
NEAR = 3  # names that are offered for one that nobody bears
ALIKE = 0.75  # of a name's letters, in their order: one or two slips of the finger in an ordinary name
COMPARED = 20_000  # names a typo is compared with: a second's work at most
SLIP = 3  # letters by which a mistyped name is longer or shorter, at most
KINDS = {"hubspot": ("company", "contact", "product", "deal", "invoice"),
         "xero": ("contact", "person", "item", "invoice", "payment", "prepayment", "overpayment",
                  "credit_note")}  # fmt: skip
DEALS = tuple(f"{kind.value}:" for kind in (Entity.ORDER, Entity.SUBSCRIPTION))  # ids of what bears its deal's name
PARTS_OF = {"line_item": "deal", "quote": "deal"}  # kinds that are no record of their own


class Unfound(Refused):
    """Nothing is called so: `why`, and records whose names are `near`."""

    def __init__(self, message: str, why: str, near: Sequence[Candidate]) -> None:
        """Keep what another command than `revmark explain` says in its own words."""
        super().__init__(message, code="unknown")
        self.why, self.near = why, tuple(near)


def search(known: Known, asked: str) -> str | Candidates:
    """The record: a canonical id, or the reference of a record that nobody knows the owner of yet.

    Raises:
        Refused: there is none; the message says what to try.
    """
    text = asked.strip()
    if (match := REFERENCE.fullmatch(text)) is not None:
        return _referred(known, match[1].lower(), match[2].lower(), match[3].strip())
    if CANONICAL.fullmatch(text):
        found = text if known.customer_of(text) is not None else known.deal_of(text)
        if found is not None and known.customer_of(found) is not None:
            return found
        raise _unknown(text, "no record has this id")
    return _called(known, text)


def _referred(known: Known, platform: str, kind: str, name: str) -> str | Candidates:
    if kind in PARTS_OF:
        raise Refused(
            f"a {kind.replace('_', ' ')} is a part of its {PARTS_OF[kind]}, and no record of its own. "
            f"Next: revmark explain {platform}:{PARTS_OF[kind]}:<id>",
            code="unknown",
        )
    if kind not in KINDS[platform]:
        near = difflib.get_close_matches(kind, KINDS[platform], n=1)
        hint = f": did you mean {near[0]!r}?" if near else ""
        raise Refused(
            f"{platform} has no kind {kind!r} here{hint} (there are {', '.join(KINDS[platform])}). Next: "
            f"revmark explain {platform}:{near[0] if near else KINDS[platform][0]}:{name}",
            code="usage",
        )
    for spelt in dict.fromkeys((name, name.lower())):
        reference = f"{platform}/{kind}/{spelt}"
        record = known.identity.known(reference)
        if record is not None and known.customer_of(record) is not None:
            return record
        if known.seen(reference) is not None:
            return reference
    held = quarantined(known.store, Filters(record=f"{platform}/{kind}/{name}", state="held"), 1)
    if held:
        raise Refused(
            f"no worker has taken up {platform}:{kind}:{name}: it is in quarantine as {held[0].name} "
            f"({held[0].reason}). Next: revmark quarantine show {held[0].name}",
            code="unknown",
        )
    raise _unknown(f"{platform}:{kind}:{name}", "no worker has seen it")


def _called(known: Known, text: str) -> str | Candidates:
    name = folded(text)
    if not name:
        raise Refused(
            "say which record. Next: revmark explain hubspot:company:123, or by a name in quotes", code="usage"
        )
    exact = "SELECT DISTINCT record FROM names WHERE name = ?"
    part = "SELECT DISTINCT record FROM names WHERE instr(name, ?) > 0"
    found = _standing(known, exact, name) or _standing(known, part, name)
    if not found:
        raise _unknown(text, "no record is called so", _near(known, name))
    if len(found) == 1:
        return found[0]
    shown = tuple(_candidate(known, each) for each in found[:MOST])
    return Candidates(asked=text, candidates=shown, found=len(found))


def _near(known: Known, name: str) -> list[Candidate]:
    """Records whose names are nearly this one."""
    rows = known.store.rows(
        "SELECT DISTINCT name FROM names WHERE length(name) BETWEEN ? AND ? ORDER BY name LIMIT ?",
        [len(name) - SLIP, len(name) + SLIP, COMPARED],
    )
    exact = "SELECT DISTINCT record FROM names WHERE name = ?"
    near = difflib.get_close_matches(name, [row["name"] for row in rows], n=NEAR, cutoff=ALIKE)
    found = dict.fromkeys(record for each in near for record in _standing(known, exact, each))
    return [_candidate(known, record) for record in list(found)[:NEAR]]


def _standing(known: Known, statement: str, name: str) -> list[str]:
    """Records of that name, without references whose record is known under an id of its own, and what a deal holds."""
    found = [str(row["record"]) for row in known.store.rows(f"{statement} ORDER BY record", [name])]
    found = [each for each in found if not each.startswith(DEALS)]
    return [each for each in found if "/" not in each or known.waiting(each) is not None]


def _candidate(known: Known, record: str) -> Candidate:
    state = known.find(record) if "/" not in record else None
    if state is None:
        row: dict[str, Any] = known.waiting(record) or {"entity": "", "fields": {}}
        spelt = record.replace("/", ":", 2)
        label = str(row["fields"].get("name") or row["fields"].get("number") or spelt)
        return Candidate(record=spelt, entity=row["entity"], label=label, command=f"revmark explain {spelt}")
    customer = known.customer_of(record)
    owner = known.find(customer) if customer and customer != record else None
    return Candidate(
        record=record,
        entity=state.entity.value,
        label=called(state),
        customer=called(owner) if owner else "",
        command=f"revmark explain {record}",
    )


def _unknown(asked: str, why: str, near: Sequence[Candidate] = ()) -> Unfound:
    if near:
        names = ", ".join(f"{each.label} ({each.entity.replace('_', ' ')})" for each in near)
        told = f"Did you mean {names}? Next: {near[0].command}"
    else:
        kinds = ", ".join(each.value for each in Entity)
        told = (
            f"It is named by a platform's id (hubspot:company:123, xero:contact:<id>), by an id of ours ({kinds}, each "
            "with 16 digits after a colon), or by a name, number, domain or e-mail. Next: revmark decisions --customer "
            "<name>; a record that was just made is here after the next poll"
        )
    return Unfound(f"there is nothing to explain for {asked!r}: {why}. {told}", why, near)
