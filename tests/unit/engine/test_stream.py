"""One run of an agent's body per partition: side by side, in order within each, and none outlives another's error."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from faust.types import TP

from streams.engine import BatchStream, EngineError, Misconfigured, Record, RecordBatch, Revoked
from streams.engine.stream import guarded


class Owner:
    """What a stream asks of the app."""

    epoch = 1
    should_stop = False
    max_record = 1000

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.failures: list[tuple[str, BaseException]] = []
        self.failed = asyncio.Event()

    def opened(self, batch: RecordBatch) -> None:
        self.seen.append(f"{batch.partition}:{batch.records[0].offset}")

    def fail(self, where: str, error: BaseException) -> None:
        self.failures.append((where, error))
        self.failed.set()


async def endless(batches: list[RecordBatch]) -> AsyncIterator[RecordBatch]:
    for batch in batches:
        yield batch
    await asyncio.Event().wait()


def batch(owner: Any, partition: int, offset: int, epoch: int = 1) -> RecordBatch:
    return RecordBatch(owner, TP("facts", partition), [Record(b"k", b"v", offset, 0)], epoch)


async def test_partitions_are_worked_on_side_by_side_and_in_order_within_each():
    owner, told, over = Owner(), asyncio.Event(), asyncio.Event()

    async def body(stream: BatchStream) -> None:
        async for each in stream:
            if each.partition == 0:
                await told.wait()  # the other partition's batch, which came later, says so
                if each.next_offset == 2:
                    over.set()
            else:
                told.set()

    run: Any = guarded(owner, body)  # type: ignore[arg-type] # all that a stream asks of an app
    deal = asyncio.create_task(run(endless([batch(owner, 0, 0), batch(owner, 0, 1), batch(owner, 1, 0)])))
    await asyncio.wait_for(over.wait(), 5)
    assert [each for each in owner.seen if each.startswith("0")] == ["0:0", "0:1"]
    deal.cancel()
    assert isinstance((await asyncio.gather(deal, return_exceptions=True))[0], asyncio.CancelledError)


async def test_an_error_in_one_partition_ends_all():
    owner, ended = Owner(), asyncio.Event()

    async def body(stream: BatchStream) -> None:
        async for each in stream:
            if each.partition == 1:
                raise RuntimeError("asked for it")
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

    run: Any = guarded(owner, body)  # type: ignore[arg-type] # same
    with pytest.raises(RuntimeError, match="asked for it"):
        await asyncio.wait_for(run(endless([batch(owner, 0, 0), batch(owner, 1, 0)])), 5)
    assert ended.is_set()


async def test_a_revoked_batch_begins_its_partitions_body_again_and_no_others():
    owner, begun, over = Owner(), [], asyncio.Event()

    async def body(stream: BatchStream) -> None:
        begun.append(stream)
        async for each in stream:
            if each.partition == 0 and each.next_offset == 1:
                raise Revoked("taken")
            if each.next_offset == 3:
                over.set()

    gone = batch(owner, 0, 1, epoch=0)  # of an assignment that has ended: never shown
    batches = [batch(owner, 0, 0), batch(owner, 1, 0), gone, batch(owner, 0, 2)]
    run: Any = guarded(owner, body)  # type: ignore[arg-type] # same
    deal = asyncio.create_task(run(endless(batches)))
    await asyncio.wait_for(over.wait(), 5)
    assert len(begun) == 3
    assert len(set(begun)) == 2
    assert "0:1" not in owner.seen
    deal.cancel()


async def test_a_body_that_returns_is_said():
    owner = Owner()

    async def body(stream: BatchStream) -> None:
        async for _ in stream:
            return

    run: Any = guarded(owner, body)  # type: ignore[arg-type] # same
    with pytest.raises(Misconfigured, match="it must iterate"):
        await asyncio.wait_for(run(endless([batch(owner, 0, 0)])), 5)


async def test_an_error_is_told_although_another_body_does_not_let_itself_be_cancelled():
    owner, stubborn = Owner(), asyncio.Event()

    async def body(stream: BatchStream) -> None:
        async for each in stream:
            if each.partition == 1:
                raise RuntimeError("asked for it")
            try:
                await asyncio.Event().wait()
            finally:
                await stubborn.wait()

    run: Any = guarded(owner, body)  # type: ignore[arg-type] # same
    deal = asyncio.create_task(run(endless([batch(owner, 0, 0), batch(owner, 1, 0)])))
    await asyncio.wait_for(owner.failed.wait(), 5)
    assert not deal.done()
    assert str(owner.failures[0][1]) == "asked for it"
    stubborn.set()
    with pytest.raises(RuntimeError, match="asked for it"):
        await deal


async def test_a_cancellation_that_is_not_the_agents_is_an_error():
    owner = Owner()

    async def body(stream: BatchStream) -> None:
        async for _ in stream:
            raise asyncio.CancelledError  # as from a future that somebody else cancelled

    run: Any = guarded(owner, body)  # type: ignore[arg-type] # same
    with pytest.raises(EngineError, match="was cancelled"):
        await asyncio.wait_for(run(endless([batch(owner, 0, 0)])), 5)
    assert len(owner.failures) == 1


async def test_revoked_batches_do_not_pile_up_before_a_body_that_hangs():
    owner = Owner()
    stream = BatchStream(owner)  # type: ignore[arg-type] # same
    for epoch in range(1, 50):
        owner.epoch = epoch
        stream.put(batch(owner, 0, epoch, epoch))
    assert len(stream._waiting) == 1  # noqa: SLF001 - what it keeps
