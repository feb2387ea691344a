"""Silence: why nothing was ever decided about a record, in a sentence for people.

Most records are read, found equal and left alone; a verdict is written only where something had to be decided.
"""

from __future__ import annotations

from schemas.contract import Contract
from schemas.names import Entity, Side
from tables.entities import EntityState

NAMES = {Side.CRM: "CRM", Side.ERP: "ERP"}


def silence(state: EntityState, contract: Contract | None) -> str:
    """Why there is no verdict about the record."""
    clause = contract.clause(state.entity) if contract else None
    word = state.entity.value.replace("_", " ")
    if contract is not None and clause is None:
        return f"the contract does not speak of {word} records: they are read and never written"
    if state.entity in {Entity.PAYMENT, Entity.CREDIT_NOTE}:
        return f"a {word} is the ERP's alone: it is counted in its customer's figures, and nothing of it is compared"
    if state.crm.present and state.erp.present:
        return "both sides were read, and agree on every field that the contract lists"
    there = Side.CRM if state.crm.present else Side.ERP
    return _alone(state, there, contract) if state.side(there).present else "it is no longer on either side"


def _alone(state: EntityState, there: Side, contract: Contract | None) -> str:
    """Why a record of one side has stayed there."""
    here, other = NAMES[there], NAMES[there.other]
    clause = contract.clause(state.entity) if contract else None
    if state.entity is Entity.DEAL and contract is not None:
        timing = contract.timing
        stages = ", ".join((*timing.order_when_deal_stage, *timing.shipped_when_deal_stage))
        then = f"it becomes an order in {stages}" if stages else "the contract names none that makes it an order"
        return f"the deal is in stage {state.crm.fields.get('stage')}: {then}"
    if not state.marks.get("alone"):
        return f"it was read in the {here}, and the other side has not been read to its end"
    if clause is None or getattr(clause.create, there.other.value) == "never":
        return f"it is in the {here} only, and the contract has none made in the {other}"
    if state.entity is Entity.CONTACT and there is Side.CRM:
        return "the ERP keeps one primary person of a customer, and has another: this one stays in the CRM"
    return f"it is in the {here} only, and what it needs to be made in the {other} is not there yet"
