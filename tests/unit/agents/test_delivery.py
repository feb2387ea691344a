from collections.abc import Sequence

import pytest
from faust.types import TP

from agents.delivery import CHUNK, ROOM, deliver
from agents.rules.result import Output, Result
from streams.engine import Record, RecordBatch
from streams.topics import BATCH_BYTES
from tests.support.shore import Shore, Table

BATCH = 10_000  # records: as many as the engine ever hands out


MARK = b'"o|t.in|0"'  # the row that says what was taken


async def delivered(
    values: Sequence[bytes], size: int, *, at: int = 0, log: str = "", shore: Shore | None = None
) -> Shore:
    """Deliver records through a step that changes a row of `size` bytes for each, and says so.

    `shore`: where an earlier delivery has left its changes; `at`: the records' time; `log`: the topic's id.
    """
    held = {key: value for write in (shore.writes if shore else ()) for key, value in write.items()}
    shore = Shore(logs={"t.in": log})
    records = [Record(b"k", value, offset, at) for offset, value in enumerate(values)]
    batch = RecordBatch(shore, TP("t.in", 0), records, epoch=1)  # type: ignore[arg-type] # all that it asks of an app
    table = batch.table(Table(held))  # type: ignore[arg-type] # all that it asks of a table

    def step(given: Sequence[bytes | None]) -> Result:
        result = Result()
        for place, value in enumerate(given):
            match value:
                case b"bad":
                    result.refuse(place, "bad")
                case b"huge":
                    result.outputs.append(Output("out", b"k", bytes(2 * BATCH_BYTES), place))
                case bytes():
                    table[value.decode()] = "x" * size
                    result.outputs.append(Output("out", value, value, place))
        return result

    await deliver(batch, table, step, prefix="t.")
    assert shore.settled == [batch]
    return shore


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


@pytest.mark.parametrize("size", [1, 200, 2_000, 19_000])
async def test_a_slice_is_as_long_as_its_changes_fit_into_one_record_batch(size: int):
    values = numbered(2_000)
    shore = await delivered(values, size)
    bytes_of = [sum(len(key) + len(value or b"") for key, value in write.items()) for write in shore.writes]
    assert max(bytes_of) < BATCH_BYTES
    assert all(held >= ROOM for held in bytes_of[:-1])  # and no shorter
    changed = [key for write in shore.writes for key in write if key != MARK]
    assert changed == [b'"%s"' % value for value in values]
    assert [value for _, (_, value, _) in shore.said] == values


async def test_small_changes_of_a_whole_batch_leave_at_once():
    assert len((await delivered(numbered(BATCH), 100)).writes) == 1


async def test_a_record_that_cannot_go_on_is_quarantined_itself_wherever_it_stands():
    values = numbered(3 * CHUNK)
    values[CHUNK + 7], values[2 * CHUNK + 1] = b"bad", b"huge"
    shore = await delivered(values, 1)
    held = [key for topic, (key, _, _) in shore.said if topic == "t.quarantine"]
    assert held == [b"t.in|0|%d" % place for place in (CHUNK + 7, 2 * CHUNK + 1)]
    assert len(shore.said) == len(values)


@pytest.mark.parametrize("more", [0, 1, CHUNK + 1])
async def test_what_is_delivered_again_after_a_crash_is_passed_over_and_what_follows_is_not(more: int):
    before = numbered(CHUNK + 7)
    shore = await delivered(before, 1)
    again = await delivered(numbered(len(before) + more), 1, shore=shore)
    fresh = numbered(len(before) + more)[len(before) :]
    assert [value for _, (_, value, _) in again.said] == fresh
    assert [key for write in again.writes for key in write if key != MARK] == [b'"%s"' % value for value in fresh]


async def test_each_slice_says_what_was_taken_with_what_it_changes():
    shore = await delivered(numbered(2_000), 2_000)
    assert len(shore.writes) > 1
    for write in shore.writes:
        last = [int(key.strip(b'"')) for key in write if key != MARK][-1]
        assert write[MARK] == b'{"next":%d,"at":0,"log":""}' % (last + 1)


async def test_a_topic_that_was_made_anew_is_read_from_its_beginning():
    shore = await delivered(numbered(9), 1, at=1_000)
    assert len((await delivered(numbered(3), 1, at=2_000, shore=shore)).said) == 3
    shore = await delivered(numbered(9), 1, at=1_000, log="id")
    assert len((await delivered(numbered(3), 1, at=1_000, log="other", shore=shore)).said) == 3
    assert len((await delivered(numbered(3), 1, at=1_000, log="id", shore=shore)).said) == 0


async def told(records: Sequence[Record], state: Shore | None = None) -> tuple[Shore, list[bytes | None]]:
    """Deliver facts to a step that changes a row for each; what it was given."""
    held = {key: value for write in (state.writes if state else ()) for key, value in write.items()}
    shore, given = Shore(), list[bytes | None]()
    batch = RecordBatch(shore, TP("t.facts", 0), list(records), epoch=1)  # type: ignore[arg-type] # all it asks for
    table = batch.table(Table(held))  # type: ignore[arg-type] # as above

    def step(values: Sequence[bytes | None]) -> Result:
        given.extend(values)
        table[str(values)] = 1
        return Result()

    await deliver(batch, table, step, prefix="t.")
    return shore, given


async def facts(names: Sequence[str], more: int = 0) -> list[Record]:
    """What a step has told that makes two facts and a verdict of each record; `more`: records that come after."""
    shore = Shore()
    records = [Record(b"k", name.encode(), offset, 1_000 + offset) for offset, name in enumerate(names)]
    batch = RecordBatch(shore, TP("t.changes", 0), records, epoch=1)  # type: ignore[arg-type] # all it asks for
    table = batch.table(Table())  # type: ignore[arg-type] # as above

    def step(values: Sequence[bytes | None]) -> Result:
        result = Result()
        for place, value in enumerate(values):
            for topic in ("facts", "decisions", "facts"):
                result.outputs.append(Output(topic, b"k", b"%d %s" % (len(result.outputs), value), place))
        return result

    await deliver(batch, table, step, prefix="t.")
    assert not any(headers for topic, (_, _, headers) in shore.said if topic == "t.decisions")
    kept = [(value, headers) for topic, (_, value, headers) in shore.said if topic == "t.facts"]
    return [Record(b"k", value, more + place, 2_000, headers) for place, (value, headers) in enumerate(kept)]


@pytest.mark.parametrize("torn", range(7))
async def test_outputs_that_were_written_once_more_are_passed_over_however_much_of_them_was_written(torn: int):
    first = (await facts("abc"))[:torn]
    again = await facts("abcd", more=len(first))
    shore, given = await told([*first, *again])
    assert given == [record.value for record in await facts("abcd")]
    _, given = await told([record._replace(offset=record.offset + 100) for record in again], state=shore)
    assert given == []


async def test_what_says_nothing_of_its_origin_is_taken_each_time():
    plain = [Record(b"k", b"outcome", 0, 2_000), Record(b"k", b"outcome", 1, 2_000, (("origin", b"another's"),))]
    assert (await told(plain))[1] == [b"outcome", b"outcome"]
