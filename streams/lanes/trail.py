"""The trail: which of a lane's work belongs to a trace, until it is done.

In: the headers of what the lane is asked to do. Out: spans around its calls, and the context on what they bring.
What waits keeps its context in a row of the connection, `<connection>|traced`, so that it lasts as long as the command:
the command itself, its id and its row in the ledger are the same whether it is traced or not. A hint that could not be
read becomes a poll, and its trace ends there. Invariant: where tracing is off nothing is kept, looked up or written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from datetime import datetime

from schemas.command import Command, Poll, Read
from streams.lanes.desk import Desk
from streams.lanes.traced import NOTHING, Name, Reading, Wave, waited, write_name
from streams.tracing import Carrier, Span, Tracer, context_in
from streams.tracing.context import Headers

__all__ = ["Trail"]

KEPT = 500  # traced commands that wait, the newest: 100 bytes each; an older one goes on without its trace


class Trail:
    """One connection's traced work."""

    def __init__(self, tracer: Tracer | None, connection: str, platform: str, clock: Callable[[], datetime]) -> None:
        self._tracer = tracer
        self._key = f"{connection}|traced"
        self._platform = platform
        self._clock = clock
        self._reads: dict[Name, bytes] = {}
        self._heard: dict[str, bytes] = {}  # commands of this batch
        self._writes: dict[str, bytes] = {}  # these, and those that waited
        self._poll: bytes | None = None
        self._asked = False

    def hear(self, work: object, headers: Headers) -> None:
        """Take note of the context that a piece of work came with, before its batch begins."""
        if (context := context_in(headers)) is None:
            return
        match work:
            case Command():
                self._heard[work.id] = context
            case Read():
                self._reads.update(((work.kind, each), context) for each in work.record_ids)
            case Poll():
                self._poll = context
            case _:
                pass

    def begin(self, desk: Desk) -> None:
        """A batch begins."""
        if self._tracer is not None:
            row = desk.cursors.get(self._key) or {}
            self._writes = {name: text.encode() for name, text in row.items()} | self._heard
            self._asked = False

    def close(self, desk: Desk) -> None:
        """A batch ends: keep the contexts of commands that wait."""
        if self._tracer is None:
            return
        left = {name: context.decode() for name, context in list(self._writes.items())[-KEPT:]}
        if left != (desk.cursors.get(self._key) or {}):
            if left:
                desk.cursors[self._key] = left
            else:
                del desk.cursors[self._key]
        self.forget()

    def forget(self) -> None:
        """Know nothing of a batch: it is over, or another worker's."""
        self._reads.clear()
        self._heard.clear()
        self._writes = {}
        self._poll = None

    def poll_asked(self) -> None:
        """A poll begins in this batch: of those a share begins a trace."""
        self._asked = True

    def polling(self) -> AbstractContextManager[object]:
        """A turn of polls; what it finds is of its trace, up to some records."""
        if self._tracer is None or not self._asked:
            return NOTHING
        span = self._tracer.begin(f"poll {self._platform}", parent=self._poll)
        return NOTHING if span is None else Polling(span)

    def reading(self, kind: str, record_ids: Collection[str]) -> Reading:
        """A call that reads these records."""
        if self._tracer is None or not self._reads:
            return Reading()
        spans: dict[bytes, Span] = {}
        carriers: dict[bytes, Carrier] = {}
        records: dict[Name, Carrier] = {}
        for each in record_ids:
            context = self._reads.get((kind, each))
            if context is None:
                continue
            if context not in spans:
                links = [span.context for span in list(spans.values())[:1]]
                span = self._tracer.begin(self._read(kind), parent=context, links=links, records=len(record_ids))
                if span is None:
                    continue
                spans[context], carriers[context] = span, Carrier(span.context)
            records[kind, each] = carriers[context]
        alone = len(spans) == 1 and len(records) == len(record_ids)
        return Reading(list(spans.values()), records, *(carriers.values() if alone else ()))

    def answered(self, kind: str, record_ids: Iterable[str]) -> None:
        """These were not read: what was told answers what asked for them."""
        if self._tracer is None or not self._reads:
            return
        for context in dict.fromkeys(self._reads.get((kind, each)) for each in record_ids):
            if context is not None and (span := self._tracer.begin(self._read(kind), parent=context)) is not None:
                span.set(answered=True)
                span.end()

    def wave(self, commands: Iterable[tuple[Command, int]]) -> Wave:
        """What becomes of commands, each with how often it has been tried."""
        if self._tracer is None or not self._writes:
            return Wave()
        spans: dict[str, Span] = {}
        number = 0
        for command, attempts in commands:
            number += 1
            if (context := self._writes.get(command.id)) is None:
                continue
            span = self._tracer.begin(
                write_name(command),
                parent=context,
                command=command.id,
                kind=command.kind,
                attempts=attempts,
                waited=waited(command, self._clock()),
            )
            if span is not None:
                spans[command.id] = span
        return Wave(self._tracer, self._platform, spans, self.settled, number)

    def settled(self, command: str) -> None:
        """A command is done with."""
        self._writes.pop(command, None)

    def _read(self, kind: str) -> str:
        return f"read {self._platform}/{kind}"


class Polling:
    """A turn of polls, in its span, carrying it on."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._carrier = Carrier(span.context)

    def __enter__(self) -> None:
        self._carrier.__enter__()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._carrier.__exit__()
        self._span.__exit__(kind, *rest)
