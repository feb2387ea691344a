"""The file: records in, rows and offsets out, in one transaction.

Invariant: a record below its partition's stored offset is never applied again, whoever hands it in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.projection import intake, pulse, schema
from console.projection.delivery import SHELVES, STATES, Delivery
from schemas.errors import Refused, Stale, Transient
from schemas.instants import from_millis

BUSY_TIMEOUT = 10_000  # milliseconds: another reader's transaction holds a few hundred rows
FILE = "projection.sqlite"


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """One projection file. Opened for reading only, it never changes and need not be caught up."""

    def __init__(self, folder: Path, *, read_only: bool = False, clock: Callable[[], datetime] = _now) -> None:
        """Open the file in `folder`, and make it when it may be written.

        Raises:
            Transient: it is opened for reading and is not there, or another version of Revmark wrote it.
        """
        self.path = folder / FILE
        self._clock = clock
        self._generation = 0
        if read_only:
            self.connection = self._existing()
            return
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # names and amounts of customers are in it
        self.connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self.path.chmod(0o600)
        self._prepare()

    def _existing(self) -> sqlite3.Connection:
        if not self.path.exists():
            raise Transient(
                f"nothing has been read into {self.path} yet, so there is nothing to show offline. "
                "Next: start the broker and run `revmark status` without --offline",
                code="no_projection",
            )
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        if schema.version(connection) != schema.VERSION:
            connection.close()
            raise Transient(
                f"{self.path} was written by another version of Revmark. Next: run `revmark status` without "
                "--offline; it is read anew from the topics",
                code="old_projection",
            )
        return connection

    def _prepare(self) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is read from the topics again
        with self._transaction():
            if schema.version(self.connection) != schema.VERSION:
                schema.make(self.connection)
            self._generation = schema.generation(self.connection)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def bind(self, cluster: str) -> bool:
        """Tie the file to a cluster (and topic prefix); tell whether it held another one's rows and was emptied."""
        with self._transaction():
            known = self.meta("cluster")
            if known not in {None, cluster}:
                schema.make(self.connection)
            self._set_meta("cluster", cluster)
            self._generation = schema.generation(self.connection)
        return known not in {None, cluster}

    def reset(self) -> None:
        """Forget everything: the topics no longer hold what was read."""
        with self._transaction():
            cluster = self.meta("cluster")
            schema.make(self.connection)
            if cluster is not None:
                self._set_meta("cluster", cluster)
            self._generation = schema.generation(self.connection)

    def apply(self, deliveries: Iterable[Delivery]) -> int:
        """Apply records and move the offsets, all or nothing; give the number that was new.

        Raises:
            Stale: another process emptied the file since it was bound: read the offsets again.
        """
        applied = 0
        oldest = pulse.bucket_of(self._clock() - pulse.KEPT)
        with self._transaction():
            if schema.generation(self.connection) != self._generation:
                raise Stale("the projection was made anew by another process", code="generation")
            offsets = self.offsets()
            before = dict(offsets)
            for delivery in deliveries:
                place = (delivery.topic, delivery.partition)
                if delivery.offset < offsets.get(place, 0):
                    continue
                offsets[place] = delivery.offset + 1
                applied += 1
                self._count(delivery, oldest)
                if delivery.topic in SHELVES or delivery.topic in STATES:
                    self._keep(delivery)
            moved = [(*place, step) for place, step in offsets.items() if before.get(place) != step]
            self.connection.executemany("INSERT OR REPLACE INTO offsets VALUES (?, ?, ?)", moved)
            self.connection.execute("DELETE FROM pulse WHERE bucket < ?", (oldest,))
        return applied

    def _keep(self, delivery: Delivery) -> None:
        try:
            change = intake.row(delivery)
        except Refused as error:
            values = (delivery.topic, delivery.partition, delivery.offset, error.message)
            self.connection.execute("INSERT OR REPLACE INTO unreadable VALUES (?, ?, ?, ?)", values)
            return
        if change is None:
            return
        if isinstance(change, intake.Removal):
            self.connection.execute(f"DELETE FROM {change.table} WHERE key = ?", (change.key,))  # noqa: S608 - our names
            self.connection.execute("DELETE FROM names WHERE owner = ?", (change.key,))
            return
        columns = schema.TABLES[change.table]
        names = ("key", *columns, "body")
        marks = ", ".join("?" * len(names))
        update = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        then = "DO NOTHING" if change.first_wins else f"DO UPDATE SET {update}"
        self.connection.execute(
            f"INSERT INTO {change.table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (key) {then}",  # noqa: S608 - as above
            (change.key, *(change.columns[name] for name in columns), change.body),
        )
        self.connection.executemany("INSERT OR REPLACE INTO labels VALUES (?, ?)", list(change.labels.items()))
        if change.names is not None:
            self.connection.execute("DELETE FROM names WHERE owner = ?", (change.key,))
            named = [(change.key, record, name) for record, name in change.names]
            self.connection.executemany("INSERT INTO names VALUES (?, ?, ?)", named)

    def _count(self, delivery: Delivery, oldest: int) -> None:
        bucket = pulse.bucket_of(from_millis(delivery.timestamp))
        if bucket < oldest:
            return
        for stop in pulse.stops(delivery):
            self.connection.execute(
                "INSERT INTO pulse VALUES (?, ?, 1) ON CONFLICT (stop, bucket) DO UPDATE SET count = count + 1",
                (stop, bucket),
            )

    def offsets(self) -> dict[tuple[str, int], int]:
        """The next offset to read, by bare topic and partition."""
        found = self.connection.execute("SELECT topic, partition, next FROM offsets").fetchall()
        return {(topic, partition): step for topic, partition, step in found}

    def caught_up(self, topics: Iterable[str]) -> None:
        """Note that everything there was on these topics has been read, now."""
        with self._transaction():
            for topic in topics:
                self._set_meta(f"as_of.{topic}", self._clock().isoformat())

    def as_of(self, topics: Iterable[str] = tuple(SHELVES)) -> datetime | None:
        """When everything there was on these topics had been read; None: at least one never was."""
        texts = [self.meta(f"as_of.{topic}") for topic in topics]
        return min(datetime.fromisoformat(text) for text in texts if text) if all(texts) else None

    def meta(self, name: str) -> str | None:
        """A word kept about the file."""
        found = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def _set_meta(self, name: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def rows(self, statement: str, values: Sequence[str | int | None] = ()) -> list[dict[str, Any]]:
        """Run a query, as dictionaries."""
        cursor = self.connection.execute(statement, tuple(values))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, found, strict=True)) for found in cursor.fetchall()]
