"""Brakes: which records a rule has touched within an hour, and the commands that wait behind it once it is stopped.

Keyed by connection, entity and rule; the lane is the only writer. `<connection>|brake|<entity>|<rule>` is the head,
`...|<step>|<n>` lists the records touched in a step of event time, `...|held|<n>` the commands that wait, and
`<connection>|brakes` names the rules that stand or still hold something. Rows are of bounded size. Invariant: time is
that of the commands alone, so the same commands in the same order count the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from schemas.instants import from_millis, to_millis
from schemas.names import Entity
from tables.view import View

STEP = 300_000  # milliseconds: the hour moves on in steps of five minutes
STEPS = 12  # of an hour, beside the one that has begun
HOUR = timedelta(hours=1)  # for which nothing is counted after a release: what the person let pass comes first
ROW_SIZE = 200  # names a row: about 5 kB, one changelog record


class Tally:
    """One rule's count and queue on one connection, as one batch works on it; nothing lasts before `save`."""

    def __init__(self, view: View, connection: str, entity: Entity, rule: str) -> None:
        """Open the rule's tally."""
        self.entity, self.rule = entity, rule
        self.changed = False
        self._view = view
        self._name = f"{connection}|brake|{entity.value}|{rule}"
        self._rows: dict[str, list[str] | None] = {}
        self._sets: dict[str, set[str]] = {}
        self._all: set[str] | None = None
        self._head: dict[str, Any] = view.get(self._name) or {
            "steps": {}, "newest": -1, "free": None, "stop": None, "first": 0, "next": 0, "held": 0,
        }  # fmt: skip

    @property
    def stop(self) -> dict[str, Any] | None:
        """What stopped the rule; None: it goes on."""
        found: dict[str, Any] | None = self._head["stop"]
        return found if found and found.get("released") is None else None

    @property
    def told(self) -> dict[str, Any] | None:
        """The last stop, released or not."""
        found: dict[str, Any] | None = self._head["stop"]
        return found

    @property
    def held(self) -> int:
        """How many commands wait."""
        return int(self._head["held"])

    def free_at(self, at: datetime) -> bool:
        """Whether nothing is counted: the rule was released less than an hour before."""
        free = self._head["free"]
        return free is not None and at < from_millis(free)

    def touch(self, record: str, at: datetime) -> int:
        """Count a record; how many different ones the hour holds that ends with the newest command."""
        step = to_millis(at) // STEP
        newest = max(step, self._head["newest"])
        if newest > self._head["newest"]:
            self._head["newest"] = newest
            self._move_on(newest - STEPS)
        if step >= newest - STEPS and record not in self._touched(str(step)):
            self._append(str(step), record)
        if self._all is None:
            self._all = set().union(*(self._touched(each) for each in self._head["steps"]))
        return len(self._all)

    def halt(self, evidence: dict[str, Any]) -> None:
        """Stop the rule."""
        self._head["stop"] = {**evidence, "released": None}
        self.changed = True

    def release(self, at: datetime, who: str, why: str) -> None:
        """Let the rule go on; it is counted anew after an hour."""
        self._head["stop"] = {**(self._head["stop"] or {}), "released": to_millis(at), "who": who, "why": why}
        self._head["free"] = to_millis(at + HOUR)
        self._move_on(self._head["newest"] + 1)
        self.changed = True

    def hold(self, command: str) -> None:
        """Put a command at the end of the queue."""
        number = self._head["next"]
        place = f"held|{number // ROW_SIZE}"
        self._rows[place] = [*self._row(place), command]
        self._head["next"], self._head["held"] = number + 1, self.held + 1
        self.changed = True

    def drop(self, command: str) -> None:
        """Take a command out of the queue, wherever it stands; its place stays empty."""
        begin, end = self._head["first"], -(-self._head["next"] // ROW_SIZE)
        for number in range(begin // ROW_SIZE, end):
            row, taken = self._row(f"held|{number}"), max(0, begin - number * ROW_SIZE)
            if command in row[taken:]:  # what stands before that has left the queue, and may have come back
                place = row.index(command, taken)
                self._rows[f"held|{number}"] = [*row[:place], "", *row[place + 1 :]]
                self._head["held"] = self.held - 1
                self.changed = True
                return

    def take(self, limit: int) -> list[str]:
        """Take commands off the beginning of the queue."""
        taken: list[str] = []
        while len(taken) < limit and self._head["first"] < self._head["next"]:
            first = self._head["first"]
            place = f"held|{first // ROW_SIZE}"
            row = self._row(place)
            part = row[first % ROW_SIZE :][: limit - len(taken)]
            taken += filter(None, part)
            self._head["first"] = first + len(part)
            if self._head["first"] % ROW_SIZE == 0 or self._head["first"] == self._head["next"]:
                self._rows[place] = None
        if self._head["first"] == self._head["next"]:
            self._head["first"] = self._head["next"] = 0  # begun anew, so that a row's place is its number's
        self._head["held"] = self.held - len(taken)
        self.changed = self.changed or bool(taken)
        return taken

    def save(self) -> None:
        """Write what changed: rows, then the head that counts them."""
        for place, row in self._rows.items():
            key = f"{self._name}|{place}"
            if row is not None:
                self._view[key] = row
            elif self._view.get(key) is not None:
                del self._view[key]
        self._rows.clear()
        if self._view.get(self._name) != self._head:
            self._view[self._name] = self._head

    def _row(self, place: str) -> list[str]:
        return self._rows[place] or [] if place in self._rows else self._view.get(f"{self._name}|{place}") or []

    def _append(self, step: str, record: str) -> None:
        count = self._head["steps"].get(step, 0)
        place = f"{step}|{count // ROW_SIZE}"
        self._rows[place] = [*self._row(place), record]
        self._head["steps"][step] = count + 1
        self._sets[step].add(record)
        if self._all is not None:
            self._all.add(record)

    def _touched(self, step: str) -> set[str]:
        if step not in self._sets:
            rows = -(-self._head["steps"].get(step, 0) // ROW_SIZE)
            self._sets[step] = {record for number in range(rows) for record in self._row(f"{step}|{number}")}
        return self._sets[step]

    def _move_on(self, oldest: int) -> None:
        """Forget the steps before `oldest`."""
        for step in [each for each in self._head["steps"] if int(each) < oldest]:
            for number in range(-(-self._head["steps"].pop(step) // ROW_SIZE)):
                self._rows[f"{step}|{number}"] = None
            self._sets.pop(step, None)
            self._all = None
