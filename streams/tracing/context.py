"""The context of a span, as W3C's `traceparent` has it, and how it travels: in a header of Kafka's records.

In: a record's headers; what a span carries on. Out: headers for what is produced meanwhile. Only contexts of spans that
are recorded travel: no header means no trace.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Self

__all__ = ["CARRIED", "TRACEPARENT", "Carrier", "carried", "context_in"]

TRACEPARENT = "traceparent"
CARRIED = 20  # records that one span carries its trace on to: a webhook names a few, a poll may find thousands
_SHAPE = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01")

Headers = Sequence[tuple[str, bytes]]


@dataclass(slots=True)
class Carrier:
    """While it is open, what is produced is of this context, up to `left` records of it. It may be opened again."""

    context: bytes
    left: int = CARRIED
    _before: Token[Carrier | None] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        self._before = _open.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            _open.reset(self._before)
            self._before = None


_open: ContextVar[Carrier | None] = ContextVar("carrier", default=None)


def carried() -> Headers:
    """The headers of a record that is produced now."""
    carrier = _open.get()
    if carrier is None or carrier.left <= 0:
        return ()
    carrier.left -= 1
    return ((TRACEPARENT, carrier.context),)


def context_in(headers: Headers) -> bytes | None:
    """The context that a record carries; None where it carries none, or none that could be meant."""
    for name, content in headers:
        if name == TRACEPARENT:
            return content if _SHAPE.fullmatch(content or b"") else None
    return None
