"""Finds settings that decide nothing: whoever reads the contract believes that they do.

In: a contract. Out: what lint says. One small rule for each kind of setting; none of them stops a worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from schemas.contract.model import Contract
from schemas.names import Entity, Side

Fault = tuple[Literal["error", "warning"], str, str]
# Records that `create` can have made on the other side; an invoice is made in the CRM by it, and in the ERP by timing.
MADE = frozenset({Entity.COMPANY, Entity.CONTACT, Entity.PRODUCT, Entity.INVOICE})
# Records that are the ERP's alone, and never compared.
COUNTED = frozenset({Entity.PAYMENT, Entity.CREDIT_NOTE})
# Records that are made and shown by other parts of the contract: each with the part that speaks of it.
ELSEWHERE = {
    Entity.ORDER: "timing makes orders, and platforms.objects.order shows them",
    Entity.SUBSCRIPTION: "timing.subscriptions makes subscriptions, and platforms.objects.subscription shows them",
    Entity.REVENUE: "platforms.objects.revenue shows revenue",
    Entity.RECEIPT: "platforms.objects.payment shows payments",
    Entity.TASK: "automations make tasks",
    Entity.EVENT: "automations send events",
}
NOTHING = "it decides nothing"


def idle_faults(contract: Contract) -> Iterator[Fault]:
    """Level, path and message of each setting that decides nothing."""
    rules = (
        _elsewhere, _creations, _products, _counted, _tolerances, _own_guards, _lifecycle, _quotes, _drafts,
    )  # fmt: skip
    for rule in rules:
        yield from (("warning", path, message) for path, message in rule(contract))


def _elsewhere(contract: Contract) -> Iterator[tuple[str, str]]:
    """A clause about records that no clause decides about."""
    for entity in contract.entities:
        if entity in ELSEWHERE:
            yield f"entities.{entity.value}", f"{NOTHING}: {ELSEWHERE[entity]}. Take the clause out"


def _creations(contract: Contract) -> Iterator[tuple[str, str]]:
    """`create` of records that are never made on the other side."""
    for entity, clause in contract.entities.items():
        if entity not in MADE and {clause.create.crm, clause.create.erp} != {"never"} and entity not in ELSEWHERE:
            said = f"a {entity.value.replace('_', ' ')} is never made on the other side. Take create out"
            yield f"entities.{entity.value}.create", f"{NOTHING}: {said}"


def _products(contract: Contract) -> Iterator[tuple[str, str]]:
    """A product that waits for the first order of a customer it does not have."""
    product = contract.clause(Entity.PRODUCT)
    if product is not None and product.create.erp == "when_ordered":
        said = "none is ever made: a product has no customer whose first order it were. Write always, or never"
        yield "entities.product.create.erp", said


def _counted(contract: Contract) -> Iterator[tuple[str, str]]:
    """A rule for a field of a record that is the ERP's alone."""
    for entity in COUNTED & contract.entities.keys():
        for name in contract.entities[entity].fields:
            said = f"a {entity.value.replace('_', ' ')} is the ERP's alone, and nothing of it is compared. Take it out"
            yield f"entities.{entity.value}.fields.{name}", f"{NOTHING}: {said}"


def _tolerances(contract: Contract) -> Iterator[tuple[str, str]]:
    """A tolerance where no two edits are compared by their time."""
    for entity, clause in contract.entities.items():
        for name, rule in clause.fields.items():
            if "tolerance_seconds" in rule.model_fields_set and rule.policy != "newest":
                path = f"entities.{entity.value}.fields.{name}.tolerance_seconds"
                said = f"it is for policy: newest, and this is policy: {rule.policy}. Take it out"
                yield path, f"{NOTHING}: {said}"


def _own_guards(contract: Contract) -> Iterator[tuple[str, str]]:
    """A guard that gives the ERP what is the ERP's in every state."""
    for place, own in enumerate(contract.guards.own):
        for name in own.protects:
            rule = contract.rule(own.about, name)
            if rule is not None and rule.policy == "owner" and rule.owners == {Side.ERP}:
                said = "the ERP owns the field in every state. Take it out of protects"
                yield f"guards.own.{place}", f"it changes nothing for {name!r}: {said}"


def _lifecycle(contract: Contract) -> Iterator[tuple[str, str]]:
    """Stages of a guard that is off."""
    if not contract.guards.lifecycle_gating and "lifecycle" in contract.model_fields_set:
        yield "lifecycle", f"{NOTHING}: the guard lifecycle_gating is off. Switch it on, or take lifecycle out"


def _quotes(contract: Contract) -> Iterator[tuple[str, str]]:
    """Quotes that are waited for in no stage."""
    timing = contract.timing
    if timing.order_when == "quote_accepted" and not timing.order_when_deal_stage:
        said = "a deal has to be in a stage of order_when_deal_stage as well, and none is named. Name one"
        yield "timing.order_when", f"{NOTHING}: {said}"


def _drafts(contract: Contract) -> Iterator[tuple[str, str]]:
    """Drafts that are to be deleted where none is made."""
    timing, status = contract.timing, contract.invoice_defaults.status
    if timing.called_off != "delete_drafts":
        return
    if timing.invoice_when == "never":
        yield "timing.called_off", f"{NOTHING}: with invoice_when: never no bill is Revmark's. Write called_off: ask"
    elif status == "posted":
        said = "bills are made as invoice_defaults.status: posted, and are no drafts. Write called_off: ask"
        yield "timing.called_off", f"{NOTHING}: {said}"
