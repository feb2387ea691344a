"""The thread in which aiokafka's consumer lives: heartbeats go on there while agents work here.

Flows in: seeks, commits, fetches. Flows out: their results.
Invariants: a partition without a commit is sought to where new groups begin (Faust leaves it where it is, past records
it dropped); a commit of an older group generation is not sent.
"""

import asyncio
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import aiokafka
from aiokafka.errors import CommitFailedError, ConsumerStoppedError, IllegalStateError, KafkaError
from aiokafka.protocol.group import SyncGroupRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.engine.errors import EngineError
from streams.engine.fetched import take
from streams.engine.lease import Lease
from streams.engine.membership import is_replaced, refused, replaced

__all__ = ["COMMITTED", "BatchConsumerThread"]

COMMITTED = -1  # as an offset to seek to: wherever the group has committed
FETCH_MAX_WAIT = 100  # milliseconds the broker may hold a fetch without records; Faust fixes 1500
FETCH_MAX_BYTES = 50 * 1024 * 1024  # bytes of one answer over all partitions: Kafka's default


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, with seeks in one go, fenced commits and a lease."""

    app: Any
    lease: Lease = Lease(inf)  # until the group has been asked for anything
    _joined: float  # when the assignment was asked for
    _turn = 0  # of fetching: what was asked for in an earlier one is taken no more

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT  # noqa: SLF001 - seam: Faust has no setting for it
        return consumer

    async def _fetch_records(
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,
    ) -> Any:
        """Wait for records, then take what is there: of partitions read as batches in one go.

        Whoever asked may be gone by then: a rebalance ends the reading while this thread still waits, and what it took
        from behind the next seek nobody would ever see (stock Faust loses it so). So a rebalance and each seek end the
        fetches that wait, empty-handed.
        """
        fetcher = consumer._fetcher  # noqa: SLF001 - seam
        turn, until = self._turn, self.thread_loop.time() + (timeout or 0)
        with fetcher._subscriptions.fetch_context():  # noqa: SLF001 - seam
            while self.consumer.flow_active and turn == self._turn:
                if consumer._closed or fetcher._closed:  # noqa: SLF001 - seam
                    raise ConsumerStoppedError
                taken = await self._take(fetcher, active_partitions, max_records)
                left = until - self.thread_loop.time()
                if taken or left <= 0:
                    return taken
                waiter = fetcher._create_fetch_waiter()  # noqa: SLF001 - seam
                done, _ = await asyncio.wait([waiter], timeout=left)
                if not done:
                    waiter.cancel()
                    break
                waiter.result()  # an authorization error
        return {}

    async def _take(self, fetcher: Any, tps: set[TP], max_records: int | None) -> dict[Any, Any]:
        """Take what is there, without waiting."""
        if fetcher._subscriptions.reassignment_in_progress:  # noqa: SLF001 - seam
            return {}
        batches = {tp for tp in tps if self.app.reads_batches(tp.topic) or self._recovers(tp)}
        taken: dict[Any, Any] = take(fetcher, batches)
        others = tps - batches if taken else tps  # also for what a fetch of a batch's partition has failed with
        if others:
            taken |= await fetcher.fetched_records(others, 0, max_records)
        return taken

    def abandon_fetches(self) -> None:
        """Let the fetches that wait take nothing any more; called from any thread."""
        self._turn += 1

    def _recovers(self, tp: TP) -> bool:
        recovering = self.app.recovering
        return recovering is not None and recovering.takes(tp)

    async def on_start(self) -> None:
        """Start the consumer, and note its heartbeats from then on."""
        # A client reads without a group, so nobody can take anything from it.
        self.lease = Lease(inf if self.app.client_only else self.app.conf.broker_session_timeout)
        self._joined = self.lease.answered
        await super().on_start()
        if self.app.client_only:
            return
        coordinator = self._ensure_consumer()._coordinator  # noqa: SLF001 - seam
        self._note_heartbeats(coordinator)
        self._note_refusals(coordinator)
        self._note_joins(coordinator)
        self._note_commits(coordinator)
        if self.app.conf.consumer_group_instance_id is not None:
            self._note_replacement(coordinator)

    async def on_thread_stop(self) -> None:
        """Close the consumer.

        While the broker is away a fetch waits to be tried again; aiokafka cancels it, and passes that on as if it was
        us who had been cancelled. The thread would end so, unsaid, and the worker wait for it for ever.
        """
        try:
            await super().on_thread_stop()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            await self._ensure_consumer()._client.close()  # noqa: SLF001 - seam: what was left to be done

    def _note_heartbeats(self, coordinator: Any) -> None:
        beat = coordinator._do_heartbeat  # noqa: SLF001 - seam

        async def noted_beat() -> bool:
            asked = self.lease.asked()
            answered: bool = await beat()
            if answered:
                self.lease.renew(asked)
            return answered

        coordinator._do_heartbeat = noted_beat  # noqa: SLF001 - seam

    def _note_joins(self, coordinator: Any) -> None:
        send = coordinator._send_req  # noqa: SLF001 - seam

        async def noted_send(request: Any) -> Any:
            asked = self.lease.asked()
            answer = await send(request)
            if isinstance(request, SyncGroupRequest) and not answer.error_code:
                self._joined = asked
            return answer

        coordinator._send_req = noted_send  # noqa: SLF001 - seam

    def _note_commits(self, coordinator: Any) -> None:
        """Hear how a commit ends that was given up: aiokafka shields it, and nobody would ask for its failure."""
        commit = coordinator._do_commit_offsets  # noqa: SLF001 - seam

        def noted_commit(*given: Any) -> asyncio.Task[None]:
            task: asyncio.Task[None] = asyncio.ensure_future(commit(*given))
            task.add_done_callback(lambda ended: None if ended.cancelled() else ended.exception())
            return task

        coordinator._do_commit_offsets = noted_commit  # noqa: SLF001 - seam

    def _note_refusals(self, coordinator: Any) -> None:
        """End the worker when the group does not take it: aiokafka keeps the error for a fetch that never comes."""
        push = coordinator._push_error_to_user  # noqa: SLF001 - seam

        def tell(error: BaseException) -> None:
            self._end(refused(error, self.app.conf.id, self.app.conf.broker_session_timeout))

        def noted_push(error: BaseException) -> Any:
            tell(error)
            return push(error)

        def noted_end(task: asyncio.Task[None]) -> None:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                tell(error)

        coordinator._coordination_task.add_done_callback(noted_end)  # noqa: SLF001 - seam
        coordinator._push_error_to_user = noted_push  # noqa: SLF001 - seam

    def _note_replacement(self, coordinator: Any) -> None:
        """End the worker when another took its place, before aiokafka takes it back: they would do so for ever."""
        send = coordinator._send_req  # noqa: SLF001 - seam
        instance = self.app.conf.consumer_group_instance_id

        async def noted_send(request: Any) -> Any:
            answer = await send(request)
            if is_replaced(request, answer, in_session=self.lease.holds):
                self._end(replaced(self.app.conf.id, instance))
                await asyncio.wait([coordinator._closing])  # noqa: SLF001 - seam
            return answer

        coordinator._send_req = noted_send  # noqa: SLF001 - seam

    def partition_count(self, topic: str) -> int | None:
        """Return how many partitions a topic has, as the group's last metadata says.

        Faust's `topic_partitions` is what the group's leader knew when it shared them out, and nothing elsewhere.
        """
        return len(self._ensure_consumer().partitions_for_topic(topic) or ()) or None

    def _end(self, error: EngineError) -> None:
        """End the worker; called in the consumer's thread."""
        self.app.loop.call_soon_threadsafe(self.app.end, "The consumer group", error)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Pass the revocation on, and take no more records of before."""
        self.abandon_fetches()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Pass the assignment on; the group counts a session from when it was asked for the assignment."""
        self.abandon_fetches()
        self.lease.renew(self._joined)
        await super().on_partitions_assigned(assigned, generation_id)

    def rejoin(self) -> None:
        """Join the group anew, as soon as it answers; called outside of the consumer's thread."""
        coordinator = self._ensure_consumer()._coordinator  # noqa: SLF001 - seam
        self.thread_loop.call_soon_threadsafe(coordinator.request_rejoin)

    async def seek_all(self, seeks: Mapping[TP, int]) -> dict[TP, int | None]:
        """Make all seeks between two fetches; return the committed offset of each that asked for it.

        Partitions that are no longer assigned are left out of the answer.
        """
        reached: dict[TP, int | None] = await self.call_thread(self._seek_all, seeks)
        return reached

    async def _seek_wait(self, consumer: aiokafka.AIOKafkaConsumer, partitions: Mapping[TP, int]) -> None:
        self.abandon_fetches()
        await super()._seek_wait(consumer, partitions)

    async def _seek_all(self, seeks: Mapping[TP, int]) -> dict[TP, int | None]:
        self.abandon_fetches()
        consumer = self._ensure_consumer()
        places = {tp: TopicPartition(tp.topic, tp.partition) for tp in seeks}
        try:
            committed = dict(
                zip(
                    wanted := [tp for tp, offset in seeks.items() if offset == COMMITTED],
                    await asyncio.gather(*(consumer.committed(places[tp]) for tp in wanted)),
                    strict=True,
                )
            )
            begins = await self._first_offsets([tp for tp, offset in committed.items() if offset is None])
            for tp, offset in seeks.items():
                target = offset if offset != COMMITTED else committed[tp]
                consumer.seek(places[tp], begins[tp] if target is None else target)
        except IllegalStateError:
            return {}  # reassigned meanwhile: the next rebalance plans anew
        return {tp: committed.get(tp) for tp in seeks}

    async def _first_offsets(self, tps: list[TP]) -> Mapping[TP, int]:
        """Return where a group without commits begins."""
        consumer = self._ensure_consumer()
        places = [TopicPartition(tp.topic, tp.partition) for tp in tps]
        if not places:
            return {}
        if self.app.conf.consumer_auto_offset_reset == "latest":
            return {TP(*place): offset for place, offset in (await consumer.end_offsets(places)).items()}
        return {TP(*place): offset for place, offset in (await consumer.beginning_offsets(places)).items()}

    async def commit_in(self, offsets: Mapping[TP, int], generation: int) -> bool:
        """Commit if the group is still in this generation; return whether it was committed."""
        return bool(await self.call_thread(self._commit_in, offsets, generation))

    async def _commit_in(self, offsets: Mapping[TP, int], generation: int) -> bool:
        consumer = self._ensure_consumer()
        if consumer._coordinator.generation != generation:  # noqa: SLF001 - seam
            self.app.metrics.commit("fenced")
            return False
        assigned = consumer.assignment()
        ours = {
            place: OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
            if (place := TopicPartition(tp.topic, tp.partition)) in assigned
        }
        if not ours:
            return False
        try:
            # aiokafka would look for the group's coordinator for ever, and a worker could not stop. After a session
            # the group counts us in no more.
            async with asyncio.timeout(self.app.conf.broker_session_timeout):
                await consumer.commit(ours)
        except (CommitFailedError, IllegalStateError):
            self.app.metrics.commit("fenced")
            return False  # whoever owns the partitions now reads from the last commit
        except (KafkaError, TimeoutError) as error:
            # The broker is away for now. Offering the offsets again loses nothing; ending the process would.
            self.app.metrics.commit("failed")
            self.log.warning("Offsets were not committed, and will be again: %r", error)
            return False
        return True

    async def log_ends(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Return where partitions end on the broker now.

        Not through the queue of calls: fetches and commits must not wait for a broker that is slow to tell.
        """
        places = [TopicPartition(tp.topic, tp.partition) for tp in tps]
        asked = asyncio.run_coroutine_threadsafe(self._ensure_consumer().end_offsets(places), self.thread_loop)
        return {TP(*place): offset for place, offset in (await asyncio.wrap_future(asked)).items()}
