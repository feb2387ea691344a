"""Hearing: what the stream counts of a night, held against what the platforms show.

In: a night's invoices, what the stream has of them by reference. Out: discrepancies of the figure `stream`. Invariant:
what the stream's sums of a side differ by is made up of the documents that are named here and of those that the sides
already differ in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from agents.rules.audit import Rules, shown, sized
from schemas.audit import Discrepancy, DiscrepancyClass, Mend, Paper, Shown
from schemas.money import plain
from schemas.names import Side, digest

NAMES = {Side.CRM: "HubSpot", Side.ERP: "Xero"}
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the stream has of one document of a side. `counted`: on the night, posted and not void."""

    side: Side
    ref: str
    number: str
    day: str
    currency: str
    total: Decimal
    counted: bool


def unheard(
    papers: Iterable[Paper], heard: Mapping[str, Heard], by: Rules, told: Collection[str]
) -> Iterator[Discrepancy]:
    """Where the stream counts something else than a platform shows; `told` are documents in which the sides differ."""
    for paper in papers:
        if paper.kind != "invoice" or paper.ref in told:
            continue
        said = heard.get(paper.ref)
        here = paper.counted and paper.day == by.night
        there = said is not None and said.counted
        if not here and not there:
            continue
        if said is None or here != there or (said.currency, said.total) != (paper.currency, paper.total):
            yield _found(paper, said, by)


def gone(heard: Iterable[Heard], by: Rules) -> Iterator[Discrepancy]:
    """What the stream counts, and no platform shows any more."""
    for said in heard:
        name = NAMES[said.side]
        document = Shown(
            ref=said.ref, kind="invoice", number=said.number, day=said.day, currency=said.currency, amount=said.total
        )
        words = (
            f"the stream counts invoice {said.number or said.ref} of {plain(said.total)}, and {name} does not show it"
        )
        yield _made(by, "missing", said.side, document, said.currency, -said.total, words)


def _found(paper: Paper, said: Heard | None, by: Rules) -> Discrepancy:
    name, here = NAMES[paper.side], paper.counted and paper.day == by.night
    now = paper.total if here else ZERO
    counts = said is not None and said.counted
    then = said.total if said is not None and counts and said.currency == paper.currency else ZERO
    kind = _kind(paper, said)
    has = f"counts {plain(said.total)} {said.currency}" if said is not None and counts else "does not count it"
    shows = f"{plain(now)} {paper.currency}" if here else f"{paper.status} of {paper.day}"
    words = f"invoice {paper.number or paper.ref} is {shows} in {name}, and the stream {has}"
    late = by.at - paper.modified < by.settling
    return _made(by, kind, paper.side, shown(paper), paper.currency, now - then, words, late=late)


def _kind(paper: Paper, said: Heard | None) -> DiscrepancyClass:
    if said is None:
        return "missing"
    if said.day != paper.day:
        return "date"
    if said.counted != paper.counted:
        return "void"
    if said.currency != paper.currency:
        return "currency"
    return sized("amount", paper.total - said.total, paper.currency)


def _made(
    by: Rules,
    kind: DiscrepancyClass,
    side: Side,
    document: Shown,
    currency: str,
    gap: Decimal,
    words: str,
    *,
    late: bool = False,
) -> Discrepancy:
    name = digest(by.night, kind, "stream", document.ref)  # the same, late or not any more
    mend = Mend(act="read", says="Revmark reads it again, and counts it anew")
    if late:
        kind = "late"
        mend = Mend(act="wait", says="it is on its way: look again in half an hour")
    return Discrepancy(
        id=name,
        night=by.night,
        kind=kind,
        figure="stream",
        currency=currency,
        difference=gap,
        crm=document if side is Side.CRM else None,
        erp=document if side is Side.ERP else None,
        says=words,
        mend=mend,
    )
