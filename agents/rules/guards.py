"""The guards: what protects finance data, whatever the field rules say. Each fails closed.

A guard that speaks makes the ERP the field's owner. The reasons are what people read in the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.rules.payers import BUYER
from schemas.contract import Contract
from schemas.contract.conditions import UNKNOWN, parse
from schemas.contract.model import OwnGuard
from schemas.names import Entity
from tables.customers import CustomerState

# What each guard means, in a sentence for people. A contract's own guards say it themselves, in `because`.
SAYS = {
    "guard.credit_hold": "While the ERP has the customer on credit hold, it gets no order and finance's terms stand.",
    "guard.address_governance": "Once the customer has ordered, the ERP keeps its shipping address.",
    "guard.currency_lock": "The first order locks the customer's currency: from then on the ERP keeps it.",
    "guard.subsidiary_isolation": "What another subsidiary sells, or nobody says whose it is, is not billed here.",
    "guard.lifecycle_gating": "Nobody is called a customer in the CRM before the ERP has an order.",
}
ON_HOLD_FIELDS = {(Entity.COMPANY, "payment_terms"), (Entity.DEAL, "order_status")}


def field_guard(
    contract: Contract, customer: CustomerState, entity: Entity, name: str, erp: Mapping[str, Any] | None = None
) -> tuple[str, str] | None:
    """(rule, reason) when a guard gives the field to the ERP, else None. `erp` is what the record shows there."""
    guards = contract.guards
    if guards.credit_hold and customer.hold and (entity, name) in ON_HOLD_FIELDS:
        return (
            "guard.credit_hold",
            (
                f"{customer.name or 'the customer'} is on credit hold in the ERP: "
                f"the CRM cannot change {name.replace('_', ' ')}"
            ),
        )
    if guards.address_governance and customer.ordered and (entity, name) == (Entity.COMPANY, "shipping_address"):
        return (
            "guard.address_governance",
            "the customer is no longer a prospect: its shipping address is kept by the ERP",
        )
    if guards.currency_lock and customer.ordered and (entity, name) == (Entity.COMPANY, "currency"):
        return ("guard.currency_lock", "the first order exists: the currency is kept by the ERP")
    for own in guards.own:
        if own.about is entity and name in own.protects and _speaks(own, customer, erp or {}):
            return (f"guard.{own.guard}", own.because)
    return None


def _speaks(own: OwnGuard, customer: CustomerState, erp: Mapping[str, Any]) -> bool:
    """Whether the guard's condition holds. Fails closed: where nobody can say, it speaks."""

    def look(name: str) -> Any:
        if name == "customer.ordered":
            return customer.ordered or (False if customer.settled else UNKNOWN)
        if name == "customer.on_hold":
            return UNKNOWN if customer.hold is None else customer.hold
        side, _, path = name.partition(".")
        if side != "erp":
            return UNKNOWN  # lint refuses such a name
        value: Any = erp
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    return parse(own.when).holds(look) is not False


def waits_for_history(contract: Contract, customer: CustomerState, entity: Entity, name: str) -> bool:
    """Whether nobody can say yet who owns the field: it depends on whether the customer ever ordered.

    Fails closed: until all invoices have been read, neither side overwrites the other.
    """
    if customer.ordered or customer.settled:
        return False
    rule = contract.rule(entity, name)
    guarded = entity is Entity.COMPANY and name in {"shipping_address", "currency"}
    return guarded or (rule is not None and rule.until is not None)


def order_guard(contract: Contract, customer: CustomerState) -> tuple[str, str] | None:
    """(rule, reason) when no order may be made for the customer, else None.

    Fails closed: a customer whose hold is not known yet is not billed.
    """
    if not contract.guards.credit_hold:
        return None
    if customer.hold is None and customer.erp is not None:
        return ("guard.credit_hold", "the ERP has not said yet whether the customer is on credit hold")
    if customer.hold:
        return ("guard.credit_hold", f"{customer.name or 'the customer'} is on credit hold in the ERP")
    return None


def isolation_guard(
    contract: Contract, company: Mapping[str, Any], deal: Mapping[str, Any] | None = None
) -> tuple[str, str] | None:
    """(rule, reason) when the customer or its order is not this ERP's subsidiary's, else None.

    `company` and `deal` are what the CRM shows of them. Fails closed: what nobody says is nobody's.
    """
    here = contract.subsidiary
    if here is None or not contract.guards.subsidiary_isolation:
        return None
    buyer = (deal or {}).get(BUYER)
    said = {"the company that buys": buyer.get("subsidiary")} if buyer else {}
    said |= {"the company that pays" if buyer else "its company": company.get("subsidiary")}
    said |= {"the deal": (deal or {}).get("subsidiary")}
    named = {who: str(one) for who, one in said.items() if one}
    for who, one in named.items():
        if one != here.name:
            return ("guard.subsidiary_isolation", f"{who} is of {one}, and this ERP keeps the books of {here.name}")
    if not named:
        return ("guard.subsidiary_isolation", f"nobody says of which subsidiary it is: {here.crm} is empty")
    return None


def lifecycle_guard(contract: Contract, customer: CustomerState, shown: str | None, before: str | None) -> str | None:
    """The lifecycle stage to write back into the CRM, or None when the shown one may stand.

    No company becomes customer in the CRM until the ERP has an order of it.
    """
    if not contract.guards.lifecycle_gating or customer.ordered or shown not in contract.lifecycle.gated:
        return None
    if before and before not in contract.lifecycle.gated:
        return before
    return contract.lifecycle.fallback


def lifecycle_advance(contract: Contract, customer: CustomerState, meant: str | None) -> str | None:
    """The stage that an order has earned the customer, or None when the one that people entered last is as good."""
    reached = {contract.lifecycle.customer, *contract.lifecycle.gated}
    if not contract.guards.lifecycle_gating or not customer.ordered or meant in reached:
        return None
    return contract.lifecycle.customer
