"""Work for a lane, as the tests ask for it, and the clock they move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from schemas.command import Backfill, Command, Poll, Read, Release, Resume, Withdrawal
from schemas.names import Entity, Side

__all__ = [
    "CONNECTION", "START", "TENANT", "Clock", "backfill", "command", "create", "poll", "read", "release", "resume",
    "update", "withdraw",
]  # fmt: skip

TENANT = "main"
CONNECTION = "main.xero"
START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    """A clock that only tests move."""

    now: datetime = START

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def command(number: int, kind: str, entity: Entity = Entity.INVOICE, **more: Any) -> Command:
    """A command of the lane under test."""
    parts: dict[str, Any] = {
        "id": f"c{number}",
        "tenant": TENANT,
        "connection": CONNECTION,
        "platform": "xero",
        "side": Side.ERP,
        "kind": kind,
        "entity": entity,
        "customer": "company:acme",
        "record": f"{entity.value}:{number}",
        "fields": {"name": f"v{number}"},
        "at": START,
    }
    return Command.model_validate(parts | more)


def create(number: int, **more: Any) -> Command:
    """A create with a natural key."""
    return command(number, "create", **({"natural_key": f"RM-{number}"} | more))


def update(number: int, **more: Any) -> Command:
    """An update of a field of its own in the record `u1`, which the platform has to hold."""
    fields = {f"name{number}": f"v{number}"}
    return command(number, "update", **({"ref": "xero/invoice/u1", "record": "invoice:u1", "fields": fields} | more))


def read(clock: Clock, kind: str, *numbers: str) -> Read:
    """A hint."""
    return Read(tenant=TENANT, connection=CONNECTION, kind=kind, record_ids=list(numbers), at=clock())


def poll(clock: Clock, *kinds: str, sweep: bool = False) -> Poll:
    """A poll."""
    return Poll(tenant=TENANT, connection=CONNECTION, kinds=list(kinds), sweep=sweep, at=clock())


def backfill(clock: Clock, act: Literal["start", "stop", "resume", "drop"] = "start", **more: Any) -> Backfill:
    """A person's word on a backfill."""
    return Backfill(tenant=TENANT, connection=CONNECTION, act=act, at=clock(), **more)


def release(clock: Clock, rule: str, entity: Entity = Entity.INVOICE) -> Release:
    """Kim's word that a rule may go on."""
    return Release(
        tenant=TENANT, connection=CONNECTION, entity=entity, rule=rule, who="kim", why="meant so", at=clock()
    )


def resume(clock: Clock) -> Resume:
    """A wake-up."""
    return Resume(tenant=TENANT, connection=CONNECTION, at=clock())


def withdraw(clock: Clock, taken: Command) -> Withdrawal:
    """The word that a command is wanted no more."""
    return Withdrawal(
        tenant=TENANT, connection=CONNECTION, command=taken.id, record=taken.record, why="called off", at=clock()
    )
