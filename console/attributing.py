"""An attribution as it is told, and the proof that nothing is missing from it, or in it twice.

In: the ERP's documents as postings. Out: for each currency whether the posted invoices come to the ERP's totals on the
stream, or on which days they do not; the same in the base currency; documents and sentences. Reads only.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agents.rules.attribution import COUNTED, DEDUCTED, Attribution, Posting, in_base
from console.collecting import Collected, collected, daily
from console.earning import papers
from console.output import money_text
from console.projection.filters import Filters
from console.projection.listing import EVERYTHING, find, labels
from console.projection.store import Store
from schemas.contract import Contract
from schemas.contract.touches import Basis, Model, asked, lines_for, unnamed
from schemas.errors import Refused
from schemas.money import plain
from schemas.names import Side
from schemas.totals import Total


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the posted invoices of a currency are what the stream has counted; `days` are those that differ."""

    currency: str
    counted: Decimal
    stated: Decimal
    days: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether they are, to the minor unit and on each day."""
        return self.counted == self.stated and not self.days

    @property
    def state(self) -> str:
        """In a word, as the page has it."""
        return "agreed" if self.holds else "differs"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"of": "invoices", "currency": self.currency, "invoiced": plain(self.counted),
                "stated": plain(self.stated), "holds": self.holds, "days": list(self.days)}  # fmt: skip

    def says(self) -> str:
        """Whether it holds, in a sentence that says of what; what does not hold names its days."""
        counted = money_text(self.counted, self.currency)
        invoiced = f"Of the month's invoices, before credit: {counted} {self.currency} invoiced"
        if self.holds:
            return f"{invoiced}: the stream's total of what the ERP posted in the month, to the minor unit"
        days, stated = ", ".join(self.days), money_text(self.stated, self.currency)
        return (
            f"{invoiced}, and the stream's totals of the ERP say {stated}: they differ on {days}. Either "
            "an invoice is on its way from one to the other, or its totals have not been stated yet"
        )


def proofs(store: Store, found: Iterable[Posting], start: str, end: str) -> list[Proof]:
    """The period's posted invoices against the ERP's totals, by currency."""
    invoices = (each for each in found if each.kind == "invoice" and start <= each.day <= end)
    totals = find(store, Total, Filters(), limit=EVERYTHING)
    erp = (each for each in totals if each.side is Side.ERP and start <= each.day <= end)
    counted = daily((each.currency, each.day, each.amount) for each in invoices)
    stated = daily((each.currency, each.day, each.total) for each in erp)
    return [_proof(each, counted.get(each, {}), stated.get(each, {})) for each in sorted({*counted, *stated})]


def proven(
    store: Store, contract: Contract, found: Sequence[Posting], basis: Basis, start: str, end: str, now: datetime
) -> Sequence[Proof | Collected]:
    """The proof of a period: of its invoices, or of its money."""
    if basis == "posted":
        return proofs(store, found, start, end)
    return collected(store, found, start, end, now=now, timezone=contract.timezone, base=contract.base_currency)


def _proof(currency: str, counted: dict[str, Decimal], stated: dict[str, Decimal]) -> Proof:
    nothing = Decimal(0)
    apart = (day for day in sorted({*counted, *stated}) if counted.get(day, nothing) != stated.get(day, nothing))
    return Proof(currency, sum(counted.values(), nothing), sum(stated.values(), nothing), tuple(apart))


def within(found: Iterable[Posting], basis: Basis, start: str, end: str) -> list[Posting]:
    """The postings that count on these days."""
    kinds = {COUNTED[basis], DEDUCTED[basis]}
    return [each for each in found if each.kind in kinds and start <= each.day <= end]


def converted(found: Iterable[Posting], base: str) -> tuple[list[Posting], list[Posting]]:
    """The postings in the base currency, and those that keep no rate, which stay in their own."""
    both = [(each, in_base(each, base)) for each in found]
    return [turned for _, turned in both if turned], [each for each, turned in both if not turned]


def ledger(store: Store, found: Sequence[Posting], contract: Contract) -> list[dict[str, str]]:
    """Each posting with its document's number and customer, its rate and what it comes to in the base currency.

    The rate is of the document's own day. Nothing stands where none is kept, or where the contract names no subsidiary.
    """
    base, known = contract.base_currency, papers(store)
    whose = labels(store, {each.customer for each in known.values()})
    rows = []
    for each in sorted(found, key=lambda each: (each.day, each.document)):
        paper, turned = known[each.document], in_base(each, base)
        rows.append({
            "document": each.document, "number": paper.number, "kind": each.kind, "day": each.day,
            "customer": paper.customer, "customer_name": whose.get(paper.customer, ""),
            "names": ";".join(sorted(each.names)), "currency": each.currency, "amount": plain(each.amount),
            "rate": plain(each.rate) if each.rate else "", "rate_date": each.day if each.rate else "",
            "base_currency": base, "base_amount": plain(turned.amount) if turned else "",
            "subsidiary": contract.books,
        })  # fmt: skip
    return rows


def called(store: Store, found: Attribution, by: str) -> dict[str, str]:
    """What people call the names; a field's values are their own."""
    names = [each.name for each in found.shares if each.name]
    known = labels(store, names) if by in {"customer", "deal"} else {}
    return {name: known.get(name, name) for name in names}


def missing(contract: Contract, by: str, model: Model | None, month: str) -> str:
    """That the contract does not name what is asked for, and what to write so that it does."""
    beside = " (under the keys that are there already)" if contract.mappings or contract.attribution else ""
    name, property_ = asked(by, model)[0], "with HubSpot's own name of the property for PROPERTY"
    return (
        f"{unnamed(contract, name)}. Nothing was counted. Write in the contract{beside}, {property_}:\n\n"
        f"{lines_for(by, model)}\n\n"
        "Next: revmark contract lint, then restart the workers, then: revmark sweep hubspot, then: "
        f"revmark attribution --by {name} --month {month}"
    )


def days(month: str) -> tuple[str, str]:
    """The first and the last day of a month.

    Raises:
        Refused: it is none.
    """
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise Refused(f"{month!r} is no month: it is written YYYY-MM", code="usage")
    first = date.fromisoformat(f"{month}-01")
    return first.isoformat(), first.replace(day=monthrange(first.year, first.month)[1]).isoformat()


def come(month: str, today: str, timezone: str) -> str:
    """The month, if it has begun on the business day `today`.

    Raises:
        Refused: it has not.
    """
    if month > today[:7]:
        raise Refused(
            f"{month} has not come yet in {timezone}: there is nothing to count. Next: revmark attribution --month "
            f"{today[:7]}",
            code="usage",
        )
    return month


def document(
    found: Attribution, names: dict[str, str], proven: Sequence[Proof | Collected], month: str, by: str
) -> dict[str, Any]:
    """As JSON; the proof is in the documents' own currencies."""

    def share(each: Any) -> dict[str, Any]:
        counted, deducted, net = (plain(value) for value in (each.counted, each.deducted, each.net))
        return {"currency": each.currency, "documents": each.documents, "counted": counted, "deducted": deducted,
                "net": net}  # fmt: skip

    return {
        "month": month,
        "by": by,
        "basis": found.basis,
        "shares": [{"id": each.name, "name": names.get(each.name, ""), **share(each)} for each in found.shares],
        "totals": [share(each) for each in found.totals],
        "proof": [each.document() for each in proven],
    }  # fmt: skip
