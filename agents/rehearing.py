"""Rehearing: what records of a topic would lead to if they were handed to the workers once more.

In: records in their order, the workers' tables as they stand, what was decided and written already. Out: which of them
may be handed over, and what would follow that has not happened yet. Pure. Invariants: a person's word is never said
again by it, for another may have come since; what is overtaken stays overtaken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.contrast import Contrast, contrast
from agents.rehearsal import Rehearsal
from agents.steps.publish import Publish
from agents.steps.reconcile import Reconcile
from schemas.change import Change, Link, parse_arrival
from schemas.command import Command, Read, parse_work
from schemas.contract import Contract
from schemas.errors import Refused
from schemas.fact import Fact, Outcome, parse_finding
from schemas.revenue import RevenueEvent
from schemas.totals import DocumentVersion
from schemas.wire import Wire
from tables import entities
from tables.view import Drawer, MemoryView, View

LANES = "lanes."
Rows = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """The deployment as it stands: rows of its tables, ids of verdicts that were given and of commands settled."""

    known: Rows = field(default_factory=dict)
    accounts: Rows = field(default_factory=dict)
    books: Rows = field(default_factory=dict)
    published: Rows = field(default_factory=dict)
    changes: Sequence[bytes | None] = ()
    facts: Sequence[bytes | None] = ()
    decided: Collection[str] = ()
    settled: Collection[str] = ()


@dataclass(slots=True)
class Selection:
    """What may be handed over: places in the range with the bytes that go, and why the others stay."""

    going: list[tuple[int, bytes]] = field(default_factory=list)
    staying: Counter[str] = field(default_factory=Counter)

    @property
    def values(self) -> list[bytes]:
        """The bytes alone."""
        return [value for _, value in self.going]


@dataclass(frozen=True, slots=True)
class Rehearing:
    """What would follow. `counts` say what the steps made of the records, `contrast` what is new."""

    counts: Mapping[str, int]
    contrast: Contrast
    refused: Sequence[str]

    @property
    def equal(self) -> bool:
        """Whether nothing would be decided, written or stated that is not already."""
        news = sum(self.counts.get(name, 0) for name in ("occurrences", "totals", "variances", "revenue"))
        return not (self.contrast.verdicts or self.contrast.writes or self.refused or news)


def select(topic: str, values: Sequence[bytes | None], accounts: Mapping[str, Any]) -> Selection:
    """Choose what may be handed over again; a change goes as one that is to be judged anew."""
    found = Selection()
    records = Drawer(MemoryView(dict(accounts)), "r")
    for place, value in enumerate(values):
        try:
            going = _again(topic, value, records)
        except Refused:
            found.staying["unreadable"] += 1
            continue
        if isinstance(going, str):
            found.staying[going] += 1
        else:
            found.going.append((place, going.to_bytes() if isinstance(going, Change) else value or b""))
    return found


def _again(topic: str, value: bytes | None, records: View) -> Wire | str:
    """The record to hand over, or why it stays."""
    if topic == "changes":
        arrival = parse_arrival(value)
        if isinstance(arrival, Link):
            return "a person's word"
        return arrival.model_copy(update={"anew": True}) if isinstance(arrival, Change) else arrival
    if topic == "facts":
        finding = parse_finding(value)
        if isinstance(finding, Fact):
            return "overtaken" if _overtaken(finding, records) else finding
        return finding if isinstance(finding, Outcome) else "a person's word"
    if topic.startswith(LANES):
        work = parse_work(value)
        return work if isinstance(work, Command | Read) else "the lane's own, or a person's word"
    return (DocumentVersion if topic == "documents" else RevenueEvent).from_bytes(value)


def _overtaken(fact: Fact, records: View) -> bool:
    """Whether its side has shown something else since, if only under the same version."""
    side = entities.load(records, fact.tenant, fact.customer, fact.entity, fact.id).side(fact.side)
    if side.ref != fact.ref or side.version != fact.version:
        return side.version > fact.version
    return (side.fields, side.deleted) != (fact.fields or side.fields, fact.deleted)


def rehear(contract: Contract, topic: str, selection: Selection, standing: Standing) -> Rehearing:
    """Hand the selection to the steps, in memory, and answer what they ask for.

    Raises:
        Refused: what follows never ends.
    """
    rehearsal = Rehearsal(
        contract, known=MemoryView(dict(standing.known)), accounts=MemoryView(dict(standing.accounts))
    )
    # what the workers have not taken up yet comes first, and is no news of these records
    rehearsal.judge([*standing.facts, *rehearsal.facts_of(standing.changes)])
    rehearsal.queue, rehearsal.verdicts, rehearsal.refused = [], {}, []
    rehearsal.events = []
    rehearsal.counts.clear()
    if topic == "changes":
        for value in selection.values:
            rehearsal.judge(rehearsal.facts_of([value]))
    elif topic == "facts":
        rehearsal.judge(selection.values)
    elif topic.startswith(LANES):
        works = [parse_work(value) for value in selection.values]
        rehearsal.queue = [each for each in works if isinstance(each, Command) and each.id not in standing.settled]
        rehearsal.counts["duplicate"] = sum(isinstance(each, Command) for each in works) - len(rehearsal.queue)
    else:
        return _restated(contract, topic, selection, standing)
    rehearsal.settle()
    rehearsal.verdicts = {name: each for name, each in rehearsal.verdicts.items() if name not in standing.decided}
    rehearsal.asked = [each for each in rehearsal.asked if each.command.id not in standing.settled]
    rehearsal.counts["occurrences"] = sum(not _out(each, standing.published) for each in rehearsal.events)
    rehearsal.totals = {}  # of the documents that were touched alone: no sum to compare
    return Rehearing(rehearsal.counts, contrast(Rehearsal(contract), rehearsal), sorted(set(rehearsal.refused)))


def _out(value: bytes, published: Mapping[str, Any]) -> bool:
    """Whether a revenue event is out already."""
    event = RevenueEvent.from_bytes(value)
    return f"{event.tenant}|{event.customer}|{event.id}" in published


def _restated(contract: Contract, topic: str, selection: Selection, standing: Standing) -> Rehearing:
    """Documents and events are dropped by the steps that have them already."""
    if topic == "documents":
        books = MemoryView(dict(standing.books))
        result = Reconcile()(selection.values, books=Drawer(books, "d"), sums=Drawer(books, "w"))
    else:
        result = Publish()(selection.values, MemoryView(dict(standing.published)))
    nothing = Rehearsal(contract)
    return Rehearing(result.counts, contrast(nothing, nothing), [reason for _, reason in result.refused])
