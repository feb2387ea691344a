"""Progress: the long readings of each connection, how far they are, and how long they still take.

In: the readings as the lanes told of them, the time. Out: one summary for each connection and sort of reading. What is
left is divided by the rate since it last went on, and is no less than what the quota lets a backfill take.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from console.projection.listing import find
from console.projection.store import Store
from schemas.names import Platform
from schemas.reading import READINGS, ReadingState
from streams.platforms import shares

MOST = 1_000  # rows: connections by kinds
FAILING = 3  # attempts in a row after which a person should look: some fifteen seconds
EARLY = 5  # seconds that a rate is measured over before it is believed
CLOSED = {"dropped", "done"}
State = Literal["running", "waiting", "failing", "stopped", "dropped", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One connection's first readings, or its backfill, over all kinds.

    `total` and `seconds_left` are None where the platform has not said enough; `days` is how many days of the smallest
    tier's quota the rest takes; `rate` is in records a second.
    """

    connection: str
    platform: Platform
    what: Literal["first", "backfill"]
    state: State
    read: int
    total: int | None
    rate: float | None
    seconds_left: int | None
    calls_left: int | None
    days: int
    until: datetime | None
    why: str
    at: datetime
    kinds: tuple[ReadingState, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return READINGS[self.what]

    @property
    def open(self) -> bool:
        """Whether it has not come to its end."""
        return self.state not in CLOSED

    def document(self) -> dict[str, Any]:
        """As JSON."""
        told = {name: value for name, value in asdict(self).items() if name not in {"kinds", "until", "at"}}
        times = {"until": self.until.isoformat() if self.until else None, "at": self.at.isoformat()}
        return told | times | {"kinds": [each.model_dump(mode="json") for each in self.kinds]}


def progress(store: Store, now: datetime) -> list[Progress]:
    """Every connection's first readings and latest backfill, as of `now`."""
    groups: dict[tuple[str, str], list[ReadingState]] = {}
    for state in find(store, ReadingState, limit=MOST):
        groups.setdefault((state.connection, state.what), []).append(state)
    return [_told(_latest(rows), now) for _, rows in sorted(groups.items())]


def failing(store: Store) -> int:
    """How many kinds cannot be read, however often it is tried."""
    rows = find(store, ReadingState, limit=MOST)
    return sum(row.state == "running" and row.failures >= FAILING for row in rows)


def _latest(rows: list[ReadingState]) -> list[ReadingState]:
    """Of backfills those that one word asked for, the last one, and what an earlier one has left open."""
    if rows[0].what == "first":
        return rows
    newest = max(row.asked_at for row in rows)
    return [row for row in rows if row.asked_at == newest or row.state not in CLOSED]


def _told(rows: list[ReadingState], now: datetime) -> Progress:
    first = rows[0]
    running = [row for row in rows if row.state == "running"]
    ahead = [row for row in rows if row.state not in CLOSED]
    state, waits = _state(running, now) if ahead else (_end(rows), None)
    left = None if any(row.left is None for row in ahead) else sum(row.left or 0 for row in ahead)
    read, rate = sum(row.read for row in rows), _rate(rows, running)
    calls = None if left is None else shares.calls(first.platform, [(row.kind, row.left or 0) for row in ahead])
    least = 0 if calls is None else shares.seconds(first.platform, calls)
    known = left is not None and (rate is not None or first.what == "backfill")
    return Progress(
        connection=first.connection,
        platform=first.platform,
        what=first.what,
        state=state,
        read=read,
        total=None if left is None else read + left,
        rate=None if rate is None else round(rate, 2),
        seconds_left=max(least, math.ceil((left or 0) / rate) if rate else 0) if known else None,
        calls_left=calls,
        days=0 if calls is None else math.ceil(calls / shares.SHARES[first.platform].day),
        until=waits.until if waits else None,
        why=waits.why if waits else "",
        at=max(row.at for row in rows),
        kinds=tuple(rows),
    )


def _state(running: list[ReadingState], now: datetime) -> tuple[State, ReadingState | None]:
    """How it stands while it has not come to its end, and the kind that says why."""
    failing = [row for row in running if row.failures >= FAILING]
    if failing:
        return "failing", failing[0]
    waits = [row for row in running if row.until is not None and row.until > now]
    if running:
        return ("waiting", waits[0]) if len(waits) == len(running) else ("running", None)
    return "stopped", None


def _end(rows: list[ReadingState]) -> State:
    return "dropped" if any(row.state == "dropped" for row in rows) else "done"


def _rate(rows: list[ReadingState], running: list[ReadingState]) -> float | None:
    """Records a second, over all kinds, since those that run last went on; they take turns."""
    if not running:
        return None
    begun = min(row.from_at for row in running)
    ran = [row for row in rows if row.state == "running" or row.from_at >= begun]
    seconds = (max(row.at for row in ran) - begun).total_seconds()
    count = sum(row.read - row.from_read for row in ran)
    return count / seconds if seconds >= EARLY and count else None
