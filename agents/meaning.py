"""Meaning: what a rule's name says, in a sentence for people. The sentences stand beside their rules."""

from __future__ import annotations

from agents.rules import automations, creation, decision, endings, guards, identification, orders, payers, shown
from agents.steps import arbitrate
from schemas.contract import Contract

SAYS: dict[str, str] = {
    **decision.SAYS,
    **guards.SAYS,
    **orders.SAYS,
    **endings.SAYS,
    **creation.SAYS,
    **shown.SAYS,
    **identification.SAYS,
    **payers.SAYS,
    **arbitrate.SAYS,
}


def meaning(rule: str, contract: Contract | None = None) -> str:
    """The rule's sentence; a guard of the contract's own says its reason. Empty for a rule of another version."""
    for own in contract.guards.own if contract else ():
        if rule == f"guard.{own.guard}":
            return own.because
    if rule.startswith("automation."):
        return automations.SAYS
    return SAYS.get(rule, "")
