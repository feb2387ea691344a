"""What HubSpot works out by itself.

In: a record and its surroundings. Out: the values that follow. Sources: deals, line-items, quotes and
invoices guides.
Invariant: amounts are `Decimal` from text to text.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from sandbox.hubspot.association_types import CHILD_TO_PARENT
from sandbox.hubspot.records import Record
from sandbox.wire import iso

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

CENT = Decimal("0.01")  # line amounts are rounded to the cent
PERCENT = Decimal(100)


def following(portal: "Portal", record: Record) -> dict[str, str]:
    """Give the values HubSpot sets because of a record's others."""
    found = _FOLLOWING.get(record.kind.name)
    return found(portal, record) if found else {}


def amount(record: Record, name: str) -> Decimal:
    """Give a number, zero when unset."""
    return Decimal(record.get(name) or 0)


def text(value: Decimal) -> str:
    """Spell an amount: HubSpot drops trailing zeros of what it computes."""
    return format(value.quantize(CENT, ROUND_HALF_UP).normalize() + 0, "f")


def _company(portal: "Portal", record: Record) -> dict[str, str]:
    """The parent company, by its association. Two, as a merge may bring them: the one that is named already."""
    type_id = record.kind.type_id
    found = portal.associations.of((type_id, record.id), type_id)
    above = [number for number, types in found if any(each.id == CHILD_TO_PARENT for each in types)]
    names = [str(number) for number in above if portal.live((type_id, number)) is not None]
    named = record.get("hs_parent_company_id")
    return {"hs_parent_company_id": named if named in names else next(iter(names), "")}


def _deal(portal: "Portal", record: Record) -> dict[str, str]:
    found = portal.pipelines.stage(record.kind, record.get("dealstage"))
    if found is None:
        return {}
    stage = found[1]
    probability = stage.metadata.get("probability", "")
    values = {
        "hs_deal_stage_probability": probability.removesuffix(".0") if probability else "",
        "hs_is_closed": str(stage.closed).lower(),
        "hs_is_closed_won": str(stage.won).lower(),
        "hs_is_closed_lost": str(stage.closed and not stage.won).lower(),
        "hs_closed_amount": (record.get("amount") or "0") if stage.won else "0",
    }
    if stage.closed and not record.get("closedate"):
        values["closedate"] = iso(portal.clock.now())
    if record.get("amount"):
        values["amount_in_home_currency"] = record.get("amount")
    return values


def _line(_: "Portal", record: Record) -> dict[str, str]:
    before = amount(record, "price") * amount(record, "quantity")
    off = amount(record, "discount") * amount(record, "quantity")
    off += before * amount(record, "hs_discount_percentage") / PERCENT
    net = before - off
    return {
        "hs_pre_discount_amount": text(before),
        "hs_total_discount": text(off),
        "amount": text(net),
        "hs_tax_amount": text(net * amount(record, "hs_tax_rate") / PERCENT),
    }


def _lines(portal: "Portal", record: Record) -> list[Record]:
    return portal.neighbours(record, "line_items")


def _quote(portal: "Portal", record: Record) -> dict[str, str]:
    total = sum((amount(line, "amount") for line in _lines(portal, record)), Decimal())
    published = record.get("hs_status") in {"APPROVAL_NOT_NEEDED", "APPROVED"}
    return {"hs_quote_amount": text(total), "hs_locked": str(published).lower()}


def _invoice(portal: "Portal", record: Record) -> dict[str, str]:
    if record.get("hs_invoice_billable") == "false":
        return {}
    lines = _lines(portal, record)
    subtotal = sum((amount(line, "amount") for line in lines), Decimal())
    billed = subtotal + sum((amount(line, "hs_tax_amount") for line in lines), Decimal())
    paid = sum(
        (
            amount(payment, "hs_initial_amount") - amount(payment, "hs_refunds_amount")
            for payment in portal.neighbours(record, "commerce_payments")
            if payment.get("hs_latest_status") in {"succeeded", "partially_refunded"}
        ),
        Decimal(),
    )
    values = {
        "hs_subtotal": text(subtotal),
        "hs_amount_billed": text(billed),
        "hs_amount_paid": text(paid),
        "hs_balance_due": text(billed - paid),
    }
    if record.get("hs_invoice_status") == "open" and billed and paid >= billed:
        values["hs_invoice_status"] = "paid"
        values["hs_payment_date"] = iso(portal.clock.now())
    return values


def _payment(_: "Portal", record: Record) -> dict[str, str]:
    return {"hs_net_amount": text(amount(record, "hs_initial_amount") - amount(record, "hs_refunds_amount"))}


def _subscription(portal: "Portal", record: Record) -> dict[str, str]:
    """How it is, which only calls of its own change later."""
    begins = record.get("hs_recurring_billing_start_date")
    first = "scheduled" if begins > portal.clock.now().date().isoformat() else "active"
    return {"hs_status": record.get("hs_status") or first}


_FOLLOWING: dict[str, Callable[["Portal", Record], dict[str, str]]] = {
    "companies": _company, "deals": _deal, "line_items": _line, "invoices": _invoice, "quotes": _quote,
    "commerce_payments": _payment, "subscriptions": _subscription,
}  # fmt: skip
