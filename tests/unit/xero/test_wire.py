from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instants import from_millis
from schemas.wire import decode_platform
from streams.platforms.xero import wire

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)
LEAVES = st.none() | st.booleans() | st.integers() | AMOUNTS | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


@given(VALUES)
def test_what_is_written_is_read_back_exactly(value: Any):
    assert decode_platform(wire.body(value)) == value


def test_amounts_go_out_as_the_digits_they_are():
    assert wire.body({"a": Decimal("0.10"), "b": Decimal("1E+3"), "c": 7}) == b'{"a":0.10,"b":1000,"c":7}'


@pytest.mark.parametrize("value", [0.1, {"a": [1.0]}, object()])
def test_a_float_never_goes_out(value: Any):
    with pytest.raises(TypeError, match="does not go to Xero"):
        wire.body(value)


@given(st.integers(min_value=-62_135_596_800_000, max_value=253_402_300_799_999))
def test_dates_are_read_to_the_millisecond(millis: int):
    assert wire.millis(f"/Date({millis}+0000)/") == wire.millis(f"/Date({millis})/") == millis
    assert wire.day(f"/Date({millis}+0000)/") == from_millis(millis).date().isoformat()


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("/Date(1726000000123+1300)/", 1726000000123),
        ("2025-12-02T00:44:09.923", 1764636249923),
        ("2026-09-01", 1788220800000),
        ("2026-09-01T00:00:00Z", 1788220800000),
    ],
)
def test_times_without_a_zone_are_utc(text: str, millis: int):
    assert wire.millis(text) == millis


@pytest.mark.parametrize("text", ["", "yesterday", None, 5, "/Date(x)/", "/Date(1)", "2026-13-01"])
def test_what_is_no_time_is_an_error(text: Any):
    with pytest.raises(ValueError, match=r"."):
        wire.millis(text)


def test_modified_since_has_whole_seconds_and_rounds_down():
    assert wire.modified_since(1788220800999) == "2026-09-01T00:00:00"


def test_the_version_of_a_record():
    assert wire.version({"UpdatedDateUTC": "/Date(5+0000)/"}) == 5
    assert wire.version({"UpdatedDateUTCString": "1970-01-01T00:00:01Z"}) == 1000
    assert wire.version({}, 9) == 9


@pytest.mark.parametrize(
    ("value", "text"), [("2.0000", "2"), ("100", "100"), ("-0.0", "0"), ("0.1250", "0.125"), ("1E+2", "100")]
)
def test_numbers_without_trailing_zeros(value: str, text: str):
    assert wire.number_text(value) == text
