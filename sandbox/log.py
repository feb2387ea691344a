"""What happened to an emulator: every call it got, every write it accepted.

In: calls and writes, as they happen. Out: lists, for tests that recount independently of the code under test.
Invariant: a write is logged once, in the order in which it was applied; nothing is ever removed.
"""

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

Actor = Literal["api", "person", "tamper"]


@dataclass(frozen=True, slots=True)
class Call:
    """One API call; ``status`` is what the platform decided, ``fault`` what befell it on the way."""

    sequence: int
    at: datetime
    method: str
    path: str
    query: str
    status: int | None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One accepted write."""

    sequence: int
    at: datetime
    actor: Actor
    action: str  # create, update, delete, associate, ...
    resource: str  # the vendor's word for the type
    id: str
    keys: Mapping[str, str] = field(default_factory=dict)  # natural keys: e-mail, number, reference, unique values
    body: object = None  # what was asked, as it was asked


class CallLog:
    """All calls so far."""

    def __init__(self) -> None:
        self._sequence = itertools.count(1)
        self.calls: list[Call] = []

    def record(
        self, at: datetime, method: str, path: str, query: str, status: int | None, fault: str | None = None
    ) -> Call:
        """Add a call."""
        call = Call(next(self._sequence), at, method, path, query, status, fault)
        self.calls.append(call)
        return call

    def listing(self, since: int = 0) -> list[dict[str, object]]:
        """Show the calls after a sequence number."""
        return [asdict(call) for call in self.calls[since:]]  # they are numbered from one on


class WriteLog:
    """All accepted writes so far."""

    def __init__(self) -> None:
        self._sequence = itertools.count(1)
        self.writes: list[Write] = []

    def record(
        self,
        at: datetime,
        actor: Actor,
        action: str,
        resource: str,
        id: str,  # noqa: A002 - the field's name
        keys: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Write:
        """Add a write."""
        write = Write(next(self._sequence), at, actor, action, resource, id, dict(keys or {}), body)
        self.writes.append(write)
        return write

    def listing(self, actor: str | None = None, since: int = 0) -> list[dict[str, object]]:
        """Show the writes of one actor (or all) after a sequence number."""
        return [asdict(write) for write in self.writes[since:] if actor is None or write.actor == actor]
