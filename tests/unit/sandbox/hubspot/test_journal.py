"""The sandbox's webhooks journal, as HubSpot's documents have it."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from sandbox.clock import VirtualClock
from sandbox.hubspot.actors import Actor
from sandbox.hubspot.errors import Problem
from sandbox.hubspot.journal import ACTIONS, RETENTION, URL_SECONDS
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.quota import JOURNAL_SECOND, Bucket


def opened(**settings: Any) -> tuple[Portal, VirtualClock]:
    clock = VirtualClock(automatic=True)
    portal = Portal(clock=clock, **settings)
    portal.seed_defaults()
    portal.quirks.journal_repeats_every = 0
    return portal, clock


def note(portal: Portal, number: int, action: str = "UPDATE") -> None:
    portal.journal.note(action, portal.catalogue.get("0-2"), {"objectId": number})


def numbers(body: bytes) -> list[int]:
    return [event["objectId"] for event in orjson.loads(body)["journalEvents"]]


def test_only_what_is_subscribed_to_is_written():
    portal, _ = opened()
    note(portal, 1)
    assert portal.journal.latest() is None
    portal.journal.subscribe("companies", ["UPDATE"])
    note(portal, 2)
    note(portal, 3, "DELETE")
    latest = portal.journal.latest()
    assert latest is not None
    assert numbers(latest.body) == [2]
    with pytest.raises(Problem):
        portal.journal.subscribe("companies", ["EVERYTHING"])


def test_files_are_in_order_and_have_a_length():
    portal, _ = opened()
    portal.journal.subscribe("0-2", sorted(ACTIONS))
    portal.journal.file_events = 2
    for number in range(5):
        note(portal, number)
    file = portal.journal.earliest()
    found: list[int] = []
    while file is not None:
        found += numbers(file.body)
        last, file = file, portal.journal.after(file.offset)
    assert found == [0, 1, 2, 3, 4]
    assert portal.journal.latest() == last
    portal.journal.held = True
    note(portal, 6)
    assert portal.journal.after(last.offset) is None
    portal.journal.held = False
    assert portal.journal.after(last.offset) is not None


def test_what_is_told_twice_comes_again_in_a_later_file():
    portal, _ = opened()
    portal.quirks.journal_repeats_every = 2
    portal.journal.subscribe("0-2", ["UPDATE"])
    for number in (1, 2, 3):
        note(portal, number)
    first = portal.journal.earliest()
    assert first is not None
    again = portal.journal.after(first.offset)
    assert again is not None
    assert (numbers(first.body), numbers(again.body)) == ([1, 2, 3], [2])


def test_after_three_days_an_offset_is_gone():
    portal, clock = opened()
    portal.journal.subscribe("0-2", ["UPDATE"])
    note(portal, 1)
    first = portal.journal.latest()
    assert first is not None
    clock.move((RETENTION - timedelta(seconds=1)).total_seconds())
    note(portal, 2)
    second = portal.journal.after(first.offset)
    assert second is not None
    clock.move(1)
    assert portal.journal.earliest() == second
    with pytest.raises(Problem) as gone:
        portal.journal.after(first.offset)
    assert gone.value.status == 404


def test_an_address_is_good_for_its_file_and_for_a_while():
    portal, clock = opened()
    portal.journal.subscribe("0-2", ["UPDATE"])
    note(portal, 1)
    file = portal.journal.latest()
    assert file is not None
    url = str(portal.journal.address(file, "http://hubspot")["url"])
    until, signature = (part.split("=")[1] for part in url.partition("?")[2].split("&"))
    assert portal.journal.fetch(file.offset, until, signature) == file.body
    assert portal.journal.fetch(file.offset, str(int(until) + 1), signature) is None
    assert portal.journal.fetch("another", until, signature) is None
    clock.move(URL_SECONDS + 1)
    assert portal.journal.fetch(file.offset, until, signature) is None


def test_the_journal_has_a_limit_by_the_second_and_counts_towards_no_other():
    portal, clock = opened(burst_limit=1, day_limit=1)
    answers = [portal.quota.admit(Bucket.JOURNAL, oauth=True)[1] for _ in range(JOURNAL_SECOND + 1)]
    assert [each is None for each in answers] == [True] * JOURNAL_SECOND + [False]
    clock.move(1)
    assert portal.quota.admit(Bucket.JOURNAL, oauth=True)[1] is None
    assert portal.quota.used == 0


def test_writes_are_noted_with_their_values():
    portal, _ = opened()
    portal.journal.subscribe("0-2", sorted(ACTIONS))
    kind = portal.catalogue.get("companies")
    record = portal.writer.create(kind, {"name": "Acme"}, Actor("person", portal.app.source))
    file = portal.journal.latest()
    assert file is not None
    events = orjson.loads(file.body)["journalEvents"]
    assert {event["objectId"] for event in events} == {record.id}
    assert next(event["action"] for event in events) == "CREATE"
    assert any(event.get("propertyChanges", {}).get("name") == "Acme" for event in events)
