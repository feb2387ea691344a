"""Entries of the webhooks journal, one by one."""

from typing import Any

import pytest

from schemas.wire import value_hash
from streams.platforms.hubspot.entries import understood
from streams.platforms.interface import Mention

MADE: dict[str, Any] = {"portalId": 7, "objectTypeId": "0-2", "objectId": 5, "occurredAt": "2026-09-01T09:00:00.000Z"}


def entry(action: str, **more: Any) -> dict[str, Any]:
    return {**MADE, "action": action, **more}


LINK = {"fromObjectTypeId": "0-3", "fromObjectId": 1, "toObjectTypeId": "0-2", "toObjectId": 2}
OLDER = {"objectTypeId": "0-3", "objectId": 1, "associatedObjectTypeId": "0-1", "associatedObjectId": "2"}


@pytest.mark.parametrize(
    ("said", "kind", "ids", "result"),
    [
        (entry("DELETE"), "company", ["5"], "accepted"),
        (entry("RESTORE", objectId="5"), "company", ["5"], "accepted"),
        (entry("MERGE", newObjectId=9, mergedObjectIds=[6, 5]), "company", ["9", "5", "6"], "accepted"),
        (entry("SNAPSHOT", objectTypeId="0-8"), "line_item", ["5"], "accepted"),
        (entry("ASSOCIATION_ADDED", **LINK), "deal", ["1"], "accepted"),
        (entry("ASSOCIATION_REMOVED", **OLDER), "deal", ["1"], "accepted"),
        (entry("ASSOCIATION_ADDED", **LINK | {"fromObjectTypeId": "0-2"}), "company", ["1", "2"], "accepted"),
        (entry("ASSOCIATION_ADDED", **LINK | {"toObjectId": None}), "", [], "malformed"),
        (entry("ASSOCIATION_ADDED", **LINK | {"fromObjectTypeId": "0-8"}), "", [], "ignored"),
        (entry("UPDATE", objectTypeId="0-99"), "", [], "ignored"),
        (entry("APP_INSTALL"), "", [], "ignored"),
        (entry("UPDATE", portalId=8), "", [], "unknown_connection"),
        (entry("UPDATE", objectId=True), "", [], "malformed"),
        (entry("UPDATE", objectId="../5"), "", [], "malformed"),
        ({"action": 5}, "", [], "malformed"),
        (["UPDATE"], "", [], "malformed"),
    ],
)
def test_what_an_entry_says(said: Any, kind: str, ids: list[str], result: str):
    mentions, found = understood(said, "7")
    assert found == result
    own = [each for each in mentions if each.kind == kind]
    assert [each.record_id for each in own] == ids
    assert not any(each.events or each.erased for each in own)  # these are read whatever was told


def test_the_other_end_of_an_association_is_told_where_its_reading_shows_it():
    mentions, _ = understood(entry("ASSOCIATION_REMOVED", **OLDER), "7")
    assert mentions == [Mention("deal", "1"), Mention("contact", "2")]


def test_an_erasure_is_one_and_a_deletion_is_none():
    ((erased,), _), ((deleted,), _) = understood(entry("GDPR_DELETE"), ""), understood(entry("DELETE"), "")
    assert (erased.erased, deleted.erased) == (True, False)


def test_an_update_is_an_event_for_each_property_with_a_name_that_it_always_has():
    said = entry("UPDATE", propertyChanges={"name": "Acme", "phone": "1"})
    (mention,), _ = understood(said, "7")
    assert [(each.field, each.value) for each in mention.events] == [
        ("name", value_hash("Acme")),
        ("phone", value_hash("1")),
    ]
    assert len({each.name for each in mention.events}) == 2
    assert understood(dict(said), "7")[0] == [mention]
    other = entry("UPDATE", propertyChanges={"name": "Acme", "phone": "1"}, occurredAt=1_788_253_200_001)
    (later,), _ = understood(other, "7")
    assert later.events[0].occurred == 1_788_253_200_001 == mention.events[0].occurred + 1
    assert {each.name for each in later.events}.isdisjoint(each.name for each in mention.events)


@pytest.mark.parametrize("changes", [None, [], {}, ["name"]])
def test_an_update_without_values_is_one_event_that_says_only_that_there_is_something(changes: Any):
    (mention,), _ = understood(entry("UPDATE", propertyChanges=changes), "7")
    assert [each.field for each in mention.events] == [None]


def test_a_value_of_another_shape_is_named_and_says_nothing():
    (mention,), _ = understood(entry("UPDATE", propertyChanges={"name": {"new": "Acme"}}), "7")
    assert [each.field for each in mention.events] == [None]


@pytest.mark.parametrize("occurred", [None, "yesterday", True, 1.5])
def test_without_a_time_there_is_no_event_and_the_record_is_read(occurred: Any):
    (mention,), result = understood(entry("UPDATE", occurredAt=occurred, propertyChanges={"name": "Acme"}), "7")
    assert (mention, result) == (Mention("company", "5"), "accepted")
