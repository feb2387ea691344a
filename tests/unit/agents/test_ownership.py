"""Who decides about a field, told whole: by which rule, where the contract says so, and why."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules.ownership import Decides, Ownership, ownership
from schemas.names import Entity
from tables.customers import CustomerState
from tables.entities import EntityState, SideState
from tests.support.contracts import contract
from tests.support.judging import ACME

FIELDS = "entities.company.fields."
READ = "the contract does not list it: it is read and never written"
WAITING = "not all invoices have been read yet, so nobody can say whether the customer ever ordered"
GATE = ("crm", "guard.lifecycle_gating", "guards.lifecycle_gating")
SHORT = {"owner": "crm", "until": "first_order", "then": "erp"}
CLEAR = {"hold": False}
ORDERED = {"hold": False, "ordered": True}


def found(
    name: str, rule: dict[str, Any] | None = None, customer: dict[str, Any] | None = None, **more: Any
) -> Ownership:
    """Who decides about a field of Acme."""
    fields = {"fields": {name: {"owner": None, **rule}}} if rule else {}
    rules = contract({"entities": {"company": fields}, "guards": more.pop("guards", {})})
    parts: dict[str, Any] = {"settled": True, "name": "Acme", **CLEAR, **(customer or {})}
    return ownership(rules, CustomerState(id=ACME, **parts), EntityState(Entity.COMPANY, ACME, **more), name)


@pytest.mark.parametrize(
    ("rule", "customer", "told"),
    [
        ({"owner": "crm"}, {}, ("crm", "owner", "the CRM owns it")),
        ({"owner": "erp"}, {}, ("erp", "owner", "the ERP owns it")),
        (SHORT, {}, ("crm", "owner", "the CRM owns it until the customer's first order")),
        (SHORT, ORDERED, ("erp", "owner", "the ERP owns it, now that the customer has ordered")),
        (SHORT, {"settled": False}, ("waits", "owner", WAITING)),
        (
            {"owner": "erp", "policy": "monotonic"},
            {},
            ("erp", "monotonic", "the ERP owns it; where it would fall without a refund, a person is asked"),
        ),
        (
            {"policy": "newest", "tolerance_seconds": 7},
            {},
            ("newest", "newest", "the later edit stands; within 7 s of each other a person is asked"),
        ),
        ({"policy": "review"}, {}, ("review", "review", "where both sides changed it, a person is asked")),
        ({"policy": "merge"}, {}, ("merge", "merge", "what either side adds or removes is added or removed on both")),
        ({"owner": None}, {}, ("nobody", "owner", "nobody owns it in this state: a person is asked")),
        (
            {"owner": {"clear": "crm", "on_hold": "erp"}},
            {},
            ("crm", "owner", "the CRM owns it while it is prospect, clear"),
        ),
        (
            {"owner": {"clear": "crm", "on_hold": "erp"}},
            {"hold": None},
            (
                "waits",
                "owner",
                (
                    "it is owned by state, and nobody can say yet which this is while it is "
                    "prospect, clear or prospect, on hold"
                ),
            ),
        ),
        (
            {"owner": {"clear": "review", "on_hold": "erp"}},
            {},
            ("review", "review", "where both sides changed it, a person is asked while it is prospect, clear"),
        ),
    ],
)
def test_a_rule_of_the_contract_is_told_with_its_place(
    rule: dict[str, Any], customer: dict[str, Any], told: tuple[str, str, str]
):
    assert found("tax_number", rule, customer) == Ownership(told[0], told[1], f"{FIELDS}tax_number", told[2])


@pytest.mark.parametrize(
    ("name", "customer", "by", "why"),
    [
        (
            "payment_terms",
            {"hold": True},
            "credit_hold",
            "Acme is on credit hold in the ERP: the CRM cannot change payment terms",
        ),
        (
            "payment_terms",
            {"hold": True, "name": ""},
            "credit_hold",
            "the customer is on credit hold in the ERP: the CRM cannot change payment terms",
        ),
        (
            "shipping_address",
            ORDERED,
            "address_governance",
            "the customer is no longer a prospect: its shipping address is kept by the ERP",
        ),
        ("currency", ORDERED, "currency_lock", "the first order exists: the currency is kept by the ERP"),
    ],
)
def test_a_guard_is_told_with_its_reason(name: str, customer: dict[str, Any], by: str, why: str):
    assert found(name, customer=customer) == Ownership("erp", f"guard.{by}", f"guards.{by}", why)


def test_a_guard_of_the_contracts_own_is_told_with_its_place_among_them():
    own = [
        {"guard": "early", "protects": ["name"], "when": "customer.on_hold", "because": "early"},
        {"guard": "late", "protects": ["name"], "when": "erp.owed > 5", "because": "it is late"},
    ]
    owing = SideState(ref="xero/contact/1", fields={"owed": "6"})
    told = found("name", guards={"own": own}, erp=owing)
    assert told == Ownership("erp", "guard.late", "guards.own.1", "it is late")
    assert found("name", guards={"own": own}).decides == "crm"


@pytest.mark.parametrize("name", ["shipping_address", "currency"])
def test_what_a_guard_could_lock_waits_for_history(name: str):
    told = found(name, {"owner": "crm", "until": None, "then": None}, {"settled": False})
    assert told == Ownership("waits", "owner", f"{FIELDS}{name}", WAITING)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("erp_id", Ownership("erp", "identity", "identity", "the ERP's id of this record, kept here")),
        ("crm_id", Ownership("crm", "identity", "identity", "the CRM's id of this record, kept here")),
        ("lifecycle", Ownership(*GATE, "the CRM sets it, but not to customer, evangelist before an order")),
    ],
)
def test_what_no_rule_is_needed_for(name: str, told: Ownership):
    assert found(name) == told


def test_the_lifecycle_is_the_crms():
    assert found("lifecycle", customer=ORDERED) == Ownership(*GATE, "the CRM sets it; the customer has ordered")
    assert found("lifecycle", guards={"lifecycle_gating": False}).decides == "nobody"


@pytest.mark.parametrize(
    ("crm", "erp", "only"),
    [
        ({"shoe": 1}, {}, "only the CRM holds it, and "),
        ({}, {"shoe": 1}, "only the ERP holds it, and "),
        ({"shoe": 1}, {"shoe": 1}, ""),
        ({}, {}, ""),
    ],
)
def test_what_the_contract_does_not_list_is_nobodys(crm: dict[str, Any], erp: dict[str, Any], only: str):
    told = found("shoe", crm=SideState(ref="a", fields=crm), erp=SideState(ref="b", fields=erp))
    assert told == Ownership("nobody", "", "entities.company", f"{only}{READ}")


def test_what_the_contract_does_not_speak_of_is_nobodys():
    rules = contract({"entities": {"credit_note": None}})
    told = ownership(rules, CustomerState(id=ACME), EntityState(Entity.CREDIT_NOTE, "credit_note:1"), "total")
    said = "the contract does not speak of credit note records: they are read and never written"
    assert told == Ownership("nobody", "", "entities", said)


@pytest.mark.parametrize(
    ("stage", "decides", "why"),
    [
        ("lead", "crm", "the CRM owns it while it is open"),
        ("closedwon", "erp", "the ERP owns it while it is held"),
    ],
)
def test_the_state_of_a_deal_is_its_own(stage: str, decides: Decides, why: str):
    rules = contract({"entities": {"deal": {"fields": {"amount": {"owner": {"open": "crm", "won": "erp"}}}}}})
    deal = EntityState(Entity.DEAL, "deal:1", crm=SideState(ref="hubspot/deal/1", fields={"stage": stage}))
    told = ownership(rules, CustomerState(id=ACME), deal, "amount")
    assert told == Ownership(decides, "owner", "entities.deal.fields.amount", why)
