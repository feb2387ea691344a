"""What the gateway counts: requests and events by platform and result, in Prometheus' text format.

In: results as they happen. Out: text. Invariant: labels come from our own short list of words, never from a request.
"""

from __future__ import annotations

from collections import Counter

_HELP = {
    "revmark_webhook_requests_total": "Webhook requests by platform and result.",
    "revmark_webhook_events_total": "Events inside accepted webhooks by platform and result.",
    "revmark_webhook_hints_total": "Records asked to be read again, by platform.",
}


class Counts:
    """The counters of one gateway process."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def request(self, platform: str, result: str) -> None:
        """Count a request."""
        self._counts["revmark_webhook_requests_total", platform, result] += 1

    def events(self, platform: str, result: str, number: int = 1) -> None:
        """Count events of a request."""
        self._counts["revmark_webhook_events_total", platform, result] += number

    def hints(self, platform: str, number: int) -> None:
        """Count records that are to be read again."""
        self._counts["revmark_webhook_hints_total", platform, "produced"] += number

    def of(self, name: str, platform: str, result: str) -> int:
        """One counter's value; `name` is `requests`, `events` or `hints`."""
        return self._counts[f"revmark_webhook_{name}_total", platform, result]

    def text(self) -> str:
        """All counters as Prometheus reads them."""
        lines: list[str] = []
        for metric, help_ in _HELP.items():
            lines += [f"# HELP {metric} {help_}", f"# TYPE {metric} counter"]
            lines += [
                f'{metric}{{platform="{platform}",result="{result}"}} {value}'
                for (name, platform, result), value in sorted(self._counts.items())
                if name == metric
            ]
        return "\n".join(lines) + "\n"
