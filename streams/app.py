"""The Faust app: `faust -A streams.app worker`.

In: settings, the contract. Out: one app with its topics and tables, which the agents (found in the room `agents`) use.
Nothing starts with a contract that does not lint or topics that do not fit.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from faust import SASLCredentials, SSLCredentials

from schemas.contract import Contract, lint
from schemas.contract.lint import placed
from schemas.contract.loader import located
from schemas.errors import ContractError, RevmarkError
from streams.admin import ensure_topics
from streams.engine import BatchTable, BatchTopic, EngineApp, EngineError, PortRefused
from streams.engine.failure import EXIT_CODE
from streams.kafka import Kafka
from streams.settings import Settings, load_settings
from streams.topics import BATCH_BYTES, Topic, Topics
from streams.tracing import tracer_of
from streams.tracing.measures import TraceMeasures

START_REFUSED = 3  # exit code: what the worker needs is not there


class Revmark(EngineApp):
    """The engine's app with Revmark's topics and tables."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        """Declare everything; nothing is connected before the worker starts."""
        self.settings = settings
        self.contract = contract
        self.names = Topics(settings.topic_prefix, settings.partitions, settings.replication)
        self.traces = tracer_of(settings, "worker")
        super().__init__(
            settings.group,
            broker=settings.broker,
            store=settings.store,
            datadir=settings.worker_folder,
            partitions=settings.partitions,
            quarantine_topic=self.names.name(self.names.quarantine),
            autodiscover=["agents"],
            broker_credentials=_credentials(settings.kafka),
            broker_session_timeout=settings.session_timeout,
            consumer_group_instance_id=settings.worker if settings.keep_place else None,
            producer_max_batch_size=BATCH_BYTES,
            metrics_port=settings.metrics_port,
            metrics_host=settings.metrics_host,
        )
        self.known = self._table(self.names.known)
        self.accounts = self._table(self.names.accounts)
        self.ledger = self._table(self.names.ledger)
        self.cursors = self._table(self.names.cursors)
        self.books = self._table(self.names.books)
        self.published = self._table(self.names.published)
        if self.traces is not None:
            self.metrics.registry.register(TraceMeasures(self.traces))

    def _table(self, topic: Topic) -> BatchTable:
        return self.batch_table(topic.name.removeprefix("tables."), changelog=self.names.name(topic))

    def batches(self, topic: Topic) -> BatchTopic:
        """The topic as a stream of record batches."""
        return self.batch_topic(self.names.name(topic))

    async def on_first_start(self) -> None:
        """Make the topics before anything looks for them. What is known to be wrong is one message, not a trace."""
        try:
            await ensure_topics(self.settings.kafka, self.names)
            await super().on_first_start()
        except (RevmarkError, EngineError) as error:
            hint = (
                " Set REVMARK_METRICS_PORT, or start it with --metrics-port." if isinstance(error, PortRefused) else ""
            )
            sys.stderr.write(f"revmark: {error}{hint}\n")
            sys.stderr.flush()
            os._exit(START_REFUSED)  # nothing is open yet; an orderly stop would only add the library's own traces

    async def on_stop(self) -> None:
        """Stop, and let the last spans go."""
        await super().on_stop()
        if self.traces is not None:
            await asyncio.to_thread(self.traces.close)


def _credentials(kafka: Kafka) -> SSLCredentials | SASLCredentials | None:
    """What Faust's clients make themselves known with."""
    if kafka.has_user:
        return SASLCredentials(
            username=kafka.user, password=kafka.password, mechanism=kafka.mechanism, ssl_context=kafka.tls
        )
    return None if (context := kafka.tls) is None else SSLCredentials(context)


def make_app(settings: Settings) -> Revmark:
    """Read the contract and make the app.

    Raises:
        ContractError: the contract does not load, or does not lint.
    """
    contract, source = located(settings.contract)
    errors = placed([finding for finding in lint(contract) if finding.level == "error"], source)
    if errors:
        found = "\n".join(f"  {finding.place}: {finding.path}: {finding.message}" for finding in errors)
        raise ContractError(
            f"{settings.contract} does not lint:\n{found}\nNothing was started. "
            "Mend it, then run: revmark contract lint"
        )
    return Revmark(settings, contract)


def run_worker() -> None:
    """Run a worker in this process until a signal ends it (`revmark worker`), with the settings of the environment."""
    import faust  # noqa: PLC0415 - only the process that is a worker pays for it

    try:
        faust.Worker(app, loglevel="info", redirect_stdouts=False).execute_from_commandline()
    except (Exception, asyncio.CancelledError):
        if app.failure is None:
            raise
        sys.exit(EXIT_CODE)  # what ended it has been said: how its parts were cancelled over it helps nobody


def _app() -> Revmark:
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per call would hold record ids, and drown the rest
    try:
        return make_app(load_settings())
    except RevmarkError as error:
        sys.exit(f"revmark: {error.message}")


app = _app()
