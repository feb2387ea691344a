"""Sightings, and a desk that identifies them."""

from __future__ import annotations

from typing import Any

from agents.rules.identification import Identification
from agents.rules.placing import FIRST_READINGS, Known
from schemas.contract import Contract
from schemas.names import Entity, Side, canonical_id
from tables.identity import Identity
from tables.view import MemoryView
from tests.support.contracts import shipped

ONE, TWO, A, B = "hubspot/company/1", "hubspot/company/2", "xero/contact/a", "xero/contact/b"
DEAL, BILL, PERSON = "hubspot/deal/7", "xero/invoice/i", "hubspot/contact/8"
ACME = canonical_id(Entity.COMPANY, "main", ONE)


def desk(rules: Contract | None = None, *, read: bool = True) -> Identification:
    """Rules over an empty table; `read`: the first readings are over."""
    found = Identification(Identity(MemoryView(), "main"), rules or shipped(), "main")
    for readings in FIRST_READINGS.values() if read else ():
        for side, kind in readings:
            found.identity.mark(side, kind)
    return found


KEYS = ("erp_ref", "crm_ref", "sku", "email", "domain", "name", "number")


def sighting(
    entity: Entity, side: Side, reference: str, *, parents: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """A record as it was seen."""
    keys = {name: more.pop(name) for name in KEYS if name in more}
    return {
        "entity": entity.value, "side": side.value, "ref": reference, "keys": keys, "parents": parents or {},
        "fields": more.pop("fields", {}), "deleted": False, "merged_from": [], **more,
    }  # fmt: skip


def company(reference: str = ONE, **more: Any) -> dict[str, Any]:
    """A company, on the side that the reference names."""
    return sighting(Entity.COMPANY, Side.CRM if reference.startswith("hubspot") else Side.ERP, reference, **more)


def known(rules: Identification, row: dict[str, Any]) -> Known:
    """Who the record is; it has to be somebody."""
    found = rules.resolve(row)
    assert isinstance(found, Known)
    return found


def acme() -> Identification:
    """A desk that knows Acme on both sides."""
    rules = desk()
    known(rules, company())
    known(rules, company(A, crm_ref=ONE))
    return rules


def person(reference: str = PERSON, of: str | None = ONE, **more: Any) -> dict[str, Any]:
    """A person of Acme."""
    side = Side.CRM if reference.startswith("hubspot") else Side.ERP
    fields = more.pop("fields", {"first_name": "Ann"})
    return sighting(Entity.CONTACT, side, reference, parents={"company": of} if of else {}, fields=fields, **more)


def owned(entity: Entity, reference: str, role: str = "company", of: str = A, **more: Any) -> dict[str, Any]:
    """A record that belongs to another."""
    side = Side.CRM if reference.startswith("hubspot") else Side.ERP
    return sighting(entity, side, reference, parents={role: of}, **more)
