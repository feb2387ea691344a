"""What is worked out only when Prometheus asks: how far each partition is, recovery, tables, the worker itself.

Flows in: the state of consumer, recovery and watch. Flows out: gauges. It runs in another thread than the worker:
it only reads, copies a dictionary in one step before it looks at it, and makes nothing that is not there yet.
"""

from collections.abc import Iterator
from math import isfinite
from time import monotonic
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from streams.engine.application import EngineApp

__all__ = ["Scrape"]

PLACE = ("topic", "partition")


class Scrape(Collector):
    """The collector of one app."""

    def __init__(self, app: "EngineApp") -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        """Work all of it out."""
        yield from self._worker()
        yield from self._partitions()
        yield from self._recovery()
        yield from self._tables()

    def _worker(self) -> Iterator[Metric]:
        consumer = self._app.reading
        yield GaugeMetricFamily(
            "engine_ready", "1: partitions are assigned and their tables recovered.", float(self._app.is_ready)
        )
        yield CounterMetricFamily(
            "engine_rebalances", "Times the group shared its partitions out anew.", self._app.rebalancing_count
        )
        if consumer is None:
            return
        yield CounterMetricFamily(
            "engine_epochs", "Times all batches in flight were given up: rebalances and lost leases.", consumer.epoch
        )
        if isfinite(consumer.lease.left):
            yield GaugeMetricFamily(
                "engine_lease_seconds",
                "Seconds without a heartbeat until this worker writes nothing more.",
                max(0.0, consumer.lease.left),
            )

    def _partitions(self) -> Iterator[Metric]:
        lag = GaugeMetricFamily("engine_lag_records", "Records of a topic that are not done yet.", labels=PLACE)
        flight = GaugeMetricFamily("engine_batches_in_flight", "Batches handed out and not done yet.", labels=PLACE)
        held = GaugeMetricFamily("engine_in_flight_bytes", "Memory their records take, about.", labels=PLACE)
        age = GaugeMetricFamily(
            "engine_commit_age_seconds", "How long work that is done has waited for its commit.", labels=PLACE
        )
        consumer, ends = self._app.reading, self._app.metrics.watch.ends
        for standing in consumer.standings() if consumer is not None else ():
            place = (standing.tp.topic, str(standing.tp.partition))
            end = max(ends.get(standing.tp, 0), standing.handed_out or 0)
            if standing.done is not None:
                lag.add_metric(place, max(0, end - standing.done))
            elif ends.get(standing.tp) == 0:  # nothing was ever written, so there was nothing to commit
                lag.add_metric(place, 0)
            flight.add_metric(place, standing.in_flight)
            held.add_metric(place, standing.held)
            since = self._app.metrics.ages.since(standing.tp) if standing.waits else None
            age.add_metric(place, 0.0 if since is None else max(0.0, monotonic() - since))
        yield from (lag, flight, held, age)

    def _recovery(self) -> Iterator[Metric]:
        recovery = self._app.recovering
        yield GaugeMetricFamily(
            "engine_recovering", "1: tables are being caught up, sources wait.", float(self._app.in_recovery)
        )
        yield CounterMetricFamily(
            "engine_recovered_records",
            "Changelog records applied to tables, recovering or standing by.",
            0 if recovery is None else recovery.applied,
        )
        remaining = GaugeMetricFamily(
            "engine_recovery_remaining_records",
            "Changelog offsets a table has still to catch up with, of those it had when the partition was assigned.",
            labels=(*PLACE, "role"),
        )
        if recovery is not None:
            for role, tps, highwaters, offsets in (
                ("active", recovery.active_tps, recovery.active_highwaters, recovery.active_offsets),
                ("standby", recovery.standby_tps, recovery.standby_highwaters, recovery.standby_offsets),
            ):
                for tp, end in list(highwaters.items()):
                    reached = offsets.get(tp)
                    if tp in tps and reached is not None:
                        remaining.add_metric((tp.topic, str(tp.partition), role), max(0, end - reached))
        yield remaining

    def _tables(self) -> Iterator[Metric]:
        entries = GaugeMetricFamily(
            "engine_table_entries", "Entries of a table held here; on disk RocksDB's estimate.", labels=("table",)
        )
        size = GaugeMetricFamily("engine_table_bytes", "About what a table on disk takes.", labels=("table",))
        for name, held in self._app.metrics.watch.sizes.items():
            entries.add_metric((name,), held.entries)
            if held.on_disk is not None:
                size.add_metric((name,), held.on_disk)
        yield from (entries, size)
