"""Records that nobody should send: only `Refused` leaves the translator, with the name of the property and no value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Refused
from schemas.wire import encode
from streams.platforms.hubspot.shapes import LINE_ITEM_PROPERTIES, SHAPES
from streams.platforms.hubspot.translation import sightings
from tests.unit.hubspot.records import change

ODD = st.sampled_from(
    ["²", "٣", "1e99999999", "1e-99999999", "1_000", "9" * 40, "NaN", "-Infinity", "", " ", "\x00", "a|b", "0000-00-00"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=8) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | ODD, inner, max_size=3),
    max_leaves=6,
)
COLUMNS = st.fixed_dictionaries({}, optional=dict.fromkeys(LINE_ITEM_PROPERTIES, JSON))
LINE = st.fixed_dictionaries({}, optional={"id": JSON, "properties": JSON | COLUMNS})


def raws(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Records of the kind in which anything may be anything."""
    properties = st.fixed_dictionaries({}, optional=dict.fromkeys(SHAPES[kind].properties, JSON))
    ends = st.fixed_dictionaries({}, optional=dict.fromkeys(("company", "contact", "deal"), JSON))
    return st.fixed_dictionaries(
        {}, optional={"properties": properties | JSON, "associations": ends | JSON, "line_items": st.lists(LINE) | JSON}
    )


@pytest.mark.parametrize("kind", [*SHAPES])
@given(data=st.data())
def test_whatever_a_record_holds_only_a_refusal_leaves(kind: str, data: st.DataObject):
    shown = change(kind).model_copy(update={"raw": data.draw(raws(kind)), "record_id": data.draw(st.just("12") | ODD)})
    try:
        found = sightings(shown)
    except Refused:
        return
    for sighting in found:
        encode([sighting.fields, sighting.keys, sighting.parents, list(sighting.merged_from)])
        assert all("|" not in ref and ref.count("/") == 2 for ref in (sighting.ref, *sighting.parents.values()))


@pytest.mark.parametrize("associations", ["none", ["9"], {"company": "9"}, {"company": {"id": "9"}}, 7, True])
def test_associations_that_are_no_lists_are_refused(associations: Any):
    with pytest.raises(Refused) as refused:
        sightings(change("contact", {}, associations=associations))
    assert refused.value.code == "associations"


@pytest.mark.parametrize("number", ["9|3", "a", "9/3", "9\n", "²", "", "9" * 21, None, {}, ["9"]])
def test_an_association_leads_to_an_id_and_to_nothing_else(number: Any):
    with pytest.raises(Refused) as refused:
        sightings(change("deal", {}, associations={"company": [number]}))
    assert refused.value.code == "associations"


@pytest.mark.parametrize("number", ["", "9|3", "9/3", "x/../y", "9\n", "²", "ada@acme.example"])
@pytest.mark.parametrize("deleted", [True, False])
def test_a_record_whose_id_is_no_number_is_refused_and_not_quoted(number: str, *, deleted: bool):
    with pytest.raises(Refused) as refused:
        sightings(change("company", {}, number, deleted=deleted))
    assert refused.value.code == "id"
    assert not number or number not in refused.value.message


@pytest.mark.parametrize("erp_id", ["a|b", "a/b", "a\nb", "a\x7fb"])
def test_an_erps_id_that_would_not_stay_in_its_place_is_refused(erp_id: str):
    with pytest.raises(Refused) as refused:
        sightings(change("company", {"xero_contact_id": erp_id}))
    assert refused.value.code == "xero_contact_id"


@pytest.mark.parametrize("position", ["²", "٣", "-1", "first", "", None, {}, 9**99])
def test_a_position_that_is_no_number_comes_last(position: Any):
    lines = [{"id": "1", "properties": {"name": "odd", "hs_position_on_quote": position}},
             {"id": "2", "properties": {"name": "even", "hs_position_on_quote": "0"}}]  # fmt: skip
    (deal,) = sightings(change("deal", {}, line_items=lines))
    assert [line["description"] for line in deal.fields["lines"]] == ["even", "odd"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"id": "3", "properties": "x"}, "line_items"),
        ({"id": "3", "properties": ["price"]}, "line_items"),
        ({"id": "3", "properties": {"price": "1e99999999"}}, "line_items.price"),
        ({"id": "3", "properties": {"price": "1_000"}}, "line_items.price"),
        ({"id": "3", "properties": {"price": "1e20", "discount": "1e-20"}}, "line_items.discount"),
        ({"id": "3", "properties": {"hs_sku": {"code": "x"}}}, "line_items.hs_sku"),
        ({"id": "3", "properties": {"amount": "9" * 29}}, "line_items.amount"),
    ],
)
def test_a_line_that_cannot_be_read_exactly_names_its_property(line: dict[str, Any], code: str):
    with pytest.raises(Refused) as refused:
        sightings(change("deal", {}, line_items=[line, {"id": "4", "properties": {}}]))
    assert refused.value.code == code


def test_a_refusal_quotes_nothing_that_somebody_typed():
    secret = "ada@acme.example"
    for properties in ({"hs_merged_object_ids": secret}, {"xero_contact_id": f"{secret}|"}, {"closedate": secret}):
        with pytest.raises(Refused) as refused:
            sightings(change("deal" if "closedate" in properties else "company", properties))
        assert secret not in refused.value.message
    with pytest.raises(Refused) as refused:
        sightings(change("deal", {}, line_items=[{"id": secret, "properties": {"price": secret}}]))
    assert secret not in refused.value.message
