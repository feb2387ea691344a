"""Documents for audits, a line each."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from agents.rules.audit import Rules, audit, rules
from schemas.audit import Discrepancy, Paper, Settlement
from schemas.names import Side
from tests.support.contracts import shipped

NIGHT = "2026-11-20"
AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
LONG_AGO = 1_763_600_000_000  # milliseconds: a year before the night; nothing of then is on its way
RULES = rules(shipped(), NIGHT, AT)


def invoice(name: str, total: str = "100.00", **more: Any) -> Paper:
    """An invoice in Xero."""
    given = {"currency": "NZD", "day": NIGHT, "status": "posted", **more}
    paper = Paper(
        side=Side.ERP, kind="invoice", ref=f"xero/invoice/{name}", key=name, number=f"INV-{name}", total=Decimal(total),
        counted=given["status"] in {"posted", "paid"}, paid=Decimal(0), credited=Decimal(0), due=Decimal(total),
        modified=LONG_AGO, customer="xero/contact/1", **given,
    )  # fmt: skip
    return paid(paper)


def paid(paper: Paper) -> Paper:
    """With paid, credited and due as its settlements have them."""
    sums = {
        kind: sum((each.amount for each in paper.settlements if each.kind == kind), Decimal(0))
        for kind in ("payment", "credit_note")
    }
    due = paper.total - sums["payment"] - sums["credit_note"]
    return replace(paper, paid=sums["payment"], credited=sums["credit_note"], due=due)


def mirror(of: Paper, name: str = "", **more: Any) -> Paper:
    """HubSpot's record of an invoice, which shows the same."""
    changed = {key: Decimal(value) if key in {"total", "paid", "credited", "due"} else value
               for key, value in more.items()}  # fmt: skip
    shown = replace(
        of, side=Side.CRM, ref=f"hubspot/invoice/{name or of.key}", customer="", reference="", settlements=(), **changed
    )
    return replace(shown, counted=shown.status in {"posted", "paid"})


def payment(name: str, amount: str, number: str = "", day: str = NIGHT) -> Settlement:
    """Money that came in."""
    return Settlement("payment", name, day, Decimal(amount), number)


def credit(name: str, amount: str, number: str = "CN-1") -> Settlement:
    """A part of a credit note."""
    return Settlement("credit_note", name, NIGHT, Decimal(amount), number)


def found(crm: list[Paper], erp: list[Paper], by: Rules = RULES) -> list[tuple[str, str, Decimal]]:
    """What an audit finds, as class, figure and difference."""
    return [(each.kind, each.figure, each.difference) for each in audit(crm, erp, by)]


def one(crm: list[Paper], erp: list[Paper], by: Rules = RULES) -> Discrepancy:
    """The one thing that an audit finds."""
    (each,) = audit(crm, erp, by)
    return each
