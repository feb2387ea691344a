"""What an agent of a batch topic iterates over, and what stands around its body.

The body runs once for each partition, side by side: while one partition's batch waits for the broker, another's is
judged. Within a partition batches come one after the other.
Invariants: a batch that was revoked before the agent saw it is never yielded; `Revoked` leaving the body ends that
batch and not the agent; any other exception leaving a body ends the process.
"""

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Self

from faust.agents import current_agent
from faust.types import TP

from streams.engine.batch import RecordBatch
from streams.engine.errors import EngineError, Misconfigured, Revoked

if TYPE_CHECKING:
    from faust.types import StreamT

    from streams.engine.application import EngineApp

__all__ = ["BatchAgent", "BatchStream", "guarded"]


class BatchStream:
    """An endless iterator over the batches of one partition, which may be iterated again after a body was left."""

    def __init__(self, app: "EngineApp") -> None:
        self._app = app
        self._waiting: deque[RecordBatch] = deque()  # bounded by what the consumer has in flight
        self._arrived = asyncio.Event()

    def put(self, batch: RecordBatch) -> None:
        """Take the batch that follows, and forget what was revoked meanwhile."""
        while self._waiting and self._waiting[0].is_revoked:
            self._waiting.popleft()
        self._waiting.append(batch)
        self._arrived.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RecordBatch:
        while True:
            while self._waiting:
                batch = self._waiting.popleft()
                if batch.is_revoked:
                    continue
                self._app.opened(batch)
                batch.refuse_oversized()
                if batch.records:
                    return batch
                await batch.flush()
            self._arrived.clear()
            await self._arrived.wait()


BatchAgent = Callable[[BatchStream], Awaitable[None]]


def guarded(app: "EngineApp", body: BatchAgent) -> Callable[["StreamT[RecordBatch]"], Awaitable[None]]:
    """Return the agent function Faust runs: it deals the batches out to one run of the body per partition."""
    if not inspect.iscoroutinefunction(body):
        raise Misconfigured(f"Agent {body!r} reads batches: it must be an async function that does not yield.")

    @wraps(body)
    async def run(stream: "StreamT[RecordBatch]") -> None:
        await Dealer(app, body).deal(stream)

    return run


class Dealer:
    """The runs of one agent's body."""

    def __init__(self, app: "EngineApp", body: BatchAgent) -> None:
        self._app = app
        self._body = body
        self._name = getattr(current_agent(), "name", body.__qualname__)
        self._streams: dict[TP, BatchStream] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ended: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()

    async def deal(self, stream: "StreamT[RecordBatch]") -> None:
        """Deal out until the stream or a body ends; a body's error is raised."""
        self._begin(self._read(stream))
        try:
            (await self._ended).result()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self, stream: "StreamT[RecordBatch]") -> None:
        async for batch in stream:
            batches = self._streams.get(batch.tp)
            if batches is None:
                batches = self._streams[batch.tp] = BatchStream(self._app)
                self._begin(self._run(batches))
            batches.put(batch)

    async def _run(self, batches: BatchStream) -> None:
        """Run the body, and begin it again when a batch of it was revoked.

        An error is told to the app before the other bodies are asked to end: one that does not must not keep it.
        """
        try:
            while True:
                await self._once(batches)
                if self._app.should_stop:
                    return
        except Exception as error:
            self._app.fail(f"Agent {self._name}", error)
            raise

    async def _once(self, batches: BatchStream) -> None:
        try:
            await self._body(batches)
        except Revoked:
            return
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise  # the agent ends
            raise EngineError("Something that it waited for was cancelled") from error
        if not self._app.should_stop:
            raise Misconfigured(f"Agent {self._name} returned; it must iterate over its stream for ever")

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        if not self._ended.done():
            self._ended.set_result(task)
