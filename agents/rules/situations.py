"""Situations: which state a record is in, as far as anybody can say, and who then owns a field.

In: the contract's rule, the customer and the record. Out: the owner, or that it has to be waited for. Fails closed:
where two situations are possible and their owners differ, nobody owns the field yet.
"""

from __future__ import annotations

from itertools import product

from schemas.contract import Contract, FieldRule
from schemas.contract.model import Holder
from schemas.contract.states import crossed, situations
from schemas.money import exact
from schemas.names import Entity
from tables.customers import CustomerState
from tables.entities import EntityState

WAITS = "waits"  # nobody can say yet who owns it


def holder(contract: Contract, customer: CustomerState, state: EntityState, rule: FieldRule) -> Holder | str | None:
    """Who owns a field now: a side, `review`, nobody (None), or WAITS."""
    if not isinstance(rule.owner, dict):
        return rule.owner_at(ordered=customer.ordered)
    found = {rule.owner_in(state.entity, each) for each in possible(contract, customer, state)}
    return found.pop() if len(found) == 1 else WAITS


def possible(contract: Contract, customer: CustomerState, state: EntityState) -> frozenset[str]:
    """The situations that a record can be in: one, or more where something is not known yet."""
    match state.entity:
        case Entity.COMPANY | Entity.CONTACT:
            return _customer(customer)
        case Entity.DEAL:
            return frozenset({_deal(contract, state)})
        case Entity.INVOICE:
            return _invoice(state)
        case _:
            return frozenset()


def _customer(customer: CustomerState) -> frozenset[str]:
    ordered = ("ordered",) if customer.ordered else ("prospect",) if customer.settled else ("prospect", "ordered")
    hold = ("clear", "on_hold") if customer.hold is None else ("on_hold",) if customer.hold else ("clear",)
    return frozenset(crossed(*pair) for pair in product(ordered, hold))


def _deal(contract: Contract, deal: EntityState) -> str:
    if deal.marks.get("historic"):
        return "billed"  # it was won before Revmark, and is taken as billed
    order = deal.marks.get("order")
    if order is None:
        quoted = contract.timing.order_when == "deal_stage" or deal.crm.fields.get("quotes")
        return "held" if quoted and contract.timing.won(deal.crm.fields.get("stage")) else "open"
    if not order.get("billed"):
        return "billed" if order.get("bills") or order.get("subscription", {}).get("billed") else "ordered"
    return "paid" if deal.derived.get("invoice_status") == "paid" else "billed"


def _invoice(invoice: EntityState) -> frozenset[str]:
    fields, status = invoice.erp.fields, invoice.erp.fields.get("status")
    if invoice.erp.deleted or status in {"voided", "deleted"}:
        return frozenset({"ended"})
    if status == "posted":
        paid = exact(fields.get("amount_paid") or "0") + exact(fields.get("amount_credited") or "0")
        return frozenset({"part_paid" if paid > 0 else "unpaid"})
    known = situations(Entity.INVOICE)
    return frozenset({status}) if status in known else frozenset(known)
