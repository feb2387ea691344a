"""Traces: what one webhook or poll has led to, as spans of OpenTelemetry. Off unless REVMARK_TRACES says where to.

Flows in: what gateway, steps and lanes begin and end. Flows out: spans, by OTLP over HTTP; the header `traceparent` on
records that a traced one has caused. Invariants: nothing waits for a span and nothing fails over one; no span holds a
value, a name or an id of a record; without the header a record costs one look at its headers.
"""

from streams.tracing.context import TRACEPARENT, Carrier, carried, context_in
from streams.tracing.make import tracer_of
from streams.tracing.tracer import Span, Tracer

__all__ = ["TRACEPARENT", "Carrier", "Span", "Tracer", "carried", "context_in", "tracer_of"]
