"""What a platform must offer: read, poll, write, look up. One folder per platform fulfils it.

In: canonical commands, record ids, cursors. Out: records as the platform showed them, and what became of each command.
A client holds no state that must survive: cursors, grants and the ledger are the lane's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypedDict, Unpack, runtime_checkable

from schemas.command import Command, Event
from schemas.names import Entity, Platform, Side


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as the platform showed it. `version` is its modified time in milliseconds since 1970.

    Only times that the platform itself showed are versions, for a record is stale below its newest. A record that is
    gone carries the time of its deletion where the platform tells it, else the last version that this client has seen,
    else 0: then it is news about what is known of the record, and older than whatever the platform shows of it later.
    `fields`: the record's own values by the names that the platform's events call them, as the events spell them.
    """

    kind: str
    record_id: str
    version: int
    raw: dict[str, Any]
    deleted: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a poll. `cursor` resumes after it; `complete` says that nothing more is there for now.

    `left` are the records that come behind it, where the platform says how many: it counts what the page passed over
    as well, for which `passed` stands. Of a page that is not `asked` for, the platform was told nothing: too soon.
    """

    records: list[Seen]
    cursor: str
    complete: bool
    left: int | None = None
    passed: int = 0
    asked: bool = True

    @property
    def count(self) -> int:
        """Records that it has gone past: those it shows, and those it passed over."""
        return len(self.records) + self.passed

    def left_of(self, before: int | None) -> int | None:
        """What comes behind it: as the platform says, else counted down from what was to come `before`."""
        return self.left if self.left is not None else before and max(before - self.count, 0)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one command.

    `applied` and `refused` are final; a refused create that names a record has made it in that version, and only a
    link of it was refused. `unknown`: the answer was lost, look it up. `again`: nothing was written, and the same
    command may be sent once `until` has passed. `moved`: nothing was written, for the record lives on in another one,
    which is `seen`: the values were judged for the one that was merged away. A platform that locks records says the
    same of one whose lock did not hold, and every platform of one that has ended, with the code `gone` and its end as
    what is `seen` first: nobody is asked about a record that is not there.
    """

    command: str
    state: Literal["applied", "refused", "unknown", "again", "moved"]
    ref: str | None = None
    version: int | None = None
    code: str = ""
    message: str = ""
    until: datetime | None = None
    seen: list[Seen] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mention:
    """A record that a feed names. `events` say what it has to show; without any it has to be read whatever it showed.

    `erased`: its person was erased under privacy law, which no reading of it could tell.
    """

    kind: str
    record_id: str
    events: tuple[Event, ...] = ()
    erased: bool = False


class Manner(TypedDict, total=False):
    """How a platform is polled; what is not said is not so."""

    sweep: bool
    """All of it."""
    spare: bool
    """It takes only what of the quota nothing else is likely to need, and leaves no trace in other polls."""
    missed: bool
    """Webhooks may have been missed since the last one: what is listed seldom, because they tell of it, is as well."""
    anew: bool
    """What is read is to be judged again, so it must not seem older than what was shown of it before."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a feed, in its order. `cursor` resumes behind it; `complete` says that nothing more is there for now.

    `anew`: what the feed had kept behind the last cursor is gone, so that everything has to be read. `results` counts
    what became of its entries: what is not `accepted` was passed over.
    """

    mentions: Sequence[Mention]
    cursor: str
    complete: bool = False
    anew: bool = False
    results: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unique:
    """A field that no two records of a kind may share on a platform; `said` is how it refuses the second.

    `joins`: a create that finds the value there already writes what is empty there, and makes no second record.
    `apart`: how it is refused all the same where that record is another customer's, by `value` and `ref`; empty: never.
    """

    field: str
    said: str
    joins: bool = False
    apart: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What reading a platform's records takes, and what of its quota a backfill may take, on the smallest tier.

    By kind: the entities that it holds, records a page, calls a page. `minute` and `day` are calls; of a day there are
    `day_calls` in all.
    """

    entities: Mapping[str, tuple[Entity, ...]]
    page: Mapping[str, int]
    calls: Mapping[str, int]
    minute: int
    day: int
    day_calls: int


class Feed(Protocol):
    """A platform's own log of what changed, in order: beside polls, which go on and need nothing of it."""

    def follow(self, cursor: str | None) -> AsyncIterator[Stretch]:
        """Read on behind `cursor`; where there is none, from now on.

        Raises:
            Throttled, Parked, Transient, Refused: what was given stands; go on from the last cursor. None of them says
                anything about other calls: a feed may have a limit and a grant of its own.
        """
        ...


@runtime_checkable
class Fed(Protocol):
    """A client of a platform that has a feed."""

    @property
    def feed(self) -> Feed | None:
        """The feed; None: it is not enabled."""
        ...


@runtime_checkable
class Asks(Protocol):
    """A client of a platform that can be asked for many records by what they were named."""

    def look_up_many(self, commands: Sequence[Command]) -> AsyncIterator[Mapping[str, Written | None]]:
        """Find out as `look_up` does, in few calls; a command that is in no answer has to be looked up by itself.

        Raises:
            Throttled, Parked, Transient: what was given stands.
        """
        ...


@runtime_checkable
class Knows(Protocol):
    """A client of a platform that finds a record by more values of what is unique than it shows."""

    async def known_by(self, entity: Entity, values: Sequence[str]) -> Mapping[str, str]:
        """Those of the values by which it finds a record that shows another one: value -> the record's reference.

        Raises:
            Throttled, Parked, Transient, Refused: nothing is known.
        """
        ...


class PlatformClient(Protocol):
    """One connection's client.

    Every method may raise Throttled, Parked or Transient (nothing was written), `read` and `poll` also Refused, and
    never a bare httpx error.
    """

    platform: Platform
    side: Side
    kinds: tuple[str, ...]
    """What is polled, in the order in which a first reading makes sense."""

    async def read(self, kind: str, record_ids: Sequence[str]) -> list[Seen]:
        """Read records now, batched; a record that is gone comes back as `deleted`.

        Raises:
            Refused: the kind is not followed, or the platform refuses to show these records: asking again is refused
                again, and only this reading ends with it.
            Throttled, Parked, Transient: nothing was changed; ask again.
        """
        ...

    def poll(self, kind: str, cursor: str | None, **manner: Unpack[Manner]) -> AsyncIterator[Page]:
        """Read what changed since `cursor` (all, when None or `sweep`), overlapping by two minutes.

        A cursor that is not of this client, as one of another version, is as good as none: all is read anew.

        Raises:
            Refused: the kind is not followed, or the platform refuses to list these records.
            Throttled, Parked, Transient: the pages already given stand; go on from the last cursor.
        """
        ...

    def since(self, kind: str, at: datetime) -> str:
        """The cursor of a poll that reads what was modified from `at` on.

        Raises:
            Refused: the kind is not followed.
        """
        ...

    async def write(self, commands: Sequence[Command]) -> list[Written]:
        """Write, batched where the platform can, one answer per command, in any order."""
        ...

    async def look_up(self, command: Command) -> Written | None:
        """Find out whether a command whose answer was lost has been applied; None: it has not, so far.

        Of one that compares, an edit that it is found to have gone over unseen is put back: then it has not.
        """
        ...

    def spent(self) -> list[int]:
        """When the calls were made that a limit longer than a takeover still holds: milliseconds since 1970.

        The lane keeps them, so that whoever takes the connection over calls no more than is left.
        """
        ...

    def resume(self, spent: Sequence[int]) -> None:
        """Go on from another worker: count the calls it has made. Told twice, they count once."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
