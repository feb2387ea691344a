"""Faust's consumer, reading record batches.

Flows in: fetches. Flows out: one batch per partition and fetch to the agents, raw records to recovery, commits.
Invariants:
- a source record is handed out only after its partition was sought to its committed offset in this epoch; what was
  fetched before that is dropped (stock Faust clears its queues on resume and commits past what it cleared);
- a changelog record is applied only after its partition was sought, in this epoch, to where local state reaches;
- seeks happen between two fetches, never during one, so no record fetched from elsewhere is taken for the next;
- what is committed is the end of a leading run of done batches of this epoch, and only in the group generation the
  epoch belongs to; after a failure nothing is committed at all.
An epoch lasts from one rebalance to the next.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from time import monotonic
from typing import Any

from aiokafka.errors import ConsumerStoppedError
from faust.events import Event
from faust.exceptions import ConsumerNotStarted
from faust.transport.consumer import ensure_TP, ensure_TPset
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode.types import ServiceT

from streams.engine.batch import RecordBatch
from streams.engine.consumer_thread import COMMITTED, BatchConsumerThread
from streams.engine.inflight import InFlight
from streams.engine.lease import Lease
from streams.engine.record import Record, slim
from streams.engine.standing import Standing, standing
from streams.engine.topic import BatchTopic

__all__ = ["BatchConsumer"]

RECORDS = 10_000  # per batch: at 60,000 a second a batch takes a sixth of a second
FETCH_WAIT = 1.0  # seconds a fetch may wait for records; it ends with the first
FETCH_WAIT_HELD = 0.02  # seconds, while a partition with enough in flight may become free again
UNDECIDED = -2  # as an offset to seek to: recovery will say
LOOK_EVERY = 0.02  # seconds between looks at a condition another thread sets


class BatchConsumer(driver.Consumer):
    """The consumer of an engine app."""

    app: Any
    _thread: BatchConsumerThread

    def __init__(self, *args: Any, **settings: Any) -> None:
        self.epoch = 0
        self.is_between = True  # partitions were given up, and none were assigned yet
        self._assignments = 0  # begun and ended; unlike epochs they do not end with a lease
        self._in_flight: defaultdict[TP, InFlight] = defaultdict(InFlight)
        self._open: set[RecordBatch] = set()
        self._seeks: dict[TP, int] = {}
        self._room = asyncio.Event()
        self._refused = False
        self._flush_until = inf  # when a drain gives up what is not acknowledged
        super().__init__(*args, **settings)

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # what batches say

    def opened(self, batch: RecordBatch) -> None:
        """Note that an agent works on a batch."""
        batch.open()
        self._open.add(batch)
        self.app.metrics.opened(batch)

    def settle(self, batch: RecordBatch) -> None:
        """Note that a batch is done."""
        self._open.discard(batch)
        self._in_flight[batch.tp].settle()
        self._room.set()
        self.app.metrics.done(batch)

    def refuse_commits(self) -> None:
        """Commit nothing from now on: the process is ending over a failure."""
        self._refused = True

    @property
    def is_positioned(self) -> bool:
        """Whether every source partition is where it was committed."""
        return not self._seeks

    @property
    def lease(self) -> Lease:
        """How long our partitions are certainly ours."""
        return self._thread.lease

    def is_seeking(self, tp: TP) -> bool:
        """Whether a seek of this partition has not been made yet."""
        return tp in self._seeks

    # what is measured, also from another thread

    def standings(self) -> list[Standing]:
        """Return how far each of our partitions is that is read as batches."""
        try:
            ours = [tp for tp in self.assignment() if self.app.reads_batches(tp.topic)]
        except ConsumerNotStarted:
            return []
        return [standing(tp, self._in_flight.get(tp, InFlight()), self._committed_offset.get(tp)) for tp in ours]

    async def log_ends(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Return where partitions end on the broker now."""
        return await self._thread.log_ends(tps)

    # rebalance

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """End the epoch, after the batches worked on had their moment to finish (see `drain`)."""
        self.is_between = self.app.rebalancing = True
        await super().on_partitions_revoked(revoked)
        self._end_epoch()
        self._assignments += 1
        self._hold(self._seeks.keys() | revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Begin anew: nothing is handed out before it was sought."""
        self._end_epoch()
        self._assignments += 1
        self._flush_until = inf
        self._seeks.clear()
        self._hold(assigned)
        self.is_between = False
        self.app.learn_counts(self._thread.partition_count)
        await super().on_partitions_assigned(assigned, generation_id)

    def _hold(self, tps: Iterable[TP]) -> None:
        """Drop what is fetched of these partitions from now on.

        Sources until they are sought to their commits, changelogs until recovery has said from where it reads them.
        """
        for tp in tps:
            if not self._is_changelog_tp(tp):
                self._seeks[tp] = COMMITTED
            elif self.app.tables.recovery.takes(tp):
                self._seeks[tp] = UNDECIDED

    def _is_stock_changelog(self, tp: TP) -> bool:
        return self._is_changelog_tp(tp) and not self.app.tables.recovery.takes(tp)

    def still_owns(self, batch: RecordBatch) -> bool:
        """Return whether a batch may be written now.

        When the lease ran out, all that is in flight is given up and read again: by another worker if the group
        replaced us, else by us once we have joined it anew.
        """
        if batch.epoch != self.epoch:
            return False
        if not self.is_certain(batch.epoch):
            self.recover()
            return False
        return True

    def is_certain(self, epoch: int) -> bool:
        """Return whether an assignment is the present one, and nobody else can have taken its partitions."""
        return epoch == self.epoch and self._thread.lease.holds

    def recover(self) -> None:
        """Give up all that is in flight, and read nothing before the group has answered and tables are recovered.

        What was acknowledged and not written to local state would be missing there for good otherwise. We join the
        group anew for it, which is how recovery begins; the group need not share its partitions out again.
        """
        self.is_between = self.app.rebalancing = True
        self._end_epoch()
        self._hold(self._sources(self.assignment()))
        self._thread.rejoin()

    async def drain(self, seconds: float) -> None:
        """Drop the batches that wait, give those worked on a moment, then commit what is done.

        Called while the group waits for us, before partitions are given up or the worker stops.
        """
        for queue in self._in_flight.values():
            for batch in queue.waiting:
                if isinstance(batch, RecordBatch) and not batch.is_open:
                    batch.revoke()
        deadline = self._flush_until = monotonic() + seconds
        while self._open and monotonic() < deadline and not self._refused:
            self._room.clear()
            try:
                async with asyncio.timeout(deadline - monotonic()):
                    await self._room.wait()
            except TimeoutError:
                break
        await self.maybe_wait_for_commit_to_finish()  # the periodic one may miss what was done since it began
        await self.commit()
        self._end_epoch()

    def _end_epoch(self) -> None:
        self.epoch += 1
        self._in_flight.clear()
        self._open.clear()
        self._room.set()
        self.app.metrics.ages.ended()

    def _sources(self, tps: set[TP]) -> set[TP]:
        return {tp for tp in tps if not self._is_changelog_tp(tp)}

    # seeking

    async def perform_seek(self) -> None:
        """Plan that all source partitions go back to their committed offsets."""
        self.plan_seeks(dict.fromkeys(self._sources(self.assignment()), COMMITTED))

    def plan_seeks(self, seeks: Mapping[TP, int]) -> None:
        """Plan seeks; until they are made, records of these partitions are dropped."""
        self._seeks.update(seeks)

    async def _make_seeks(self) -> None:
        """Make the planned seeks that may be made now: sources only once the rebalance is over."""
        assigned = self.assignment()
        self._seeks = {tp: offset for tp, offset in self._seeks.items() if tp in assigned}
        due = {
            tp: offset
            for tp, offset in self._seeks.items()
            if offset != UNDECIDED and (offset != COMMITTED or not self.app.rebalancing)
        }
        if not due:
            return
        epoch = self.epoch
        reached = await self._thread.seek_all(due)
        for tp, offset in reached.items():
            if self.epoch == epoch and self._seeks.get(tp) == due[tp]:
                del self._seeks[tp]
                if due[tp] == COMMITTED:
                    self._read_offset[tp] = offset
                    self._committed_offset[tp] = offset
                    self._in_flight.pop(tp, None)

    # reading

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        stopping = fetcher._stopped.is_set  # type: ignore[attr-defined] # noqa: SLF001 - seam
        try:
            while not (self._stopped.is_set() or stopping()):
                await self._read_once()
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    async def _read_once(self) -> None:
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type] # Faust waits for it the same way
            return
        if not self._thread.lease.holds:
            await self.sleep(LOOK_EVERY)
            return
        if self._seeks:
            await self._make_seeks()
        wanted, held = self._wanted()
        if not wanted:
            await self._wait_for_room()
            return
        in_recovery = self.app.in_recovery
        wait = FETCH_WAIT_HELD if held or self._seeks or in_recovery else FETCH_WAIT
        assignments = self._assignments
        fetched = await self._getmany(wanted, wait)
        if not fetched and in_recovery:
            await self.app.tables.recovery.note_position(self)
        for place, records in fetched.items():
            tp = ensure_TP(place)
            # A fetch that began in another assignment, or before a seek was planned, is from before that seek. Also of
            # partitions that are gone: what is applied to a table after it let go of them would pass for all of it.
            stale = self._assignments != assignments and not self._is_stock_changelog(tp)
            if not stale and tp not in self._seeks:
                await self._take(tp, records)

    def _wanted(self) -> tuple[set[TP], bool]:
        """Return the partitions to fetch from, and whether some were left out for having enough in flight."""
        active = self._get_active_partitions()
        sources = len(self._sources(active))
        held = {tp for tp, queue in self._in_flight.items() if queue.size * sources >= self.app.max_waiting}
        return active - held, bool(held)

    async def _wait_for_room(self) -> None:
        self._room.clear()
        try:
            async with asyncio.timeout(LOOK_EVERY):
                await self._room.wait()
        except TimeoutError:
            return

    async def _take(self, tp: TP, records: Sequence[Any]) -> None:
        recovery = self.app.tables.recovery
        if recovery.takes(tp):
            recovery.apply(tp, _records(records))
            await asyncio.sleep(0)
            return
        if self.app.rebalancing and not self._is_changelog_tp(tp):
            self.plan_seeks({tp: COMMITTED})
            return
        channels = self.app.topics._tp_index.get(tp, ())  # noqa: SLF001 - seam
        if any(isinstance(channel, BatchTopic) for channel in channels):
            for start in range(0, len(records), RECORDS):
                self._hand_out(tp, records[start : start + RECORDS], channels)
            await asyncio.sleep(0)
        else:
            await self._take_singly(tp, records)

    def _hand_out(self, tp: TP, records: Sequence[Any], channels: Any) -> None:
        """Give records to the one agent of the topic: with a batch that still waits for it, else as a new one.

        Without the first, an agent slower than the fetches would find many small batches and fall behind further.
        """
        self._read_offset[tp] = records[-1].offset
        fresh = _records(records)
        waiting = self._in_flight[tp].last
        if isinstance(waiting, RecordBatch) and waiting.extend(fresh, limit=RECORDS):
            return
        batch = RecordBatch(self.app, tp, fresh, self.epoch)
        last = records[-1]
        message = ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000.0, 0, None, None, None, None,
            0, 0, tp, generation_id=self.app.consumer_generation_id,
        )  # fmt: skip
        message.refcount = 1
        self._in_flight[tp].add(batch)
        (channel,) = channels
        channel.queue.put_nowait(Event(self.app, None, batch, None, message))

    async def _take_singly(self, tp: TP, records: Sequence[Any]) -> None:
        """Give records to ordinary agents and stock tables, one by one, as Faust does."""
        epoch = self.epoch
        for record in records:
            read = self._read_offset[tp]
            if read is not None and record.offset - read > 1 and self.app.topics.acks_enabled_for(tp.topic):
                await self._add_gap(tp, read + 1, record.offset)
            if self.epoch != epoch or not self.flow_active:
                return
            await self.wait_first(self.callback(self._to_message(tp, record)), self.suspend_flow.wait())
            self._read_offset[tp] = record.offset

    # committing

    def _filter_committable_offsets(self, tps: Any) -> dict[TP, int]:
        offsets = super()._filter_committable_offsets(tps)
        for tp, queue in self._in_flight.items():
            end = queue.committable
            committed = self._committed_offset[tp]
            if end is not None and (committed is None or end > committed):
                offsets[tp] = end
        return offsets

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - Faust's signature
        epoch, generation = self.epoch, self.app.consumer_generation_id
        if not self._may_commit(epoch):
            self.app.metrics.commit("refused")
            return False
        flushed = await self.flush()
        assignment = ensure_TPset(self.assignment())
        # A batch that is done has its acknowledgements; an ordinary agent may have sent and not waited.
        ours = {tp: end for tp, end in offsets.items() if tp in assignment and (flushed or tp in self._in_flight)}
        if not ours or not self._may_commit(epoch):
            return False
        committed = await self._thread.commit_in(ours, generation)
        if committed:
            self.app.metrics.committed(ours)
            self.app.tables.on_commit(ours)
            self.app.monitor.on_tp_commit(ours)
        if self.epoch == epoch:
            # A batch's offset is offered again when a commit failed; Faust gave up the acks of single messages.
            self._committed_offset.update(
                {tp: offset for tp, offset in ours.items() if committed or tp not in self._in_flight}
            )
        return committed

    async def flush(self) -> bool:
        """Wait until all that was sent is acknowledged, or a drain is over; return whether it is."""
        flushing = asyncio.ensure_future(self.app.producer.flush())
        try:
            while not (await asyncio.wait([flushing], timeout=LOOK_EVERY))[0]:
                if monotonic() > self._flush_until:
                    return False
            flushing.result()
            return True
        finally:
            flushing.cancel()

    def _may_commit(self, epoch: int) -> bool:
        return self.epoch == epoch and not self._refused


def _records(fetched: Sequence[Any]) -> list[Record]:
    """Return what was fetched, as records: what was taken in one go is so already."""
    return list(fetched) if isinstance(fetched[0], Record) else slim(fetched)
