"""Traced: the spans that a lane has open around its calls, and which of what they bring carries them on.

Both are empty where nothing of a call belongs to a trace, and then do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from schemas.command import Command
from schemas.ledger import SETTLED
from streams.platforms.interface import Seen
from streams.tracing import Carrier, Span, Tracer

__all__ = ["Reading", "Wave", "write_name"]

NOTHING: AbstractContextManager[None] = nullcontext()
Name = tuple[str, str]  # kind and id


@dataclass(slots=True)
class Reading:
    """The spans of one call that reads: one for each trace that a record of it belongs to.

    `records` are those records. What comes back under another name, as a line item does as its deals, is of the trace
    where all that was asked for is.
    """

    spans: Sequence[Span] = ()
    records: Mapping[Name, Carrier] = field(default_factory=dict)
    others: Carrier | None = None

    def about(self, seen: Seen) -> AbstractContextManager[object]:
        """What is produced of this record meanwhile is of its trace."""
        if not self.spans:
            return NOTHING
        return self.records.get((seen.kind, seen.record_id), self.others) or NOTHING

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for span in self.spans:
            if kind is not None:
                span.fail(kind.__name__)
            span.end()


@dataclass(slots=True)
class Wave:
    """The spans of the commands of one call that writes, by their ids.

    `settled` hears which of them are done with.
    """

    tracer: Tracer | None = None
    platform: str = ""
    spans: Mapping[str, Span] = field(default_factory=dict)
    settled: Callable[[str], None] = lambda _: None
    number: int = 0

    def call(self) -> AbstractContextManager[object]:
        """The call itself: in the trace of the first of its commands, linked to those of the others."""
        if self.tracer is None or not self.spans:
            return NOTHING
        first, *others = (span.context for span in self.spans.values())
        made = self.tracer.begin(f"call {self.platform}", parent=first, links=others, commands=self.number)
        return made or NOTHING

    def told(self, command: str, state: str, code: str = "") -> None:
        """What became of a command; an outcome that has none yet is tried again."""
        if (span := self.spans.get(command)) is None:
            return
        span.set(outcome=state, code=code)
        if state in {"refused", "unknown"}:
            span.fail(code or state)
        if state in SETTLED:
            self.settled(command)

    def of(self, command: str) -> AbstractContextManager[object]:
        """What is produced of this command meanwhile is of its trace."""
        return Carrier(span.context) if (span := self.spans.get(command)) is not None else NOTHING

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for span in self.spans.values():
            if kind is not None:
                span.fail(kind.__name__)
            span.end()


def write_name(command: Command) -> str:
    """What a command's span is called."""
    return f"write {command.platform}/{command.entity.value}"


def waited(command: Command, now: datetime) -> float:
    """Seconds since a command was judged."""
    return max(0.0, (now - command.at).total_seconds())
