"""What an agent of a batch topic iterates over, and what stands around its body.

Invariants: a batch that was revoked before the agent saw it is never yielded; `Revoked` leaving the body ends that
batch and not the agent; any other exception leaving the body ends the process.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING, Self

from streams.engine.batch import RecordBatch
from streams.engine.errors import Misconfigured, Revoked

if TYPE_CHECKING:
    from faust.types import StreamT

    from streams.engine.application import EngineApp

__all__ = ["BatchAgent", "BatchStream", "guarded"]


class BatchStream:
    """An endless iterator over batches that may be iterated again after a body was left."""

    def __init__(self, app: "EngineApp", stream: "StreamT[RecordBatch]") -> None:
        self._app = app
        self._stream = stream
        self._batches: AsyncIterator[RecordBatch] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RecordBatch:
        if self._batches is None:
            # Faust's own iterator is kept over a Revoked, suspended where it was: leaving it would stop the stream.
            self._batches = aiter(self._stream)
        while True:
            batch = await anext(self._batches)
            if not batch.is_revoked:
                self._app.opened(batch)
                return batch


BatchAgent = Callable[[BatchStream], Awaitable[None]]


def guarded(app: "EngineApp", body: BatchAgent) -> Callable[["StreamT[RecordBatch]"], Awaitable[None]]:
    """Return the agent function Faust runs: the body, begun again when a batch of it was revoked."""
    if not inspect.iscoroutinefunction(body):
        raise Misconfigured(f"Agent {body!r} reads batches: it must be an async function that does not yield.")

    @wraps(body)
    async def run(stream: "StreamT[RecordBatch]") -> None:
        batches = BatchStream(app, stream)
        while True:
            try:
                await body(batches)
            except Revoked:
                continue
            if app.should_stop:
                return
            raise Misconfigured(f"Agent {body.__qualname__} returned; it must iterate over its stream for ever")

    return run
