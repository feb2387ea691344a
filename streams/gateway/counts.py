"""What the gateway counts: requests and events by platform and result, for Prometheus.

In: results as they happen. Out: text. Invariant: labels come from our own short list of words, never from a request.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, generate_latest

from streams.tracing import Tracer
from streams.tracing.measures import TraceMeasures

LABELS = ("platform", "result")


class Counts:
    """The counters of one gateway process."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._registry = CollectorRegistry()
        if tracer is not None:
            self._registry.register(TraceMeasures(tracer))
        self._requests = self._counter("requests", "Webhook requests by platform and result.")
        self._events = self._counter("events", "Events inside accepted webhooks by platform and result.")
        self._hints = self._counter("hints", "Records asked to be read again, by platform.")

    def _counter(self, name: str, meaning: str) -> Counter:
        return Counter(f"revmark_webhook_{name}", meaning, LABELS, registry=self._registry)

    def request(self, platform: str, result: str) -> None:
        """Count a request."""
        self._requests.labels(platform, result).inc()

    def events(self, platform: str, result: str, number: int = 1) -> None:
        """Count events of a request."""
        self._events.labels(platform, result).inc(number)

    def hints(self, platform: str, number: int) -> None:
        """Count records that are to be read again."""
        self._hints.labels(platform, "produced").inc(number)

    def of(self, name: str, platform: str, result: str) -> int:
        """One counter's value; `name` is `requests`, `events` or `hints`."""
        labels = {"platform": platform, "result": result}
        return int(self._registry.get_sample_value(f"revmark_webhook_{name}_total", labels) or 0)

    def text(self) -> str:
        """All counters as Prometheus reads them."""
        return generate_latest(self._registry).decode()
