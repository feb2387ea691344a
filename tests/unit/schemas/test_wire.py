from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from schemas import errors
from schemas.change import Change, Link, Mark, parse_arrival
from schemas.command import parse_work
from schemas.entities import ENTITIES, Address, Company
from schemas.errors import Refused
from schemas.fact import parse_finding
from schemas.instants import Day, Instant, business_day, from_millis, parse_instant, to_millis
from schemas.names import Entity, Side, canonical_id, connection_id, digest, record_id, ref
from schemas.totals import Total
from schemas.verdict import Verdict
from schemas.wire import decode, decode_platform, encode
from tests.support.capturing import crm, link, mark
from tests.support.judging import choice, company, outcome
from tests.support.work import CONNECTION, Clock, create, poll, read, release, resume

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_what_is_written_is_what_is_read(value: Any):
    assert decode(encode(value)) == value


def test_the_bytes_do_not_depend_on_the_order_of_keys():
    assert encode({"b": 1, "a": {"d": 1, "c": 2}}) == encode({"a": {"c": 2, "d": 1}, "b": 1})


def test_a_platforms_fraction_becomes_a_decimal_and_goes_out_as_text():
    assert decode_platform('{"Total": 87.750}') == {"Total": Decimal("87.750")}
    assert encode({"Total": Decimal("87.750")}) == b'{"Total":"87.750"}'


@pytest.mark.parametrize("value", [object(), {1, 2}, 2**70, {"deep": [datetime]}])
def test_what_does_not_go_on_the_wire_is_refused(value: Any):
    with pytest.raises(Refused, match="cannot be written"):
        encode(value)


@pytest.mark.parametrize("arrival", [crm("1"), mark(Side.CRM, "company"), link("1", "a")])
def test_arrivals_are_told_apart_by_their_type(arrival: Change | Mark | Link):
    assert parse_arrival(arrival.to_bytes()) == arrival


def test_lane_work_is_told_apart_by_its_type():
    clock = Clock()
    asked = (read(clock, "contact", "1"), poll(clock, sweep=True), resume(clock), release(clock, "owner"))
    for work in (create(1), *asked):
        assert parse_work(work.to_bytes()) == work
        assert work.connection == CONNECTION


def test_findings_are_told_apart_by_their_type():
    asked = Verdict(
        id="v1", tenant="main", customer="c", entity=Entity.COMPANY, record="company:1", field="phone",
        ruling="review", rule="newest", reason="both", at=company(Side.CRM).seen_at,
    )  # fmt: skip
    for finding in (company(Side.CRM), outcome(create(1)), choice(asked, Side.ERP), choice(asked, value={"a": 1})):
        assert parse_finding(finding.to_bytes()) == finding


@pytest.mark.parametrize("parse", [parse_arrival, parse_work, parse_finding, Total.from_bytes])
@pytest.mark.parametrize("data", [None, b"", b"{", b"[]", b'{"type": "ghost"}', b'"text"', b"\xff"])
def test_what_is_none_of_them_is_refused(parse: Any, data: bytes | None):
    with pytest.raises(Refused) as caught:
        parse(data)
    assert caught.value.code in {"empty", "malformed"}


def test_a_refusal_names_the_field_and_not_its_value():
    with pytest.raises(Refused) as caught:
        parse_arrival(crm("1").to_bytes().replace(b'"crm"', b'"secret@person.example"'))
    assert "side" in caught.value.message
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("said", "why"), [({}, "record: it does not say its type"), ({"type": "letter"}, "record: an unknown type")]
)
def test_a_record_of_no_type_is_refused_in_words(said: dict[str, str], why: str):
    with pytest.raises(Refused) as caught:
        parse_arrival(orjson.dumps(said))
    assert caught.value.message.endswith(why)


# Names


def test_ids_are_derived_and_depend_on_every_part_and_its_borders():
    assert canonical_id(Entity.COMPANY, "main", "a", "b") == canonical_id(Entity.COMPANY, "main", "a", "b")
    names = {digest("a", "b"), digest("ab"), digest("a", "", "b"), digest("", "ab"), digest("b", "a")}
    assert len(names) == 5
    assert canonical_id(Entity.DEAL, "t", "x").startswith("deal:")


@given(st.sampled_from(["hubspot", "xero"]), st.sampled_from(["company", "invoice"]), st.text(min_size=1))
def test_a_reference_gives_its_record_id_back(platform: str, kind: str, number: str):
    assert record_id(ref(platform, kind, number)) == number


def test_connections_are_named_by_tenant_and_platform():
    assert connection_id("main", "xero") == "main.xero"
    assert (Side.CRM.other, Side.ERP.other) == (Side.ERP, Side.CRM)


# Instants

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


class Timed(BaseModel):
    """A record with times."""

    at: Instant
    day: Day


@given(MOMENTS)
def test_milliseconds_there_and_back_lose_only_what_is_below_them(moment: datetime):
    again = from_millis(to_millis(moment))
    assert timedelta(0) <= moment - again < timedelta(milliseconds=1)
    assert to_millis(again) == to_millis(moment)


@pytest.mark.parametrize(
    "text", ["2026-09-01T09:00:00Z", "2026-09-01T09:00:00", "2026-09-01T21:00:00+12:00", "2026-09-01 09:00:00+00:00"]
)
def test_times_are_utc_and_a_text_without_a_zone_is(text: str):
    assert parse_instant(text) == datetime(2026, 9, 1, 9, tzinfo=UTC)
    assert parse_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-12-31T11:30:00Z", "Pacific/Auckland", "2027-01-01"),
        ("2028-02-28T23:30:00Z", "Europe/Berlin", "2028-02-29"),
        ("2026-03-29T00:59:59Z", "Europe/London", "2026-03-29"),  # the second before summer time
        ("2026-03-28T23:30:00Z", "Europe/Berlin", "2026-03-29"),
        ("2026-04-01T03:00:00Z", "America/New_York", "2026-03-31"),
    ],
)
def test_a_business_day_is_the_calendar_day_of_the_people_there(moment: str, zone: str, day: str):
    assert business_day(parse_instant(moment), zone) == day


@pytest.mark.parametrize("day", ["2026-02-30", "20260901", "2026-9-1", "2026-W36-2", "", "2026-09-01T00:00:00"])
def test_a_day_is_a_calendar_day_in_one_spelling(day: str):
    with pytest.raises(ValidationError):
        Timed(at=datetime(2026, 9, 1, tzinfo=UTC), day=day)


def test_a_time_without_its_zone_is_refused_and_any_zone_becomes_utc():
    with pytest.raises(ValidationError, match="zone"):
        Timed(at=datetime(2026, 9, 1), day="2026-09-01")  # noqa: DTZ001 - the very thing that must not pass
    east = datetime(2026, 9, 1, 12, tzinfo=timezone(timedelta(hours=12)))
    assert Timed(at=east, day="2026-09-01").at == datetime(2026, 9, 1, tzinfo=UTC)


# Entities and errors


def test_a_field_that_was_not_set_is_no_business_of_that_side():
    assert Company(name="Acme", phone=None).fields() == {"name": "Acme", "phone": None}
    assert Company(shipping_address=Address(city="Rome")).fields() == {"shipping_address": {"city": "Rome"}}


def test_every_entity_has_its_model():
    assert set(ENTITIES) == set(Entity)
    assert all(model.entity is entity for entity, model in ENTITIES.items())


def test_errors_are_grouped_by_what_one_does_about_them():
    kinds = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(kind, errors.RevmarkError) for kind in kinds)
    fatal = {kind.__name__ for kind in kinds if issubclass(kind, errors.Fatal)}
    assert fatal == {"Fatal", "ContractError", "SettingsError"}
    recoverable = {errors.Transient, errors.Throttled, errors.Parked, errors.Refused, errors.Unknown, errors.Stale}
    assert not any(issubclass(one, other) for one in recoverable for other in recoverable if one is not other)
