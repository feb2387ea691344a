"""Windows of one partition: what they hold and say, whatever is read again, and that memory follows the windows."""

from typing import Any

import pytest
from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.engine import (
    EngineApp,
    EngineError,
    Misconfigured,
    Outcome,
    Record,
    RecordBatch,
    Revoked,
    Tumbling,
    View,
)
from streams.engine import windows as module
from streams.engine.window_table import WindowIndex
from streams.engine.windows import Windows
from tests.unit.engine.window_model import Event, Partition, expected

TENS = Tumbling(10, grace=5, retention=30)
LATER = 1_000_000  # milliseconds: a Kafka timestamp that holds nothing back


def events(*times: int, first: int = 0, key: str = "a") -> list[Event]:
    return [Event(first + n, LATER, key, at) for n, at in enumerate(times)]


@pytest.fixture
def partition() -> Partition:
    return Partition(TENS)


def test_events_out_of_order_late_and_too_late(partition: Partition):
    outcomes = partition.take(events(3, 14, 9, 15, 9, 70, 44, 9))
    applied, restated, expired = Outcome.APPLIED, Outcome.RESTATED, Outcome.EXPIRED
    assert outcomes == [applied, applied, applied, applied, restated, applied, restated, expired]
    partition.write()
    partition.take([])  # window 0 and 10 are past their retention by what is written now
    partition.write()
    assert partition.rows == {
        ("a", 40): {"value": [6], "offset": 6, "revision": 1},
        ("a", 70): {"value": [5], "offset": 5, "revision": 0},
    }
    assert [(w.start, w.end, w.value, w.revision) for w in partition.said] == [
        (0, 10, [0, 2, 4], 1),
        (10, 20, [1, 3], 0),
        (40, 50, [6], 1),
    ]


def test_a_closed_window_is_said_once_and_again_when_it_is_restated(partition: Partition):
    partition.take(events(3, 15))
    partition.write()
    partition.take(events(16, first=2))
    partition.write()
    assert [(w.start, w.value, w.revision) for w in partition.said] == [(0, [0], 0)]
    assert partition.take(events(4, 5, first=3)) == [Outcome.RESTATED] * 2
    partition.write()
    assert [(w.start, w.value, w.revision) for w in partition.said[1:]] == [(0, [0, 3, 4], 2)]
    partition.restart()
    assert partition.take(events(4, 5, first=3)) == [Outcome.SEEN] * 2
    assert not partition.windows().is_pending
    assert len(partition.said) == 2


def test_a_late_event_restates_also_a_window_that_was_empty(partition: Partition):
    partition.take(events(30))
    partition.write()
    partition.take(events(8, first=1))
    assert [(w.start, w.value, w.revision) for w in partition.said] == [(0, [1], 1)]


def test_what_was_not_asked_for_in_one_batch_comes_in_a_later_one_also_after_a_restart(partition: Partition):
    partition.take([*events(1, key="a"), *events(1, 2, 3, first=1, key="b"), *events(30, first=4)], ask=1)
    partition.write()
    partition.restart()
    partition.take([*events(2, first=5, key="a"), *events(2, first=6, key="c"), *events(3, first=7, key="b")], ask=0)
    partition.write()
    partition.restart()
    partition.take([])
    heard = {place: row["value"] for place, row in partition.heard.items()}
    assert heard == {("a", 0): [0, 5], ("b", 0): [1, 2, 3, 7], ("c", 0): [6]}


def test_a_restatement_that_was_not_asked_for_waits_also_after_a_restart_and_past_its_retention(partition: Partition):
    partition.take(events(3, 15))
    partition.write()
    partition.take(events(4, first=2), ask=0)
    assert len(partition.index.unsaid) == 2  # in one place each
    assert not len(partition.index.said)
    partition.write()
    for offset in (3, 4):
        partition.restart()
        partition.take(events(80, first=offset), ask=0)
        partition.write()
    partition.take([])
    assert [(w.start, w.value, w.revision) for w in partition.said[1:]] == [(0, [0, 2], 1), (10, [1], 0)]
    for _ in range(2):
        partition.write()
        partition.take([])
    assert set(partition.rows) == {("a", 80)}


def test_a_restatement_is_said_also_when_its_row_was_written_and_nothing_behind_it(partition: Partition):
    partition.take(events(3, 15))
    partition.write()
    partition.take(events(4, first=2), ask=0)
    partition.write(lambda number: number < 1)
    partition.restart()
    assert partition.take(events(4, first=2)) == [Outcome.SEEN]
    assert [(w.start, w.value, w.revision) for w in partition.said[1:]] == [(0, [0, 2], 1)]


def test_a_batch_may_write_more_than_once(partition: Partition):
    windows = partition.windows()
    for event in events(3, 4, 5):
        windows.apply(event.record, key="a", at=event.at, event=event.offset)
        windows.stage()
        partition.write()
        assert not windows.is_pending
    assert partition.rows == {("a", 0): {"value": [0, 1, 2], "offset": 2, "revision": 0}}


def test_several_events_of_one_record_all_count_and_are_all_seen_again(partition: Partition):
    twice = events(1, 2)[:1] * 2
    assert partition.take(twice) == [Outcome.APPLIED] * 2
    partition.write()
    assert partition.take(twice) == [Outcome.SEEN] * 2
    assert partition.rows["a", 0]["value"] == [0, 0]


def test_what_expired_is_told_from_what_was_read_before(partition: Partition):
    partition.take(events(1, 90))
    partition.write()
    partition.restart()
    assert partition.take(events(1, 90, 2)) == [Outcome.SEEN, Outcome.SEEN, Outcome.EXPIRED]


def test_a_record_moves_the_watermark_no_further_than_its_own_time_and_what_is_allowed():
    partition = Partition(Tumbling(10, grace=5, retention=30, ahead=4))
    partition.take([Event(0, 20, "a", 18), Event(1, 21, "a", 9_000)])
    partition.write()
    windows = partition.windows()
    assert windows.watermark == 25  # 21 and 4, not 9,000
    assert windows.apply(Record(None, None, 2, 22), key="a", at=19, event=2) is Outcome.RESTATED
    far = windows.get("a", 9_000)
    assert far is not None
    assert far.value == [1]  # it counts where it belongs, and that window closes when the time has come


def test_a_watermark_moves_without_events_only_when_told_and_never_falls(partition: Partition):
    partition.take(events(3))
    partition.write()
    windows = partition.windows()
    assert not list(windows.closed())
    windows.advance(2)
    assert windows.watermark == 3
    windows.advance(15)
    assert [w.start for w in windows.closed()] == [0]
    windows.stage()
    partition.write()
    assert partition.windows().watermark == 15


def test_an_empty_partition_says_nothing(partition: Partition):
    windows = partition.windows()
    assert not windows.is_pending
    assert windows.watermark is None
    assert windows.get("a", 3) is None
    assert not list(windows.closed())


def test_a_value_handed_out_is_the_callers_own(partition: Partition):
    windows = partition.windows()
    windows.apply(events(3)[0].record, key="a", at=3, event=0)
    mine = windows.get("a", 3)
    assert mine is not None
    mine.value.append(99)
    windows.stage()
    partition.write()
    assert partition.rows["a", 0]["value"] == [0]


def test_a_batch_encodes_a_window_once_and_writes_the_watermark_last(partition: Partition):
    windows = partition.windows()
    for event in events(3, 4, 5, 6):
        windows.apply(event.record, key="a", at=event.at, event=event.offset)
    assert not partition._view.staged  # noqa: SLF001 - what the batch would write
    windows.stage()
    assert list(partition._view.staged) == [b'"a|0"', b'"watermark"']  # noqa: SLF001 - same


def test_windows_of_another_topic_are_refused(partition: Partition):
    partition.take(events(3))
    partition.write()
    with pytest.raises(Misconfigured, match="fed from facts and got records of other"):
        partition.windows("other")


def test_windows_of_a_batch_before_that_was_not_written_are_refused(partition: Partition):
    partition.take(events(3))
    with pytest.raises(EngineError, match="has not written them"):
        partition.windows()
    partition.restart()  # its batch was revoked: the index went with the epoch
    partition.windows()


def test_times_and_values_that_cannot_be_kept_are_refused(partition: Partition):
    windows = partition.windows()
    with pytest.raises(TypeError, match="whole number of milliseconds"):
        windows.apply(events(3)[0].record, key="a", at=3.0, event=1)  # type: ignore[arg-type] # the point of the test
    bad = Windows(TENS, set, lambda v, e: v | {e}, view=View({}.get), index=WindowIndex(), topic="facts")
    bad.apply(events(3)[0].record, key="a", at=3, event=1)
    with pytest.raises(EngineError, match="window 'a' at 0 holds is not JSON"):
        bad.stage()


def test_the_index_grows_with_windows_and_not_with_writes(partition: Partition):
    """Faust's windowed tables take an entry per write (upstream #193)."""
    for batch in range(200):
        partition.take([Event(batch * 10 + n, LATER, f"k{n}", batch % 20) for n in range(10)])
        partition.write()
    index = partition.index
    assert len(index.unsaid) + len(index.said) == len(partition.rows) == 20
    assert len(index.unsaid._starts) + len(index.said._starts) == 2  # noqa: SLF001 - what would grow


@pytest.mark.parametrize("ask", [0, 100])
def test_expiry_goes_on_after_a_restart(partition: Partition, ask: int):
    """Faust's windowed tables forget what was to expire (upstream #385)."""
    partition.take([*events(1, 2, 3, key="a"), *events(1, 12, first=3, key="b")], ask=ask)
    partition.write()
    partition.restart()
    for offset in (5, 6):  # windows go with the write that follows the watermark's
        partition.take(events(60, first=offset, key="c"), ask=ask)
        partition.write()
        partition.restart()
    assert set(partition.rows) == {("c", 60)}
    assert len(partition.index.unsaid) + len(partition.index.said) == 1


def test_a_batch_deletes_no_more_windows_than_a_write_may(partition: Partition, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "EXPIRE_AT_ONCE", 3)
    partition.take([Event(n, LATER, f"k{n}", 1) for n in range(7)])
    partition.write()
    left = []
    for batch in range(4):
        partition.take(events(100, first=10 + batch))
        partition.write()
        left.append(len(partition.rows))
    assert left == [8, 5, 2, 1]


STREAMS = st.lists(
    st.tuples(st.integers(0, 90), st.sampled_from("ab"), st.integers(0, 120)), min_size=1, max_size=30
).map(lambda drawn: [Event(n, timestamp, key, at) for n, (timestamp, key, at) in enumerate(drawn)])
STEPS = st.lists(
    st.tuples(
        st.integers(1, 6),  # records in the batch
        st.sampled_from([1_000_000, 1, 0]),  # closed windows asked for
        st.sampled_from(["fine", "fine", "committed", "killed"]),
        st.integers(0, 8),  # changes that survive a kill
    ),
    max_size=12,
)


def play(partition: Partition, stream: list[Event], steps: list[Any], *, in_order: bool) -> None:
    """Handle a stream in batches of which some are killed half written and read again from the last commit."""
    partition.take([])  # who asks for closed windows asks from the beginning
    partition.write()
    position = committed = 0
    for size, ask, fate, changes in steps:
        partition.take(stream[position : position + size], ask=ask)
        if fate == "killed":
            partition.write(lambda number, n=changes: number < n if in_order else bool(n >> number % 4 & 1))  # type: ignore[misc] # the default binds
            partition.restart()
            position = committed
            continue
        partition.write()
        position = min(position + size, len(stream))
        committed = position if fate == "committed" else committed
    for rest in (stream[position:], []):  # windows go with the write that follows the watermark's
        partition.take(rest)
        partition.write()


@given(STREAMS, STEPS)
@settings(max_examples=150, deadline=None)
def test_any_batches_kills_and_replays_give_the_rows_of_one_reading(stream: list[Event], steps: list[Any]):
    partition = Partition(Tumbling(10, grace=5, retention=30, ahead=20))
    play(partition, stream, steps, in_order=True)
    truth = expected(stream, partition.tumbling)
    assert partition.windows().watermark == truth.watermark
    assert partition.rows == truth.kept
    assert partition.heard == truth.closed


@given(STREAMS, STEPS)
@settings(max_examples=150, deadline=None)
def test_sums_hold_also_when_of_one_write_any_part_survives(stream: list[Event], steps: list[Any]):
    """A broker may lose the first of two produced batches and keep the second: then a revision may be higher.

    What an agent left unasked in such a write, and what expired within it, may stay unsaid; so ask for all.
    """
    partition = Partition(Tumbling(10, grace=5, retention=30, ahead=20))
    play(partition, stream, [(size, 1_000_000, fate, changes) for size, _, fate, changes in steps], in_order=False)
    truth = expected(stream, partition.tumbling)
    assert {p: row["value"] for p, row in partition.rows.items()} == {p: row["value"] for p, row in truth.kept.items()}
    assert {p: row["value"] for p, row in partition.heard.items()} == {p: r["value"] for p, r in truth.closed.items()}


@given(STREAMS)
def test_outcomes_are_those_of_one_reading(stream: list[Event]):
    partition = Partition(TENS)
    assert partition.take(stream) == expected(stream, TENS).outcomes


def test_a_record_without_a_timestamp_counts_and_moves_nothing():
    partition = Partition(Tumbling(10, grace=5, retention=30, ahead=1000))
    nameless = Event(0, -1, "a", 3)  # as Kafka tells records of old producers
    assert partition.take([nameless]) == [Outcome.APPLIED]
    partition.write()
    assert partition.windows().watermark is None
    partition.take([Event(1, LATER, "a", 20), Event(2, -1, "a", 70)])
    partition.write()
    assert partition.windows().watermark == 20
    assert [(w.start, w.value) for w in partition.said] == [(0, [0])]


class Owner(EngineApp):
    """An app whose epoch the test tells."""

    now = 0

    @property
    def epoch(self) -> int:
        return self.now

    def still_owns(self, batch: RecordBatch) -> bool:
        return batch.epoch == self.now


async def test_a_revoked_batch_does_not_take_the_index_from_those_after_it():
    app = Owner("unit")
    table = app.window_table("sums", TENS, initial=list, fold=lambda value, _: value, changelog="sums")
    app.tables.recovery.active_tps.add(TP("sums", 0))
    late = RecordBatch(app, TP("facts", 0), [Record(None, b"", 0, LATER)], 0)
    app.now = 1
    first, second = (RecordBatch(app, TP("facts", 0), [Record(None, b"", n, LATER)], 1) for n in (1, 2))
    first.windows(table).apply(first.records[0], key="a", at=3, event=1)
    with pytest.raises(Revoked):
        late.windows(table)
    with pytest.raises(EngineError, match="has not written them"):
        second.windows(table)  # the index still knows of the batch before
