"""The tables of an app: registered with Faust, checked against the broker, and handed to recovery.

Flows in: tables. Flows out: what their local state is a copy of, and recovery, once their changelogs exist.
Invariant: nothing is read from a changelog whose partitions or topic are not those the tables stand for.
"""

from collections.abc import Mapping
from typing import Any, cast

from faust.tables.manager import TableManager

from streams.engine.errors import FolderRefused, Misconfigured
from streams.engine.failure import log
from streams.engine.folder import StateFolder
from streams.engine.label import Origin
from streams.engine.recovery import BatchRecovery
from streams.engine.table import BatchTable

__all__ = ["BatchTableManager"]


class BatchTableManager(TableManager):
    """Faust's table manager with our recovery in it."""

    app: Any

    @property
    def recovery(self) -> BatchRecovery:
        """The recovery service."""
        if self._recovery is None:
            self._recovery = BatchRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return cast("BatchRecovery", self._recovery)

    @property
    def batch_tables(self) -> list[BatchTable]:
        """The tables of ours among all."""
        return [table for table in self.values() if isinstance(table, BatchTable)]

    def origins(self) -> dict[str, Origin]:
        """Return what each table's local state is a copy of."""
        default = self.app.conf.topic_partitions
        return {
            table.name: Origin(table.changelog_topic_name, table.changelog_topic.partitions or default)
            for table in self.batch_tables
        }

    def check_counts(self, found: Mapping[str, int]) -> None:
        """Refuse a changelog that has another partition count than its table.

        Raises:
            Misconfigured: there is one.
        """
        for name, origin in self.origins().items():
            held = found.get(origin.changelog, origin.partitions)
            if held != origin.partitions:
                raise Misconfigured(
                    f"The changelog {origin.changelog} of table {name} has {held} partitions, "
                    f"and the table is declared with {origin.partitions}. Nothing was read or written. "
                    "Declare it with what is there, or name another changelog."
                )

    async def forget_topics_made_anew(self, folder: StateFolder) -> None:
        """Remove local state of changelogs that were removed and made again: offsets alone do not always tell."""
        ids = await self.app.premises.topic_ids(self.changelog_topics)
        anew = folder.made_anew(ids)
        for table in self.batch_tables:
            if table.name in anew:
                log.warning(
                    "Local state of table %s is rebuilt from the changelog: the topic was made anew.", table.name
                )
                for partition in range(self.origins()[table.name].partitions):
                    table.local.drop(partition)
        try:
            folder.note_ids(ids)
        except FolderRefused as error:
            self.app.fail("The start", error)
            raise

    async def on_start(self) -> None:
        """Register the tables and start recovery.

        Faust waits a second instead, for tables still to come. What must be waited for are the changelogs that are
        made now: one the broker does not show yet would be left out of the assignment.
        """
        for table in self.values():
            await table.changelog_topic.maybe_declare()
        await self.app.premises.find_topics(self.changelog_topics)
        if self.app.premises.folder is not None:
            await self.forget_topics_made_anew(self.app.premises.folder)
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()
