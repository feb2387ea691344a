"""What no worker must meet: versions and times beyond every calendar, amounts beyond arithmetic, JSON that is none."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.change import Change, parse_arrival
from schemas.errors import Refused
from schemas.fact import parse_finding
from schemas.instants import END_OF_VERSIONS, from_millis, parse_instant, version_millis
from schemas.money import amount_text, exact, plain
from schemas.names import Side
from schemas.totals import DocumentVersion
from schemas.wire import decode_platform, encode
from tests.support.capturing import crm
from tests.support.judging import company, outcome
from tests.support.work import create

VERSIONED: list[Any] = [
    (parse_arrival, crm("1")),
    (parse_finding, company(Side.CRM)),
    (parse_finding, outcome(create(1)).model_copy(update={"version": 1})),
    (
        DocumentVersion.from_bytes,
        DocumentVersion(
            tenant="main", document="invoice:1", side=Side.ERP, day="2026-09-01", currency="NZD", total=Decimal(1),
            due=Decimal(0), counted=True, version=1, seen_at=datetime(2026, 9, 1, tzinfo=UTC),
        ),
    ),
]  # fmt: skip
IDS = ["change", "fact", "outcome", "document"]


@pytest.mark.parametrize(("parse", "record"), VERSIONED, ids=IDS)
@pytest.mark.parametrize("version", [-1, END_OF_VERSIONS, 2**53, 2**63, 10**400])
def test_a_version_beyond_every_calendar_is_a_fault_of_its_field(parse: Any, record: Any, version: int):
    poison = record.model_copy(update={"version": version}).to_bytes()
    with pytest.raises(Refused, match="version"):
        parse(poison)


@pytest.mark.parametrize(("parse", "record"), VERSIONED, ids=IDS)
@pytest.mark.parametrize("version", [0, END_OF_VERSIONS - 1])
def test_every_version_that_passes_is_a_time(parse: Any, record: Any, version: int):
    read = parse(record.model_copy(update={"version": version}).to_bytes())
    assert from_millis(read.version).year < 2200


@pytest.mark.parametrize(
    "seen_at",
    ["1999-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"],
)
def test_a_time_that_nobody_can_have_seen_is_a_fault_of_its_field(seen_at: str):
    data = {**crm("1").model_dump(mode="json"), "seen_at": seen_at}
    with pytest.raises(Refused, match="seen_at"):
        parse_arrival(encode(data))
    with pytest.raises(ValidationError):
        Change.model_validate(data)


@given(st.integers())
def test_a_platforms_time_is_a_version_or_says_nothing(millis: int):
    assert version_millis(millis) in {millis, 0}
    assert 0 <= version_millis(millis) < END_OF_VERSIONS


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_that_utc_cannot_hold_is_no_time(text: str):
    with pytest.raises(ValueError, match="out of range"):
        parse_instant(text)


@pytest.mark.parametrize(
    "value",
    ["1_000", "1_0.5", "1e28", "1e31", "1e-31", "1e99999999", "-1e-99999999", "0e99999999", "9" * 29,
     "1." + "0" * 28, "٣", "²", 9**99, Decimal("1e31"), Decimal("9" * 29)],
)  # fmt: skip
def test_what_arithmetic_would_not_keep_is_no_amount(value: Any):
    with pytest.raises(ValueError, match="amount"):
        exact(value)


@pytest.mark.parametrize("value", ["9" * 28, "1e27", "0." + "0" * 29 + "1", "-1.5e3"])
def test_what_arithmetic_keeps_is_kept(value: str):
    assert exact(plain(exact(value))) == Decimal(value)


def test_an_amount_that_is_none_is_not_quoted():
    for value in ("ada@acme.example", 1.5, "ada_1"):
        with pytest.raises(ValueError, match="amount") as caught:
            exact(value)
        assert str(value) not in str(caught.value)
    with pytest.raises(Refused) as refused:
        DocumentVersion.from_bytes(
            encode({**VERSIONED[3][1].model_dump(mode="json"), "total": "ada@acme.example", "day": "ada@acme.example"})
        )
    assert "total" in refused.value.message
    assert "ada" not in refused.value.message


def test_a_type_that_is_none_of_them_is_not_quoted():
    with pytest.raises(Refused) as refused:
        parse_arrival(b'{"type": "ada@acme.example"}')
    assert "ada" not in refused.value.message


# A platform's JSON


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"Total": -Infinity}', "[" * 100_000])
def test_what_is_no_json_is_none(text: str):
    for data in (text, text.encode()):
        with pytest.raises(ValueError, match=r"JSON|nested"):
            decode_platform(data)


def test_a_number_beyond_every_amount_is_refused_by_its_field_and_not_by_its_page():
    page = decode_platform('[{"Total": 1e99999999}, {"Total": 1.50}]')
    assert encode(page) == b'[{"Total":"1e99999999"},{"Total":"1.50"}]'
    with pytest.raises(ValueError, match="out of range"):
        amount_text(page[0]["Total"], "NZD")


def test_half_a_character_does_not_stop_the_record_that_holds_it():
    raw = decode_platform(rb'{"name": "Acme \ud83d", "\ud83d": ["\uDE00"], "whole": "\ud83d\ude00"}')
    assert raw == {"name": "Acme ?", "?": ["?"], "whole": "😀"}
    change = crm("1").model_copy(update={"raw": raw})
    assert parse_arrival(change.to_bytes()) == change


def test_what_is_nested_beyond_reading_is_refused_and_no_serializers_error():
    raw = {"deep": decode_platform("[" * 400 + "]" * 400)}
    with pytest.raises(Refused, match="cannot be written"):
        crm("1").model_copy(update={"raw": raw}).to_bytes()
