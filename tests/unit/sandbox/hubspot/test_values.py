from decimal import Decimal
from typing import Any

import pytest

from sandbox.hubspot.definitions import Definition, choices
from sandbox.hubspot.values import Invalid, clean, comparable, raw, text_of

COLOURS = Definition("colour", "enumeration", options=choices(["red", "Blue"]))
MANY = Definition("many", "enumeration", field_type="checkbox", options=choices("abc"))
NUMBER, DATE, MOMENT = Definition("n", "number"), Definition("d", "date"), Definition("m", "datetime")
FLAG, TEXT, EMAIL = Definition("f", "bool"), Definition("t"), Definition("email")


@pytest.mark.parametrize(
    ("definition", "sent", "kept"),
    [
        (NUMBER, Decimal("12.50"), "12.5"),
        (NUMBER, "12.50", "12.50"),
        (NUMBER, 7, "7"),
        (NUMBER, "-1e3", "-1e3"),
        (NUMBER, "", ""),
        (NUMBER, None, ""),
        (DATE, "2026-09-01", "2026-09-01"),
        (DATE, "1788220800000", "2026-09-01"),
        (DATE, 1788220800000, "2026-09-01"),
        (MOMENT, "1788220800123", "2026-09-01T00:00:00.123Z"),
        (MOMENT, "2026-09-01T12:00:00+02:00", "2026-09-01T10:00:00.000Z"),
        (MOMENT, "2026-09-01", "2026-09-01T00:00:00.000Z"),
        (FLAG, True, "true"),
        (FLAG, "FALSE", "false"),
        (TEXT, "  padded ", "padded"),
        (TEXT, "   ", ""),
        (TEXT, Decimal("1.0"), "1"),
        (EMAIL, "Ann@Example.COM", "ann@example.com"),
        (COLOURS, "red", "red"),
        (MANY, "a;b;a", "a;b"),
    ],
)
def test_values_are_kept_as_text(definition: Definition, sent: Any, kept: str) -> None:
    assert clean(definition, sent) == kept


@pytest.mark.parametrize(
    ("definition", "sent", "code"),
    [
        (NUMBER, "twelve", "INVALID_INTEGER"),
        (NUMBER, "NaN", "INVALID_INTEGER"),
        (NUMBER, "1,000.00", "INVALID_INTEGER"),
        (NUMBER, " 12", "LEADING_TRAILING_WHITESPACE"),
        (DATE, "1788220800001", "INVALID_DATE"),
        (DATE, "01/09/2026", "INVALID_LONG"),
        (MOMENT, "soon", "INVALID_LONG"),
        (MOMENT, "9" * 30, "INVALID_LONG"),
        (FLAG, "yes", "INVALID_OPTION"),
        (COLOURS, "blue", "INVALID_OPTION"),
        (COLOURS, "red;Blue", "INVALID_OPTION"),
        (MANY, "a;z", "INVALID_OPTION"),
        (EMAIL, "not an address", "INVALID_EMAIL"),
        (TEXT, "x" * 65_537, "VALUE_TOO_LONG"),
        (TEXT, {"a": 1}, "INVALID_VALUE"),
    ],
)
def test_what_a_property_does_not_take(definition: Definition, sent: Any, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean(definition, sent)
    assert refused.value.fault.code == code


def test_a_leading_semicolon_adds() -> None:
    assert clean(MANY, ";c", "a;b") == "a;b;c"
    assert clean(MANY, "c", "a;b") == "c"


def test_values_compare_by_size_not_by_spelling() -> None:
    assert comparable(NUMBER, "10") > comparable(NUMBER, "9")  # type: ignore[operator]
    assert comparable(MOMENT, "1788220800000") == comparable(MOMENT, "2026-09-01T00:00:00Z")
    assert comparable(TEXT, "ABC") == "abc"
    assert comparable(COLOURS, "Blue") == "Blue"
    assert comparable(NUMBER, "junk") == "junk"
    assert comparable(None, "X") == "x"


def test_webhooks_show_dates_raw() -> None:
    assert raw(DATE, "2026-09-01") == "1788220800000"
    assert raw(TEXT, "2026-09-01") == "2026-09-01"
    assert raw(DATE, "") == ""
    assert text_of(Decimal("1E+3")) == "1000"
