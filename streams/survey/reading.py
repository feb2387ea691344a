"""Reading: what a connection's next polls would show, read by the lane itself on a desk that nobody else sees.

In: an onlooker, the connection's cursors as the workers left them. Out: changes and marks, in order. Invariant: the
lane gets cursors and nothing else of the workers' tables, so it finds no command that it could carry out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from schemas.change import Change
from schemas.command import Poll, Resume
from schemas.errors import Transient
from schemas.names import Entity
from schemas.wire import Wire
from streams.lanes import status
from streams.lanes.lane import Lane
from streams.survey.onlooker import Onlooker
from tables.view import MemoryView

TRIES = 4  # failures of one kind in a row after which the platform counts as unreachable: some 15 s of waits
LONGEST_WAIT = 120.0  # seconds that a plan waits for a quota; Xero's minute is 60, a spent day is not waited for

Tell = Callable[[str], None]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Reading:
    """What was read: values for the topic `changes`, how many records of each kind, and the calls it took.

    `cursors` are the connection's rows as the reading leaves them: they say how many records there are. `known_by` are
    values, beside those that are shown, by which records were found that were asked for: value -> reference.
    """

    arrivals: list[bytes] = field(default_factory=list)
    records: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    cursors: dict[str, Any] = field(default_factory=dict)
    known_by: dict[Entity, dict[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Desk:
    """A desk in memory."""

    cursors: MemoryView
    reading: Reading
    ledger: MemoryView = field(default_factory=MemoryView)
    resumed: bool = False

    def send(self, topic: str, key: str, value: Wire) -> None:  # noqa: ARG002 - there is one tenant
        """Keep what would go onto a topic."""
        if isinstance(value, Resume):
            self.resumed = True
        elif topic == "changes":
            self.reading.arrivals.append(value.to_bytes())
            if isinstance(value, Change):
                self.reading.records[value.kind] = self.reading.records.get(value.kind, 0) + 1

    async def write(self) -> None:
        """Nothing lasts."""

    def check(self) -> None:
        """It is nobody else's."""


async def read(
    onlooker: Onlooker,
    tenant: str,
    connection: str,
    cursors: Mapping[str, Any],
    *,
    sweep: bool = False,
    clock: Callable[[], datetime] = _now,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    tell: Tell = lambda _: None,
) -> Reading:
    """Read what the connection's next polls would show; with `sweep` everything.

    Raises:
        Transient: the platform cannot be read now; the message says why, and nothing was changed.
    """
    kept = {key: row for key, row in cursors.items() if key.startswith(f"{connection}|cursor|")}
    desk = _Desk(MemoryView({key: _at_rest(row) for key, row in kept.items()}), Reading())
    lane = Lane(onlooker, tenant, connection, clock)
    work: Poll | Resume = Poll(tenant=tenant, connection=connection, sweep=sweep, at=clock())
    while True:
        desk.resumed = False
        await lane.work(desk, [work])
        _give_up(desk, lane)
        if not any(place.open for place in _places(desk, lane)):
            break
        if not desk.resumed:
            await _wait(lane, clock, sleep, tell)
        work = Resume(tenant=tenant, connection=connection, at=clock())
    desk.reading.calls = onlooker.calls
    desk.reading.cursors = {key: row for key, row in desk.cursors.rows.items() if key in kept or "|cursor|" in key}
    return desk.reading


def _at_rest(row: dict[str, Any]) -> dict[str, Any]:
    """A cursor without the waits of the lane that left it."""
    return {**row, "failures": 0, "again": None}


def _places(desk: _Desk, lane: Lane) -> list[status.Cursor]:
    return [status.cursor(desk.cursors, lane.connection, kind) for kind in lane.client.kinds]


def _give_up(desk: _Desk, lane: Lane) -> None:
    """Raise when waiting will not help."""
    platform = lane.client.platform
    standing = status.load(desk.cursors, lane.connection)
    if standing.why and standing.until and not lane.line.dead:
        raise Transient(f"{platform} cannot be read: {standing.why}. Nothing was written", code="parked")
    if any(place.failures >= TRIES for place in _places(desk, lane)):
        why = lane.line.why or "it does not answer"
        raise Transient(f"{platform} cannot be read: {why}. Nothing was written", code="unreadable")


async def _wait(
    lane: Lane, clock: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]], tell: Tell
) -> None:
    seconds = max((lane.due - clock()).total_seconds(), 0.0) if lane.due else 1.0
    platform = lane.client.platform
    if seconds > LONGEST_WAIT:
        raise Transient(
            f"{platform} asks to wait until {lane.due:%Y-%m-%d %H:%M:%S} UTC: its calls are spent. Nothing was written",
            code="quota",
        )
    tell(f"{platform}: waiting {seconds:.0f} s for its quota")
    await sleep(seconds)
