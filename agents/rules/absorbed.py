"""Absorbed: deals that were merged into another, and may be billed already.

In: a deal that is to be ordered or billed, and those of the customer that were merged into it. Out: why a person has to
look first. HubSpot gives the deal that stays the lines of the one that goes: billed with it, they would be billed
twice. Invariant: while a bill of a deal that was merged into it stands, nothing is billed of the one that stays.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from agents.rules.bills import ENDED
from agents.rules.case import Case
from schemas.fact import Fact
from schemas.money import exact
from schemas.names import Entity
from tables.entities import EntityState

MARK = "absorbed"  # of a deal: the sold ones that were merged into it
SELL = "sell what is not billed yet as a deal of its own"


def note(deal: EntityState, fact: Fact) -> None:
    """Keep who was merged into it."""
    if fact.absorbs:
        deal.marks[MARK] = sorted({*deal.marks.get(MARK, ()), *fact.absorbs})


def doubt(case: Case, deal: EntityState) -> str | None:
    """Why nobody can say what of it is billed already; an order that is billed as a whole stays so."""
    if deal.marks.get("order", {}).get("billed"):
        return None
    found = (_stands(case, case.known(each)) for each in deal.marks.get(MARK, ()))
    return next((why for why in found if why), None)


def _stands(case: Case, gone: EntityState) -> str | None:
    """What is billed of a deal that is gone, in words; None: nothing that stands."""
    if gone.crm.version < 0:
        return f"a deal of another customer was merged into it, and may be billed there: {SELL}"
    if gone.marks.get("historic"):
        return f"{gone.label}, which was merged into it, was won before the first reading, as billed: {SELL}"
    order: dict[str, Any] = gone.marks.get("order", {})
    rows: dict[str, dict[str, Any]] = gone.marks.get("bills", {})
    standing = [row["number"] or "a bill" for record, row in rows.items() if _owed(case, record, row)]
    if standing:
        numbers = ", ".join(standing)
        return f"{numbers} bills {gone.label}, which was merged into it: {SELL}, or void or credit {numbers} in the ERP"
    if not rows and (order.get("billed") or order.get("bills")):
        return f"{gone.label}, which was merged into it, is being billed: {SELL}"
    return None


def _owed(case: Case, record: str, row: dict[str, Any]) -> bool:
    """Whether a bill is there, and is not credited as a whole."""
    fields = case.state(Entity.INVOICE, record).erp.fields
    total, credited = exact(fields.get("total") or "0"), exact(fields.get("amount_credited") or "0")
    return row["status"] not in ENDED and not (credited and credited >= total > Decimal(0))
