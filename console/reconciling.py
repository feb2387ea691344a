"""Reconciling: a night, counted and summed from the platforms themselves.

In: settings, the contract, a day, the stream's totals. Out: an audit. Invariants: nothing is written, to a platform or
a topic; both sides are read by day and never all at once into memory; where workers run, Xero's grant stays theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Literal

import httpx

from agents.rules.audit import SETTLING, Rules, audit, rules
from agents.rules.gathering import sums
from agents.rules.hearing import Heard, gone, unheard
from agents.rules.sealing import joined
from agents.rules.signing import alarms, since, unsealed
from console import readiness
from console.streamed import heard
from schemas.audit import PAPER_KINDS, Audit, Discrepancy, PaperKind, Shown, Signature, Sum, Tally
from schemas.contract import Contract
from schemas.errors import Transient
from schemas.names import Side
from schemas.totals import Total
from streams.checkup.grant import untold
from streams.daybook.patience import Patience
from streams.daybook.reading import Outcome, read
from streams.daybook.spool import Spool
from streams.platforms.hubspot.daybook import Daybook as Portal
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.xero.daybook import Daybook as Books
from streams.settings import Settings
from streams.verification import access

OLDER = "it was signed before Revmark sealed documents; signed again, it is sealed"
Key = tuple[str, str, PaperKind]  # currency, subsidiary, kind of document


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    `stream`: what the stream counted of the night; None: it was not asked. `signed`: what somebody has signed of it.
    """

    night: str
    settling: timedelta = SETTLING
    stream: Sequence[Total] | None = None
    signed: Signature | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """How it is read: `keep` stores Xero's next refresh token; `tell` hears of waits."""

    keep: Callable[[str], None] | None = None
    tell: Callable[[str], None] = lambda _: None
    transports: dict[str, httpx.AsyncBaseTransport] = field(default_factory=dict)


async def reconcile(settings: Settings, contract: Contract, wish: Wish, means: Means) -> Audit:
    """Read both sides and compare them.

    Raises:
        Transient: a platform cannot be read, or nobody can say whether workers use Xero's grant.
        SettingsError: credentials are not complete.
    """
    alone = False
    try:
        found = await readiness.look(settings, contract)
    except Transient as error:
        if wish.stream is not None:  # who asks without the stream says that no worker runs anywhere
            raise Transient(untold(settings), code=error.code) from error
        found, alone = readiness.Readiness(0), True
    waits = Patience(_now, asyncio.sleep, means.tell)
    api = access.api(settings, contract, transport=means.transports.get("hubspot"))
    portal = Portal(api, shapes_of(contract), waits, base_currency=contract.base_currency)
    working, through = bool(found.workers), means.transports.get("xero")
    books = Books(
        access.connection(
            settings, working=working, spent=found.spent, keep=means.keep, alone=alone, transport=through
        ),
        waits,
    )
    try:
        hear = partial(heard, settings, wish.night)
        return await count(settings, contract, wish, books, portal, _now(), hear)
    finally:
        await books.close()
        await portal.close()


async def count(
    settings: Settings,
    contract: Contract,
    wish: Wish,
    books: Books,
    portal: Portal,
    at: datetime,
    hear: Callable[[], Awaitable[Mapping[str, Heard]]],
) -> Audit:
    """Read both sides through daybooks and compare them; where the stream counts something else, `hear` what it has.

    Raises:
        Transient: a platform cannot be read, so that nothing can be compared.
    """
    settings.state.mkdir(parents=True, exist_ok=True)
    spool = Spool(settings.state)
    try:
        by = rules(contract, wish.night, at, wish.settling)
        outcome = await read(wish.night, books, portal if by.mirrored else None, spool)
        made = judge(spool, contract, wish, outcome, tenant=settings.tenant, at=at)
        if any(each.behind for each in made.tallies):
            listened = listen(spool, await hear(), by, made)
            made = made.model_copy(update={"discrepancies": sorted([*made.discrepancies, *listened], key=_order)})
        return made.model_copy(update={"calls": {"hubspot": portal.calls, "xero": books.calls}})
    finally:
        spool.close()


def listen(spool: Spool, known: Mapping[str, Heard], by: Rules, made: Audit) -> Iterator[Discrepancy]:
    """The documents of which the stream has something else, beside those in which the sides differ."""
    told = {each.ref for found in made.discrepancies for each in (found.crm, found.erp) if each is not None}
    there: set[str] = set()
    for crm, erp in spool.parts():
        there |= {each.ref for each in (*crm, *erp) if each.ref in known}
        yield from unheard((*crm, *erp), known, by, told)
    yield from gone((each for each in known.values() if each.counted and each.ref not in there | told), by)


def judge(spool: Spool, contract: Contract, wish: Wish, outcome: Outcome, *, tenant: str, at: datetime) -> Audit:
    """What the documents on a spool come to, part by part."""
    by = rules(contract, wish.night, at, wish.settling)
    tallies: dict[Key, Tally] = {}
    discrepancies: list[Discrepancy] = []
    touched: list[Shown] = []
    for crm, erp in spool.parts():
        discrepancies += audit(crm, erp, by)
        touched += since(wish.signed, (*crm, *erp), wish.night) if wish.signed else []
        for tally in sums(crm, erp, wish.night, subsidiary=contract.books, mirrored=by.mirrored):
            _add(tallies, tally)
    for total in wish.stream or ():
        _hear(tallies, total, mirrored=by.mirrored)
    told = [_told(tallies[key], wish) for key in sorted(tallies, key=_place)]
    broken = alarms(wish.signed, told) if wish.signed else []
    notes = list(outcome.notes)
    if not by.mirrored:
        notes.append("the contract makes no invoices in the CRM: only the ERP's own totals are shown")
    if wish.signed is not None and unsealed(wish.signed):
        notes.append(f"it is held against the totals that were signed alone, not document by document: {OLDER}")
    against: dict[Literal["hubspot", "stream"], bool] = {"hubspot": by.mirrored, "stream": wish.stream is not None}
    return Audit(
        tenant=tenant,
        night=wish.night,
        at=at,
        contract=contract.digest,
        tallies=told,
        discrepancies=sorted(discrepancies, key=_order),
        documents={"hubspot": spool.count(Side.CRM), "xero": spool.count(Side.ERP)},
        gaps=list(outcome.gaps),
        against=[name for name, asked in against.items() if asked],
        notes=notes,
        signed=wish.signed,
        alarms=broken,
        touched=touched if broken else [],
    )


def _add(tallies: dict[Key, Tally], tally: Tally) -> None:
    key = (tally.currency, tally.subsidiary, tally.kind)
    before = tallies.get(key)
    if before is not None:
        sides = {
            "crm": _plus(before.crm, tally.crm),
            "erp": _plus(before.erp, tally.erp),
            "crm_seal": joined(before.crm_seal, tally.crm_seal),
            "erp_seal": joined(before.erp_seal, tally.erp_seal),
        }
        tally = before.model_copy(update=sides)
    tallies[key] = tally


def _plus(one: Sum | None, other: Sum | None) -> Sum | None:
    if one is None or other is None:
        return one or other
    return Sum(count=one.count + other.count, total=one.total + other.total)


def _hear(tallies: dict[Key, Tally], total: Total, *, mirrored: bool) -> None:
    """Put what the stream counted beside what is there; what it alone counts is there without documents."""
    if not total.invoices and not total.total:
        return
    key: Key = (total.currency, total.subsidiary, "invoice")
    none = Tally(
        currency=total.currency, subsidiary=total.subsidiary, kind="invoice", crm=Sum() if mirrored else None, erp=Sum()
    )
    side = "stream_crm" if total.side is Side.CRM else "stream_erp"
    said = Sum(count=total.invoices, total=total.total)
    tallies[key] = tallies.get(key, none).model_copy(update={side: said})


def _told(tally: Tally, wish: Wish) -> Tally:
    """The stream counts invoices; a window of which it says nothing is one in which it knows of none."""
    if wish.stream is None or tally.kind != "invoice":
        return tally
    update = {"stream_erp": tally.stream_erp or Sum()}
    if tally.crm is not None:
        update["stream_crm"] = tally.stream_crm or Sum()
    return tally.model_copy(update=update)


def _place(key: Key) -> tuple[str, str, int]:
    return key[0], key[1], PAPER_KINDS.index(key[2])


def _order(each: Discrepancy) -> tuple[str, Decimal, str]:
    """By currency, the largest first."""
    return each.currency, -abs(each.difference), each.id


def kept(settings: Settings, night: str) -> Path:
    """Where the last audit of a night is kept on this machine, for `revmark repair`."""
    return settings.state / "reconcile" / f"{night}.json"


def keep(settings: Settings, made: Audit) -> None:
    """Keep an audit, whole or not at all: one that was cut short would stand in the way of every repair."""
    path = kept(settings, made.night)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".tmp")
    fresh.write_text(made.model_dump_json(indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)


def _now() -> datetime:
    return datetime.now(UTC)
