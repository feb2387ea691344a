from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contract.conditions import UNKNOWN, ConditionError, can_hold, parse

SHOWN: dict[str, Any] = {
    "yes": True, "no": False, "nobody": UNKNOWN, "none": None, "blank": "", "five": "5.00", "word": "NZD",
    "parts": {"street": "", "city": ""}, "place": {"street": "x"},
}  # fmt: skip


def holds(text: str) -> bool | None:
    return parse(text).holds(SHOWN.__getitem__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", True), ("no", False), ("nobody", None), ("none", False), ("word", None),
        ("not no", True), ("not nobody", None), ("not not yes", True),
        ("yes and yes", True), ("yes and no", False), ("yes and nobody", None), ("no and nobody", False),
        ("no or yes", True), ("no or no", False), ("nobody or yes", True), ("nobody or no", None),
        ("yes or no and no", True), ("(yes or no) and no", False), ("not no and no", False), ("not (no and no)", True),
        ('word == "NZD"', True), ("word == 'AUD'", False), ('word != "AUD"', True), ('none != "AUD"', True),
        ("five == 5", True), ('five == "5"', False), ("yes == true", True), ("none == false", False),
        ('word in ("AUD", "NZD")', True), ('word in ("AUD")', False), ('word not in ("AUD", "USD")', True),
        ('nobody in ("AUD")', None),
        ("five > 4.99", True), ("five > 5", False), ("five >= 5", True), ("five < 5", False), ("five <= 5", True),
        ("five > -1", True), ("none > 1", False), ("none < 1", False), ("blank < 1", False), ("word > 1", None),
        ("yes > 0", None), ("nobody > 0", None),
        ("none is empty", True), ("blank is empty", True), ("parts is empty", True), ("place is empty", False),
        ("word is not empty", True), ("no is empty", False), ("nobody is empty", None),
        ("yes\n  and\n  not no", True),
    ],
)  # fmt: skip
def test_a_condition_is_true_false_or_not_known(text: str, expected: bool | None):  # noqa: FBT001 - a column of the table
    assert holds(text) is expected


@pytest.mark.parametrize(
    ("text", "line", "column", "expected"),
    [
        ("", 1, 1, "a name"),
        ("a and", 1, 6, "a name"),
        ("a or or b", 1, 6, "a name"),
        ("a b", 1, 3, "'and', 'or' or the end"),
        ("a ==", 1, 5, "a text in quotes"),
        ("a == NZD", 1, 6, "a text in quotes"),
        ("a = 1", 1, 3, "a name, a value, a comparison or a bracket"),
        ("a > 'x'", 1, 5, "a number"),
        ("a > b", 1, 5, "a number"),
        ("a in 1", 1, 6, "'('"),
        ("a in (1 2)", 1, 9, "')'"),
        ("a not 1", 1, 7, "'in'"),
        ("a is 1", 1, 6, "'empty'"),
        ("(a or b", 1, 8, "')'"),
        ("a and\n  not )", 2, 7, "a name"),
        ("a and 'b'", 1, 7, "a name"),
        ("a == 'open", 1, 6, "a name, a value"),
        ("__import__('os')", 1, 11, "'and', 'or' or the end"),
        ("a; b", 1, 2, "a name, a value"),
        ("(" * 21 + "a", 1, 21, "at most 20"),
    ],
)
def test_what_is_no_condition_is_refused_at_its_place(text: str, line: int, column: int, expected: str):
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert expected in caught.value.expected
    shown, mark = str(caught.value).splitlines()[1:]
    assert mark.index("^") - 4 == column - 1
    assert shown.startswith("    ")


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("a", True), ("not a", True), ("a and not a", False), ("a and a == false", False), ("a > 5 and a < 5", False),
        ("a > 5 and a < 7", True), ("a >= 5 and a <= 5", True), ('a == "x" and a == "y"', False),
        ('a not in ("x", "y") and a is not empty', True), ("a is empty and a > 1", False),
        ("a and not (a or b)", False), (" and ".join(f"n{n} == {n}" for n in range(20)), True),
    ],
)  # fmt: skip
def test_a_condition_that_no_case_makes_true_is_known(text: str, possible: bool):  # noqa: FBT001 - as above
    assert can_hold(parse(text)) is possible


WORDS = st.sampled_from(
    ["yes", "no", "nobody", "and", "or", "not", "(", ")", "==", ">", "in", ",", "1", "'x'", "is", "empty"]
)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=30))
def test_any_text_is_a_condition_or_refused(text: str):
    try:
        node = parse(text)
    except ConditionError:
        return
    assert node.holds(lambda name: SHOWN.get(name, UNKNOWN)) in {True, False, None}
