"""Rehearsal: from changes to commands through the real steps, in memory, with imagined answers for the platforms'.

In: rows of tables (or none), arrivals, findings. Out: what was decided, what was asked for, and what the sums would be.
Pure: no platform is called, no topic is written, and time is what the evidence says. An imagined answer is one without
surprises: the write is applied, and the record shows what was written, through the platform's own payload and
translation; what the payload refuses is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agents.holdings import Held, Holdings
from agents.imagined import allocated
from agents.rules.decision import is_empty
from agents.rules.result import Output, Result
from agents.steps.arbitrate import Arbitrate
from agents.steps.capture import Capture
from agents.steps.reconcile import Reconcile
from agents.stoppage import Stoppage
from schemas.change import Change
from schemas.command import Command, Withdrawal, parse_work
from schemas.contract import Contract
from schemas.errors import Refused
from schemas.fact import WITHDRAWN, Fact, Outcome
from schemas.instants import from_millis, to_millis
from schemas.names import Entity, Side
from schemas.totals import Total
from schemas.verdict import Verdict
from streams.platforms.registry import forecasts, translators
from tables import entities
from tables.entities import SideState
from tables.view import Drawer, MemoryView

ENDLESS = 50  # rounds of answers after which two rules must be writing against each other; an honest chain takes six


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, in which round of answers it was asked for, and why it would not be written, if it would not.

    `refused` is what the platform says, `held` the rule whose brake holds it; `joined` is the record that a create
    finds there already. `refs` and `revisions` are the record on both sides when it was asked for.
    """

    command: Command
    wave: int
    refused: str = ""
    held: str = ""
    joined: Held | None = None
    label: str = ""
    refs: dict[str, str] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Born:
    """A record that a write has made or found, as it is known to have been shown then."""

    ref: str
    fields: dict[str, Any]
    joined: Held | None = None


@dataclass
class Rehearsal:
    """One rehearsal. `known` and `accounts` are rows as the workers' tables hold them; they are written to.

    `born` says what records looked like that are known to have been made, by canonical id and side; `made` are those
    of them that were asked for here as well, `imagined` the others. `unstated` are customers of invoices whose totals
    nobody has stated. `counts` are those of the steps, `events` what publish would be given. `stoppages` by platform
    and `holdings` say what would not be written; without them all is. `withdrawn` are commands that were taken back
    before they were answered.
    """

    contract: Contract
    known: MemoryView = field(default_factory=MemoryView)
    accounts: MemoryView = field(default_factory=MemoryView)
    born: Mapping[tuple[str, Side], Born] = field(default_factory=dict)
    books: MemoryView = field(default_factory=MemoryView)
    queue: list[Command] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    totals: dict[str, Total] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    imagined: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    unstated: set[str] = field(default_factory=set)
    stoppages: Mapping[str, Stoppage] = field(default_factory=dict)
    holdings: Holdings | None = None
    events: list[bytes] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    withdrawn: set[str] = field(default_factory=set)
    wave: int = 0

    def __post_init__(self) -> None:
        """Set the steps up."""
        self.forecasts = forecasts(self.contract)
        self._translators = translators(self.contract)
        self._capture = Capture(self.contract, self._translators)
        self._arbitrate = Arbitrate(self.contract)
        self._reconcile = Reconcile()

    def facts_of(self, arrivals: Sequence[bytes | None]) -> list[bytes]:
        """Let changes, marks and links be captured; the facts they become."""
        result = self._capture(arrivals, rows=Drawer(self.known, "v"), names=Drawer(self.known, "i"))
        return self._taken(result)

    def judge(self, findings: Sequence[bytes | None]) -> None:
        """Let facts and outcomes be judged; what is asked for waits for `settle`."""
        self._taken(
            self._arbitrate(findings, records=Drawer(self.accounts, "r"), customer_view=Drawer(self.accounts, "c"))
        )

    def settle(self) -> None:
        """Answer what was asked for, and what follows from the answers, until nothing is left.

        Raises:
            Refused: it never ends.
        """
        while self.queue:
            self.wave += 1
            if self.wave > ENDLESS:
                raise Refused(f"the contract does not come to rest: {self.queue[0].record} is written without end")
            batch, self.queue = self.queue, []
            for command in batch:
                self.judge(self._answer(command))
        self.wave = 0

    def state(self, command: Command) -> entities.EntityState:
        """The record that a command writes."""
        return entities.load(
            Drawer(self.accounts, "r"), command.tenant, command.customer, command.entity, command.record
        )

    def _taken(self, result: Result) -> list[bytes]:
        self.refused += [reason for _, reason in result.refused]
        self.counts.update(result.counts)
        return [output.value for output in result.outputs if not self._keep(output)]

    def _keep(self, output: Output) -> bool:
        """Keep what was put out; False for a fact, which is judged next."""
        if output.topic == "facts":
            return False
        if output.topic == "decisions":
            verdict = Verdict.from_bytes(output.value)
            self.verdicts.setdefault(verdict.id, verdict)
        elif output.topic == "occurrences":
            self.events.append(output.value)
        elif output.topic == "documents":
            result = self._reconcile([output.value], books=Drawer(self.books, "d"), sums=Drawer(self.books, "w"))
            stated = (Total.from_bytes(each.value) for each in result.outputs if each.topic == "totals")
            self.totals |= {f"{one.day}|{one.currency}|{one.subsidiary}|{one.side}": one for one in stated}
        elif output.topic.startswith("lanes."):
            work = parse_work(output.value)
            if isinstance(work, Command):  # what capture asks to be read is read by the survey, or was when recorded
                self.queue.append(work)
            elif isinstance(work, Withdrawal):
                self._take_back(work)
        return True

    def _take_back(self, word: Withdrawal) -> None:
        """What is not answered yet is not written; what a brake holds is answered after all, by that."""
        self.withdrawn.add(word.command)
        held = [each for each in self.asked if each.held and each.command.id == word.command]
        self.asked = [each for each in self.asked if each not in held]
        self.queue += [each.command for each in held]

    def _answer(self, command: Command) -> list[bytes]:
        """The outcome of a command, and its record as it shows afterwards."""
        state = self.state(command)
        side, at = state.side(command.side), to_millis(command.at)
        version = max(side.version, at) + 1
        if command.id in self.withdrawn:
            taken = Outcome(
                tenant=command.tenant, customer=command.customer, entity=command.entity, id=command.record,
                side=command.side, command=command.id, state="superseded", code=WITHDRAWN, at=from_millis(at),
            )  # fmt: skip
            return [taken.to_bytes()]
        asked = Asked(command, self.wave, label=state.label, refs=_refs(state), revisions=_revisions(state))
        stoppage = self.stoppages.get(command.platform)
        held = stoppage.holds(command, state.label) if stoppage else ""
        if held:
            self.asked.append(replace(asked, held=held))
            return []
        outcome = Outcome(
            tenant=command.tenant, customer=command.customer, entity=command.entity, id=command.record,
            side=command.side, command=command.id, state="applied", version=version, fields=command.fields,
            at=from_millis(version),
        )  # fmt: skip
        try:
            born = self._born(command, side)
        except Refused as error:
            self.asked.append(replace(asked, refused=error.message))
            refused: dict[str, Any] = {"state": "refused", "version": None, "fields": {}, "message": error.message}
            return [outcome.model_copy(update=refused).to_bytes()]
        self.asked.append(replace(asked, joined=born.joined))
        if self.holdings is not None:
            self.holdings.note(command.entity, born.ref, born.fields, command.customer)
        billed = command.entity is Entity.INVOICE and command.side is Side.ERP and command.kind == "create"
        if billed and born.ref in self.imagined:
            self.unstated.add(command.customer)
        shown = [self._echo(command, state, born.ref, born.fields, version)]
        if command.entity is Entity.CREDIT_NOTE and command.kind == "update":
            shown = self._set_against(command, state, born, version)
        return [outcome.model_copy(update={"ref": born.ref}).to_bytes(), *(each.to_bytes() for each in shown)]

    def _set_against(self, command: Command, note: entities.EntityState, born: Born, version: int) -> list[Fact]:
        """A credit note and its invoice, once the one is allocated to the other."""
        bill = entities.load(
            Drawer(self.accounts, "r"), command.tenant, command.customer, Entity.INVOICE, note.related["invoice"]
        )
        spent, owed = allocated(born.fields, bill.erp.fields, command.fields["allocations"][0]["amount"])
        later = max(version, bill.erp.version + 1)
        return [
            self._echo(command, note, born.ref, spent, version),
            self._echo(command, bill, str(bill.erp.ref), owed, later),
        ]

    def _echo(
        self, command: Command, state: entities.EntityState, ref: str, fields: dict[str, Any], version: int
    ) -> Fact:
        """A record as its platform shows it after a write."""
        return Fact(
            tenant=command.tenant, customer=command.customer, entity=state.entity, id=state.id, side=command.side,
            ref=ref, version=version, seen_at=from_millis(version), fields=fields,
            alone=state.side(command.side.other).ref is None, settled=False,
        )  # fmt: skip

    def _born(self, command: Command, side: SideState) -> Born:
        """The record as the command leaves it."""
        seen = self.forecasts[command.platform].shown(command, command.id)
        there = self.holdings.joined(command) if self.holdings else None
        if there is not None:
            kept = {name: value for name, value in there.fields.items() if not is_empty(value)}
            return Born(there.ref, {**there.fields, **command.fields, **kept}, there)
        if seen is None:
            return Born(command.ref or side.ref or "", {**side.fields, **command.fields})
        known = self.born.get((command.record, command.side))
        if known is not None:
            self.made.add(known.ref)
            return Born(known.ref, known.fields)
        change = Change(
            tenant=command.tenant, platform=command.platform, side=command.side, kind=seen.kind,
            record_id=seen.record_id, version=1, seen_at=command.at, raw=seen.raw,
        )  # fmt: skip
        found = next(each for each in self._translators[command.platform](change) if each.entity is command.entity)
        self.imagined.add(found.ref)
        return Born(found.ref, found.fields)


def rows_of(rows: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Any]]:
    """The rows of one drawer, in the order of their keys."""
    return ((key.removeprefix(f"{prefix}|"), rows[key]) for key in sorted(rows) if key.startswith(f"{prefix}|"))


def _refs(state: entities.EntityState) -> dict[str, str]:
    return {side.value: str(state.side(side).ref) for side in Side if state.side(side).ref}


def _revisions(state: entities.EntityState) -> dict[str, int]:
    return {side.value: state.side(side).version for side in Side if state.side(side).ref}
