"""What lanes tell Prometheus: what waits, what stands still, how calls end, how far and how old readings are.

Flows in: the office's snapshots. Flows out: figures by connection (`tenant.platform`), worked out when they are asked
for, in another thread than the lanes. Invariant: labels are names of connections, kinds and calls, never of records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from streams.lanes.status import Snapshot


class Snapshots(Protocol):
    """What is asked of the office."""

    def snapshot(self) -> Mapping[str, Snapshot]:
        """Every connection as it stood after its last batch."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class LaneMeasures(Collector):
    """The collector over one worker's lanes."""

    def __init__(self, office: Snapshots, *, clock: Callable[[], datetime] = _now) -> None:
        """Measure the lanes of `office`."""
        self._office = office
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Work all of it out."""
        place = ("connection",)
        waiting = GaugeMetricFamily("revmark_lane_waiting_commands", "Commands that wait to be written.", labels=place)
        parked = GaugeMetricFamily(
            "revmark_lane_parked_seconds", "For how long nothing is called yet; 0: it goes on.", labels=place
        )
        throttled = GaugeMetricFamily(
            "revmark_lane_reads_throttled_seconds", "For how long nothing is read yet; 0: it is.", labels=place
        )
        polled = GaugeMetricFamily(
            "revmark_lane_polled_age_seconds", "Since the last poll of a kind ended.", labels=("connection", "kind")
        )
        swept = GaugeMetricFamily(
            "revmark_lane_swept_age_seconds",
            "Since the last full reading of a kind ended.",
            labels=("connection", "kind"),
        )
        calls = CounterMetricFamily(
            "revmark_platform_calls",
            "Calls of a platform by what they came to; of writes, the commands by their outcome.",
            labels=("connection", "call", "answer"),
        )
        spared = CounterMetricFamily(
            "revmark_lane_spared_records",
            "Records told before: `told` was read and showed nothing new, `answered` was not even read.",
            labels=("connection", "kind", "result"),
        )
        heard = CounterMetricFamily(
            "revmark_lane_feed_entries",
            "Entries of a platform's feed by what became of them; all but `accepted` were passed over.",
            labels=("connection", "result"),
        )
        rule_of = ("connection", "entity", "rule")
        stopped = GaugeMetricFamily("revmark_brake_stopped", "Rules that a brake has stopped.", labels=rule_of)
        held = GaugeMetricFamily("revmark_brake_held_commands", "Commands that wait behind a brake.", labels=rule_of)
        now = self._clock()
        lanes = self._office.snapshot()
        for connection, found in sorted(lanes.items()):
            waiting.add_metric((connection,), found.waiting)
            parked.add_metric((connection,), _until(found.parked_until, now))
            throttled.add_metric((connection,), _until(found.reads_again, now))
            for family, times in ((polled, found.polled), (swept, found.swept)):
                for kind, at in sorted(times.items()):
                    if at is not None:
                        family.add_metric((connection, kind), max(0.0, (now - at).total_seconds()))
            for name, number in sorted(found.calls.items()):
                call, _, answer = name.partition(".")
                calls.add_metric((connection, call, answer), number)
            for (kind, result), number in sorted(found.spared.items()):
                spared.add_metric((connection, kind, result), number)
            for result, number in sorted(found.heard.items()):
                heard.add_metric((connection, result), number)
            for (entity, rule), number in sorted(found.stopped.items()):
                stopped.add_metric((connection, entity, rule), 1)
                held.add_metric((connection, entity, rule), number)
        yield from (waiting, parked, throttled, polled, swept, calls, spared, heard, stopped, held)
        yield from _backfills(lanes)
        yield from _paces(lanes)


def _until(at: datetime | None, now: datetime) -> float:
    return 0.0 if at is None else max(0.0, (at - now).total_seconds())


def _backfills(found: Mapping[str, Snapshot]) -> tuple[Metric, ...]:
    """How far the backfills have come that have not ended."""
    place = ("connection", "kind")
    running = GaugeMetricFamily(
        "revmark_backfill_running", "Backfills that have not ended: 1 goes on, 0 was stopped.", labels=place
    )
    read = GaugeMetricFamily("revmark_backfill_read_records", "Records that a backfill has read.", labels=place)
    left = GaugeMetricFamily(
        "revmark_backfill_left_records",
        "Records that a backfill has still to read, as far as the platform says how many there are.",
        labels=place,
    )
    for connection, snapshot in sorted(found.items()):
        for kind, row in sorted(snapshot.backfills.items()):
            running.add_metric((connection, kind), row.state == "running")
            read.add_metric((connection, kind), row.read)
            if row.left is not None:
                left.add_metric((connection, kind), row.left)
    return running, read, left


def _paces(found: Mapping[str, Snapshot]) -> tuple[Metric, ...]:
    """How long writes took, and how often they were tried again."""
    place = ("connection", "tier")
    retries = CounterMetricFamily("revmark_write_retries", "Writes that were tried again.", labels=place)
    took = HistogramMetricFamily(
        "revmark_write_seconds", "From the judgement that asks for a write until it was applied.", labels=place
    )
    for connection, snapshot in sorted(found.items()):
        for tier, number in sorted(snapshot.pace.retries.items()):
            retries.add_metric((connection, str(tier)), number)
        for tier, seconds in sorted(snapshot.pace.seconds.items()):
            took.add_metric((connection, str(tier)), snapshot.pace.buckets(tier), seconds)
    return retries, took
