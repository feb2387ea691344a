"""A won deal and its customer, for tests of orders and bills."""

from __future__ import annotations

from typing import Any

from agents.rules import orders
from agents.rules.case import Case
from agents.rules.numbering import invoice_id
from schemas.contract import Contract
from schemas.names import Entity
from tables.customers import CustomerState
from tables.entities import EntityState, SideState
from tests.support.casing import a_case, said
from tests.support.contracts import contract
from tests.support.judging import ACME, line

SHIPPED = contract({"timing": {"invoice_when": "shipped", "shipped_when_deal_stage": ["delivered"]}})
NEVER = contract({"timing": {"invoice_when": "never"}})
BILL = invoice_id("main", "deal:1")
WON = {
    "name": "Widgets", "stage": "closedwon", "amount": "100.00", "currency": "AUD", "closed_at": "2026-08-30T22:00:00Z",
}  # fmt: skip


def a_deal(**fields: Any) -> EntityState:
    """A won deal, unless told otherwise."""
    shown = {**WON, "lines": [line()], **fields}
    return EntityState(
        Entity.DEAL, "deal:1", crm=SideState(ref="hubspot/deal/7", version=1_788_256_800_000, fields=shown)
    )


def known(**more: Any) -> dict[str, Any]:
    """A customer that is in the ERP and not on hold."""
    parts = {"id": ACME, "name": "Acme", "erp": "xero/contact/a", "hold": False, "currency": "USD", **more}
    return {"customer": CustomerState(**parts)}


def considered(deal: EntityState, rules: Contract | None = None, **customer: Any) -> Case:
    """The case after the deal was looked at."""
    case = a_case(**known(**customer), **({"contract": rules} if rules else {}))
    orders.consider(case, deal)
    return case


def rulings(case: Case) -> list[tuple[str, str, str, str, str]]:
    """The verdicts: of which record and field, what, by which rule, and why."""
    return [(one.record, one.field, one.ruling, one.rule, one.reason) for one in said(case)]


def held(reason: str, rule: str = "required") -> list[tuple[str, str, str, str, str]]:
    """The one verdict on an order that waits."""
    return [("deal:1", "order_status", "hold", rule, reason)]


def ordered(billed: bool = True, **fields: Any) -> EntityState:  # noqa: FBT001, FBT002 - read as a word where it is used
    """A deal that is an order already."""
    deal = a_deal()
    considered(deal, **({} if billed else {"rules": NEVER}))
    deal.crm.fields |= fields
    return deal
