"""The office: this worker's lanes, and the clock that wakes them.

A worker owns a connection while it owns the lane topic's partition of that connection's key; only then does it tick.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from schemas.change import Change
from schemas.command import Poll, Read, Resume, parse_work
from schemas.contract import Contract
from schemas.contract.objects import chosen, moved
from schemas.errors import Refused
from schemas.names import Platform, Side, connection_id, ref
from schemas.wire import Wire, encode
from streams.engine import BatchTable, Record, RecordBatch, Revoked, TooLarge
from streams.engine.errors import Misconfigured
from streams.lanes import status
from streams.lanes.brakes import Limits
from streams.lanes.desk import Desk
from streams.lanes.lane import PERHAPS, Lane, Work
from streams.lanes.status import Snapshot
from streams.platforms.interface import PlatformClient
from streams.platforms.registry import PLATFORMS, client
from streams.settings import Settings
from streams.topics import Topics
from streams.tracing import Tracer, carried
from tables.view import View


class Deployment(Protocol):
    """What lanes need of the app."""

    settings: Settings
    contract: Contract
    names: Topics
    ledger: BatchTable
    cursors: BatchTable

    @property
    def is_ready(self) -> bool:
        """Whether this worker has its partitions."""
        ...

    def owns(self, topic: str, key: bytes) -> bool:
        """Whether a key's partition is this worker's now."""
        ...

    async def produce(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Write one record and wait until it is acknowledged."""
        ...


Make = Callable[[Platform, Settings, Contract, Callable[[], Desk]], PlatformClient]


def _now() -> datetime:
    return datetime.now(UTC)


class BatchDesk:
    """The desk over an engine batch."""

    def __init__(self, batch: RecordBatch, app: Deployment) -> None:
        """Keep papers in `batch`'s tables and outputs."""
        self._batch = batch
        self._prefix = app.names.prefix
        self._quarantine = app.names.name(app.names.quarantine)
        self.ledger: View = batch.table(app.ledger)
        self.cursors: View = batch.table(app.cursors)

    def send(self, topic: str, key: str, value: Wire) -> None:
        """Stage an output; one that no topic would take goes to quarantine instead, and its neighbours go on."""
        content = value.to_bytes()
        try:
            self._batch.send(f"{self._prefix}{topic}", key=key.encode(), value=content, headers=carried())
        except TooLarge:
            self._set_aside(f"{self._prefix}{topic}", key, value, len(content))

    def _set_aside(self, topic: str, key: str, value: Wire, size: int) -> None:
        """Quarantine what is too large, by its name; of a record, with the hint that reads it again."""
        held: dict[str, object] = {"source": topic, "size": size}
        what = type(value).__name__
        if isinstance(value, Change):
            connection = connection_id(value.tenant, value.platform)
            key = what = ref(value.platform, value.kind, value.record_id)
            hint = Read(
                tenant=value.tenant,
                connection=connection,
                kind=value.kind,
                record_ids=[value.record_id],
                at=value.seen_at,
            )
            held["value"] = base64.b64encode(hint.to_bytes()).decode()
        held["key"] = base64.b64encode(key.encode()).decode()
        held["reason"] = (
            f"{what} is {size:,} bytes, which is more than {topic} takes: it was not passed on. "
            "Make it smaller on the platform; its next change is read again"
        )
        self._batch.send(self._quarantine, key=key.encode(), value=encode(held))

    async def write(self) -> None:
        """Make everything so far durable; the batch goes on."""
        await self._batch.write()

    def check(self) -> None:
        """Raise `Revoked` when the partition was taken away, or may have been."""
        self._batch.check()


class Office:
    """The lanes of this worker's connections, made when first needed."""

    def __init__(
        self,
        app: Deployment,
        *,
        make: Make = client,
        clock: Callable[[], datetime] = _now,
        tracer: Tracer | None = None,
    ) -> None:
        """Serve the connections of `app`'s settings; `make` makes the clients."""
        self._app = app
        self._tracer = tracer
        self._make = make
        self._clock = clock
        self._lanes: dict[str, Lane] = {}
        self._desks: dict[str, Desk] = {}
        self._polled: dict[str, datetime] = {}
        self._epochs: dict[str, int] = {}  # of the last batch of each connection
        self._limits = Limits(app.contract.all_brakes, app.contract.timezone)
        settings = app.settings
        self._connections: dict[str, Platform] = {str(settings.connection(name)): name for name in PLATFORMS}

    async def work(self, batch: RecordBatch) -> None:
        """Do one partition's batch of lane work; what is no work, or nobody's, is quarantined record by record."""
        works: defaultdict[str, list[tuple[Record, Work]]] = defaultdict(list)
        for record in batch:
            try:
                found = parse_work(record.value)
                works[found.connection].append((record, found))
            except Refused as error:
                batch.quarantine(record, reason=error.message)
        desk = BatchDesk(batch, self._app)
        for connection, pairs in works.items():
            lane = self.lane(connection, desk)
            if lane is not None:
                if self._epochs.get(connection) != batch.epoch:
                    self._agree(desk, connection)
                    self._epochs[connection] = batch.epoch
                    lane.forget()  # between two epochs the connection may have been another worker's
                if self._tracer is not None:
                    for record, each in pairs:
                        lane.trail.hear(each, record.headers)
                await lane.work(desk, [each for _, each in pairs])
                continue
            for record, _ in pairs:
                batch.quarantine(record, reason=self._unknown(connection))

    def _agree(self, desk: Desk, connection: str) -> None:
        """Note on which objects of the CRM the contract shows records, the first time and whenever more are shown.

        Those of payments, orders and subscriptions the lane notes with the first that is taken: a portal may turn out
        to have none of HubSpot's, or no pipeline for them.

        Raises:
            Misconfigured: it has other ones now; nothing was read or written.
        """
        platform = self._connections[connection]
        if platform != self._app.contract.platforms.on(Side.CRM):
            return
        standing = status.load(desk.cursors, connection)
        if why := moved(standing.objects, self._app.contract):
            raise Misconfigured(f"the contract cannot go on here: {why}. Nothing was read or written")
        now = {kind: name for kind, name in chosen(self._app.contract).items() if kind not in PERHAPS.values()}
        standing.objects = standing.objects | now
        status.save(desk.cursors, connection, standing)

    def lane(self, connection: str, desk: Desk) -> Lane | None:
        """The lane of a connection, working on `desk` from now on; None: no such connection is set up here."""
        platform = self._connections.get(connection)
        if platform is None:
            return None
        self._desks[connection] = desk
        if connection not in self._lanes:
            settings = self._app.settings
            made = self._make(platform, settings, self._app.contract, lambda: self._desks[connection])
            every = timedelta(seconds=settings.sweep_every)
            gate = self._app.contract.digest if settings.gated else ""
            self._lanes[connection] = Lane(
                made, settings.tenant, connection, self._clock, sweep_every=every, limits=self._limits, gate=gate,
                tracer=self._tracer, arrives_within=timedelta(seconds=settings.arrives_within),
                objects=self._perhaps(platform),
            )  # fmt: skip
        return self._lanes[connection]

    def _perhaps(self, platform: Platform) -> dict[str, str]:
        contract = self._app.contract
        objects = chosen(contract) if platform == contract.platforms.on(Side.CRM) else {}
        return {kind: objects[kind] for kind in PERHAPS.values() if kind in objects}

    def _unknown(self, connection: str) -> str:
        """Why work for a connection that this deployment does not have cannot be done."""
        known = ", ".join(self._connections)
        return f"no connection {connection} is set up here (there are: {known}); set REVMARK_TENANT and credentials"

    def snapshot(self) -> dict[str, Snapshot]:
        """Every connection that this worker owns, as it stood after its last batch; any thread may ask."""
        return {connection: lane.snapshot for connection, lane in list(self._lanes.items())}

    async def tick(self) -> None:
        """Wake every connection of ours whose time has come."""
        now = self._clock()
        for connection, platform in self._connections.items():
            topic = self._app.names.name(self._app.names.lane(platform))
            if not self._app.is_ready or not self._app.owns(topic, connection.encode()):
                await self._forget(connection)
                continue
            work = self._due(connection, now)
            if work is not None:
                try:
                    await self._app.produce(topic, connection.encode(), work.to_bytes())
                except Revoked:  # partitions move: whoever has the connection then wakes it, perhaps we
                    self._not_woken(connection, work)

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
        self._polled[connection] = now
        return Poll(tenant=tenant, connection=connection, at=now)  # a sweep that is due is the lane's to know

    def _not_woken(self, connection: str, work: Poll | Resume) -> None:
        """Let a connection be woken at the next tick, should it be ours by then."""
        lane = self._lanes.get(connection)
        if isinstance(work, Poll):
            self._polled.pop(connection, None)
        elif lane is not None:
            lane.due = work.at

    async def _forget(self, connection: str) -> None:
        """Another worker has the connection: what we know of it would be stale when it comes back.

        A lane that is still at work ends its batch first; the next tick looks again.
        """
        self._polled.pop(connection, None)
        lane = self._lanes.get(connection)
        if lane is None or lane.at_work:
            return
        del self._lanes[connection]
        await lane.client.close()
