"""Hints: what a webhook's events ask to be read again.

In: events as each platform understands them. Out: lane work, and erasures for capture. Invariants: one read per kind,
every record once, in the order of the events; a record's events are named only where each of them has a name that no
other event has, so that the lane can tell the same event sent twice from two events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.change import Erasure
from schemas.command import Event, Poll, Read
from schemas.errors import Refused
from schemas.names import Platform, Side, connection_id
from schemas.wire import fingerprint, value_hash


@dataclass(slots=True)
class Hints:
    """The records that one request points at, by kind, and what became of its events."""

    records: dict[str, dict[str, None]] = field(default_factory=dict)  # dicts keep order and drop doubles
    erased: dict[str, dict[str, None]] = field(default_factory=dict)  # told for good: there is nothing left to read
    events: dict[str, dict[str, dict[str, Event]]] = field(default_factory=dict)  # kind -> record -> name -> event
    nameless: set[tuple[str, str]] = field(default_factory=set)  # records with an event that has no name
    results: Counter[str] = field(default_factory=Counter)
    poll: list[str] = field(default_factory=list)  # kinds to poll, because events were lost on the way
    span: tuple[int, int] | None = None  # first and last number of the request's events, where a platform counts them

    def add(self, kind: str, record_ids: Iterable[str], event: Event | None = None) -> None:
        """Ask for records of a kind because of an event, named if it has a name."""
        ids = dict.fromkeys(record_ids)
        self.records.setdefault(kind, {}).update(ids)
        for each in ids:
            if event is None:
                self.nameless.add((kind, each))
            else:
                self.events.setdefault(kind, {}).setdefault(each, {})[event.name] = event

    def _named(self, kind: str) -> dict[str, list[Event]]:
        """The events of those records of a kind of which every event has a name."""
        named = self.events.get(kind, {}).items()
        return {each: list(events.values()) for each, events in named if (kind, each) not in self.nameless}

    @property
    def number(self) -> int:
        """How many records are asked for."""
        return sum(len(ids) for ids in self.records.values())

    def erasures(self, tenant: str, platform: Platform, side: Side, at: datetime) -> list[Erasure]:
        """What was erased under privacy law. A reading could not tell it from what was deleted."""
        return [
            Erasure(tenant=tenant, platform=platform, side=side, kind=kind, record_id=each, seen_at=at)
            for kind, ids in self.erased.items()
            for each in ids
        ]

    def work(self, tenant: str, platform: str, at: datetime) -> list[Read | Poll]:
        """The lane work that these hints make."""
        connection = connection_id(tenant, platform)
        work: list[Read | Poll] = [
            Read(tenant=tenant, connection=connection, kind=kind, record_ids=list(ids), events=self._named(kind), at=at)
            for kind, ids in self.records.items()
        ]
        if self.poll:
            work.append(Poll(tenant=tenant, connection=connection, kinds=self.poll, missed=True, at=at))
        return work


def named(occurred: int, *parts: object, says: tuple[str, Any] | None = None, made: bool = False) -> Event | None:
    """An event, named by everything in it that is the same whenever it is sent. None: that cannot be written.

    `says`: a field and the value that it had from then on. Of the value only a hash goes onto the topic. `made`: it
    says that the record was made, and no more.
    """
    try:
        name = fingerprint(list(parts))
        if says is None:
            return Event(name=name, occurred=occurred, made=made)
        return Event(name=name, occurred=occurred, made=made, field=says[0], value=value_hash(says[1]))
    except Refused:
        return None
