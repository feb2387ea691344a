"""Readiness: whether this deployment is at work, as its topics and its group of workers tell.

In: settings, the contract, the broker. Out: how many workers there are, what stands in the way, and the calls to Xero
that still count. Nothing is written, and no platform is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka.errors import GroupCoordinatorNotAvailableError

from console.output import moment
from console.projection.cluster import admin
from console.projection.delivery import topics_of
from console.recorded import Reader
from schemas.contract import Contract
from schemas.contract.objects import moved
from schemas.names import Side
from streams.lanes import status
from streams.platforms.registry import PLATFORMS
from streams.platforms.shares import SHARES
from streams.settings import Settings
from tables.view import MemoryView

MEMBERS = 5  # the place of a group's members in Kafka's answer


@dataclass(frozen=True, slots=True)
class Readiness:
    """The deployment at a moment. `obstacles` are sentences that end in what to do."""

    workers: int
    obstacles: list[str] = field(default_factory=list)
    spent: list[int] = field(default_factory=list)


async def look(settings: Settings, contract: Contract) -> Readiness:
    """Look now.

    Raises:
        Transient: the broker does not answer.
    """
    rows = await Reader(settings).rows(topics_of(settings).cursors)
    workers = await _workers(settings)
    found = list(obstacles(settings, contract, rows, datetime.now(UTC)))
    if why := changed_objects(settings, contract, rows):
        found = [why, *found]
    if not workers:
        found = [f"no worker of the group {settings.group} is running. Next: revmark worker", *found]
    xero = status.load(MemoryView(dict(rows)), str(settings.connection("xero")))
    return Readiness(workers, found, xero.spent)


async def _workers(settings: Settings) -> int:
    async with admin(settings.kafka) as client:
        try:
            answers = await client.describe_consumer_groups([settings.group])
        except GroupCoordinatorNotAvailableError:  # no group has met on it yet
            return 0
        return sum(len(group[MEMBERS]) for answer in answers for group in answer.groups)


def changed_objects(settings: Settings, contract: Contract, rows: Mapping[str, Any]) -> str:
    """Why workers would not start under this contract, where they have shown records on other objects; else empty."""
    crm = str(settings.connection(contract.platforms.on(Side.CRM)))
    return moved(status.load(MemoryView(dict(rows)), crm).objects, contract)


def parked(settings: Settings, rows: Mapping[str, Any], now: datetime) -> Iterator[tuple[str, status.Standing]]:
    """The connections on which nothing is called, with why. Pure."""
    view = MemoryView(dict(rows))
    for platform in PLATFORMS:
        connection = str(settings.connection(platform))
        standing = status.load(view, connection)
        if standing.stands_still(now):
            yield connection, standing


def obstacles(settings: Settings, contract: Contract, rows: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """What the lanes' rows say stands in the way of a write. Pure."""
    view = MemoryView(dict(rows))
    for platform in PLATFORMS:
        connection = str(settings.connection(platform))
        standing = status.load(view, connection)
        if standing.stands_still(now):
            until = moment(standing.parked_until())
            yield f"the connection {connection} is parked until {until} UTC: {standing.why}. Next: revmark status"
        unread = [each for each in SHARES[platform].entities if not status.cursor(view, connection, each).complete]
        if unread:
            said = ", ".join(each.replace("_", " ") for each in unread)
            yield f"the first reading of {platform} has not ended ({said}). Next: revmark backfill status"
        if settings.gated and standing.approved != contract.digest:
            yield (
                f"workers are gated and write nothing to {platform} that no plan named. "
                "Next: revmark plan --out plan.json, then: revmark apply plan.json --stay-open"
            )
