"""What is taken in one go is what aiokafka gives one by one."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from streams.engine.fetched import take
from streams.engine.record import Record, slim

PLACE = TopicPartition("facts", 0)
HEADERS = [("name", b"value")]


def records(begin: int, offsets: Sequence[int], *, codec: int = 0, last: int | None = None) -> bytes:
    """One record batch, as a broker keeps it: `last` is its last offset where compaction took the records before."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=codec, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=0,
        batch_size=1 << 20,
    )  # fmt: skip
    for offset in [*offsets, *([] if last is None else [last])]:
        key = b"key-%d" % offset
        builder.append(offset - begin, 1_788_220_800_000 + offset, key, b"x" * offset or None, HEADERS)
    raw = bytearray(builder.build())
    raw[0:8] = begin.to_bytes(8, "big")  # outside of what the checksum covers
    return bytes(raw)


def legacy(offsets: Sequence[int]) -> bytes:
    builder = LegacyRecordBatchBuilder(magic=1, compression_type=0, batch_size=1 << 20)
    for offset in offsets:
        builder.append(offset, timestamp=1_788_220_800_000, key=b"k", value=b"v")
    return bytes(builder.build())


class Buffers:
    """A fetcher that has fetched, with its real results; only where partitions are assigned is made up."""

    def __init__(self, raw: bytes, position: int) -> None:
        self.state = SimpleNamespace(paused=False, position=position, consumed_to=self._consumed_to)
        assignment = SimpleNamespace(active=True, state_value=lambda _: self.state)
        source = PartitionRecords(PLACE, MemoryRecords(raw), [], position, None, None, True, READ_UNCOMMITTED)  # noqa: FBT003 - aiokafka's
        self._records: dict[Any, Any] = {
            PLACE: FetchResult(PLACE, assignment=assignment, partition_records=source, backoff=0)
        }
        self._subscriptions = SimpleNamespace(reassignment_in_progress=False, is_assigned=lambda _: True)
        self._isolation_level = READ_UNCOMMITTED
        self._wait_consume_future = None
        self._closed = False

    def _consumed_to(self, position: int) -> None:
        self.state.position = position

    def _notify(self, _future: Any) -> None:
        """Nobody waits."""


def both(raw: bytes, position: int = 0) -> tuple[list[Record], int]:
    """Take in one go and one by one; they agree, also on the position."""
    ours, theirs = Buffers(raw, position), Buffers(raw, position)
    found: Any = take(ours, [PLACE])  # type: ignore[arg-type] # what is used of a fetcher
    wanted = asyncio.run(Fetcher.fetched_records(theirs, [PLACE]))
    assert found.get(PLACE, []) == slim(wanted.get(PLACE, []))
    assert ours.state.position == theirs.state.position
    assert ours._records == {}  # noqa: SLF001 - the next fetch may begin
    return found.get(PLACE, []), ours.state.position


@pytest.mark.parametrize("codec", [0, 1])
def test_records_of_several_batches_in_order(codec: int):
    found, position = both(records(0, range(5), codec=codec) + records(5, range(5, 9), codec=codec))
    assert [record.offset for record in found] == list(range(9))
    assert found[3] == Record(b"key-3", b"xxx", 3, 1_788_220_800_003, (("name", b"value"),))
    assert found[0].value is None
    assert position == 9


def test_a_batch_that_begins_before_the_position():
    found, position = both(records(10, range(10, 20)), position=17)
    assert [record.offset for record in found] == [17, 18, 19]
    assert position == 20


def test_offsets_that_compaction_emptied_are_passed():
    found, position = both(records(0, [1, 4]) + records(20, [21, 25]))
    assert [record.offset for record in found] == [1, 4, 21, 25]
    assert position == 26


def test_an_old_message_format():
    assert [record.offset for record in both(legacy(range(3)))[0]] == [0, 1, 2]


def test_a_wrong_checksum_is_an_error():
    raw = bytearray(records(0, range(5)))
    raw[-1] ^= 1
    with pytest.raises(CorruptRecordException):
        take(Buffers(bytes(raw), 0), [PLACE])  # type: ignore[arg-type] # same


def test_nothing_is_taken_of_another_position_or_while_partitions_are_assigned_or_of_transactions():
    sought = Buffers(records(0, range(5)), 0)
    sought.state.position = 3
    assert take(sought, [PLACE]) == {}  # type: ignore[arg-type] # same
    moving = Buffers(records(0, range(5)), 0)
    moving._subscriptions.reassignment_in_progress = True  # noqa: SLF001 - its state
    assert take(moving, [PLACE]) == {}  # type: ignore[arg-type] # same
    committed = Buffers(records(0, range(5)), 0)
    committed._isolation_level = READ_COMMITTED  # noqa: SLF001 - same
    assert take(committed, [PLACE]) == {}  # type: ignore[arg-type] # same
    assert committed._records  # noqa: SLF001 - left for aiokafka's own way
