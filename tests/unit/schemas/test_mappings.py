"""Fields of a customer's own: what is written reads back, both sides' spellings are equal, and lint finds the rest."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agents.trial import trials
from schemas.contract import lint
from schemas.contract.mappings import BILLED, FREE, TAKEN, Mapped
from schemas.errors import ContractError
from schemas.names import Entity, Side
from schemas.published import contract_schema
from streams.platforms.hubspot.shapes import SHAPES, shapes_of
from tests.support.contracts import contract, contract_text

CRM, ERP = Side.CRM, Side.ERP
PLACES = {"crm": "segments", "erp": "CompanyNumber"}


def mapped(crm: dict[str, Any] | None = None, **words: Any) -> Mapped:
    """A field; `crm` is how the CRM spells it."""
    return Mapped.model_validate({**PLACES, **words, "crm": {"at": "segments", **(crm or {})}})


PO = {"crm": "po_number", "erp": "Reference"}


def deals(mapped: dict[str, Any]) -> dict[str, Any]:
    """A contract under which a deal has a field of the customer's own."""
    return {"mappings": {"deal": {"custom_po": mapped}}}


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        (mapped(), "  Big  ", "Big"),
        (mapped(), "", None),
        (mapped(), None, None),
        (mapped(), 7, "7"),
        (mapped(case="lower"), "Big", "big"),
        (mapped(case="upper"), "Big", "BIG"),
        (mapped({"values": {"COMPUTER_SOFTWARE": "Software"}}), "COMPUTER_SOFTWARE", "Software"),
        (mapped({"values": {"x": "Software"}}, case="lower"), "x", "software"),
        (mapped({"values": {"x": "Software"}}), "Retail", "Retail"),
        (mapped(kind="set"), "b; a;;b ", ["a", "b"]),
        (mapped({"separator": ","}, kind="set"), "b,a;c", ["a;c", "b"]),
        (mapped({"values": {"1": "gold"}}, kind="set"), "2;1", ["2", "gold"]),
        (mapped(kind="set"), " ; ", None),
        (mapped(kind="amount"), "12.345", "12.35"),
        (mapped(kind="amount", digits=0), "12.5", "13"),
        (mapped(kind="amount"), "-0.001", "0.00"),
        (mapped(kind="day"), "2026-09-01", "2026-09-01"),
        (mapped({"date": "DD/MM/YYYY"}, kind="day"), "01/09/2026", "2026-09-01"),
        (mapped({"date": "MM/DD/YYYY"}, kind="day"), "09/01/2026", "2026-09-01"),
    ],
)
def test_what_a_platform_holds_is_read(field: Mapped, raw: Any, value: Any):
    assert field.read(CRM, raw) == value
    if value is not None:
        assert field.read(CRM, field.write(CRM, value)) == value
        assert field.canonical(value) == value


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (mapped(), None, ""),
        (mapped(kind="set"), [], ""),
        (mapped(kind="set"), ["b", "a"][::-1], "a;b"),
        (mapped({"values": {"x": "Software"}}), "Software", "x"),
        (mapped({"values": {"x": "Software"}}, case="lower"), "software", "x"),
        (mapped({"date": "DD.MM.YYYY"}, kind="day"), "2026-09-01", "01.09.2026"),
    ],
)
def test_a_value_is_spelt_as_the_platform_does(field: Mapped, value: Any, text: str):
    assert field.write(CRM, value) == text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (mapped({"values": {"A": "B"}}), "A"),  # it would read back as B
        (mapped(case="lower"), "Big"),
        (mapped(), " padded "),
        (mapped(), 7),
        (mapped(kind="set"), ["a;b"]),
        (mapped(kind="set"), "a"),
        (mapped(kind="amount"), "1.234"),
        (mapped(kind="amount"), "much"),
        (mapped(kind="day"), "01/09/2026"),
    ],
)
def test_what_would_not_read_back_is_refused(field: Mapped, value: Any):
    with pytest.raises(ValueError, match=r"reads back|is no"):
        field.write(CRM, value)


@pytest.mark.parametrize(
    ("field", "raw"),
    [(mapped(kind="amount"), "much"), (mapped(kind="day"), "2026-02-30"), (mapped(), {"a": 1}), (mapped(), True)],
)
def test_what_is_no_such_value_is_refused_without_showing_it(field: Mapped, raw: Any):
    with pytest.raises(ValueError, match="is no") as caught:
        field.read(CRM, raw)
    assert str(raw) not in str(caught.value)


WORDS = st.text(st.characters(codec="ascii", categories=("Lu", "Ll", "Nd")), min_size=1, max_size=6)
RAW = st.one_of(WORDS, st.lists(WORDS, max_size=4).map(";".join), st.decimals(-999, 999, places=3).map(str))
FIELDS = st.builds(
    lambda kind, case, values: mapped({"values": values if kind in {"text", "set"} else {}}, kind=kind, case=case),
    st.sampled_from(["text", "set", "amount"]), st.sampled_from(["upper", "lower", None]),
    st.dictionaries(WORDS, WORDS, max_size=3),
)  # fmt: skip


@given(FIELDS, RAW)
def test_whatever_one_side_holds_the_other_is_given_so_that_it_reads_the_same_or_it_is_refused(field: Mapped, raw: str):
    try:
        value = field.read(CRM, raw)
        text = field.write(ERP, value)
    except ValueError:
        return
    assert field.read(ERP, text) == value


def own(fields: dict[str, Any], entity: str = "company", rule: dict[str, Any] | None = None) -> dict[str, Any]:
    """A contract with fields of its own, each with a rule."""
    rules = {name: rule or {"policy": "newest"} for name in fields}
    return {"mappings": {entity: fields}, "entities": {entity: {"fields": rules}}}


GOOD = {"custom_segments": {"kind": "set", **PLACES}}


@pytest.mark.parametrize("policy", ["newest", "review", "merge"])
def test_a_field_of_ones_own_has_a_rule_like_any_other(policy: str):
    assert lint(contract(own(GOOD, rule={"policy": policy}))) == []
    by_state = {"owner": {"prospect": "crm", "ordered": "erp"}}
    assert lint(contract(own(GOOD, rule=by_state))) == []
    amount = own({"custom_a": {"kind": "amount", **PLACES}}, rule={"policy": "monotonic", "owner": "erp"})
    (found,) = lint(contract(amount))  # allowed, and said: it may fall for a refund that nobody can name
    assert (found.level, found.path) == ("warning", "entities.company.fields.custom_a")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"custom_a": {"crm": "a", "erp": "TaxNumber"}}, "Xero has no free field 'TaxNumber': there are AccountNumber"),
        ({"custom_a": {"crm": "revmark_x", "erp": "CompanyNumber"}}, "one of Revmark's own"),
        ({"custom_a": {"crm": "Not Internal", "erp": "CompanyNumber"}}, "is no property's name"),
        ({"custom_a": {"crm": "phone", "erp": "CompanyNumber"}}, "one of Revmark's own"),
        (
            {"custom_a": PLACES, "custom_b": {"crm": "segments", "erp": "AccountNumber"}},
            "segments is the place of custom_a already",
        ),
        (
            {"custom_a": {"erp": "CompanyNumber", "crm": {"at": "a", "values": {"x": "One", "y": "One"}}}},
            "two words of a mean the same",
        ),
        (
            {"custom_a": {"case": "lower", "erp": "CompanyNumber", "crm": {"at": "a", "values": {"x": "I", "y": "i"}}}},
            "two words of a mean the same",
        ),
        ({"custom_a": {"erp": "CompanyNumber", "crm": {"at": "a", "separator": ","}}}, "'separator' is for kind: set"),
        ({"custom_a": {"erp": "CompanyNumber", "crm": {"at": "a", "date": "YYYYMMDD"}}}, "'date' is for kind: day"),
        ({"custom_a": {"kind": "amount", "case": "lower", **PLACES}}, "'case' is for kind: set or text"),
        ({"custom_a": {"digits": 3, **PLACES}}, "'digits' is for kind: amount"),
    ],
)  # fmt: skip
def test_fields_of_ones_own_that_cannot_be_meant_are_found(fields: dict[str, Any], said: str):
    found = [each for each in lint(contract(own(fields))) if said in each.message]
    assert [each.level for each in found] == ["error"]
    assert found[0].path.startswith("mappings.company.custom_")


@pytest.mark.parametrize("entity", ["company", "deal"])
@pytest.mark.parametrize("kind", ["text", "set", "amount", "day"])
def test_a_field_of_the_crms_alone_is_of_any_kind_and_needs_no_rule(entity: str, kind: str):
    found = contract({"mappings": {entity: {"custom_campaign": {"kind": kind, "crm": "campaign"}}}})
    assert lint(found) == []
    assert "campaign" in {column.property for shape in shapes_of(found).values() for column in shape.columns}
    assert found.shared == {Entity(entity): {}}
    with pytest.raises(LookupError):
        found.mapped(Entity(entity))["custom_campaign"].on(ERP)


def test_a_rule_for_a_field_of_the_crms_alone_decides_nothing():
    company = {"fields": {"custom_campaign": {"owner": "crm"}}}
    changes = {"mappings": {"company": {"custom_campaign": {"crm": "campaign"}}}, "entities": {"company": company}}
    found = lint(contract(changes))
    assert [(each.level, each.path) for each in found] == [("error", "entities.company.fields.custom_campaign")]


def test_two_fields_of_the_crms_alone_do_not_share_a_property():
    fields = {"custom_a": {"crm": "campaign"}, "custom_b": {"crm": "campaign"}}
    (found,) = lint(contract({"mappings": {"deal": fields}}))
    assert "is the place of custom_a already" in found.message


def test_a_deals_own_field_needs_no_rule():
    assert lint(contract(deals(PO))) == []


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        (own({"custom_a": PLACES}, entity="contact"), "mappings.contact", "has no fields of its own in Xero"),
        ({"mappings": {"company": GOOD}}, "entities.company.fields.custom_segments", "nobody owns it"),
        (own(GOOD, rule={"policy": "monotonic", "owner": "crm"}), "entities.company.fields.custom_segments", "amounts"),
        (deals({"crm": "po", "erp": "AccountNumber"}), "mappings.deal.custom_po", "there are Reference"),
        (deals({"kind": "day", **PO}), "mappings.deal.custom_po", "only kind: text can"),
        (deals({"crm": "dealname", "erp": "Reference"}), "mappings.deal.custom_po", "one of Revmark's own"),
        (
            deals(PO) | {"entities": {"deal": {"fields": {"custom_po": {"owner": "crm"}}}}},
            "entities.deal.fields.custom_po", "the rule decides nothing",
        ),
        (own({"custom_a": PLACES}, rule={"policy": "merge"}), "entities.company.fields.custom_a", "merges sets"),
        (
            {"entities": {"company": {"fields": {"custom_segment": {"owner": "crm"}}}}, "mappings": {"company": GOOD}},
            "entities.company.fields.custom_segment", "did you mean 'custom_segments'?",
        ),
    ],
)  # fmt: skip
def test_their_rules_are_looked_at_as_well(changes: dict[str, Any], path: str, said: str):
    assert [each.path for each in lint(contract(changes)) if said in each.message] == [path]


def test_the_name_of_a_field_of_ones_own_tells_that_it_is_one():
    with pytest.raises(ContractError, match="custom_"):
        contract({"mappings": {"company": {"segments": PLACES}}})


def test_an_example_and_an_editor_know_it():
    words = {
        "example": "both change it", "given": {"agreed": {"custom_segments": ["a", "b"]}},
        "when": {"crm": {"custom_segments": ["c", "a", "b"]}, "erp": {"custom_segments": ["b"]}},
        "then": {"fields": {"custom_segments": {"wins": "merged", "value": ["b", "c"], "by": "merge"}}},
    }  # fmt: skip
    changes = own(GOOD, rule={"policy": "merge"}) | {"examples": [words]}
    (played,) = trials(contract(changes))
    assert played.holds, played.misses
    schema = jsonschema.Draft202012Validator(json.loads(contract_schema()))
    assert schema.is_valid(yaml.safe_load(contract_text(changes)))


def test_the_places_that_are_taken_are_those_of_our_own_fields():
    shapes = (SHAPES["company"], SHAPES["deal"])
    ours = {name for each in shapes for name in each.properties if not name.startswith(("revmark_", "xero_", "hs_"))}
    assert ours == TAKEN
    assert (set(FREE), set(BILLED)) == ({Entity.COMPANY}, {Entity.DEAL})
