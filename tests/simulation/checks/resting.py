"""I3 and I4: the platforms agree, and nothing moves any more."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from schemas.names import record_id
from schemas.wire import decode
from tests.simulation.clockwork import START
from tests.simulation.scenes import RECURRING
from tests.simulation.story import MIDNIGHT
from tests.simulation.witness import Witness
from tests.simulation.world import POLL

KEYS = {"ContactID", "InvoiceID", "ItemID", "Code", "id"}  # what names a record in a write of Xero's
# Troubles after which a write may be made again: its answer, its worker or its offset was lost.
AGAIN = {
    "crash", "move", "frozen", "unheard", "replay", "written_twice", "slow", "answer_late", "answer_lost",
    "request_lost", "refused_429", "refused_500", "refused_503", "throttled", "outage", "token_lost",
}  # fmt: skip
# Two rounds of polls, and the longest wait of a lane that has met nothing but failures before (lanes.patience).
SETTLES = 2 * POLL + 300.0  # seconds
LISTED = 600.0  # seconds more: without a webhook, money in advance is listed every ten minutes
SETTLED_BY = re.compile(r"command (\w+) writes the same fields")  # what a lane says of a command that it leaves out
Span = tuple[datetime, datetime]  # from, until
LOOK = 3600.0  # seconds between looks at what a new day brings: what midnight finds on its way is found at the next


def divided(witness: Witness) -> list[str]:
    """I3, at the platforms alone: linked companies that bear two names, companies that one platform lacks.

    Those that people ended on one side are left out, and so are their partners. So is a company whose name another
    contact bears, which Xero refuses: a person has to rename one of them, and the ledger says so. So are two that may
    be one, as a decision says: a person has to link them, or not.
    """
    contacts = {row["ContactID"]: row for row in witness.finance.shelf("Contacts")}
    companies = witness.sales.records("companies")
    linked = Counter(row["properties"].get("xero_contact_id") or "" for row in companies)
    ended = witness.ended
    taken = {command["fields"].get("name") for command, _ in witness.ledgered("refused")} - {None}
    topic = witness.records(witness.topics.decisions)
    verdicts = (decode(value or b"{}") for rows in topic.values() for _, value in rows)
    proposed = {ref for each in verdicts if each["ruling"] == "propose" for ref in each["record"].split("+")}
    borne = Counter(row["Name"] for row in contacts.values())
    found = [
        f"contact {name} is not in HubSpot"
        for name in sorted(contacts.keys() - linked.keys())
        if f"Contacts/{name}" not in ended and f"xero/contact/{name}" not in proposed
    ]
    for row in companies:
        known = row["properties"].get("xero_contact_id") or ""
        if {f"companies/{row['id']}", f"Contacts/{known}"} & ended:
            continue
        if not known and f"hubspot/company/{row['id']}" in proposed:
            continue
        own = known in contacts and contacts[known]["Name"]
        if (name := row["properties"]["name"]) in taken and borne[name] - (own == name):
            continue
        if known not in contacts:
            found.append(f"company {row['id']} is not in Xero")
        elif own != name:
            found.append(f"company {row['id']}: {name} and {own}")
    return found + [f"contact {name} has {count} companies" for name, count in linked.items() if name and count > 1]


def restless(witness: Witness) -> list[str]:
    """I4: rounds of polls went by, and at the platforms' logs writes of ours went on."""
    return ["writes do not end"] if witness.world.restless else []


def late(witness: Witness) -> list[str]:
    """I4: writes of ours, in the platforms' logs, long after the last deed and the last trouble."""
    over = witness.world.over
    # A clock that is behind misses the day's first look, also where midnight was shortly before the last deed.
    midnight = witness.world.story.trade in RECURRING and over - LOOK < MIDNIGHT < over + SETTLES
    advances = any(witness.finance.shelf(name) for name in ("Prepayments", "Overpayments"))
    end = (MIDNIGHT + LOOK if midnight else over) + SETTLES + (LISTED if advances else 0.0)
    found = []
    for platform in ("hubspot", "xero"):
        for row in witness.world.platforms.writes(platform):
            after = (witness.moment(platform, row.at) - START).total_seconds() - end
            if after > 0:
                found.append(f"{platform} {row.action} {row.resource} {row.id}: {after:.0f} s late: {row.body}")
    return found


def repeated(witness: Witness) -> list[str]:
    """I4: values that we wrote onto a record which had them from us already, with nobody else at it in between.

    A write whose answer is lost may be repeated with the same values, so this is asked of calmer stories only. Where a
    value was to change and to change back, and the second command was there before the first was sent, it is written
    once more: the first is superseded, and the lane does not know that nothing is left to do.
    """
    found: list[str] = []
    world = witness.world
    if world.story.holds(*AGAIN):
        return found
    covered = _superseded(witness)
    for platform, log in (("hubspot", world.platforms.portal.writes), ("xero", world.platforms.xero.state.writes)):
        ours: dict[tuple[str, str], dict[str, Any]] = {}
        last: dict[tuple[str, str, str], datetime] = {}  # by field: others of the record may be written meanwhile
        for row in log.writes:
            body = row.body if isinstance(row.body, dict) else {}
            values = body.get("properties", body)
            if row.actor != "api":
                ours.pop((row.resource, row.id), None)
                continue
            known = ours.setdefault((row.resource, row.id), {})
            again = [] if row.action != "update" else [
                name for name, value in values.items() if name not in KEYS and known.get(name) == value
            ]  # fmt: skip
            at = witness.moment(platform, row.at)
            since = min((last[row.resource, row.id, name] for name in again), default=at)
            between = any(began <= at and since <= ended for began, ended in covered.get(row.id, ()))
            last |= {(row.resource, row.id, name): at for name in values}
            if again and len(again) == len(values.keys() - KEYS) and not between:
                found.append(f"{row.resource} {row.id}: {again} written again at {row.at:%H:%M:%S}")
            known.update(values)
    return found


def _superseded(witness: Witness) -> dict[str, list[Span]]:
    """From when until when updates of a record waited for the later one that settled them, by the record's id there.

    A lane says which commands are settled before it sends what is left of its batch, so that the beginning of such a
    wait may be before the write that came first, and its end never is.
    """
    applied = {command["id"]: at for command, at in witness.ledgered("applied")}
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for command, at, message in witness.said("superseded"):
        later = SETTLED_BY.search(message)
        if command["ref"]:
            spans[record_id(command["ref"])].append((at, applied.get(later[1], at) if later else at))
    return spans
