"""A lane's traced work: what is called for it, what it brings, and what waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from faust.types import TP

from schemas.command import Event
from schemas.errors import Parked
from schemas.instants import to_millis
from schemas.wire import Wire
from streams.engine import Record, RecordBatch
from streams.engine.errors import Revoked
from streams.engine.record import Headers
from streams.lanes.office import Office
from streams.tracing import TRACEPARENT
from streams.tracing.context import CARRIED
from tests.support.tracing import CALLER, ReadableSpan, Spans, caused_by, parent_of
from tests.support.work import CONNECTION, create, poll, read, resume, update
from tests.unit.lanes.test_office import TOPIC, World

OTHER = CALLER.replace(b"b7ad", b"b7ae")
ABOVE = CALLER.decode().removeprefix("00-").removesuffix("-01")


def traced(context: bytes = CALLER) -> Headers:
    return ((TRACEPARENT, context),)


class Followed(World):
    """An office that traces."""

    def __init__(self, spans: Spans | None) -> None:
        super().__init__()
        self.spans = spans
        self.anew()

    def anew(self, *, on: bool = True) -> None:
        """Another worker goes on from what is durable."""
        tracer = self.spans.tracer if self.spans is not None and on else None
        self.office = Office(self.app, make=self._again, clock=self.clock, tracer=tracer)

    def _again(self, *given: object) -> object:
        return self.made[-1] if self.made else self._make(*given)

    async def given(self, *works: tuple[Wire, Headers]) -> None:
        records = [
            Record(CONNECTION.encode(), work.to_bytes(), place, 0, headers)
            for place, (work, headers) in enumerate(works)
        ]
        batch = RecordBatch(self.app, TP(TOPIC, 0), records, epoch=self.epoch)
        await self.office.work(batch)
        await batch.write()

    @property
    def platform(self) -> object:
        return self.made[-1]

    def carried(self, topic: str) -> list[bytes | None]:
        """The contexts of what went onto a topic, in order."""
        found: list[bytes | None] = []
        for name, (_, _, headers) in self.app.sent:
            if name == f"revmark.{topic}":
                found.append(next((content for each, content in headers if each == TRACEPARENT), None))
        return found

    def kept(self) -> object:
        return self.app.cursors.view(0).get(f"{CONNECTION}|traced")


@pytest.fixture
def world() -> Followed:
    found = Followed(Spans())
    found.office.lane(CONNECTION, None)  # type: ignore[arg-type] # there is a platform to prepare
    return found


def spans(world: Followed) -> Spans:
    assert world.spans is not None
    return world.spans


def writes(world: Followed) -> list[ReadableSpan]:
    return [span for span in spans(world).all() if span.name == "write xero/invoice"]


async def test_a_hint_is_read_in_its_trace_and_only_what_it_names_goes_on_with_it(world: Followed):
    for number in "123":
        world.platform.put("contact", number)
    await world.given((read(world.clock, "contact", "1"), traced()), (read(world.clock, "contact", "2", "3"), ()))
    span = spans(world).one("read xero/contact")
    assert parent_of(span) == ABOVE
    assert spans(world).of("read xero/contact") == {"records": 3}
    assert world.carried("changes") == [caused_by(span), None, None]


async def test_one_call_for_two_traces_is_a_span_in_each_and_they_are_linked(world: Followed):
    world.platform.put("contact", "1")
    world.platform.put("contact", "2")
    await world.given((read(world.clock, "contact", "1"), traced()), (read(world.clock, "contact", "2"), traced(OTHER)))
    one, two = spans(world).all()
    assert parent_of(two) == OTHER.decode().removeprefix("00-").removesuffix("-01")
    assert [each.context.span_id for each in two.links] == [one.get_span_context().span_id]
    assert world.carried("changes") == [caused_by(one), caused_by(two)]


async def test_a_write_is_in_the_trace_of_its_command_and_what_it_brings_goes_on_with_it(world: Followed):
    await world.given((create(1), traced()), (create(2), ()), (create(3), traced(OTHER)))
    found = {span.attributes["revmark.command"]: span for span in writes(world)}
    assert set(found) == {"c1", "c3"}
    assert parent_of(found["c1"]) == ABOVE
    said = dict(found["c1"].attributes)
    assert {name.removeprefix("revmark."): value for name, value in said.items()} == {
        "command": "c1", "kind": "create", "attempts": 1, "waited": 0.0, "outcome": "applied", "code": "200",
    }  # fmt: skip
    call = spans(world).one("call xero")
    assert parent_of(call) == caused_by(found["c1"]).decode().removeprefix("00-").removesuffix("-01")
    assert [each.context.span_id for each in call.links] == [found["c3"].get_span_context().span_id]
    contexts = [caused_by(found["c1"]), None, caused_by(found["c3"])]
    assert world.carried("facts") == contexts
    assert world.carried("changes") == contexts
    assert world.kept() is None


async def test_a_command_that_waits_keeps_its_trace_over_a_restart_and_is_the_same_command(world: Followed):
    world.platform.mishaps.append(world.clock() + timedelta(minutes=5))
    await world.given((create(1), traced()))
    first = spans(world).one("write xero/invoice")
    assert first.attributes["revmark.outcome"] == "waiting"
    assert world.kept() == {"c1": CALLER.decode()}
    row = world.app.ledger.view(0).get(f"{CONNECTION}|c1")
    assert CALLER.decode() not in str(row)
    world.anew()
    world.clock.pass_by(301)
    await world.given((resume(world.clock), ()))
    *_, again = writes(world)
    assert parent_of(again) == ABOVE
    assert (again.attributes["revmark.outcome"], again.attributes["revmark.waited"]) == ("applied", 301.0)
    assert world.carried("facts") == [caused_by(again)]
    assert world.kept() is None


async def test_of_traced_commands_that_wait_the_newest_keep_their_trace_and_the_others_go_on_without(
    world: Followed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("streams.lanes.trail.KEPT", 1)
    world.platform.mishaps.append(Parked("down", until=world.clock() + timedelta(minutes=5), code="503"))
    await world.given((create(1), traced()), (create(2), traced(OTHER)))
    told = [(span.attributes["revmark.outcome"], span.attributes["revmark.code"]) for span in writes(world)]
    assert told == [("waiting", "503")] * 2
    assert world.kept() == {"c2": OTHER.decode()}
    world.clock.pass_by(301)
    await world.given((resume(world.clock), ()))
    *_, again = writes(world)
    assert world.carried("facts") == [None, caused_by(again)]


async def test_a_batch_is_of_no_trace_of_the_one_before_and_of_none_that_died_under_another_worker(world: Followed):
    hint = read(world.clock, "contact", "1")
    world.platform.put("contact", "1")
    await world.given((hint, traced()))
    world.platform.put("contact", "1", name="anew")
    await world.given((hint, ()))
    world.app.moved = True
    with pytest.raises(Revoked):
        await world.given((hint, traced()), (create(1), ()))
    world.app.moved, world.epoch = False, world.epoch + 1
    await world.given((hint, ()))
    first, *later = world.carried("changes")
    assert first is not None
    assert later
    assert set(later) == {None}


async def test_a_webhook_that_a_reading_has_answered_says_so_and_that_nothing_was_read(world: Followed):
    world.platform.put("contact", "1")
    event = Event(name="e1", occurred=to_millis(world.clock()))
    hook = read(world.clock, "contact", "1").model_copy(update={"events": {"1": [event]}})
    await world.given((hook, ()))
    await world.given((hook, traced()))
    assert parent_of(spans(world).one("read xero/contact")) == ABOVE
    assert spans(world).of("read xero/contact") == {"answered": True}


async def test_a_write_that_is_refused_says_with_which_code(world: Followed):
    world.platform.mishaps.append("refuse")
    await world.given((create(1), traced()))
    span = spans(world).one("write xero/invoice")
    assert span.attributes["revmark.outcome"] == "refused"
    assert not span.status.is_ok
    assert world.kept() is None


async def test_a_command_that_another_covers_ends_its_trace(world: Followed):
    world.platform.put("invoice", "u1")
    later = update(2, fields={"name1": "w", "name2": "w"})
    await world.given((update(1), traced()), (later, ()))
    assert spans(world).of("write xero/invoice")["outcome"] == "superseded"
    assert world.kept() is None


async def test_a_lost_answer_that_is_found_by_look_up_is_told_in_the_trace(world: Followed):
    world.platform.mishaps.append("lost_after")
    await world.given((create(1), traced()))
    assert spans(world).of("write xero/invoice")["outcome"] == "applied"


async def test_a_poll_begins_a_trace_that_goes_on_with_some_of_what_it_finds(world: Followed):
    world.platform.page_size = 100
    for number in range(CARRIED + 10):
        world.platform.put("contact", str(number))
    await world.given((poll(world.clock, "contact"), ()))
    span = spans(world).one("poll xero")
    assert span.parent is None
    assert sum(each == caused_by(span) for each in world.carried("changes")) <= CARRIED
    assert caused_by(span) in world.carried("changes")
    before = len(spans(world).all())
    await world.given((resume(world.clock), ()))
    assert len(spans(world).all()) == before  # a poll that goes on begins no other


async def test_off_and_on_bring_the_same_to_the_byte_but_for_the_headers(world: Followed):
    off = Followed(None)
    off.office.lane(CONNECTION, None)  # type: ignore[arg-type] # as above
    for each in (world, off):
        each.platform.put("contact", "1")
        each.platform.mishaps.append(each.clock() + timedelta(minutes=5))
        await each.given((read(each.clock, "contact", "1"), traced()), (create(1), traced()), (create(2), traced()))
        each.clock.pass_by(301)
        await each.given((resume(each.clock), ()))
    assert _values(off.app.sent) == _values(world.app.sent)
    assert off.carried("changes") == [None] * len(off.carried("changes"))
    assert {key: off.app.ledger.view(0).get(key) for key in (f"{CONNECTION}|c1", f"{CONNECTION}|c2")} == {
        key: world.app.ledger.view(0).get(key) for key in (f"{CONNECTION}|c1", f"{CONNECTION}|c2")
    }
    assert off.kept() is None


def _values(sent: Sequence[tuple[str, tuple[bytes, bytes, Headers]]]) -> list[tuple[str, bytes, bytes]]:
    return [(topic, key, value) for topic, (key, value, _) in sent]
