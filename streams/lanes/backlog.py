"""The backlog: the commands of a connection that wait, first tier first, and within a tier the customers in turn.

In turn is the first record of each customer, then the second of each, a customer's own in the order in which they came:
one change of one customer does not wait behind the thousand of another.

Its rows are of bounded size: `<connection>|backlog` is the head, `...|<n>` lists up to ROW_SIZE records with the time
before which each is not tried and its customer, and `...|of|<record>` holds a record's commands and says where it is
listed. So a command is found, added and taken off without a look at the others. Invariant: a record that has a row of
its own is listed; whatever is written of a batch that dies, its commands come again and find their place or make it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from schemas.command import Command
from schemas.instants import parse_instant
from tables.view import View

ROW_SIZE = 200  # records a row: about 20 kB, one changelog record
TIERS = (1, 2, 3)
Lets = Callable[[str], bool]


class Listed(NamedTuple):
    """A record as it is listed; where an older release listed it, it is a customer of its own."""

    record: str
    row: int
    tier: int
    until: datetime | None
    customer: str = ""


def in_turn(waiting: Iterable[Listed]) -> Iterator[Listed]:
    """The first record of each customer, then the second of each, and so on: in each round as they came.

    Whoever has enough of the first round looks at no more of what waits.
    """
    before: Counter[str] = Counter()
    rounds: list[list[Listed]] = []
    for each in waiting:
        name = each.customer or each.record
        turn = before[name]
        before[name] += 1
        if not turn:
            yield each
            continue
        if turn > len(rounds):
            rounds.append([])
        rounds[turn - 1].append(each)
    for one in rounds:
        yield from one


def everything(_record: str) -> bool:
    """What a lane without a gate lets go."""
    return True


class Backlog:
    """One connection's waiting commands, as one batch works on them; nothing lasts before `save`."""

    def __init__(self, view: View, connection: str) -> None:
        """Open the connection's backlog."""
        self._view = view
        self._name = f"{connection}|backlog"
        self._rows: dict[str, Any] = {}  # by key: as it is to be, None where it is to be gone
        self._head: dict[str, Any] = self._row(self._name) or {
            "count": 0, "next": 0, "rows": {str(tier): [] for tier in TIERS}, "until": {},
        }  # fmt: skip
        self._rows[self._name] = self._head
        self.more = False

    def __len__(self) -> int:
        """How many commands wait."""
        return int(self._head["count"])

    def add(self, command: Command) -> None:
        """Put a command behind the others of its record; one that waits already stays where it is."""
        row = self._record(command.record)
        if row is None:
            row = {"ids": [], "tier": command.tier}
            row["row"] = self._list([command.record, None, command.customer], command.tier)
            self._rows[self._key(command.record)] = row
        elif command.id in row["ids"]:
            return
        elif command.tier < row["tier"]:
            until = self._unlist(command.record, row["row"], row["tier"])
            listed = [command.record, until, command.customer]
            row |= {"tier": command.tier, "row": self._list(listed, command.tier)}
        row["ids"].append(command.id)
        self._head["count"] += 1

    def of(self, record: str) -> list[str]:
        """The commands of a record that wait, in order."""
        row = self._record(record)
        return list(row["ids"]) if row else []

    def take(self, now: datetime, limit: int, lets: Lets = everything) -> dict[str, list[str]]:
        """The records whose time has come, with their commands, about `limit` of these; `more` says what is left.

        Records that the gate does not let go stay where they are.
        """
        taken: dict[str, list[str]] = {}
        strays: list[tuple[str, int, int]] = []
        room = limit
        self.more = False
        for each in self._due(now):
            row = self._record(each.record)
            if row is None or row["row"] != each.row:
                strays.append((each.record, each.row, each.tier))  # left by a batch that died while it was written
                continue
            if not lets(each.record):
                continue
            if room <= 0:
                self.more = True
                break
            taken[each.record] = list(row["ids"])
            room -= len(taken[each.record])
        for stray in strays:
            self._unlist(*stray)
        return taken

    def keep(self, record: str, left: list[str], until: datetime | None) -> None:
        """Of a record that was taken, keep what is left, until then at least."""
        row = self._record(record)
        if row is None:
            return
        self._head["count"] -= len(row["ids"]) - len(left)
        if not left:
            self._unlist(record, row["row"], row["tier"])
            self._rows[self._key(record)] = None
            return
        row["ids"] = left
        for listed in self._row(self._list_key(row["row"])) or ():
            if listed[0] == record:
                listed[1] = until.isoformat() if until else None

    def drop(self, record: str, ids: Collection[str]) -> None:
        """Take commands off that are settled; the rest of their record stays where it is, if anything is left."""
        row = self._record(record)
        if row is None or not (gone := [name for name in row["ids"] if name in ids]):
            return
        if len(gone) == len(row["ids"]):
            self.keep(record, [], None)
            return
        self._head["count"] -= len(gone)
        row["ids"] = [name for name in row["ids"] if name not in ids]

    def pause(self, tier: int, until: datetime) -> None:
        """Let a tier and those below it wait: the platform's quota keeps the rest for the tiers above."""
        for each in TIERS:
            if each >= tier and ((known := self._paused(each)) is None or known < until):
                self._head["until"][str(each)] = until.isoformat()

    def next_at(self, now: datetime, lets: Lets = everything) -> datetime | None:
        """When the first of what waits, and is let go, may go on; None: nothing does."""
        soonest: datetime | None = None
        for each in self._listed(*TIERS):
            if not lets(each.record):
                continue
            at = max(self._paused(each.tier) or now, each.until or now)
            if at <= now:
                return now
            soonest = at if soonest is None else min(soonest, at)
        return soonest

    def save(self) -> None:
        """Write the rows that changed: what is gone, then the lists, then the records that they list."""
        own = f"{self._name}|of|"
        gone = [key for key, row in self._rows.items() if row is None]
        lists = [key for key, row in self._rows.items() if row is not None and not key.startswith(own)]
        records = [key for key, row in self._rows.items() if row is not None and key.startswith(own)]
        if not self._head["next"]:
            lists.remove(self._name)
        for key in (*gone, *lists, *records):
            row, known = self._rows[key], self._view.get(key)
            if row is None and known is not None:
                del self._view[key]
            elif row is not None and row != known:
                self._view[key] = row

    def _due(self, now: datetime) -> Iterator[Listed]:
        """What may be tried now: tier by tier, in turn."""
        for tier in TIERS:
            if (self._paused(tier) or now) <= now:
                yield from in_turn(each for each in self._listed(tier) if (each.until or now) <= now)

    def _listed(self, *tiers: int) -> Iterator[Listed]:
        """All that is listed in these tiers, in the order in which it came."""
        for tier in tiers:
            for number in list(self._head["rows"][str(tier)]):
                for record, until, *customer in list(self._row(self._list_key(number)) or ()):
                    at = parse_instant(until) if until else None
                    yield Listed(record, number, tier, at, *customer)

    def _list(self, listed: list[str | None], tier: int) -> int:
        """Put a record at the end of its tier; the row it is in."""
        numbers: list[int] = self._head["rows"][str(tier)]
        row = self._row(self._list_key(numbers[-1])) if numbers else None
        if row is None or len(row) >= ROW_SIZE:
            numbers.append(self._head["next"])
            self._head["next"] += 1
            row = self._rows[self._list_key(numbers[-1])] = []
        row.append(listed)
        return numbers[-1]

    def _unlist(self, record: str, number: int, tier: int) -> str | None:
        """Take a record off its row; the time before which it was not to be tried."""
        key = self._list_key(number)
        row = self._row(key) or []
        left = [listed for listed in row if listed[0] != record]
        until = next((listed[1] for listed in row if listed[0] == record), None)
        self._rows[key] = left or None
        if not left and number in self._head["rows"][str(tier)]:
            self._head["rows"][str(tier)].remove(number)
        return until

    def _paused(self, tier: int) -> datetime | None:
        text = self._head["until"].get(str(tier))
        return parse_instant(text) if text else None

    def _record(self, record: str) -> dict[str, Any] | None:
        row: dict[str, Any] | None = self._row(self._key(record))
        return row

    def _row(self, key: str) -> Any:
        if key not in self._rows:
            self._rows[key] = self._view.get(key)
        return self._rows[key]

    def _key(self, record: str) -> str:
        return f"{self._name}|of|{record}"

    def _list_key(self, number: int) -> str:
        return f"{self._name}|{number}"
