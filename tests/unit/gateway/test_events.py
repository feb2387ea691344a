"""Names of events: the same event sent again has the same name, and no two events have one."""

from typing import Any

import pytest

from schemas.command import Event, Read
from schemas.instants import to_millis
from schemas.wire import value_hash
from streams.gateway.hubspot import hubspot_hints
from tests.unit.gateway.callers import START, Callers

NAME: dict[str, Any] = {
    "eventId": 5, "subscriptionId": 1, "occurredAt": 1_780_000_000_123, "attemptNumber": 0, "objectId": 12,
    "subscriptionType": "deal.propertyChange", "propertyName": "amount", "propertyValue": "10",
}  # fmt: skip
CONTACT = "d3b1a6e0-0f3b-4b0e-9a55-2f7f0c1b7a11"
UPDATE: dict[str, Any] = {
    "eventCategory": "CONTACT", "eventType": "UPDATE", "resourceId": CONTACT, "eventDateUtc": "2026-09-01T09:00:00.250",
}  # fmt: skip


def named(callers: Callers) -> list[dict[str, list[Event]] | None]:
    return [work.events for work in callers.log.work() if isinstance(work, Read)]


async def test_hubspots_event_has_one_name_however_often_it_is_sent():
    callers = Callers()
    for attempt in range(3):
        await callers.hubspot({**NAME, "attemptNumber": attempt})
    first, second, third = named(callers)
    assert first == second == third
    assert first is not None
    (event,) = first["12"]
    assert (event.occurred, event.field, event.value) == (NAME["occurredAt"], "amount", value_hash("10"))


async def test_what_an_event_says_goes_onto_the_topic_as_a_hash():
    callers = Callers()
    await callers.hubspot({**NAME, "propertyValue": "Rosalind Sentinel"})
    ((_, _, value),) = callers.log.records
    assert b"Sentinel" not in value
    assert value_hash("Rosalind Sentinel").encode() in value


@pytest.mark.parametrize(
    "other", [{"propertyValue": "11"}, {"propertyName": "dealname"}, {"eventId": 6}, {"occurredAt": 1_780_000_000_124}]
)
async def test_two_events_have_two_names_though_hubspot_gives_them_one_id(other: dict[str, Any]):
    callers = Callers()
    await callers.hubspot(NAME, {**NAME, **other})
    (events,) = named(callers)
    assert events is not None
    assert len(events["12"]) == 2


@pytest.mark.parametrize(
    "event",
    [
        {"subscriptionType": "deal.deletion"},
        {"subscriptionType": "deal.restore"},
        {"subscriptionType": "contact.privacyDeletion"},
        {"subscriptionType": "company.merge", "newObjectId": 12},
        {"subscriptionType": "deal.associationChange", "fromObjectId": 12, "toObjectId": 3, "fromObjectTypeId": "0-3"},
        {"eventId": None},
        {"occurredAt": "yesterday"},
    ],
)
async def test_what_a_reading_need_not_show_or_what_cannot_be_told_apart_has_no_name(event: dict[str, Any]):
    callers = Callers()
    await callers.hubspot({**NAME, **event}, {**NAME, "objectId": 13})
    found = {number: events for each in named(callers) for number, events in (each or {}).items()}
    assert set(found) == {"13"}


def test_an_event_that_cannot_be_written_down_has_no_name_and_is_a_hint_all_the_same():
    hints = hubspot_hints([{**NAME, "propertyValue": 1 << 80}], "")
    assert (hints.records, hints.events) == ({"deal": {"12": None}}, {})


async def test_a_record_with_one_event_without_a_name_has_no_events_in_that_request():
    callers = Callers()
    await callers.hubspot(NAME, {**NAME, "subscriptionType": "deal.restore"})
    assert named(callers) == [{}]


async def test_xeros_event_is_named_by_its_number_and_what_it_says():
    callers = Callers()
    await callers.xero(UPDATE, first=7)
    await callers.xero(UPDATE, first=7)
    await callers.xero(UPDATE, first=8)
    await callers.xero({**UPDATE, "eventType": "CREATE"}, first=8)
    first, again, second, other = named(callers)
    assert first == again
    assert first is not None
    assert [(event.occurred, event.field) for event in first[CONTACT]] == [(to_millis(START) + 250, None)]
    assert len({str(each) for each in (first, second, other)}) == 3


async def test_xeros_event_says_whether_its_record_was_made():
    callers = Callers()
    await callers.xero(UPDATE, first=7)
    await callers.xero({**UPDATE, "eventType": "CREATE"}, first=8)
    updated, made = [events[CONTACT][0].made for events in named(callers) if events]
    assert (updated, made) == (False, True)


@pytest.mark.parametrize("when", [None, "soon", 5])
async def test_xeros_event_without_a_time_has_no_name(when: Any):
    callers = Callers()
    await callers.xero({**UPDATE, "eventDateUtc": when}, first=7)
    assert named(callers) == [{}]


async def test_xeros_events_that_are_not_numbered_one_by_one_have_no_names():
    callers = Callers()
    await callers.xero(UPDATE, UPDATE, first=7, last=9)
    assert named(callers) == [{}]
