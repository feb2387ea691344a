"""A tracer whose spans stay in memory, and what is asked of them."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from streams.tracing.otlp import AT_ONCE, Otlp

__all__ = ["AT_ONCE", "CALLER", "TRACE", "Otlp", "ReadableSpan", "Spans", "StatusCode", "caused_by", "parent_of"]

TRACE = "0af7651916cd43dd8448eb211c80319c"  # W3C's example
CALLER = b"00-" + TRACE.encode() + b"-b7ad6b7169203331-01"


class Spans:
    """A tracer, and the spans that have ended."""

    def __init__(self, share: float = 1.0) -> None:
        self._memory = InMemorySpanExporter()
        self.tracer = Otlp(self._memory.export, share, {"service.name": "test"})

    def all(self) -> list[ReadableSpan]:
        """Every span that has ended, in the order of their beginnings."""
        self.tracer.flush()
        return sorted(self._memory.get_finished_spans(), key=lambda span: span.start_time or 0)

    def names(self) -> list[str]:
        return [span.name for span in self.all()]

    def one(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.all() if span.name == name]
        return found

    def of(self, name: str) -> dict[str, Any]:
        """What is noted of the one span of this name, without our prefix."""
        return {key.removeprefix("revmark."): value for key, value in (self.one(name).attributes or {}).items()}


def parent_of(span: ReadableSpan) -> str:
    """Trace and span that a span is a child of."""
    assert span.parent is not None
    return f"{span.parent.trace_id:032x}-{span.parent.span_id:016x}"


def caused_by(span: ReadableSpan) -> bytes:
    """The context that is carried on from a span."""
    at = span.get_span_context()
    assert at is not None
    return b"00-%032x-%016x-01" % (at.trace_id, at.span_id)
