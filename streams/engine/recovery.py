"""Tables caught up from their changelogs, as raw records per fetch.

Flows in: changelog records from the consumer. Flows out: local state, and the end of recovery.
Invariants: recovery reads from the offset local state reaches to; it ends when every active changelog has been read
to the end it had when the partitions were assigned, also when compaction removed the last records before that end.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, time
from typing import TYPE_CHECKING, Any, cast

from aiokafka.errors import KafkaError, KafkaTimeoutError
from faust.tables.recovery import Recovery
from faust.types import TP
from faust.types.tables import CollectionT
from faust.types.transports import ConsumerT
from mode import Service

from streams.engine.errors import EngineError
from streams.engine.failure import log
from streams.engine.misfit import misfit
from streams.engine.progress import LOOK_EVERY, Progress
from streams.engine.record import Record
from streams.engine.table import BatchTable

if TYPE_CHECKING:
    from streams.engine.consumer import BatchConsumer

__all__ = ["BatchRecovery"]

TOUCH_EVERY = 60.0  # seconds: what is noted is compared with days


class Ended(asyncio.Event):
    """That actives have caught up; it lasts until the next recovery begins.

    The task of stock tables clears Faust's own with each round of its loop, also before anybody waits for it.
    """

    def clear(self) -> None:
        """Do nothing."""

    def forget(self) -> None:
        """Begin anew."""
        super().clear()


class BatchRecovery(Recovery):
    """Faust's recovery, fed by fetches instead of events.

    For metrics: `applied` counts the records of all recoveries and standbys, `progress` is the present one.
    """

    app: Any

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.applied = 0
        self.progress: Progress | None = None
        self._signal_recovery_end = Ended()
        self._positions: dict[TP, int] = {}
        self._touched = 0.0

    @Service.task
    async def _publish_stats(self) -> None:
        """Say how far recovery is, and end the worker when it stands still.

        Faust's own would say that nothing comes: it does not see what is applied by fetches.
        """
        while not self.should_stop:
            await self.sleep(LOOK_EVERY)
            self.look(monotonic())

    def look(self, now: float) -> None:
        """Note how far recovery is, or that the recovered tables miss nothing.

        Raises:
            EngineError: it stands still.
        """
        progress, consumer = self.progress, self.app.consumer
        if progress is None or consumer is None:
            if now - self._touched > TOUCH_EVERY and self.app.is_ready:
                self._touched = now
                for table in self.app.tables.batch_tables:
                    table.touch()
            return
        if consumer.is_between:
            progress.note(0)  # the group takes its time to share partitions out: that is no standstill
        lease = consumer.lease
        progress.look(now, self.active_remaining(), lease.answered)
        line = progress.line(now, answered=lease.holds)
        if line:
            log.info(line)
        if progress.stands_still:
            error = EngineError(progress.alarm(self.active_offsets))
            self.app.fail("Recovery", error)
            raise error

    @Service.task
    async def _note_standbys(self) -> None:
        """Note again and again which standbys miss nothing: one that nobody writes to would pass for elsewhere."""
        while not self.should_stop:
            await self.sleep(TOUCH_EVERY)
            if self.app.is_ready and self.app.reading is not None:
                with suppress(KafkaError):  # a broker that is away is for others to say
                    await self.touch_standbys(self.app.reading)

    async def touch_standbys(self, consumer: "BatchConsumer") -> None:
        """Note that a standby misses nothing which has read all that its changelog holds now."""
        epoch = consumer.epoch
        standbys = {tp for tp in self.standby_tps if self.takes(tp)}
        ends = await consumer.log_ends(standbys) if standbys else {}
        for tp, end in ends.items():
            if consumer.is_seeking(tp):
                continue
            position = await consumer.position(tp)  # past what compaction removed as well
            if consumer.epoch != epoch:
                return  # another assignment, perhaps without it
            if position is not None and position >= end:
                cast("BatchTable", self.tp_to_table[tp]).local.touch(tp.partition)

    async def _wait(self, coro: Any, timeout: Any = None) -> None:  # noqa: ARG002, ASYNC109 - Faust's signature
        """Wait without Faust's time limit: it takes its end for the worker's stop, and recovery would end unsaid."""
        await super()._wait(coro)

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Begin with no ends known: Faust keeps those of before, and would hold them against what is read now."""
        self.active_highwaters.clear()
        self.standby_highwaters.clear()
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def standby_remaining(self) -> "Counter[TP]":
        """Return what is to go for standbys, as far as it is known.

        Faust fails where it is not, and takes what one has read beyond its end off what another has still to read.
        """
        reached = self.standby_offsets
        return Counter(
            {
                tp: max(0, end - reached[tp])
                for tp, end in self.standby_highwaters.items()
                if reached.get(tp) is not None
            }
        )

    def _add(self, table: CollectionT, tp: TP, offsets: "Counter[TP]") -> None:
        """Begin where local state reaches to, and nowhere else: Faust would keep an offset of an earlier assignment."""
        offsets.pop(tp, None)
        super()._add(table, tp, offsets)

    def takes(self, tp: TP) -> bool:
        """Return whether the partition is a changelog of a batch table."""
        return isinstance(self.tables._changelogs.get(tp.topic), BatchTable)  # noqa: SLF001 - seam

    def apply(self, tp: TP, records: Sequence[Record]) -> None:
        """Take what was fetched of one changelog partition."""
        offsets = self._offsets_of(tp)
        table = self.tables._changelogs.get(tp.topic)  # noqa: SLF001 - seam
        if offsets is None or not isinstance(table, BatchTable):
            return
        seen = offsets.get(tp)
        fresh = records if seen is None else [record for record in records if record.offset > seen]
        if fresh:
            table.apply(tp.partition, fresh)
            offsets[tp] = fresh[-1].offset
            self.applied += len(fresh)
            if self.progress is not None and tp in self.active_tps:
                self.progress.note(len(fresh))
        self.note_progress()

    async def note_position(self, consumer: "BatchConsumer") -> None:
        """Count what was read as records that no longer exist: the end may have been compacted away."""
        epoch = consumer.epoch
        behind = [tp for tp, left in self.active_remaining().items() if left > 0 and self.takes(tp)]
        for tp in behind:
            position = None if consumer.is_seeking(tp) else await consumer.position(tp)
            if consumer.epoch != epoch:
                return  # what was asked is about another assignment
            if position is None or consumer.is_seeking(tp):
                continue
            if position > self.active_highwaters[tp]:
                self.active_offsets[tp] = self.active_highwaters[tp]
            if position != self._positions.get(tp) and self.progress is not None:
                self.progress.note(0)
            self._positions[tp] = position
        self.note_progress()

    def note_progress(self) -> None:
        """Tell those who wait when actives, or standbys, have caught up."""
        if self.in_recovery and not self.need_recovery():
            self.flush_buffers()  # of stock tables: their offsets count what is still in there
            self.signal_recovery_end.set()
        ends = self.standby_highwaters
        if not self.tables.standbys_ready and self.standby_tps <= ends.keys() and not self.standby_remaining_total():
            self.tables.on_standbys_ready()

    def need_recovery(self) -> bool:
        """Return whether actives are behind, or it is not known yet where their changelogs end.

        Without the latter, Faust's own task takes a broker that is slow to tell the ends for the end of recovery.
        """
        return not self.active_tps <= self.active_highwaters.keys() or super().need_recovery()

    def _set_recovery_started(self) -> None:
        """Begin, without the signal that ended the recovery before."""
        cast("Ended", self.signal_recovery_end).forget()
        self.progress = Progress(monotonic(), self.app.recovery_patience)
        super()._set_recovery_started()

    def _set_recovery_ended(self) -> None:
        """End, and say what it took."""
        super()._set_recovery_ended()
        progress, self.progress = self.progress, None
        if progress is not None and progress.applied:
            log.info(
                "tables recovered: %s changelog records in %.1f s",
                f"{progress.applied:,}",
                progress.seconds(monotonic()),
            )

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Go on to reading sources, and never with a table that is behind.

        Raises:
            EngineError: it was about to.
        """
        if self.is_current(generation_id) and self.need_recovery():
            raise EngineError(
                f"Recovery ended with changelog records unread: {self.active_remaining()}. Nothing was written."
            )
        await super().on_recovery_completed(generation_id)

    def is_current(self, generation_id: int | None = None) -> bool:
        """Return whether the recovery that was begun last is of the present assignment, and no other waits."""
        begun = self._generation_id if generation_id is None else generation_id
        return begun == self.app.consumer_generation_id and not self.signal_recovery_start.is_set()

    async def _build_highwaters(
        self, consumer: ConsumerT, tps: set[TP], destination: "Counter[TP]", title: str
    ) -> None:
        """Ask where the changelogs end, for as long as the broker is away.

        Until it has told, no end is known: those of the assignment before say nothing of what came since.
        """
        destination.clear()
        while True:
            try:
                await super()._build_highwaters(consumer, tps, destination, title)
            except KafkaTimeoutError:
                continue
            return

    async def _build_offsets(self, consumer: ConsumerT, tps: set[TP], destination: "Counter[TP]", title: str) -> None:
        """Decide where each changelog is read from; local state that does not fit to it is removed before."""
        while True:
            try:
                await self._drop_misfits(consumer, {tp for tp in tps if self.takes(tp)}, destination)
                await super()._build_offsets(consumer, tps, destination, title)
            except KafkaTimeoutError:
                continue
            return

    async def _drop_misfits(self, consumer: ConsumerT, tps: set[TP], offsets: "Counter[TP]") -> None:
        reaching = [tp for tp in tps if offsets.get(tp) is not None]
        if not reaching:
            return
        begins, ends = await consumer.earliest_offsets(*reaching), await consumer.highwaters(*reaching)
        for tp in sorted(reaching):
            table = cast("BatchTable", self.tp_to_table[tp])
            complete = table.local.complete_at(tp.partition)
            age = None if complete is None else int(time() * 1000) - complete
            why = misfit(offsets.get(tp), begins[tp], ends[tp], age=age)  # not [tp]: a Counter would say 0 for none
            if why:
                log.warning("Local state of %s[%d] is rebuilt from the changelog: %s.", tp.topic, tp.partition, why)
                table.drop(tp.partition)
                offsets[tp] = None  # type: ignore[assignment] # Faust's way to say that there is none

    async def _seek_offsets(self, consumer: ConsumerT, tps: set[TP], offsets: "Counter[TP]", title: str) -> None:
        """Leave the seeks to the consumer, which makes them between two fetches, never during one.

        With another rebalance on its way the offsets are its own already, and not known yet: it makes the seeks.
        """
        if self.signal_recovery_start.is_set():
            return
        batches: BatchConsumer = consumer  # type: ignore[assignment] # the engine's transport makes no other
        batches.plan_seeks({tp: offsets[tp] + 1 for tp in tps if self.takes(tp)})
        others = {tp for tp in tps if not self.takes(tp)}
        if others:
            await super()._seek_offsets(consumer, others, offsets, title)

    def reaches_to(self, tp: TP, table: BatchTable) -> int:
        """Return the changelog offset a table of ours has everything up to: recovered, or written since."""
        local = table.persisted_offset(tp)
        return max(self.active_offsets.get(tp, -1), -1 if local is None else local)

    def _offsets_of(self, tp: TP) -> "Counter[TP] | None":
        if tp in self.active_tps:
            return self.active_offsets
        return self.standby_offsets if tp in self.standby_tps else None
