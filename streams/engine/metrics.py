"""What a worker measures about itself, in Prometheus' terms.

Flows in: batches opened and done, commits. Flows out: a registry of the app's own, served when a
port is given. Invariants: what is noted is noted per batch, never per record; labels are names of topics and tables and
numbers of partitions, never anything of a record.
"""

import asyncio
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import TYPE_CHECKING

from faust.types import TP
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from streams.engine.exposition import MetricsServer
from streams.engine.failure import log
from streams.engine.scrape import Scrape
from streams.engine.watch import Watch

if TYPE_CHECKING:
    from streams.engine.application import EngineApp
    from streams.engine.batch import RecordBatch

__all__ = ["CommitAges", "Metrics"]

SIZES = (1, 10, 100, 1_000, 2_500, 5_000, 10_000)  # records: the last is as large as a batch becomes
# Seconds: a write to a broker beside us takes a few thousandths, one that waits for a lost replica tens of seconds.
TIMES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class CommitAges:
    """Since when work that is done waits to be committed, by partition."""

    def __init__(self) -> None:
        self._waits: dict[TP, float] = {}
        self._committed: dict[TP, float] = {}

    def done(self, tp: TP, now: float) -> None:
        """Note that a batch is done; the first since the last commit counts."""
        self._waits.setdefault(tp, now)

    def committed(self, tps: Iterable[TP], now: float) -> None:
        """Note a commit. What was done while it was on its way waits from now on."""
        for tp in tps:
            self._waits.pop(tp, None)
            self._committed[tp] = now

    def ended(self) -> None:
        """Forget all: the epoch ended, and what was not committed is read again."""
        self._waits.clear()

    def since(self, tp: TP) -> float | None:
        """Return since when work of a partition has waited, if there is any; any thread may ask."""
        return self._waits.get(tp) or self._committed.get(tp)


class Metrics:
    """The measurements of one app; `registry` takes more collectors."""

    def __init__(self, app: "EngineApp") -> None:
        self.registry = CollectorRegistry(support_collectors_without_names=True)
        self.ages = CommitAges()
        self.watch = Watch(app)
        self._server: MetricsServer | None = None
        self._watching: asyncio.Task[None] | None = None
        self._batches = Histogram(
            "engine_batch_records", "Records of a batch when its agent got it.", ["topic"],
            buckets=SIZES, registry=self.registry,
        )  # fmt: skip
        flush = Histogram(
            "engine_flush_seconds", "Time of one step of writing a batch.", ["step"],
            buckets=TIMES, registry=self.registry,
        )  # fmt: skip
        self.outputs, self.changelogs, self.local = map(flush.labels, ("outputs", "changelogs", "local"))
        self._commits = Counter(
            "engine_commits", "Commits of batches by result: committed, fenced (given to another worker), failed (the "
            "broker was away, offered again), refused (the worker is ending over a failure).", ["result"],
            registry=self.registry,
        )  # fmt: skip
        self._commits_by = {each: self._commits.labels(each) for each in ("committed", "fenced", "failed", "refused")}
        self._quarantined = Counter(
            "engine_quarantined_records", "Records written to the quarantine topic.", registry=self.registry
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(Scrape(app))

    # what the engine says

    def opened(self, batch: "RecordBatch") -> None:
        """Note that an agent has a batch."""
        self._batches.labels(batch.topic).observe(len(batch))

    def done(self, batch: "RecordBatch") -> None:
        """Note that a batch is done."""
        self.ages.done(batch.tp, monotonic())

    def committed(self, offsets: Mapping[TP, int]) -> None:
        """Note that offsets were committed."""
        self.ages.committed(offsets, monotonic())
        self.commit("committed")

    def commit(self, result: str) -> None:
        """Count what a commit came to."""
        self._commits_by[result].inc()

    def quarantined(self, number: int) -> None:
        """Count records whose quarantine was acknowledged."""
        self._quarantined.inc(number)

    # serving

    def start(self, host: str, port: int) -> None:
        """Serve the registry, and begin to look at what has to be asked for.

        Raises:
            PortRefused: the port cannot be listened on.
        """
        self._server = MetricsServer(host, port, self.registry)
        log.info("metrics at %s", self._server.address)
        self._watching = asyncio.create_task(self.watch.run())

    async def stop(self) -> None:
        """End both."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None
        if self._server is not None:
            await asyncio.to_thread(self._server.close)
            self._server = None
