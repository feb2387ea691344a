"""What the rooms ask of a tracer. Its one maker for real is `streams.tracing.otlp`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, Self

__all__ = ["Span", "Tracer"]


class Span(Protocol):
    """Something that takes a while. As a context it ends with its body, and has failed where that raises."""

    @property
    def context(self) -> bytes:
        """Its `traceparent`."""
        ...

    def set(self, **attributes: str | float | bool) -> None:
        """Note more of it, under `revmark.<name>`."""
        ...

    def fail(self, code: str) -> None:
        """It came to nothing; `code` is a word of ours, never a message."""
        ...

    def end(self) -> None:
        """It is over; a second time does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...


class Tracer(Protocol):
    """Begins spans. None of its methods waits, or raises over where spans go."""

    def begin(
        self, name: str, *, parent: bytes | None = None, links: Sequence[bytes] = (), **attributes: str | float | bool
    ) -> Span | None:
        """Begin a span under `parent`, or a trace: of these only a share is drawn, None for the others."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Spans by what became of them: sent, failed, dropped."""
        ...

    def close(self) -> None:
        """Send what is left, for a second or two at most."""
        ...
