"""Orders and subscriptions as HubSpot properties: each value has a place, and reads back as it was meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules import order_records
from schemas.entities import ENTITIES
from schemas.errors import Refused
from streams.platforms.hubspot.payloads import properties_of
from streams.platforms.hubspot.properties import properties_of as portal_properties
from streams.platforms.hubspot.shapes import Shape, shapes_of
from streams.platforms.hubspot.stages import ORDERS
from streams.platforms.hubspot.translation import sightings
from tests.support.contracts import contract
from tests.unit.hubspot.records import change, command
from tests.unit.hubspot.test_payloads import DAYS, TEXTS, _amounts

KEY = "order:5f0c2a9b00004000"
STATUSES = ("ordered", "held", "part_billed", "billed", "paid", "cancelled")
CHOICES: dict[str, dict[str, Any]] = {
    "native": {"order": "native", "subscription": "native"},
    "unstaged": {"order": "native", "order_pipeline": "none", "subscription": "native"},
    "custom": {"order": {"custom": "revmark_order"}, "subscription": {"custom": "revmark_subscription"}},
}
RULES = {
    name: contract({"platforms": {"objects": objects}, "timing": {"subscriptions": {}}})
    for name, objects in CHOICES.items()
}
SHAPES = {name: {kind: shapes_of(rules)[kind] for kind in ("order", "subscription")} for name, rules in RULES.items()}


def _fields(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    currency = draw(st.sampled_from(["NZD", "JPY", "KWD"]))
    by_spelling = {
        "text": TEXTS, "currency": st.just(currency), "amount": _amounts(currency), "day": DAYS,
        "stage": st.sampled_from(STATUSES), "count": st.integers(0, 10**9 - 1),
    }  # fmt: skip
    fields = {
        column.field: currency if column.spelling == "currency" else draw(by_spelling[column.spelling] | st.none())
        for column in shape.columns
    }
    return fields | ({"status": draw(st.sampled_from(STATUSES))} if shape.kind == "order" else {})


@given(st.data(), st.sampled_from([*CHOICES]), st.sampled_from(["order", "subscription"]))
def test_what_is_written_whole_reads_back_whole(data: st.DataObject, on: str, kind: str):
    shape = SHAPES[on][kind]
    fields = data.draw(st.composite(_fields)(shape))
    written = properties_of(command(kind, fields, natural_key=KEY), {kind: shape})
    assert {column.property for column in shape.columns} <= written.keys(), "also what is empty"
    (sighting,) = sightings(change(kind, dict(written)), shapes={kind: shape})
    assert sighting.fields == fields


@pytest.mark.parametrize("on", CHOICES)
@pytest.mark.parametrize("kind", ["order", "subscription"])
def test_each_field_has_a_place_and_each_place_of_ours_is_one_that_the_portal_is_given(on: str, kind: str):
    shape = SHAPES[on][kind]
    assert {each.field for each in shape.columns} == {*ENTITIES[shape.entity].model_fields}
    given_ = {each.name: each for each in portal_properties(RULES[on]) if each.kind == kind}
    ours = {each.property: each for each in shape.columns if each.property.startswith("revmark_")}
    assert {*given_} == {shape.key, *ours}
    types = {"amount": "number", "count": "number", "day": "date"}
    assert {name: given_[name].type for name in ours} == {
        name: types.get(each.spelling, "string") for name, each in ours.items()
    }
    assert [each.name for each in given_.values() if each.unique] == [shape.key]
    names = [each.property for each in shape.columns]
    assert len(names) == len({*names}), "no two fields share a property"


def test_what_is_hubspots_to_say_is_never_written():
    for shapes in SHAPES.values():
        for shape in shapes.values():
            written = {each.property for each in shape.columns} | {name for name, _ in shape.on_create}
            assert not written & {"hs_invoice_creation", "hs_status", "hs_collection_process"}


def test_each_status_that_an_order_can_have_is_a_stage():
    said = {
        order_records.ORDERED, order_records.HELD, order_records.PART_BILLED, order_records.BILLED,
        order_records.PAID, order_records.CANCELLED,
    }  # fmt: skip
    assert said == {*STATUSES} == {each.status for each in ORDERS.stages}
    assert {each.status for each in ORDERS.stages if each.state == "CLOSED"} == {"paid", "cancelled"}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("order", {"status": "lost"}),
        ("order", {"amount": 1.5}),
        ("subscription", {"periods": -1}),
        ("subscription", {"periods": True}),
        ("subscription", {"periods": "2"}),
    ],
)
def test_what_cannot_be_spelt_exactly_is_refused_before_anything_is_sent(kind: str, fields: dict[str, Any]):
    with pytest.raises(Refused) as refused:
        properties_of(command(kind, fields, natural_key=KEY), SHAPES["native"])
    assert refused.value.code == next(iter(fields))


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("order", "hs_pipeline_stage", "4b27b500-f031-4927-9811-68a0b525cbae"),
        ("subscription", "revmark_periods", "2.5"),
        ("subscription", "revmark_periods", "-1"),
    ],
)
def test_what_somebody_else_put_there_is_not_taken_for_ours(kind: str, name: str, value: str):
    with pytest.raises(Refused, match=name):
        sightings(change(kind, {name: value}), shapes=SHAPES["native"])
