"""Settings that decide nothing are told of, and never stop a worker."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.contract import lint, parse_contract, template
from tests.support.contracts import contract

Changes = dict[str, Any]


def clause(entity: str, **words: Any) -> Changes:
    """A contract with other words in the clause of one entity."""
    return {"entities": {entity: words}}


def guard(protects: str, when: str = "customer.ordered") -> Changes:
    """A contract with one guard of its own."""
    return {"guards": {"own": [{"guard": "late", "protects": [protects], "when": when, "because": "it is late"}]}}


OFF: Changes = {"guards": {"lifecycle_gating": False}}
OWNED = {"policy": "owner", "owner": "erp", "tolerance_seconds": 60}
IDLE: list[tuple[Changes, str, str]] = [
    (clause("order", master="crm"), "entities.order", "timing makes orders, and platforms.objects.order shows them"),
    (clause("subscription", master="crm"), "entities.subscription", "timing.subscriptions makes subscriptions"),
    (clause("revenue", master="erp"), "entities.revenue", "platforms.objects.revenue shows revenue"),
    (clause("receipt", master="erp"), "entities.receipt", "platforms.objects.payment shows payments"),
    (clause("task", master="crm"), "entities.task", "automations make tasks"),
    (clause("event", master="crm"), "entities.event", "automations send events"),
    *(
        (clause(entity, create={"crm": "always"}), f"entities.{entity}.create", "never made on the other side")
        for entity in ("deal", "payment", "credit_note")
    ),
    (clause("deal", create={"erp": "when_ordered"}), "entities.deal.create", "a deal is never made on the other side"),
    (clause("product", create={"erp": "when_ordered"}), "entities.product.create.erp", "Write always, or never"),
    (
        clause("payment", fields={"amount": {"owner": "erp"}}), "entities.payment.fields.amount",
        "a payment is the ERP's alone",
    ),
    (
        clause("credit_note", fields={"reference": {"owner": "erp"}}), "entities.credit_note.fields.reference",
        "a credit note is the ERP's alone",
    ),
    (clause("company", fields={"name": OWNED}), "entities.company.fields.name.tolerance_seconds", "for policy: newest"),
    (guard("payment_terms"), "guards.own.0", "it changes nothing for 'payment_terms': the ERP owns the field"),
    (OFF, "lifecycle", "the guard lifecycle_gating is off"),
    (
        {"timing": {"order_when": "quote_accepted", "order_when_deal_stage": [], "invoice_when": "never"}},
        "timing.order_when", "a deal has to be in a stage",
    ),
    ({"timing": {"called_off": "delete_drafts"}}, "timing.called_off", "invoice_defaults.status: posted"),
    (
        {"timing": {"called_off": "delete_drafts", "invoice_when": "never"}}, "timing.called_off",
        "with invoice_when: never no bill is Revmark's",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "path", "said"), IDLE)
def test_a_setting_that_decides_nothing_is_told_of(changes: Changes, path: str, said: str):
    (found,) = [each for each in lint(contract(changes)) if each.path == path and said in each.message]
    assert found.level == "warning"


@pytest.mark.parametrize(
    "changes",
    [
        clause("deal", create={"crm": "never", "erp": "never"}),
        clause("product", create={"erp": "never"}),
        clause("company", create={"erp": "when_ordered"}),
        clause("company", fields={"phone": {"policy": "newest", "tolerance_seconds": 60}}),
        guard("phone"),
        guard("name"),
        OFF | {"lifecycle": None},
        {"timing": {"called_off": "delete_drafts"}, "invoice_defaults": {"status": "draft"}},
        {"timing": {"called_off": "delete_drafts"}, "invoice_defaults": {"status": "submitted"}},
        {"timing": {"order_when": "quote_accepted"}},
    ],
)
def test_a_setting_that_decides_something_is_not(changes: Changes):
    assert lint(contract(changes)) == []


@pytest.mark.parametrize("pattern", ["arbitrated", "crm_led", "erp_led"])
def test_what_a_deployment_begins_with_has_no_idle_setting(pattern: Any):
    assert lint(parse_contract(template(pattern))) == []


@pytest.mark.parametrize(
    ("entity", "name", "owner", "said"),
    [
        ("payment", "amount", {"owner": "crm"}, "a finance field belongs to the ERP"),
        ("payment", "date", {"policy": "newest"}, "a finance field is owned"),
        ("credit_note", "total", {"owner": "crm"}, "a finance field belongs to the ERP"),
    ],
)
def test_what_was_paid_and_credited_is_finances(entity: str, name: str, owner: dict[str, str], said: str):
    (found,) = [each for each in lint(contract(clause(entity, fields={name: owner}))) if each.level == "error"]
    assert found.path == f"entities.{entity}.fields.{name}"
    assert said in found.message
