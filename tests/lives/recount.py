"""An independent recount: what each customer owes in each currency, from both platforms' own records.

Flows in: both sandboxes once nothing moves. Flows out: every difference, with the document in which it lies. Nothing of
ours is asked: not the ledger, not the tables, not the translations.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.simulation.platforms import Platforms, Record

NOTHING = Decimal(0)
POSTED = {"AUTHORISED", "PAID"}
DEAD = {"VOIDED", "DELETED"}
CREDITS = (("CreditNotes", "CreditNoteID"), ("Overpayments", "OverpaymentID"), ("Prepayments", "PrepaymentID"))
SIGNS = {"invoices": 1, "credit notes": -1, "payments": -1, "money in advance": -1, "refunds": 1}
MIRRORED = {"total": "revmark_total", "due": "revmark_amount_due", "paid": "revmark_amount_paid",
            "credited": "revmark_amount_credited"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bill:
    """A sales invoice, its sums counted from payments and allocations."""

    id: str
    number: str
    status: str
    day: str
    currency: str
    customer: str
    total: Decimal
    paid: Decimal
    credited: Decimal
    said: Decimal  # what Xero says is due

    @property
    def posted(self) -> bool:
        """Whether it counts."""
        return self.status in POSTED

    @property
    def due(self) -> Decimal:
        """What is due of it."""
        return self.total - self.paid - self.credited if self.posted else NOTHING


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note, or money in advance."""

    id: str
    number: str
    kind: str
    day: str
    currency: str
    customer: str
    total: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class Movement:
    """A payment on an invoice, or of a credit, which is a refund."""

    id: str
    of: str  # number of the document
    day: str
    currency: str
    customer: str
    amount: Decimal
    refund: bool


@dataclass
class Books:
    """All that Xero holds of sales, by id."""

    bills: dict[str, Bill] = field(default_factory=dict)
    credits: dict[str, Credit] = field(default_factory=dict)
    money: list[Movement] = field(default_factory=list)

    @property
    def documents(self) -> int:
        """How many there are."""
        return len(self.bills) + len(self.credits) + len(self.money)


def books(both: Platforms) -> Books:
    """Read Xero's shelves; a sum is of records that are there, never one that Xero has worked out."""
    shelves = both.organisation.shelves
    paid, moved = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    payments = [row for row in shelves["Payments"] if row["Status"] != "DELETED"]
    for row in payments:
        paid[row["_target"]] += row["Amount"]
    for row in shelves["Allocations"]:
        if not row["IsDeleted"]:
            moved[row["_invoice"]] += row["Amount"]
            moved[row["_credit"]] += row["Amount"]
    found = Books()
    for row in both.invoices():
        id_ = row["InvoiceID"]
        found.bills[id_] = Bill(
            id_, row["InvoiceNumber"], row["Status"], f"{row['Date']}", row["CurrencyCode"], row["_contact"],
            row["Total"], paid[id_], moved[id_], row["AmountDue"],
        )  # fmt: skip
    for kind, key in CREDITS:
        for row in shelves[kind]:
            if row["Status"] in POSTED and row["Type"] in {"ACCRECCREDIT", "RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT"}:
                id_ = row[key]
                found.credits[id_] = Credit(
                    id_, row.get("CreditNoteNumber") or f"{kind[:-1]} {id_[:8]}", kind, f"{row['Date']}",
                    row["CurrencyCode"], row["_contact"], row["Total"], row["Total"] - paid[id_] - moved[id_],
                )  # fmt: skip
    found.money = list(_money(found, payments))
    return found


def _money(found: Books, payments: Iterable[Record]) -> Iterator[Movement]:
    for row in payments:
        of: Bill | Credit | None = found.bills.get(row["_target"]) or found.credits.get(row["_target"])
        if of is not None:
            refund = isinstance(of, Credit)
            yield Movement(
                row["PaymentID"], of.number, f"{row['Date']}", of.currency, of.customer, row["Amount"], refund
            )


def differences(both: Platforms, found: Books) -> list[str]:
    """Where the two platforms, or a platform's own records, do not agree."""
    return [*_owed(found), *_mirrors(both, found), *_balances(both, found), *_deals(both, found)]


def _owed(found: Books) -> Iterator[str]:
    """Posted invoices less credits and payments, and refunds back: is it what is due, less what is left of credits?"""
    moved = defaultdict[tuple[str, str], dict[str, Decimal]](lambda: defaultdict(Decimal))
    left = defaultdict[tuple[str, str], Decimal](Decimal)
    for bill in found.bills.values():
        if bill.posted and bill.due != bill.said:
            yield f"{bill.number} {bill.currency}: {bill.due} is due by its payments and credits, Xero says {bill.said}"
        if bill.posted:
            moved[bill.currency, bill.customer]["invoices"] += bill.total
            left[bill.currency, bill.customer] += bill.said
    for credit in found.credits.values():
        kind = "credit notes" if credit.kind == "CreditNotes" else "money in advance"
        moved[credit.currency, credit.customer][kind] += credit.total
        left[credit.currency, credit.customer] -= credit.left
        if credit.left < 0:
            yield f"{credit.number} {credit.currency}: {-credit.left} more of it is used than it is worth"
    for each in found.money:
        moved[each.currency, each.customer]["refunds" if each.refund else "payments"] += each.amount
    for (currency, customer), sums in sorted(moved.items()):
        owed = sum((SIGNS[kind] * amount for kind, amount in sums.items()), NOTHING)
        if owed != left[currency, customer]:
            yield f"customer {customer} {currency}: {dict(sums)} come to {owed}, {left[currency, customer]} is due"


def _mirrors(both: Platforms, found: Books) -> Iterator[str]:
    """Each invoice and its mirror in HubSpot."""
    mirrors = defaultdict[str, list[dict[str, Any]]](list)
    for row in both.records("invoices"):
        mirrors[row["properties"].get("xero_invoice_id") or ""].append(row["properties"])
    for bill in found.bills.values():
        shown = mirrors.pop(bill.id, [])
        if len(shown) > 1 or (bill.posted and not shown):
            yield f"{bill.number} {bill.currency} has {len(shown)} mirrors in HubSpot"
        for each in shown:
            yield from _differs(bill, each)
    for id_, rows in mirrors.items():
        for each in rows:
            yield f"{each.get('revmark_invoice_number')} in HubSpot mirrors nothing in Xero: {id_!r}"


def _differs(bill: Bill, mirror: dict[str, Any]) -> Iterator[str]:
    status = mirror.get("revmark_invoice_status")
    if (status in {"posted", "paid"}) is not bill.posted:
        yield f"{bill.number} is {bill.status} in Xero and {status} in HubSpot"
    said = (mirror.get("revmark_invoice_number"), mirror.get("hs_currency"), mirror.get("hs_invoice_date"))
    if said != (bill.number, bill.currency, bill.day):
        yield f"{bill.number} {bill.currency} of {bill.day}: HubSpot says {said}"
    for name, held in MIRRORED.items():
        if (name == "total" or bill.posted) and amount(mirror.get(held)) != getattr(bill, name):
            yield f"{bill.number} {bill.currency} {name}: {getattr(bill, name)} in Xero, {mirror.get(held)} in HubSpot"


def _balances(both: Platforms, found: Books) -> Iterator[str]:
    """What HubSpot says that a company owes, in its currency: due of its invoices, less what is left of its credits."""
    owed = defaultdict[tuple[str, str], Decimal](Decimal)
    theirs = defaultdict[tuple[str, str], list[str]](list)
    for bill in found.bills.values():
        owed[bill.customer, bill.currency] += bill.due
        theirs[bill.customer, bill.currency].append(bill.number)
    for credit in found.credits.values():
        owed[credit.customer, credit.currency] -= credit.left
        theirs[credit.customer, credit.currency].append(credit.number)
    shown = {row["properties"].get("xero_contact_id") or "": row["properties"] for row in both.records("companies")}
    for contact, company in shown.items():
        place = (contact, company.get("revmark_currency") or "")
        if amount(company.get("revmark_balance_due")) != owed[place]:
            yield _unequal(company, owed[place], theirs[place])
    for (contact, currency), each in owed.items():
        if each and contact not in shown:
            documents = ", ".join(theirs[contact, currency])
            yield f"customer {contact} owes {each} {currency} by {documents}: no company in HubSpot says so"


def _unequal(shown: dict[str, Any], owed: Decimal, documents: list[str]) -> str:
    name, said, currency = (shown.get(each) for each in ("name", "revmark_balance_due", "revmark_currency"))
    return f"{name} {currency} owes {owed} by {', '.join(documents) or 'nothing'}, HubSpot says {said}"


def deal_of(number: str) -> str:
    """The deal whose bill a number of ours is: the first one, a later one, or what was added to one."""
    return re.split(r"[-.]", number.removeprefix("RM-"), maxsplit=1)[0]


def _deals(both: Platforms, found: Books) -> Iterator[str]:
    """What HubSpot says on a deal of its bills."""
    numbers = defaultdict[str, list[Bill]](list)
    for bill in found.bills.values():
        if bill.number.startswith("RM-"):
            numbers[deal_of(bill.number)].append(bill)
    sums: dict[str, Callable[[Bill], Decimal]] = {
        "revmark_amount_due": lambda bill: bill.due,
        "revmark_amount_paid": lambda bill: bill.paid if bill.status not in DEAD else NOTHING,
    }
    for row in both.records("deals"):
        bills, shown = numbers.pop(row["id"], []), row["properties"]
        for name, of in sums.items():
            whole = sum(map(of, bills), NOTHING)
            if bills and any(each.posted for each in bills) and amount(shown.get(name)) != whole:
                yield f"{', '.join(each.number for each in bills)}: deal says {shown.get(name)} as {name}, not {whole}"
    for bills in numbers.values():
        yield from (f"{each.number}: of no deal in HubSpot" for each in bills)


def amount(text: str | None) -> Decimal:
    """As HubSpot writes it; nothing is none."""
    return Decimal(text or 0)
