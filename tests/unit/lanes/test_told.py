"""What a lane has told: decisions as values in and answers out, and the memory that only what is durable gets into."""

from typing import Any

import pytest

from schemas.command import Event, Read
from schemas.wire import value_hash
from streams.lanes.hinted import Hint, answers, hinted
from streams.lanes.told import EVENTS, REMEMBERED, Showing, Told, answered, echoes, same, showing
from streams.platforms.interface import Seen
from tests.support.work import CONNECTION, START, TENANT


def seen(number: str = "1", version: int = 7, *, deleted: bool = False, **raw: Any) -> Seen:
    return Seen("deal", number, version, raw, deleted)


def event(name: str, occurred: int = 7, **says: Any) -> Event:
    """An event that says of at most one field what it had from then on."""
    told = next(({"field": field, "value": value_hash(value)} for field, value in says.items()), {})
    return Event(name=name, occurred=occurred, **told)


MADE = Event(name="m", occurred=7, made=True)


def fielded(version: int = 7, **fields: Any) -> Showing:
    return showing(Seen("deal", "1", version, {"properties": fields}, fields=fields))


def asked(*numbers: str, events: dict[str, list[Event]] | None, kind: str = "deal") -> Read:
    return Read(tenant=TENANT, connection=CONNECTION, kind=kind, record_ids=list(numbers), events=events, at=START)


@pytest.mark.parametrize(
    ("told", "now", "is_same"),
    [
        (seen(name="a"), seen(name="a"), True),
        (seen(name="a", more=1), Seen("deal", "1", 7, {"more": 1, "name": "a"}), True),
        (None, seen(name="a"), False),
        (seen(name="a"), seen(name="b"), False),  # one instant, two edits
        (seen(name="a"), seen(version=8, name="a"), False),
        (seen(name="a"), seen(version=6, name="a"), False),  # a replica that lags
        (seen(associations={"company": ["1"]}), seen(associations={"company": ["2"]}), False),
        (seen(name=1 << 70), seen(name=1 << 70), False),  # nobody can write that down to compare it
    ],
)
def test_a_record_shows_what_was_told_when_version_and_content_are_those(
    told: Seen | None, now: Seen, *, is_same: bool
):
    assert same(showing(told) if told else None, showing(now)) is is_same


@pytest.mark.parametrize(
    ("heard", "events", "is_answered"),
    [
        (("a", "b"), ("a",), True),
        (("a", "b"), ("b", "a"), True),
        (("a",), ("a", "b"), False),
        ((), ("a",), False),
        (("a",), (), False),  # nothing is known of what asks
    ],
)
def test_events_are_answered_when_every_one_was_heard(
    heard: tuple[str, ...], events: tuple[str, ...], *, is_answered: bool
):
    assert answered(None, heard, [event(name) for name in events]) is is_answered


@pytest.mark.parametrize(
    ("told", "said", "is_echo"),
    [
        (fielded(amount="10"), event("a", amount="10"), True),
        (fielded(8, amount="10"), event("a", amount="10"), True),
        (fielded(6, amount="10"), event("a", amount="10"), False),  # it was changed and changed back
        (fielded(amount="10"), event("a", amount="11"), False),
        (fielded(8, amount="10"), event("a", amount="11"), False),  # in doubt: the older of two events
        (fielded(amount=None), event("a", amount=""), True),
        (fielded(amount=""), event("a", amount="0"), False),
        (fielded(amount="10"), event("a", dealname="D"), False),  # a field that is not read
        (fielded(amount="10"), event("a"), False),  # it says nothing
        (fielded(amount=1 << 70), event("a", amount="10"), False),
        (None, event("a", amount="10"), False),
        (showing(seen(version=9)), event("a", amount="10"), False),  # a platform whose events say nothing
        (showing(seen(version=9)), MADE, True),
        (showing(seen(version=6)), MADE, True),  # whatever was changed since has an event of its own
        (None, MADE, False),  # nobody has told of it, or it is gone
    ],
)
def test_an_event_is_an_echo_of_what_was_told_when_that_is_as_new_and_shows_its_value(
    told: Showing | None, said: Event, *, is_echo: bool
):
    assert echoes(told, said) is is_echo


def test_one_event_that_is_no_echo_and_was_not_heard_is_reason_enough_to_read():
    told = fielded(amount="10", dealname="D")
    assert answered(told, ["b"], [event("a", amount="10"), event("b"), event("c", dealname="D")])
    assert not answered(told, ["b"], [event("a", amount="10"), event("b"), event("c", dealname="E")])


@pytest.mark.parametrize(
    ("found", "alone", "names"),
    [
        ([seen(version=9)], True, ["a", "b"]),
        ([seen(version=8)], True, ["a", "b"]),
        ([seen(version=7)], True, ["a"]),  # what was read is older than the second event
        ([seen(version=6)], True, []),
        ([seen(version=9, deleted=True)], True, []),
        ([seen("2", version=9)], False, []),
        ([seen("1", version=9), seen("2", version=1)], False, ["a", "b"]),
        ([], True, []),
        ([Seen("line", "5", 9, {})], True, ["a", "b"]),  # it came back as something else
        ([Seen("line", "5", 9, {}), Seen("line", "6", 7, {})], True, ["a"]),
        ([Seen("line", "5", 9, {})], False, []),  # as which of those that were asked for, nobody knows
    ],
)
def test_a_reading_answers_the_events_that_it_is_as_new_as(found: list[Seen], *, alone: bool, names: list[str]):
    assert answers({"a": event("a", 7), "b": event("b", 8)}, "deal", "1", found, alone=alone) == names


def test_a_record_is_hinted_at_once_with_every_event_and_blindly_if_one_of_them_has_no_name():
    found = hinted(
        [
            asked("1", "2", "3", events={"1": [event("a")], "2": [event("b")]}),
            asked("1", "2", events={"1": [event("c"), event("a")]}),
            asked("4", events=None),
            asked("1", kind="contact", events={}),
        ]
    )
    assert found == {
        "deal": {
            "1": Hint({"a": event("a"), "c": event("c")}),
            "2": Hint({"b": event("b")}, blind=True),
            "3": Hint(blind=True),
            "4": Hint(blind=True, again=True),
        },
        "contact": {"1": Hint(blind=True)},
    }


def test_only_what_has_become_durable_was_told():
    told = Told()
    assert told.tell(seen(name="a"), again=False)
    told.answer("deal", "1", ["e"])
    assert not told.tell(seen(name="a"), again=False)  # within a batch: both leave, or none
    told.begin()  # the batch died
    assert not told.answers("deal", "1", [event("e")])
    assert told.tell(seen(name="a"), again=False)
    told.answer("deal", "1", ["e"])
    told.wrote()
    told.begin()
    assert not told.tell(seen(name="a"), again=False)
    assert told.answers("deal", "1", [event("e")])
    assert told.spared == {("deal", "told"): 2, ("deal", "answered"): 1}


def test_what_is_told_again_is_told_whatever_was_told():
    told = Told()
    for _ in range(2):
        assert told.tell(seen(name="a"))
        told.wrote()


def test_the_last_that_was_told_counts_and_not_whatever_was_told_once():
    told = Told()
    for shown in ("a", "b", "a"):
        assert told.tell(seen(name=shown), again=False)
        told.wrote()


def test_a_record_that_is_gone_is_told_each_time_and_its_return_as_well():
    told = Told()
    assert told.tell(seen(name="a"), again=False)
    told.answer("deal", "1", ["e"])
    told.wrote()
    for _ in range(2):
        assert told.tell(seen(deleted=True), again=False)
        assert not told.answers("deal", "1", [event("e")])
        told.wrote()
    assert not told.answers("deal", "1", [event("e")])
    assert told.tell(seen(name="a"), again=False)


def test_whoever_forgets_tells_again():
    told = Told()
    told.tell(seen(name="a"))
    told.answer("deal", "1", ["e"])
    told.wrote()
    told.forget()
    assert not told.answers("deal", "1", [event("e")])
    assert told.tell(seen(name="a"), again=False)


def test_the_memory_is_bounded_and_what_was_left_alone_longest_goes_first():
    told = Told()
    told.tell(seen("first"))
    told.tell(seen("second"))
    told.wrote()
    told.tell(seen("first"))
    told.wrote()
    for number in range(REMEMBERED - 1):
        told.tell(seen(str(number)))
    told.wrote()
    assert not told.tell(seen("first"), again=False)
    assert told.tell(seen("second"), again=False)
    told.answer("deal", "first", [str(number) for number in range(EVENTS + 1)])
    assert [told.answers("deal", "first", [event(str(number))]) for number in (0, 1, EVENTS)] == [False, True, True]


def test_a_showing_is_no_more_than_a_version_and_a_hash():
    assert showing(seen(name="Rosalind Sentinel")) == Showing(7, showing(seen(name="Rosalind Sentinel")).content)
    assert len(showing(seen(name="Rosalind Sentinel")).content) == 16
