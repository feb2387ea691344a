"""Outcomes: what became of commands, as it is told: how each ended, and what the platform showed of its record.

In: commands, and what their calls or look-ups came to. Out: facts for whoever judged, and changes. Invariant: what is
told again is what was settled; only the record is read anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from schemas.command import Command
from schemas.errors import RevmarkError
from schemas.fact import GONE, MERGED, Outcome
from schemas.ledger import LedgerEntry
from streams.lanes.comparison import Comparison
from streams.lanes.desk import Desk
from streams.lanes.reading import Reader
from streams.lanes.supersession import Superseded, end_of
from streams.platforms.interface import Seen, Written


@dataclass(slots=True)
class Outcomes:
    """Tells what became of one connection's commands."""

    reader: Reader
    comparison: Comparison
    clock: Callable[[], datetime]

    def of(self, command: Command, found: Written) -> Outcome:
        """How a command ended by what its call, or a look-up, came to."""
        state = settled(found)
        return self._outcome(
            command, state, ref=command.ref if state == "superseded" else found.ref, version=found.version,
            code=found.code, message=found.message,
        )  # fmt: skip

    def superseded(self, each: Superseded) -> Outcome:
        """How a command ended that is not to be written."""
        return self._outcome(
            each.command, "superseded", ref=each.command.ref, version=each.version, code=each.code, message=each.why
        )

    @staticmethod
    def tell(desk: Desk, outcome: Outcome) -> None:
        """Tell whoever judges the customer."""
        desk.send("facts", f"{outcome.tenant}|{outcome.customer}", outcome)

    async def repeat(self, desk: Desk, entry: LedgerEntry) -> None:
        """The command was redelivered after it was settled: repeat its outcome, and show what it wrote.

        The worker may have died between ledger and produce, so the record is read anew. Whether it went over an edit
        was settled with it: what the record shows by now may come of later writes.
        """
        self.reader.trail.settled(entry.command.id)
        if entry.outcome is None:
            return
        self.tell(desk, entry.outcome)
        if entry.outcome.state == "superseded" and entry.outcome.code in {GONE, MERGED}:
            self._end(desk, entry.command)
        if entry.outcome.ref and entry.outcome.state == "applied":
            try:
                found = await self.reader.line.look_up(entry.command.model_copy(update={"compare": False}))
            except RevmarkError:
                return  # the next poll shows it: its cursor has not passed the record
            made = entry.outcome.ref if entry.command.kind == "create" else None
            for seen in found.seen if found else ():
                self.reader.change(desk, seen, command=entry.command, made=made)

    def produce(self, desk: Desk, command: Command, outcome: Outcome, found: Written) -> None:
        """Tell how a command ended, and what the platform showed of it."""
        self.tell(desk, outcome)
        for place, seen in enumerate(found.seen):
            if seen.deleted or (found.state == "moved" and found.code == GONE and place == 0):
                self.reader.ended(desk, seen, command, found.ref or command.ref)
                continue
            made = found.ref if command.kind == "create" else None
            self.reader.change(desk, seen, command=None if found.state == "moved" else command, made=made)
        if found.state == "moved" and found.code == MERGED:
            self._end(desk, command)  # the survivor says so as well, but not whose it was
        if found.state == "applied" and command.ref:
            self.comparison.wrote(command.ref, found.version or 0)

    def _end(self, desk: Desk, command: Command) -> None:
        """Put the end of the record onto the topic that a write was meant for."""
        _, kind, number = (command.judged or "").split("/", 2)
        end = end_of(Seen(kind, number, 0, {}, deleted=True), [command])
        self.reader.ended(desk, end, command, command.ref)

    def _outcome(
        self,
        command: Command,
        state: Literal["applied", "refused", "superseded"],
        *,
        ref: str | None,
        version: int | None,
        code: str,
        message: str,
    ) -> Outcome:
        return Outcome(
            tenant=command.tenant,
            customer=command.customer,
            entity=command.entity,
            id=command.record,
            side=command.side,
            command=command.id,
            state=state,
            ref=ref,
            version=version,
            fields=command.fields if state == "applied" else {},
            code=code,
            message=message,
            at=self.clock(),
        )


def settled(found: Written) -> Literal["applied", "refused", "superseded"]:
    """The state that a command ends in."""
    if found.state == "moved":
        return "superseded"  # it has ended, or lives on in another: what is to be shown now is judged there
    return "applied" if found.state == "applied" else "refused"


def believed(command: Command, found: Written) -> Written:
    """What a write met, as it is told: the end of its record is no older than what was judged."""
    if found.state != "moved" or found.code != GONE:
        return found
    end = end_of(found.seen[0], [command])
    return replace(found, version=end.version, seen=[end, *found.seen[1:]])
