"""What subscribers were promised: the present schemas keep it, and what would not is named."""

from copy import deepcopy
from typing import Any

import pytest

from schemas.promises import PUBLIC, breaks, broken, release
from schemas.published import schemas

OLD: dict[str, Any] = {
    "type": "object",
    "required": ["id", "money"],
    "properties": {
        "id": {"type": "string"},
        "type": {"type": "string", "enum": ["a"]},
        "side": {"$ref": "#/$defs/Side"},
        "day": {"type": "string", "format": "date"},
        "deal": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "money": {"$ref": "#/$defs/Money"},
        "refs": {"type": "object", "additionalProperties": {"type": "string"}},
        "lines": {"type": "array", "items": {"type": "string"}},
    },
    "$defs": {
        "Side": {"type": "string", "enum": ["crm", "erp"]},
        "Money": {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "string"}}},
    },
}


def changed(**paths: Any) -> dict[str, Any]:
    """The schema with something else at `a__b`; None takes it away."""
    found = deepcopy(OLD)
    for path, value in paths.items():
        *parents, last = path.split("__")
        place = found
        for each in parents:
            place = place["$defs"] if each == "defs" else place[each]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return found


def test_the_present_schemas_keep_what_was_promised():
    assert broken() == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (changed(properties__id=None), "revenue: id would be gone"),
        (changed(required=["money"]), "revenue: id was always there and might be missing"),
        (changed(properties__id={"type": "integer"}), "revenue: id was string and would be integer"),
        (changed(properties__day={"type": "string"}), "revenue: day: its format was 'date' and would be None"),
        (changed(defs__Side={"type": "string", "enum": ["crm", "erp", "shop"]}), "revenue: side would also be 'shop'"),
        (changed(defs__Side={"type": "string"}), "revenue: side would also be 'anything'"),
        (
            changed(properties__deal={"anyOf": [{"type": "string"}, {"type": "integer"}]}),
            "revenue: deal may be integer, which it never was",
        ),
        (
            changed(properties__id={"anyOf": [{"type": "string"}, {"type": "null"}]}),
            "revenue: id may be null, which it never was",
        ),
        (
            changed(defs__Money__properties__amount={"type": "number"}),
            "revenue: money.amount was string and would be number",
        ),
        (changed(defs__Money__required=[]), "revenue: money.amount was always there and might be missing"),
        (
            changed(properties__refs__additionalProperties={"type": "integer"}),
            "revenue: refs.additionalProperties was string and would be integer",
        ),
        (changed(properties__refs__additionalProperties=True), "revenue: refs.additionalProperties would be anything"),
        (
            changed(properties__lines__items={"type": "object"}),
            "revenue: lines.items was string and would be object",
        ),
    ],
)
def test_what_a_reader_of_the_older_one_could_not_take_is_named(now: dict[str, Any], said: str):
    assert breaks(OLD, now, "revenue") == [said]


def test_what_is_added_or_narrowed_breaks_nobody():
    more = changed(
        properties__new={"type": "string"},
        properties__type={"type": "string", "enum": ["a", "b"]},  # readers pass over types that they do not know
        properties__deal={"type": "string"},
        defs__Side={"type": "string", "enum": ["crm"]},
        required=["id", "money", "day"],
    )
    assert breaks(OLD, more, "revenue") == []


def test_a_release_takes_the_present_ones(tmp_path: Any):
    written = release(tmp_path / "released")
    assert [path.name for path in written] == [f"{topic}.json" for topic in PUBLIC]
    assert [path.read_text(encoding="utf-8") for path in written] == [schemas()[path.name] for path in written]
