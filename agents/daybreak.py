"""Daybreak: a worker's look at the calendar, for those of its customers that wait for a day.

In: the customers' rows, the clock. Out: a dawn onto the topic `facts`, to each customer that has something due. Only
here does time enter: what is due is judged where the dawn lies among the customer's findings. Invariant: a dawn that is
lost is said again, at the next look of whoever has the customer then; one that is said twice changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from schemas.contract import Contract
from schemas.dawn import Dawn
from schemas.instants import business_day
from streams.engine import Revoked
from streams.topics import Topics

LOOK = 60.0  # seconds between looks at the calendar: what a day's first task is late by at most


class Rows(Protocol):
    """A table that can be walked."""

    def walk(self, prefix: str) -> AsyncIterator[tuple[str, Any]]:
        """Iterate over our own entries whose keys begin so."""
        ...


class Deployment(Protocol):
    """What it needs of the app."""

    contract: Contract
    names: Topics

    @property
    def accounts(self) -> Rows:
        """The customers' rows."""
        ...

    @property
    def epoch(self) -> int:
        """Which share of the partitions this is: another one has other customers."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether this worker has its partitions."""
        ...

    async def produce(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Write one record and wait until it is acknowledged."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class Daybreak:
    """Looks once an hour, and once more after each change of partitions.

    Once a day would do, were everything judged at once: what is still on its way at midnight is found an hour later.
    """

    def __init__(self, app: Deployment, *, clock: Callable[[], datetime] = _now) -> None:
        """Look at `app`'s customers."""
        self._app = app
        self._clock = clock
        self._looked: tuple[int, str] | None = None
        timed = any(each.days is not None for each in app.contract.automations)
        self._wanted = timed or app.contract.timing.subscriptions is not None

    async def tick(self) -> None:
        """Look where nobody has looked in this hour."""
        app = self._app
        if not (self._wanted and app.is_ready):
            return
        now = self._clock()
        day = business_day(now, app.contract.timezone)
        look = (app.epoch, f"{now:%Y-%m-%dT%H}")
        if look == self._looked:
            return
        due = [
            name
            async for name, row in app.accounts.walk("c|")
            if min(row.get("alarms", {}).values(), default="~") <= day
        ]
        try:
            for name in due:
                _, tenant, customer = name.split("|", 2)
                dawn = Dawn(tenant=tenant, customer=customer, at=now)
                await app.produce(app.names.name(app.names.facts), f"{tenant}|{customer}".encode(), dawn.to_bytes())
        except Revoked:
            return  # partitions move: whoever has the customers then looks again, perhaps we
        self._looked = look
