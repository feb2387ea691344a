"""What a tracer tells Prometheus: spans by what became of them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from streams.tracing.tracer import Tracer


class TraceMeasures(Collector):
    """The collector over one process's tracer."""

    def __init__(self, tracer: Tracer) -> None:
        """Count the spans of `tracer`."""
        self._tracer = tracer

    def collect(self) -> Iterator[Metric]:
        """Tell the counts."""
        spans = CounterMetricFamily(
            "revmark_trace_spans",
            "Spans by what became of them: sent; failed (nobody took them); dropped (too many waited).",
            labels=("result",),
        )
        for result, number in sorted(self._tracer.counts().items()):
            spans.add_metric((result,), number)
        yield spans
