"""What Revmark states of the books, against the recount: the stream's totals, and the attribution of each month.

Flows in: a world at rest, and Xero's books as they were recounted. Flows out: every difference, with its documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from agents.rules.attribution import Attribution, Posting, attribute
from console.attributing import days, proofs
from console.earning import postings
from console.projection.delivery import STATES, Delivery
from console.projection.store import Store
from schemas.contract.touches import Basis
from schemas.names import Side
from schemas.totals import Total
from streams.topics import Topic
from tests.lives.recount import NOTHING, Bill, Books, amount
from tests.lives.shown import shown_differences
from tests.lives.world import LivesWorld

Window = tuple[str, str]  # (currency, day)
KINDS = ("invoice", "credit_note", "payment", "refund")


def window_differences(world: LivesWorld, found: Books) -> list[str]:
    """The totals that the stream states of each day, against the documents of both platforms."""
    stated: dict[tuple[Side, Window], Total] = {}
    for record in _all(world, world.topics.totals):
        total = Total.from_bytes(record.value)
        stated[total.side, (total.currency, total.day)] = total
    return [*_apart(Side.ERP, stated, _in_xero(found)), *_apart(Side.CRM, stated, _in_hubspot(world))]


Papers = Iterable[tuple[Window, str, Decimal, Decimal]]  # number, total and due of each that counts


def _apart(side: Side, stated: dict[tuple[Side, Window], Total], papers: Papers) -> Iterator[str]:
    counted: dict[Window, list[tuple[str, Decimal, Decimal]]] = defaultdict(list)
    for window, *paper in papers:
        counted[window].append((paper[0], paper[1], paper[2]))
    windows = {*counted, *(window for its, window in stated if its is side)}
    for window in sorted(windows):
        rows, total = counted.get(window, []), stated.get((side, window))
        ours = (len(rows), sum((row[1] for row in rows), NOTHING), sum((row[2] for row in rows), NOTHING))
        theirs = (total.invoices, total.total, total.due) if total else (0, NOTHING, NOTHING)
        if ours != theirs:
            names = ", ".join(row[0] for row in rows)
            yield f"{window} {side.value}: the stream says {_shown(theirs)}, its records {_shown(ours)}: {names}"


def _shown(figures: tuple[int, Decimal, Decimal]) -> str:
    return f"{figures[0]} invoices of {figures[1]}, {figures[2]} due"


def _in_xero(found: Books) -> Papers:
    for bill in found.bills.values():
        if bill.posted:
            yield (bill.currency, bill.day), bill.number, bill.total, bill.due


def _in_hubspot(world: LivesWorld) -> Papers:
    for row in world.platforms.records("invoices"):
        shown = row["properties"]
        if shown.get("revmark_invoice_status") in {"posted", "paid"}:
            yield (
                (shown["hs_currency"], shown["hs_invoice_date"]), shown["revmark_invoice_number"],
                amount(shown["revmark_total"]), amount(shown["revmark_amount_due"]),
            )  # fmt: skip


def attributed_differences(world: LivesWorld, found: Books, folder: Path) -> list[str]:
    """The attribution of each month, as the command makes it, and HubSpot's records, against Xero's documents."""
    store = Store(folder)
    store.bind("lives")
    try:
        store.apply(_deliveries(world))
        return [*_attributed(world, store, _papers(found)), *shown_differences(world, store)]
    finally:
        store.close()


def _attributed(world: LivesWorld, store: Store, papers: dict[str, Posting]) -> Iterator[str]:
    names = {row["record"]: row["ref"].rpartition("/")[2] for row in store.rows(_REFS)}
    found = postings(store, world.contract, "customer")
    ours: dict[str, Posting] = {}
    for each in found:  # a credit note may be in parts
        id_ = names.get(each.document, each.document)
        ours[id_] = replace(each, amount=each.amount + (ours[id_].amount if id_ in ours else 0))
    for id_ in sorted({*papers, *ours}):
        one, other = (_worth(each.get(id_)) for each in (papers, ours))
        if one != other:
            said = papers.get(id_) or ours[id_]
            yield f"{said.document if id_ in papers else id_}: {one} in Xero, {other} in the attribution"
    others = [postings(store, world.contract, by) for by in ("deal", "product")]
    for month in sorted({each.day[:7] for each in (*papers.values(), *found)}):
        start, end = days(month)
        bases: tuple[Basis, Basis] = ("posted", "cash")
        for basis in bases:
            made = attribute(found, basis, start, end)
            counted = attribute(papers.values(), basis, start, end)
            yield from _totals(month, made, counted)
            for other in others:
                yield from _totals(month, attribute(other, basis, start, end), counted)
        for proof in proofs(store, found, start, end):
            if not proof.holds:
                yield f"{month} {proof.currency}: {proof.counted} invoiced, {proof.stated} stated, on {proof.days}"


_REFS = (
    "SELECT record, json_extract(body, '$.erp.ref') AS ref FROM states"
    " WHERE drawer = 'accounts.r' AND json_extract(body, '$.erp.ref') IS NOT NULL"
)


def _worth(posting: Posting | None) -> tuple[str, ...]:
    return () if posting is None else (posting.kind, posting.day, posting.currency, f"{posting.amount.normalize():f}")


def _totals(month: str, made: Attribution, counted: Attribution) -> Iterator[str]:
    """Grand totals are the ERP's, and the shares come to them."""
    ours, theirs = ({each.currency: (each.counted, each.deducted) for each in of.totals} for of in (made, counted))
    for currency in sorted({*ours, *theirs}):
        one, other = ours.get(currency), theirs.get(currency)
        if one != other:
            yield f"{month} {made.basis} {currency}: {one} attributed, {other} in Xero"
    sums = defaultdict[str, Decimal](Decimal)
    for share in made.shares:
        sums[share.currency] += share.net
    for total in made.totals:
        if sums[total.currency] != total.net:
            yield f"{month} {made.basis} {total.currency}: shares come to {sums[total.currency]}, not {total.net}"


def _papers(found: Books) -> dict[str, Posting]:
    """Xero's documents that count, by their id; money in advance counts as it came, whatever it is allocated to."""
    bills: list[Bill] = [each for each in found.bills.values() if each.posted]
    papers = {each.id: Posting(each.number, "invoice", each.day, each.currency, each.total) for each in bills}
    notes = (each for each in found.credits.values() if each.kind == "CreditNotes")
    papers |= {each.id: Posting(each.number, "credit_note", each.day, each.currency, each.total) for each in notes}
    early = (each for each in found.credits.values() if each.kind != "CreditNotes")
    papers |= {each.id: Posting(each.number, "payment", each.day, each.currency, each.total) for each in early}
    return papers | {
        each.id: Posting(
            f"payment of {each.of}", "refund" if each.refund else "payment", each.day, each.currency, each.amount
        )
        for each in found.money
    }


def _deliveries(world: LivesWorld) -> Iterator[Delivery]:
    for topic in (world.topics.totals, world.topics.accounts):
        assert topic.name in {"totals", *STATES}
        for place in range(world.broker.partitions):
            for record in world.broker.records[world.topics.name(topic), place]:
                yield Delivery(topic.name, place, record.offset, record.key, record.value, record.timestamp)


def _all(world: LivesWorld, topic: Topic) -> Iterator[Any]:
    for place in range(world.broker.partitions):
        yield from world.broker.records[world.topics.name(topic), place]
