"""What a worker stands on: a broker that has the topics, and a state folder of its own.

Flows in: the app's topics and tables. Flows out: what was found, as it was when the worker started. Invariant: nothing
is read or written by the worker before all of it is found to fit.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from streams.engine.failure import log
from streams.engine.folder import StateFolder
from streams.engine.identity import topic_ids
from streams.engine.preflight import largest_record, look_up_topics

if TYPE_CHECKING:
    from streams.engine.application import EngineApp

__all__ = ["Premises"]


class Premises:
    """The findings of one app."""

    def __init__(self, app: "EngineApp", addresses: list[str], patience: float) -> None:
        self.addresses = addresses
        self.folder: StateFolder | None = None
        self.quarantine_limit = app.max_record  # bytes; less where the topic takes less
        self._app = app
        self._patience = patience
        self._counts: dict[str, int] = {}
        self._logs: dict[str, str] = {}  # ids of the topics that are read

    async def find(self, read: Iterable[str]) -> None:
        """Look for all of it; `read` are the topics that are read as batches.

        Raises:
            EngineError: something is not there, or does not fit.
        """
        app, read = self._app, list(read)
        await self.find_topics([*read, *([app.quarantine_topic] if app.quarantine_topic else [])])
        self._logs = await self.topic_ids(read)
        if app.quarantine_topic:
            await self._learn_quarantine_limit(app.quarantine_topic)
        if app.on_disk:
            self.folder = StateFolder(Path(app.conf.datadir))
            self.folder.open()
            self.folder.claim(app.conf.id, app.batch_tables.origins())

    async def find_topics(self, needed: Iterable[str]) -> None:
        """Return when the broker has these topics, and learn how many partitions each topic has.

        Raises:
            Misconfigured: one is missing, or a changelog has another partition count than its table.
        """
        self._counts = await look_up_topics(self.addresses, needed, security=self._security, patience=self._patience)
        self._app.batch_tables.check_counts(self._counts)

    async def topic_ids(self, topics: Iterable[str]) -> dict[str, str]:
        """Return the ids the broker tells of topics."""
        return await topic_ids(self.addresses, topics, security=self._security)

    def log_of(self, topic: str) -> str:
        """Return the id of a topic that is read; empty where there is none."""
        return self._logs.get(topic, "")

    def count(self, topic: str) -> int | None:
        """Return how many partitions a topic has, if that is known."""
        return self._counts.get(topic)

    def learn_counts(self, topics: Iterable[str], count_of: Callable[[str], int | None]) -> None:
        """Note topics that were given more partitions."""
        for topic in topics:
            self._counts[topic] = count_of(topic) or self._counts[topic]

    def leave(self) -> None:
        """Give the state folder back."""
        if self.folder is not None:
            self.folder.close()

    async def _learn_quarantine_limit(self, topic: str) -> None:
        """Put no more into the quarantine topic than it takes: what it refused would end the worker at each start."""
        takes, writes = await largest_record(self.addresses, topic, security=self._security), self._app.max_record
        if takes is not None and takes < writes:
            self.quarantine_limit = takes
            log.warning(
                "Topic %s takes records of %s bytes, this app writes up to %s: larger ones are put into quarantine by "
                "their place, without their bytes. Raise its max.message.bytes to keep them whole.",
                topic, f"{takes:,}", f"{writes:,}",
            )  # fmt: skip

    @property
    def _security(self) -> Mapping[str, Any]:
        conf = self._app.conf
        security: Mapping[str, Any] = credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context)
        return security
