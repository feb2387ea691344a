"""Figures: what both sides have to show of the test deal, and where they do not. Pure.

In: Xero's invoice and HubSpot's records as they were read. Out: differences, in words. Invariants: an amount is
compared as an amount, to the last digit; Xero's own figures are held against the deal's line, and HubSpot's against
Xero's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schemas.errors import RevmarkError
from schemas.money import exact, plain
from schemas.names import Entity
from streams.platforms.xero.documents import STATUSES
from streams.verification.recipe import Recipe
from streams.verification.run import PRICE, QUANTITY

Row = Mapping[str, Any]


class Disagreement(RevmarkError):
    """Figures that no waiting mends: Xero's own."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is not as it should be."""

    where: str
    shown: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where} is {self.shown or 'empty'} and should be {self.expected or 'empty'}"


def of_invoice(invoice: Row, recipe: Recipe, currency: str) -> list[Difference]:
    """Where Xero's invoice is not what the deal's line says, or does not add up."""
    lines = QUANTITY * PRICE
    total, tax = _amount(invoice, "Total"), _amount(invoice, "TotalTax")
    settled = sum((_amount(invoice, name) for name in ("AmountPaid", "AmountCredited")), Decimal(0))
    net = "Total" if recipe.inclusive else "SubTotal"
    wanted: list[tuple[str, str, str | Decimal]] = [
        ("CurrencyCode", str(invoice.get("CurrencyCode") or ""), currency),
        (net, _text(invoice, net), lines),
        ("Total", _text(invoice, "Total"), _amount(invoice, "SubTotal") + tax),
        ("AmountDue", _text(invoice, "AmountDue"), total - settled),
    ]
    return list(_differing("xero invoice", wanted))


def expected(invoice: Row, recipe: Recipe, *, paid: bool) -> dict[Entity, dict[str, str | Decimal]]:
    """What HubSpot has to show of an invoice, by kind of record and field: what the contract brings there."""
    status = STATUSES.get(str(invoice.get("Status")), "")
    due, settled = _amount(invoice, "AmountDue"), _amount(invoice, "AmountPaid")
    total, number = _amount(invoice, "Total"), str(invoice.get("InvoiceNumber") or "")
    figures: dict[str, str | Decimal] = {"amount_due": due, "amount_paid": settled}
    found: dict[Entity, dict[str, str | Decimal]] = {
        Entity.INVOICE: {"number": number, "status": status, "total": total, **figures},
        Entity.DEAL: {"amount": QUANTITY * PRICE, "invoice_number": number, "invoice_status": status, **figures},
        Entity.COMPANY: {"balance_due": due},
    }
    if paid:
        found[Entity.COMPANY] |= {"last_payment_amount": settled}
    return {
        entity: {name: value for name, value in fields.items() if name in recipe.fields[entity] or name == "amount"}
        for entity, fields in found.items()
        if recipe.fields[entity]
    }


def of_hubspot(shown: Mapping[Entity, Row], wanted: Mapping[Entity, Mapping[str, str | Decimal]]) -> list[Difference]:
    """Where HubSpot shows something else; `shown` is by kind and canonical field."""
    return [
        each
        for entity, fields in wanted.items()
        for each in _differing(
            f"hubspot {entity.value}",
            [(name, str(shown.get(entity, {}).get(name) or ""), value) for name, value in fields.items()],
        )
    ]


def _differing(where: str, figures: list[tuple[str, str, str | Decimal]]) -> Iterator[Difference]:
    for name, shown, wanted in figures:
        if isinstance(wanted, Decimal):
            if _read(shown) != wanted:
                yield Difference(f"{where}: {name}", shown, plain(wanted))
        elif shown != wanted:
            yield Difference(f"{where}: {name}", shown, wanted)


def _read(text: str) -> Decimal | None:
    try:
        return exact(text)
    except ValueError:
        return None


def _amount(row: Row, name: str) -> Decimal:
    return exact(row.get(name) or 0)


def _text(row: Row, name: str) -> str:
    return plain(_amount(row, name))
