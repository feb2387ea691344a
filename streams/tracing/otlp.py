"""Spans by OpenTelemetry's SDK, sent by OTLP over HTTP from a thread of their own.

Flows in: spans that begin and end. Flows out: their encoding, posted. Invariants: whoever ends a span never waits: of
what cannot be sent as fast as it comes, what comes last is dropped and counted; what could not be sent is counted, said
once in the log, and not tried again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags, set_span_in_context
from opentelemetry.trace import Span as Recorded

from schemas.errors import RevmarkError, SettingsError
from streams.settings import Settings
from streams.tracing.post import Post

__all__ = ["Otlp"]

QUEUE = 2_048  # spans that wait to be sent, about 4 MB; beyond it new ones are dropped
AT_ONCE = 512  # spans in one post
EVERY = 2_000  # milliseconds between posts
CLOSE_SECONDS = 1.5  # that a worker or gateway which ends waits for its last spans

Export = Callable[[Sequence[ReadableSpan]], None]

log = logging.getLogger(__name__)


class Otlp:
    """A `Tracer`. `export` sends some spans, or raises; it is called in a thread of its own."""

    def __init__(self, export: Export, share: float, about: Mapping[str, str], *, queue: int = QUEUE) -> None:
        self._export, self._queue = export, queue
        self._lock = threading.Lock()
        self._waiting = 0
        self._counts = {"sent": 0, "failed": 0, "dropped": 0}
        self._silent = False
        # Room for more than `queue` lets in, so that what is dropped is dropped here, and counted.
        self._processor = BatchSpanProcessor(
            _Exporter(self._sent),
            max_queue_size=queue + AT_ONCE,
            schedule_delay_millis=EVERY,
            max_export_batch_size=AT_ONCE,
        )
        self._provider = TracerProvider(
            sampler=ParentBased(root=TraceIdRatioBased(share)),
            resource=Resource.create(dict(about)),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer("revmark")

    @classmethod
    def of(cls, settings: Settings, process: str) -> Self:
        """The tracer of a deployment's process.

        Raises:
            SettingsError: the address cannot be called, or what the SDK reads of the environment is no number.
        """
        post = Post(settings.traces)

        def export(spans: Sequence[ReadableSpan]) -> None:
            post.send(encode_spans(spans).SerializeToString())

        about = {"service.name": f"revmark-{process}", "service.namespace": settings.tenant}
        if process == "worker":
            about["service.instance.id"] = settings.worker
        log.info("a share of %g of webhooks and polls is traced, to %s", settings.trace_share, post)
        try:
            return cls(export, settings.trace_share, about)
        except ValueError as error:
            raise SettingsError(
                f"OpenTelemetry does not take a variable OTEL_... of the environment: {error}. Nothing was started"
            ) from error

    def begin(
        self, name: str, *, parent: bytes | None = None, links: Sequence[bytes] = (), **attributes: str | float | bool
    ) -> _Span | None:
        """See `Tracer`."""
        context = Context()
        if parent is not None:
            context = set_span_in_context(NonRecordingSpan(_remote(parent)), context)
        span = self._tracer.start_span(name, context, links=[Link(_remote(each)) for each in links])
        if not span.is_recording():
            return None
        made = _Span(span, self._admits)
        made.set(**attributes)
        return made

    def counts(self) -> Mapping[str, int]:
        """See `Tracer`; any thread may ask."""
        with self._lock:
            return dict(self._counts)

    def close(self) -> None:
        """See `Tracer`."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True, name="traces-close")
        ending.start()
        ending.join(CLOSE_SECONDS)

    def flush(self) -> None:
        """Send what waits, and wait for it."""
        self._provider.force_flush()

    def _admits(self) -> bool:
        """Whether a span that ends has room in the queue."""
        with self._lock:
            if self._waiting >= self._queue:
                self._counts["dropped"] += 1
                return False
            self._waiting += 1
            return True

    def _sent(self, spans: Sequence[ReadableSpan]) -> None:
        """Send spans, count them, and say when that begins to fail and when it ends to."""
        why = ""
        try:
            self._export(spans)
        except RevmarkError as error:
            why = error.message
        except Exception as error:  # noqa: BLE001 - nothing may fail over a span
            why = type(error).__name__
        with self._lock:
            self._waiting -= len(spans)
            self._counts["failed" if why else "sent"] += len(spans)
        if why and not self._silent:
            log.warning("spans are not taken, and are lost until they are: %s", why)
        elif self._silent and not why:
            log.info("spans are taken again")
        self._silent = bool(why)


class _Exporter(SpanExporter):
    """What the SDK's queue hands spans to; nothing is kept here."""

    def __init__(self, send: Export) -> None:
        self._send = send

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._send(spans)
        return SpanExportResult.SUCCESS


class _Span:
    """A `Span` that is recorded."""

    __slots__ = ("_admitted", "_ended", "_span")

    def __init__(self, span: Recorded, admitted: Callable[[], bool]) -> None:
        self._span = span
        self._admitted = admitted
        self._ended = False

    @property
    def context(self) -> bytes:
        at = self._span.get_span_context()
        return b"00-%032x-%016x-01" % (at.trace_id, at.span_id)

    def set(self, **attributes: str | float | bool) -> None:
        self._span.set_attributes({f"revmark.{name}": value for name, value in attributes.items()})

    def fail(self, code: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, code))

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            if self._admitted():
                self._span.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.fail(kind.__name__)
        self.end()


def _remote(context: bytes) -> SpanContext:
    _, trace, span, _ = context.split(b"-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
