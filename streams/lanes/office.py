"""The office: this worker's lanes, and the clock that wakes them.

A worker owns a connection while it owns the lane topic's partition of that connection's key; only then does it tick.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from schemas.command import Poll, Resume
from schemas.names import Platform
from schemas.wire import Wire
from streams.engine import RecordBatch
from streams.lanes.desk import Desk
from streams.lanes.lane import Lane
from streams.platforms.registry import PLATFORMS, client
from tables.view import View

if TYPE_CHECKING:
    from streams.app import Revmark


class BatchDesk:
    """The desk over an engine batch."""

    def __init__(self, batch: RecordBatch, app: Revmark) -> None:
        """Keep papers in `batch`'s tables and outputs."""
        self._batch = batch
        self._prefix = app.names.prefix
        self._tables = (app.ledger, app.cursors)

    @property
    def ledger(self) -> View:
        """The ledger's view."""
        return self._batch.table(self._tables[0])

    @property
    def cursors(self) -> View:
        """The cursors' view."""
        return self._batch.table(self._tables[1])

    def send(self, topic: str, key: str, value: Wire) -> None:
        """Stage an output."""
        self._batch.send(f"{self._prefix}{topic}", key=key.encode(), value=value.to_bytes())

    async def write(self) -> None:
        """Make everything so far durable; the batch goes on."""
        await self._batch.write()


class Office:
    """The lanes of this worker's connections, made when first needed."""

    def __init__(self, app: Revmark) -> None:
        """Serve the connections of `app`'s settings."""
        self._app = app
        self._lanes: dict[str, Lane] = {}
        self._desks: dict[str, Desk] = {}
        self._polled: dict[str, datetime] = {}
        self._swept: dict[str, datetime] = {}
        settings = app.settings
        self._connections: dict[str, Platform] = {str(settings.connection(name)): name for name in PLATFORMS}

    def lane(self, connection: str, desk: Desk) -> Lane | None:
        """The lane of a connection, working on `desk` from now on; None: no such connection is set up here."""
        platform = self._connections.get(connection)
        if platform is None:
            return None
        self._desks[connection] = desk
        if connection not in self._lanes:
            made = client(platform, self._app.settings, self._app.contract, lambda: self._desks[connection])
            self._lanes[connection] = Lane(made, self._app.settings.tenant, connection, _now)
        return self._lanes[connection]

    def misrouted(self, batch: RecordBatch, connection: str) -> None:
        """Quarantine work for a connection that this deployment does not have."""
        known = ", ".join(self._connections)
        reason = f"no connection {connection} is set up here (there are: {known}); set REVMARK_TENANT and credentials"
        for record in batch:
            if f'"connection":"{connection}"'.encode() in (record.value or b""):
                batch.quarantine(record, reason=reason)

    async def tick(self) -> None:
        """Wake every connection of ours whose time has come."""
        now = _now()
        for connection, platform in self._connections.items():
            topic = self._app.names.name(self._app.names.lane(platform))
            if not self._app.is_ready or not self._app.owns(topic, connection.encode()):
                self._forget(connection)
                continue
            work = self._due(connection, now)
            if work is not None:
                await self._app.produce(topic, connection.encode(), work.to_bytes())

    def _due(self, connection: str, now: datetime) -> Poll | Resume | None:
        lane = self._lanes.get(connection)
        tenant = self._app.settings.tenant
        if lane is not None and lane.due is not None and now >= lane.due:
            lane.due = None
            return Resume(tenant=tenant, connection=connection, at=now)
        settings = self._app.settings
        polled = self._polled.get(connection)
        if polled is not None and now - polled < timedelta(seconds=settings.poll_every):
            return None
        swept = self._swept.setdefault(connection, now)
        sweep = now - swept >= timedelta(seconds=settings.sweep_every)
        if sweep:
            self._swept[connection] = now
        self._polled[connection] = now
        return Poll(tenant=tenant, connection=connection, sweep=sweep, at=now)

    def _forget(self, connection: str) -> None:
        """Another worker has the connection: what we know of it would be stale when it comes back."""
        self._lanes.pop(connection, None)
        self._polled.pop(connection, None)


def _now() -> datetime:
    return datetime.now(UTC)
