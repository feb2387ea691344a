from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from schemas.contract import Contract, FieldRule, Pattern, lint, load_contract, parse_contract, template
from schemas.contract.lint import FINANCE_FIELDS, SHARED_FIELDS
from schemas.entities import ENTITIES
from schemas.errors import ContractError
from schemas.names import Entity, Side
from tests.support.contracts import contract, contract_text, shipped


def field(entity: str, name: str, rule: dict[str, Any] | None) -> dict[str, Any]:
    """A change of one field's rule; None leaves the field out."""
    return {"entities": {entity: {"fields": {name: rule}}}}


@pytest.mark.parametrize("pattern", get_args(Pattern))
def test_the_shipped_contracts_load_and_have_nothing_to_find(pattern: Pattern):
    found = parse_contract(template(pattern))
    assert lint(found) == []
    assert found.pattern == pattern


def test_a_contract_is_read_from_its_file(tmp_path: Path):
    path = tmp_path / "contract.yaml"
    path.write_text(template(), encoding="utf-8")
    assert load_contract(path) == shipped()


def test_a_missing_contract_says_what_to_run(tmp_path: Path):
    with pytest.raises(ContractError, match="revmark init"):
        load_contract(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"guardz": {}}, "guardz: unknown key 'guardz': did you mean 'guards'?"),
        ({"guards": {"credit_hald": True}}, "did you mean 'credit_hold'?"),
        (
            {"entities": {"company": {"masta": "crm"}}},
            "entities.company.masta: unknown key 'masta': did you mean 'master'?",
        ),
        ({"entities": {"compani": {"master": "crm"}}}, "unknown entity 'compani': did you mean 'company'?"),
        ({"required": {"ordr": ["lines"]}}, "unknown entity 'ordr': did you mean 'order'?"),
        (field("company", "name", {"ownr": "crm"}), "did you mean 'owner'?"),
        ({"timing": {"zzz": 1}}, "known here are called_off, called_off_posted, deposit, invoice_when, order_when"),
        ({"entities": {"company": {"create": {"crn": "always"}}}}, "did you mean 'crm'?"),
        ({"invoice_defaults": {"acount": "200"}}, "did you mean 'account'?"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(changes: dict[str, Any], said: str):
    with pytest.raises(ContractError, match=re.escape(said)):
        contract(changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"entities": {"company": {"master": "crmm"}}}, r"entities\.company\.master: Input should be 'crm' or 'erp'"),
        (field("company", "name", {"owner": "sales"}), r"entities\.company\.fields\.name\.owner: Input should be"),
        ({"pattern": "both"}, "pattern: Input should be"),
        ({"base_currency": "nzd"}, "base_currency"),
        ({"contract": 2}, "contract: Input should be 1"),
        ({"name": None}, "name: Field required"),
        (field("company", "phone", {"policy": "newest", "tolerance_seconds": -1}), "tolerance_seconds"),
        ({"invoice_defaults": {"number_prefix": ""}}, "number_prefix"),
        ({"timezone": "Pacific/Aukland"}, "no IANA zone"),
        ({"timezone": "Pacific"}, "no IANA zone"),
        ({"timezone": ""}, "no IANA zone"),
        ({"timezone": "../etc"}, "no IANA zone"),
    ],
)
def test_a_value_that_cannot_be_is_named(changes: dict[str, Any], said: str):
    with pytest.raises(ContractError, match=said):
        contract(changes)


@pytest.mark.parametrize(("text", "said"), [("a: [", "no YAML"), ("- 1", "no mapping"), ("", "no mapping")])
def test_what_is_no_contract_is_said_to_be_none(text: str, said: str):
    with pytest.raises(ContractError, match=said):
        parse_contract(text)


def test_every_fault_of_a_contract_is_listed_at_once():
    with pytest.raises(ContractError) as caught:
        contract({"guardz": {}, "pattern": "both"})
    assert "guardz" in caught.value.message
    assert "pattern" in caught.value.message
    assert "revmark contract lint" in caught.value.message


@pytest.mark.parametrize(
    ("changes", "level", "path", "said"),
    [
        (field("company", "fone", {"owner": "crm"}), "error", "entities.company.fields.fone", "did you mean 'phone'?"),
        (field("company", "zzz", {"owner": "crm"}), "error", "entities.company.fields.zzz", "has no field 'zzz'"),
        (field("company", "name", {"owner": None}), "error", "entities.company.fields.name", "needs an owner"),
        (
            field("company", "phone", {"policy": "review", "owner": "crm"}), "error", "entities.company.fields.phone",
            "knows no owner",
        ),
        (
            field("company", "currency", {"owner": "crm", "then": None}), "error", "entities.company.fields.currency",
            "belong together",
        ),
        (
            field("company", "currency", {"until": None}), "error", "entities.company.fields.currency",
            "belong together",
        ),
        (
            field("company", "currency", {"then": "crm"}), "warning", "entities.company.fields.currency",
            "the owner it already has",
        ),
        (
            field("company", "payment_terms", {"policy": "newest", "owner": None}), "error",
            "entities.company.fields.payment_terms", "never decided by time",
        ),
        (
            field("company", "credit_hold", {"owner": "crm"}), "error", "entities.company.fields.credit_hold",
            "belongs to the ERP",
        ),
        (
            field("invoice", "total", {"until": "first_order", "then": "crm"}), "error",
            "entities.invoice.fields.total", "belongs to the ERP",
        ),
        (field("company", "name", None), "warning", "entities.company.fields.name", "nobody owns it"),
        ({"lifecycle": {"fallback": "customer"}}, "error", "lifecycle.fallback", "never rest"),
        (field("company", "lifecycle", {"owner": "crm"}), "error", "entities.company.fields.lifecycle", "guard"),
        ({"entities": {"invoice": {"master": "crm"}}}, "error", "entities.invoice.master", "count as revenue"),
        ({"required": {"order": ["lnes"]}}, "error", "required.order", "did you mean 'lines'?"),
        (
            field("company", "name", {"policy": "monotonic"}), "error", "entities.company.fields.name",
            "compares amounts",
        ),
        (
            field("invoice", "amount_paid", {"policy": "monotonic", "owner": None}), "error",
            "entities.invoice.fields.amount_paid", "policy 'monotonic' needs an owner",
        ),
        (
            field("invoice", "amount_due", {"policy": "monotonic", "owner": "erp"}), "error",
            "entities.invoice.fields.amount_due", "It is for deal.amount_paid, invoice.amount_paid",
        ),
        (
            {
                "mappings": {"company": {"custom_limit": {"kind": "amount", "crm": "limit", "erp": "AccountNumber"}}},
                **field("company", "custom_limit", {"policy": "monotonic", "owner": "erp"}),
            },
            "warning", "entities.company.fields.custom_limit", "each fall is asked about",
        ),
        ({"timing": {"partial": "each"}}, "warning", "timing.partial", "billed with invoice_when: shipped"),
        (
            {"billing": {"bill_to": "parent"}, "timing": {"invoice_when": "never"}}, "warning", "billing.bill_to",
            "no deal is billed under this contract",
        ),
        (
            {"billing": {"bill_to": "parent"}, "timing": {"order_when_deal_stage": []}}, "warning", "billing.bill_to",
            "no deal is billed under this contract",
        ),
        (
            field("company", "phone", {"policy": "merge"}), "error", "entities.company.fields.phone",
            "merges sets, and this is none",
        ),
        ({"tiers": {"first": ["dael"]}}, "error", "tiers.first", "did you mean 'deal'?"),
        ({"tiers": {"third": ["company.nmae"]}}, "error", "tiers.third", "did you mean 'company.name'?"),
        ({"tiers": {"third": ["zzz"]}}, "error", "tiers.third", "name a record, as deal"),
        ({"tiers": {"third": ["deal"]}}, "error", "tiers.third", "'deal' is of the first tier as well"),
        ({"required": {"invoice": ["date"]}}, "warning", "required.invoice", "only an order's"),
        *(
            ({"required": {"order": ["lines", name]}}, "error", "required.order", f"held for ever: {name} is what the")
            for name in ("order_status", "invoice_number", "invoice_status", "amount_due", "amount_paid")
        ),
        ({"required": {"order": ["quotes"]}}, "error", "required.order", "order_when: quote_accepted only"),
        ({"required": {"order": ["subsidiary"]}}, "error", "required.order", "names one (subsidiary) only"),
        ({"timing": {"order_when_deal_stage": []}}, "warning", "timing.invoice_when", "no deal becomes an order"),
        (
            {"timing": {"order_when_deal_stage": [], "order_when": "quote_accepted"}}, "warning", "timing.invoice_when",
            "name a stage's id in timing.order_when_deal_stage",
        ),
        (field("company", "shipping_address", None), "warning", "guards.address_governance", "never speak"),
        (field("company", "currency", None), "warning", "guards.currency_lock", "never speak"),
        ({"lifecycle": {"gated": []}}, "warning", "guards.lifecycle_gating", "names no stage"),
        ({"credit_hold_group": ""}, "warning", "guards.credit_hold", "name credit_hold_group"),
        ({"guards": {"subsidiary_isolation": True}}, "warning", "guards.subsidiary_isolation", "name subsidiary"),
        ({"subsidiary": {"name": "NZ", "crm": "Billing Entity"}}, "error", "subsidiary.crm", "no property's name"),
        ({"subsidiary": {"name": "NZ", "crm": "revmark_key"}}, "error", "subsidiary.crm", "one of Revmark's own"),
        (
            {
                "subsidiary": {"name": "NZ", "crm": "segment"},
                "mappings": {"company": {"custom_segment": {"crm": "segment", "erp": "AccountNumber"}}},
            },
            "error", "subsidiary.crm", "the place of company.custom_segment already",
        ),
        (
            {"subsidiary": {"name": "NZ", "crm": "unit"}, "guards": {"subsidiary_isolation": False}},
            "warning", "subsidiary", "every subsidiary's deals are billed",
        ),
        (
            field("company", "subsidiary", {"owner": "crm"}), "warning", "entities.company.fields.subsidiary",
            "only one side can hold it",
        ),
        (
            field("company", "currency", {"owner": "crm", "until": None, "then": None}), "warning",
            "entities.company.fields.currency", "two owners after the first order",
        ),
        (
            field("company", "shipping_address", {"owner": "erp", "until": "first_order", "then": "crm"}), "warning",
            "entities.company.fields.shipping_address", "by the guard address_governance",
        ),
        (
            {"examples": [{"example": "x", "when": {"crm": {"fone": "1"}}, "then": {"fields": {"phone": "crm"}}}]},
            "error", "examples.0", "did you mean 'phone'?",
        ),
    ],
)  # fmt: skip
def test_what_loads_but_cannot_be_meant_is_found(changes: dict[str, Any], level: str, path: str, said: str):
    found = [finding for finding in lint(contract(changes)) if finding.path == path and said in finding.message]
    assert [finding.level for finding in found] == [level]


def test_what_a_deal_can_have_before_it_is_an_order_may_be_required():
    wanted = ["name", "stage", "amount", "currency", "closed_at", "lines", "subsidiary"]
    assert lint(contract({"subsidiary": {"name": "NZ", "crm": "unit"}, "required": {"order": wanted}})) == []
    quoted = {"timing": {"order_when": "quote_accepted"}, "required": {"order": ["quotes"]}}
    assert not [each for each in lint(contract(quoted)) if each.path == "required.order"]


def test_a_contract_that_bills_nothing_on_purpose_finds_nothing():
    assert lint(contract({"timing": {"order_when_deal_stage": [], "invoice_when": "never"}})) == []


def test_switched_off_guards_find_nothing():
    fallback = {"guards": {"lifecycle_gating": False}, "lifecycle": {"fallback": "customer"}}
    assert [(each.level, each.path) for each in lint(contract(fallback))] == [("warning", "lifecycle")]
    quiet = {"guards": {"lifecycle_gating": False}, "lifecycle": None}
    assert lint(contract(quiet)) == []
    (finding,) = lint(contract(quiet | field("company", "lifecycle", {"owner": "crm"})))
    assert "only one side can hold it" in finding.message


def own(**words: Any) -> dict[str, Any]:
    """A contract with one guard of its own."""
    guard = {"guard": "late", "protects": ["name"], "when": "customer.ordered", "because": "it is late"}
    return {"guards": {"own": [guard | words]}}


@pytest.mark.parametrize(
    ("words", "level", "said"),
    [
        ({"guard": "credit_hold"}, "error", "there is a guard 'credit_hold' already"),
        ({"protects": ["nmae"]}, "error", "did you mean 'name'?"),
        ({"protects": ["domain"]}, "warning", "it can never speak for 'domain'"),
        ({"when": "customer.orderd"}, "error", "did you mean 'customer.ordered'?"),
        ({"when": "crm.name is empty"}, "error", "'when' knows no 'crm.name'"),
        ({"when": "erp.nmae is empty"}, "error", "did you mean 'erp.name'?"),
        ({"when": "zzz"}, "error", "there are customer.ordered, customer.on_hold, erp.<field>"),
        ({"when": "customer.ordered and not customer.ordered"}, "warning", "no case makes its condition true"),
        ({"when": "erp.balance_due > 5 and erp.balance_due < 5"}, "warning", "no case makes its condition true"),
    ],
)
def test_what_a_guard_of_its_own_cannot_mean_is_found(words: dict[str, Any], level: str, said: str):
    (finding,) = lint(contract(own(**words)))
    assert (finding.level, finding.path) == (level, "guards.own.0")
    assert said in finding.message


def test_a_guard_of_its_own_that_can_speak_finds_nothing():
    assert lint(contract(own(when='erp.shipping_address.country in ("AU", "US") or erp.balance_due >= 0.01'))) == []


def test_a_condition_that_cannot_be_read_is_refused_with_its_place():
    with pytest.raises(ContractError, match=r"guards\.own\.0\.when: line 1, column 21: expected a name"):
        contract(own(when="customer.ordered and"))


def test_the_hold_guard_is_idle_only_when_neither_fields_nor_orders_need_it():
    silent = {
        "entities": {"company": {"fields": {"payment_terms": None}}, "deal": {"fields": {"order_status": None}}},
        "timing": {"order_when_deal_stage": []},
    }
    assert "guards.credit_hold" in {finding.path for finding in lint(contract(silent))}
    for part in silent:
        needed = {key: value for key, value in silent.items() if key != part}
        assert "guards.credit_hold" not in {finding.path for finding in lint(contract(needed))}


def test_a_guard_that_is_off_contradicts_nobody():
    off = {"guards": {"currency_lock": False, "address_governance": False}}
    for name in ("currency", "shipping_address"):
        assert lint(contract(off | field("company", name, {"owner": "crm", "until": None, "then": None}))) == []
        assert [each.path for each in lint(contract(off | field("company", name, None)))] == [
            f"entities.company.fields.{name}"
        ]


@pytest.mark.parametrize(
    ("entity", "fields", "tier"),
    [
        (Entity.DEAL, ["order_status"], 1),
        (Entity.COMPANY, ["name"], 2),
        (Entity.COMPANY, ["name", "credit_hold"], 1),
        (Entity.PRODUCT, ["description"], 3),
        (Entity.PRODUCT, ["description", "price"], 2),
        (Entity.CONTACT, ["email"], 3),
        (Entity.COMPANY, [], 2),
    ],
)
def test_a_write_is_of_the_first_tier_for_any_of_its_fields_and_of_the_third_for_all(
    entity: Entity, fields: list[str], tier: int
):
    assert contract({"tiers": {"third": ["product.description", "contact"]}}).tiers.of(entity, fields) == tier


def test_errors_come_before_warnings():
    levels = [
        finding.level
        for finding in lint(contract(field("company", "name", None) | {"lifecycle": {"fallback": "customer"}}))
    ]
    assert levels == ["error", "warning"]


def test_the_fields_that_lint_speaks_of_exist():
    for table in (FINANCE_FIELDS, SHARED_FIELDS):
        for entity, names in table.items():
            assert names <= set(ENTITIES[entity].model_fields)


def test_an_owner_changes_hands_at_the_first_order_only_where_the_rule_says_so():
    rule = shipped().rule(Entity.COMPANY, "currency")
    assert rule is not None
    assert (rule.owner_at(ordered=False), rule.owner_at(ordered=True)) == (Side.CRM, Side.ERP)
    plain = FieldRule(owner=Side.CRM)
    assert (plain.owner_at(ordered=False), plain.owner_at(ordered=True)) == (Side.CRM, Side.CRM)


def test_a_silent_contract_has_no_rules():
    silent = contract({"entities": {"contact": None}})
    assert silent.clause(Entity.CONTACT) is None
    assert silent.rule(Entity.CONTACT, "email") is None
    assert shipped().rule(Entity.COMPANY, "erp_id") is None


def test_the_digest_names_this_very_contract():
    assert contract().digest == shipped().digest
    assert contract({"timing": {"invoice_when": "never"}}).digest != shipped().digest
    assert contract({"examples": None}).digest == shipped().digest  # they decide nothing
    assert Contract.model_validate_json(shipped().model_dump_json()).digest == shipped().digest
    assert "contract: 1" in contract_text()
    assert (shipped().platforms.on(Side.CRM), shipped().platforms.on(Side.ERP)) == ("hubspot", "xero")
