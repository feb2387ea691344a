"""Spoiling: what goes wrong between two books, done by hand to one invoice, and the class that an audit has to give it.

In: an office with an invoice and its mirror. Out: the books spoilt in one place. Each fault is what the platforms show
after somebody, or Revmark, went wrong; none of them is told to the audit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from schemas.audit import DiscrepancyClass
from schemas.money import minor_digits
from tests.support.books import NIGHT, Night

CURRENCIES = ("NZD", "AUD", "EUR", "JPY", "KWD")
ELSEWHERE = "2026-11-24"


@dataclass
class Sale:
    """One invoice on both sides. `paid` is what came in, `credited` what was given back of it."""

    customer: str
    currency: str
    invoice: str
    mirror: str
    total: Decimal
    payment: str = ""
    paid: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)


def whole(lots: Random, currency: str, low: int = 100, high: int = 90_000) -> Decimal:
    """An amount of a currency; Xero keeps two digits of one that has three."""
    places = min(minor_digits(currency), 2)
    return Decimal(lots.randrange(low * 10**places, high * 10**places)).scaleb(-places)


async def sale(night: Night, lots: Random, customer: str, currency: str) -> Sale:
    """Finance posts an invoice; perhaps a part is paid and a part credited; Revmark shows it in HubSpot."""
    total = whole(lots, currency)
    reference = f"PO {lots.randrange(10**9)}"
    invoice = await night.sell(customer, str(total), currency, Reference=reference)
    made = Sale(customer, currency, invoice, "", total)
    if lots.random() < 0.5:
        made.paid = whole(lots, currency, 10, 40)
        made.payment = await night.pay(invoice, str(made.paid), Reference=f"T {lots.randrange(10**9)}")
    if lots.random() < 0.5:
        made.credited = whole(lots, currency, 10, 40)
        await night.credit(customer, invoice, str(made.credited), currency)
    made.mirror = await night.mirrored(invoice)
    return made


async def _edit(night: Night, it: Sale, **properties: str) -> None:
    await night.world.edited("invoices", it.mirror, **properties)


async def lost_mirror(night: Night, it: Sale, _lots: Random) -> None:
    """HubSpot's record is gone."""
    await night.world.person(f"invoices/{it.mirror}", "DELETE")


async def lost_payment(night: Night, it: Sale, _lots: Random) -> None:
    """A payment never reached HubSpot."""
    due = it.total - it.credited
    await _edit(night, it, revmark_amount_paid="0", revmark_amount_due=str(due))


async def stranger(night: Night, it: Sale, _lots: Random) -> None:
    """HubSpot shows an invoice that Xero does not have."""
    await _edit(night, it, xero_invoice_id=it.invoice[::-1], revmark_invoice_number=f"X-{it.mirror}")


async def second_mirror(night: Night, it: Sale, _lots: Random) -> None:
    """HubSpot has a second record of the invoice."""
    await night.mirrored(it.invoice, xero_invoice_id="")


async def entered_twice(night: Night, it: Sale, _lots: Random) -> None:
    """Finance entered the invoice a second time."""
    row = await night.stated(it.invoice)
    await night.sell(it.customer, str(it.total), it.currency, Reference=row["Reference"])


async def paid_twice(night: Night, it: Sale, lots: Random) -> None:
    """Finance entered a payment a second time."""
    reference, amount = f"T {lots.randrange(10**9)}", whole(lots, it.currency, 10, 20)
    await night.pay(it.invoice, str(amount), Reference=reference)
    shown = await night.stated(it.invoice)
    await _edit(night, it, revmark_amount_paid=str(shown["AmountPaid"]), revmark_amount_due=str(shown["AmountDue"]))
    await night.pay(it.invoice, str(amount), Reference=reference)


async def just_paid(night: Night, it: Sale, lots: Random) -> None:
    """A customer pays right before the audit."""
    await night.pay(it.invoice, str(whole(lots, it.currency, 10, 20)))


async def just_posted(night: Night, it: Sale, _lots: Random) -> None:
    """An invoice was posted right before the audit, and is not in HubSpot yet."""
    await night.world.person(f"invoices/{it.mirror}", "DELETE")
    await night.rig.act("POST", f"Invoices/{it.invoice}", {"Reference": "sent again"})


async def wrong_total(night: Night, it: Sale, lots: Random) -> None:
    """Somebody typed another total into HubSpot."""
    await _edit(night, it, revmark_total=str(it.total + whole(lots, it.currency, 5, 50)))


async def wrong_paid(night: Night, it: Sale, lots: Random) -> None:
    """HubSpot shows a payment that nobody can name."""
    await _edit(night, it, revmark_amount_paid=str(it.paid + whole(lots, it.currency, 50, 70)))


async def wrong_currency(night: Night, it: Sale, _lots: Random) -> None:
    """HubSpot has the invoice in another currency."""
    await _edit(night, it, hs_currency="USD")


async def wrong_date(night: Night, it: Sale, _lots: Random) -> None:
    """HubSpot has the invoice on another day."""
    await _edit(night, it, hs_invoice_date=ELSEWHERE)


async def void_in_crm(night: Night, it: Sale, _lots: Random) -> None:
    """HubSpot shows the invoice as voided."""
    await _edit(night, it, revmark_invoice_status="voided")


async def void_in_erp(night: Night, it: Sale, _lots: Random) -> None:
    """Finance voided the invoice, and HubSpot does not know."""
    await night.rig.act("POST", f"Invoices/{it.invoice}", {"Status": "VOIDED"})


async def payment_taken_back(night: Night, it: Sale, _lots: Random) -> None:
    """Finance deleted a payment, and HubSpot still counts it."""
    await night.rig.act("POST", f"Payments/{it.payment}", {"Status": "DELETED"})


async def rounded_credit(night: Night, it: Sale, lots: Random) -> None:
    """HubSpot rounded a part that was given back."""
    unit = Decimal(1).scaleb(-minor_digits(it.currency))
    await _edit(night, it, revmark_amount_credited=str(it.credited + lots.choice((-unit, unit))))


async def rounded_total(night: Night, it: Sale, lots: Random) -> None:
    """HubSpot rounded a total."""
    unit = Decimal(1).scaleb(-minor_digits(it.currency))
    await _edit(night, it, revmark_total=str(it.total + lots.choice((-2, -1, 1, 2)) * unit))


Fault = Callable[[Night, Sale, Random], Awaitable[None]]
FAULTS: dict[DiscrepancyClass, tuple[Fault, ...]] = {
    "missing": (lost_mirror, lost_payment, stranger),
    "duplicate": (second_mirror, entered_twice, paid_twice),
    "late": (just_paid, just_posted),
    "amount": (wrong_total, wrong_paid),
    "currency": (wrong_currency,),
    "date": (wrong_date,),
    "void": (void_in_crm, void_in_erp, payment_taken_back),
    "rounding": (rounded_credit, rounded_total),
}


def fits(fault: Fault, it: Sale) -> bool:
    """Whether that can go wrong with this invoice."""
    if fault in {lost_payment, payment_taken_back}:
        return bool(it.payment)
    if fault is rounded_credit:
        return bool(it.credited)
    if fault is void_in_erp:
        return not it.payment and not it.credited
    return True


__all__ = ["CURRENCIES", "FAULTS", "NIGHT", "Fault", "Sale", "fits", "sale", "whole"]
