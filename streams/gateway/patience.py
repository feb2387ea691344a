"""The protocol under the gateway: a caller that does not get on with it is let go.

In: connections. Out: requests, for uvicorn. Invariant: a connection on which no request has begun within its time is
closed, however it drips; bodies have their own limit (`bodies.py`). uvicorn itself waits for ever on a head that never
ends, and a few hundred such callers would take all connections there are.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 5.0  # both vendors give up after five seconds, so a slower caller is neither


class Impatient(H11Protocol):
    """HTTP/1.1 whose heads have a time limit."""

    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Somebody is there."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something was said: the beginning of a head, or all of it."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._watch()
        else:
            self._rest()

    def _watch(self) -> None:
        if self._alarm is None:
            self._alarm = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _rest(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
