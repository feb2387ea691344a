"""History: what is recorded, played again under a contract as if it had been in force from the start.

In: the changes as recorded, and the outcomes of our own writes. Out: a rehearsal of the whole history. Pure. What
people did is kept and what we did is done anew: of each recorded record the fields count that changed since it was
shown last and that were not our own write coming back. A record that a write of ours had made is there only once the
replay asks for it as well. Invariant: under the contract that was in force, the replay does what was done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.rehearsal import Born, Rehearsal
from agents.rules.decision import is_empty, same
from schemas.change import Change, Erasure, Link, Mark, parse_arrival
from schemas.contract import Contract
from schemas.errors import Refused
from schemas.fact import Fact, Outcome, parse_finding
from schemas.names import Side
from streams.platforms.registry import translators
from tables import entities, versions
from tables.view import Drawer

Arrival = Change | Mark | Link | Erasure


@dataclass(frozen=True, slots=True)
class History:
    """What is recorded: arrivals in order, our own writes by reference, and the records that these had made."""

    arrivals: tuple[Arrival, ...]
    writes: Mapping[str, tuple[Outcome, ...]]
    born: Mapping[tuple[str, Side], Born]
    unreadable: int = 0


def recorded(contract: Contract, changes: Iterable[bytes | None], findings: Iterable[bytes | None]) -> History:
    """Read what is recorded; what is no record of its topic counts and is passed over, as it was then."""
    arrivals: list[Arrival] = []
    unreadable = 0
    for value in changes:
        try:
            arrivals.append(parse_arrival(value))
        except Refused:
            unreadable += 1
    writes: dict[str, dict[str, Outcome]] = defaultdict(dict)
    for value in findings:
        try:
            finding = parse_finding(value)
        except Refused:
            unreadable += 1
            continue
        if isinstance(finding, Outcome) and finding.state == "applied" and finding.ref:
            writes[finding.ref].setdefault(finding.command, finding)
    kept = {reference: tuple(found.values()) for reference, found in writes.items()}
    return History(tuple(arrivals), kept, _born(contract, arrivals, kept), unreadable)


def _born(
    contract: Contract, arrivals: Sequence[Arrival], writes: Mapping[str, tuple[Outcome, ...]]
) -> dict[tuple[str, Side], Born]:
    """The records that were first shown by our own creating them, as they were shown then."""
    known = translators(contract)
    found: dict[tuple[str, Side], Born] = {}
    seen: set[str] = set()
    for change in arrivals:
        if not isinstance(change, Change):
            continue
        reference = versions.change_ref(change)
        if change.canonical and reference not in seen and reference in writes and not change.deleted:
            try:
                shown = next(each for each in known[change.platform](change) if each.ref == reference)
            except (Refused, StopIteration):
                continue
            found.setdefault((change.canonical, change.side), Born(reference, shown.fields))
        seen.add(reference)
    return found


@dataclass
class Replay:
    """One replay. `passed_over` counts recorded changes of records that this replay never made."""

    rehearsal: Rehearsal
    history: History
    passed_over: int = 0
    _shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    _taken: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def play(self) -> Rehearsal:
        """Play everything; each step is answered before the next one is heard."""
        ours = {born.ref: name for name, born in self.history.born.items()}
        for arrival in self.history.arrivals:
            if isinstance(arrival, Change) and not self._exists(versions.change_ref(arrival), ours):
                self.passed_over += 1
                continue
            for value in self.rehearsal.facts_of([arrival.to_bytes()]):
                told = self._told(Fact.from_bytes(value))
                if told is None:
                    self.passed_over += 1
                    continue
                self.rehearsal.judge([told.to_bytes()])
                self.rehearsal.settle()
        return self.rehearsal

    def _exists(self, reference: str, ours: Mapping[str, tuple[str, Side]]) -> bool:
        """Whether a record is there in this replay: all are but those that a write of ours had made."""
        return reference not in ours or reference in self.rehearsal.made

    def _told(self, fact: Fact) -> Fact | None:
        """The fact as it would have been: what was there already, and what people have changed since.

        None: it shows a record within another (a person in Xero's contact) that only our own write had put there.
        """
        if fact.past:
            return fact
        before = self._shown.get(fact.ref, {})
        born = self.history.born.get((fact.id, fact.side))
        if not before and born is not None and born.ref == fact.ref:
            before = born.fields  # what our own creating showed is known to the replay already
        self._shown[fact.ref] = fact.fields
        ours = self._ours(fact)
        records = Drawer(self.rehearsal.accounts, "r")
        held = entities.load(records, fact.tenant, fact.customer, fact.entity, fact.id).side(fact.side)
        edited = {
            name: value
            for name, value in fact.fields.items()
            if (name not in before or before[name] != value) and not _is_ours(ours, fact, name)
        }
        if held.ref is None and ours and all(is_empty(value) for value in edited.values()):
            return None
        if fact.deleted or held.ref != fact.ref:
            return fact
        version = max(fact.version, held.version)
        return fact.model_copy(update={"fields": {**held.fields, **edited}, "version": version})

    def _ours(self, fact: Fact) -> list[Outcome]:
        """Our own writes that this fact is the first to show."""
        taken = self._taken[fact.ref]
        found = [
            outcome
            for outcome in self.history.writes.get(fact.ref, ())
            if outcome.command not in taken and (outcome.version or 0) <= fact.version
        ]
        taken.update(outcome.command for outcome in found)
        return found


def _is_ours(writes: Sequence[Outcome], fact: Fact, name: str) -> bool:
    """Whether a field came back as we wrote it; at our write's own version also in the platform's spelling."""
    return any(
        name in outcome.fields and (outcome.version == fact.version or same(outcome.fields[name], fact.fields[name]))
        for outcome in writes
    )


def replay(contract: Contract, history: History) -> Replay:
    """Play a history under a contract."""
    made = Replay(Rehearsal(contract, born=history.born), history)
    made.play()
    return made
