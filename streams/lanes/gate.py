"""The gate: which writes a person has seen and let go, on a lane that writes nothing else.

Kept beside the connection's cursors: `<connection>|gate` is the head, `...|of|<record>` the fields of a record that a
plan named and those of them that are still to come, `...|<n>` lists up to ROW_SIZE such records. In: approvals,
commands, the time. Out: whether a command may be written. Invariants: what no plan named waits; the gate closes by
itself once what it let go is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from schemas.command import Approval, Command
from schemas.instants import parse_instant
from streams.lanes.status import Standing
from tables.view import View

ROW_SIZE = 200  # records a row: about 5 kB, one changelog record
SETTLING = timedelta(minutes=10)  # after the last write: what follows from it (ids, totals) has come by then
FORGOTTEN = timedelta(hours=24)  # without a write, of what was let go and never asked for: people edited it meanwhile
MADE = "*"  # among the fields of a record that is made: any of its fields


class Gate:
    """One connection's gate, as one batch works on it. `contract` is the one in force; empty: there is no gate."""

    def __init__(self, view: View, connection: str, contract: str, standing: Standing) -> None:
        """Stand as the last batch left it."""
        self._view, self._contract, self._standing = view, contract, standing
        self._name = f"{connection}|gate"
        self._head: dict[str, Any] | None = view.get(self._name) if contract else None

    @property
    def gated(self) -> bool:
        """Whether only what a plan named may be written."""
        return bool(self._contract) and self._standing.approved != self._contract

    @property
    def shut(self) -> bool:
        """Whether nothing may be written at all."""
        return self.gated and (self._head is None or self._head["contract"] != self._contract)

    def hear(self, word: Approval) -> None:
        """A person's word: let go what a plan named, let everything go, or close."""
        if word.lets == "everything":
            self._standing.approved = word.contract
        elif word.lets == "nothing":
            self._standing.approved = ""
            self.close()
        else:
            self._grant(word)

    def _grant(self, word: Approval) -> None:
        if self._head is None or (self._head["plan"], self._head["contract"]) != (word.plan, word.contract):
            self.close()
            self._head = {"plan": word.plan, "contract": word.contract, "records": 0, "left": 0, "last": ""}
        head = {**self._head, "last": max(self._head["last"], word.at.isoformat())}
        for record, fields in sorted(word.records.items()):
            if self._fields(record) is not None:
                continue  # the word was delivered before
            key = f"{self._name}|{head['records'] // ROW_SIZE}"
            self._view[key] = [*(self._view.get(key) or []), record]
            self._view[f"{self._name}|of|{record}"] = {"fields": fields, "open": fields}
            head["records"], head["left"] = head["records"] + 1, head["left"] + 1
        self._head = self._view[self._name] = head

    def named(self, record: str) -> bool:
        """Whether a plan that holds named anything of a record."""
        return not self.gated or (not self.shut and self._fields(record) is not None)

    def passing(self, commands: Sequence[Command]) -> list[Command]:
        """The commands that may be written; one of a record that may not holds back those behind it."""
        if not self.gated:
            return list(commands)
        found: list[Command] = []
        stopped: set[str] = set()
        for command in commands:
            if command.record in stopped or not self._named(command):
                stopped.add(command.record)
            else:
                found.append(command)
        return found

    def settled(self, commands: Sequence[Command], at: datetime) -> None:
        """These are written, refused, or taken back: nothing more of them is to come."""
        if not self.gated or self._head is None or not commands:
            return
        head = {**self._head, "last": max(self._head["last"], at.isoformat())}
        for command in commands:
            row = self._view.get(f"{self._name}|of|{command.record}")
            if row is not None and row["open"]:
                left = sorted(set(row["open"]) - {*command.fields, MADE})
                self._view[f"{self._name}|of|{command.record}"] = {**row, "open": left}
                head["left"] -= not left
        self._head = self._view[self._name] = head

    def closes_at(self) -> datetime | None:
        """When it closes by itself, if nothing more is written until then; None: it is not open."""
        if self._head is None:
            return None
        return parse_instant(self._head["last"]) + (FORGOTTEN if self._head["left"] else SETTLING)

    def close(self) -> None:
        """Forget what a plan named: nothing more of it goes."""
        if self._head is None:
            return
        for number in range(-(-self._head["records"] // ROW_SIZE)):
            for record in self._view.get(f"{self._name}|{number}") or []:
                del self._view[f"{self._name}|of|{record}"]
            del self._view[f"{self._name}|{number}"]
        del self._view[self._name]
        self._head = None

    def _fields(self, record: str) -> list[str] | None:
        row = self._view.get(f"{self._name}|of|{record}")
        return None if row is None else list(row["fields"])

    def _named(self, command: Command) -> bool:
        """Whether the plan named all that a command writes."""
        if self.shut:
            return False
        fields = self._fields(command.record)
        if fields is None:
            return False
        return MADE in fields or (command.kind != "create" and set(command.fields) <= set(fields))
