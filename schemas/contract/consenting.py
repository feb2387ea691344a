"""Finds a consent that nobody can read, or that something else than the CRM is to decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from schemas.contract.mappings import PROPERTY, TAKEN
from schemas.contract.model import Contract
from schemas.names import Entity, Side

Fault = tuple[Literal["error", "warning"], str, str]


def consent_faults(contract: Contract) -> Iterator[Fault]:
    """Level, path and message of each fault."""
    path = "entities.company.fields.consent"
    rule = contract.rule(Entity.COMPANY, "consent")
    if rule is not None and (rule.policy != "owner" or rule.owners != {Side.CRM}):
        yield "error", path, "a customer's consent is the CRM's alone: no edit in the ERP changes it. Take the rule out"
    if contract.consent is None:
        return
    name = contract.consent.property
    if name in TAKEN or not PROPERTY.fullmatch(name):
        yield "error", "consent.property", f"{name!r} is no property's name in HubSpot, or one of Revmark's own"
    places = {mapped.on(Side.CRM).at: f"company.{own}" for own, mapped in contract.mapped(Entity.COMPANY).items()}
    if contract.subsidiary is not None:
        places[contract.subsidiary.crm] = "subsidiary"
    if name in places:
        message = f"{name} is the place of {places[name]} already, which may change it: give consent one of its own"
        yield "error", "consent.property", message
    if not any(each.needs_consent for each in contract.automations):
        message = "it is read and told, and nothing asks for it: write needs_consent: true where an automation does"
        yield "warning", "consent", message
