import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.command import Command
from schemas.errors import Refused
from schemas.money import minor_digits
from schemas.names import Entity
from streams.platforms.hubspot.payloads import key_of, links_of, properties_of, target_of
from streams.platforms.hubspot.properties import PORTAL_PROPERTIES
from streams.platforms.hubspot.shapes import SHAPES, Shape
from streams.platforms.hubspot.translation import sightings
from tests.unit.hubspot.records import GUID, change, command

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool)
LOWERS = st.text("abcdefghijklmnop0123456789.-@", min_size=1)
DAYS = st.dates().map(lambda day: day.isoformat())
INSTANTS = st.datetimes().map(lambda at: f"{at:%Y-%m-%d}".zfill(10) + f"T{at:%H:%M:%S}Z")
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", None])
PARTS = ("street", "city", "region", "postal_code", "country")
ADDRESSES = st.fixed_dictionaries({part: TEXTS | st.just("") for part in PARTS}).filter(lambda it: any(it.values()))


def _amounts(currency: str | None) -> st.SearchStrategy[str]:
    digits = minor_digits(currency or "")
    return st.integers(-(10**14), 10**14).map(lambda minor: _amount(minor, digits))


def _amount(minor: int, digits: int) -> str:
    whole, rest = divmod(abs(minor), 10**digits)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


@st.composite
def _fields(draw: st.DrawFn, shape: Shape) -> dict[str, object]:
    currency = draw(CURRENCIES) if shape.currency else None
    by_spelling = {
        "text": TEXTS,
        "lower": LOWERS,
        "currency": st.just(currency),
        "bool": st.booleans(),
        "amount": _amounts(currency),
        "day": DAYS,
        "instant": INSTANTS,
    }
    fields: dict[str, object] = {
        column.field: draw(by_spelling[column.spelling] | st.none()) if column.spelling != "currency" else currency
        for column in shape.columns
    }
    if shape.address:
        fields["shipping_address"] = draw(ADDRESSES | st.none())
    return fields


@given(st.data(), st.sampled_from(sorted(SHAPES)))
def test_translating_what_an_update_writes_gives_the_fields_again(data: st.DataObject, kind: str):
    fields = data.draw(_fields(SHAPES[kind]))
    if "erp_id" in fields:
        fields["erp_id"] = GUID
    written = properties_of(command(kind, fields, f"hubspot/{kind}/12"))
    assert all(isinstance(value, str) for value in written.values())
    (sighting,) = sightings(change(kind, dict(written)))
    assert {key: value for key, value in sighting.fields.items() if key != "lines"} == fields


@given(st.data(), st.sampled_from(sorted(SHAPES)))
def test_translating_what_a_create_writes_gives_the_fields_again(data: st.DataObject, kind: str):
    fields = data.draw(_fields(SHAPES[kind]))
    if "erp_id" in fields:
        fields["erp_id"] = GUID
    if "email" in fields:
        fields["email"] = data.draw(LOWERS)
    written = properties_of(command(kind, fields, natural_key=GUID))
    (sighting,) = sightings(change(kind, dict(written)))
    assert {key: value for key, value in sighting.fields.items() if key != "lines"} == fields


def test_an_update_writes_only_what_it_names_and_clears_with_an_empty_string():
    update = command("company", {"phone": None, "credit_hold": False, "shipping_address": None}, "hubspot/company/12")
    assert properties_of(update) == {
        "phone": "",
        "revmark_credit_hold": "false",
        **{f"revmark_shipping_{part}": "" for part in PARTS},
    }


def test_an_invoice_from_the_erp_is_a_tracking_invoice_and_leaves_out_what_has_no_place():
    create = command("invoice", {"number": "INV-7", "currency": "NZD", "lines": [], "tax": "1.00"}, natural_key=GUID)
    assert properties_of(create) == {
        "revmark_invoice_number": "INV-7",
        "hs_currency": "NZD",
        "hs_invoice_billable": "false",
        "xero_invoice_id": GUID,
    }
    assert key_of(create) == GUID


def test_a_person_is_found_again_by_e_mail():
    assert key_of(command("contact", {"email": "Ann@acme.example"}, natural_key=GUID)) == "ann@acme.example"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (command("payment", {"amount": "1"}, natural_key="p"), "entity"),
        (command("company", {"name": "x"}), "no_key"),
        (command("contact", {"first_name": "x"}, natural_key=GUID), "no_key"),
        (command("company", {"nmae": "x"}, "hubspot/company/1"), "nmae"),
        (command("company", {"nmae": "x"}, natural_key=GUID), "nmae"),
        (command("company", {"crm_id": "x"}, "hubspot/company/1"), "crm_id"),
        (command("deal", {"lines": []}, "hubspot/deal/1"), "lines"),
        (command("deal", {"amount": 1.5}, "hubspot/deal/1"), "amount"),
        (command("deal", {"name": 5}, "hubspot/deal/1"), "name"),
        (command("company", {"credit_hold": "yes"}, "hubspot/company/1"), "credit_hold"),
        (command("company", {"shipping_address": {"planet": "x"}}, "hubspot/company/1"), "shipping_address"),
        (command("invoice", {"date": "soon"}, "hubspot/invoice/1"), "date"),
    ],
)
def test_what_cannot_be_spelt_exactly_is_refused_before_anything_is_sent(wanted: Command, code: str):
    with pytest.raises(Refused) as refused:
        properties_of(wanted)
    assert refused.value.code == code


@pytest.mark.parametrize("ref", ["xero/contact/1", "hubspot/contact/1", "hubspot/company/abc", "hubspot/company/"])
def test_an_update_goes_to_a_record_of_its_kind(ref: str):
    with pytest.raises(Refused):
        target_of(command("company", {"name": "x"}, ref))


def test_links_lead_to_hubspot_records():
    links = {"company": "hubspot/company/9", "deal": "hubspot/deal/2"}
    assert links_of(command("invoice", natural_key=GUID, links=links)) == {"company": "9", "deal": "2"}
    for wrong in ("xero/contact/1", "hubspot/ticket/1", "hubspot/company/x", "company"):
        with pytest.raises(Refused):
            links_of(command("invoice", natural_key=GUID, links={"company": wrong}))


def test_every_property_of_ours_that_is_read_is_one_that_the_portal_is_given():
    given_ = {(each.kind, each.name) for each in PORTAL_PROPERTIES}
    for kind, shape in SHAPES.items():
        ours = {name for name in shape.properties if name.startswith(("revmark_", "xero_"))}
        assert {(kind, name) for name in ours} == {pair for pair in given_ if pair[0] == kind}


def test_what_a_create_is_found_by_is_unique_in_the_portal():
    unique = {(each.kind, each.name) for each in PORTAL_PROPERTIES if each.unique}
    assert unique == {(kind, shape.key) for kind, shape in SHAPES.items() if shape.key != "email"}


def test_portal_properties_are_of_the_types_that_the_spellings_need():
    types = {"amount": "number", "day": "date", "bool": "bool"}
    portal = {(each.kind, each.name): each for each in PORTAL_PROPERTIES}
    for kind, shape in SHAPES.items():
        for column in shape.columns:
            if each := portal.get((kind, column.property)):
                assert each.type == types.get(column.spelling, "string")
                assert each.body()["groupName"] == "revmark"
    assert [option["value"] for option in portal["company", "revmark_credit_hold"].body()["options"]] == [
        "true",
        "false",
    ]
    assert {shape.entity for shape in SHAPES.values()} <= set(Entity)
