"""A scene: real capture and arbitrate over memory, and what their topics then hold, as the console reads it.

Flows in: records as the platforms show them, and what lanes did. Flows out: deliveries of decisions, ledger and tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from console.explain.contract import read
from console.explain.document import Explanation
from console.explain.explanation import explain
from console.explain.search import search
from console.projection.delivery import Delivery
from console.projection.store import Store
from console.projection.tables import Known
from schemas.command import Command
from schemas.contract import parse_contract, template
from schemas.ledger import LedgerEntry, LedgerState
from schemas.names import Side
from schemas.verdict import Verdict
from schemas.wire import Wire
from tests.support.capturing import Desk
from tests.support.judging import Court, at, outcome

__all__ = ["Scene"]


@dataclass
class Scene:
    """One deployment, up to what its topics hold."""

    folder: Path
    desk: Desk = field(default_factory=lambda: Desk().ready())
    court: Court = field(default_factory=lambda: Court(parse_contract(template())))
    entries: dict[str, LedgerEntry] = field(default_factory=dict)
    judged: int = 0

    def __post_init__(self) -> None:
        (self.folder / "contract.yaml").write_text(template(), encoding="utf-8")

    def see(self, *arrivals: Wire | bytes) -> None:
        """The platforms show records; what capture makes of them is judged."""
        self.desk.take(*arrivals)
        facts = self.desk.facts()
        for fact in facts[self.judged :]:
            self.court.hear(fact)
        self.judged = len(facts)

    def asked(self, side: Side | None = None) -> list[Command]:
        """Commands that no lane has taken up yet."""
        return [each for each in self.court.commands(side) if each.id not in self.entries]

    def write(self, command: Command, state: LedgerState = "applied", **more: Any) -> None:
        """A lane takes a command up, and settles it or lets it wait."""
        seconds = self.court.clock + 1
        done = None
        if state in {"applied", "refused", "superseded"}:
            there = self.court.state(command.record, command.customer).side(command.side).ref  # as a look-up finds it
            ref = command.ref or there or f"{command.platform}/{_kind(command)}/made-{len(self.entries)}"
            done = outcome(command, state, seconds=seconds, ref=ref, message=more.get("message", ""))
            self.court.hear(done)
        self.entries[command.id] = LedgerEntry(
            command=command, state=state, payload_hash="h", attempts=1, claimed_at=at(seconds),
            settled_at=at(seconds) if done else None, outcome=done, **more,
        )  # fmt: skip

    def deliveries(self) -> list[Delivery]:
        """Everything that the topics hold."""
        verdicts = [each for each in self.desk.outputs if isinstance(each, Verdict)] + self.court.verdicts()
        found = [Delivery("decisions", 0, n, b"k", each.to_bytes()) for n, each in enumerate(verdicts)]
        for n, (name, entry) in enumerate(self.entries.items()):
            found.append(Delivery("ledger", 0, n, orjson.dumps(name), entry.to_bytes()))
        for topic, drawers in (
            ("tables.known", {"v": self.desk.rows, "i": self.desk.names}),
            ("tables.accounts", {"r": self.court.records, "c": self.court.customers}),
        ):
            rows = [(f"{name}|{key}", value) for name, view in drawers.items() for key, value in view.rows.items()]
            found += [
                Delivery(topic, 0, n, orjson.dumps(key), orjson.dumps(value)) for n, (key, value) in enumerate(rows)
            ]
        return found

    def store(self, deliveries: list[Delivery] | None = None, name: str = "console") -> Store:
        """A projection that has read them."""
        store = Store(self.folder / name)
        store.apply(self.deliveries() if deliveries is None else deliveries)
        return store

    def explain(self, asked: str, deliveries: list[Delivery] | None = None, name: str = "console") -> Explanation:
        """What `revmark explain` says of a record, from what the topics hold now."""
        store = self.store(deliveries, name)
        try:
            known = Known(store, "main")
            record = search(known, asked)
            assert isinstance(record, str), record
            return explain(known, record, read(self.folder / "contract.yaml"))
        finally:
            store.close()
            for path in (self.folder / name).iterdir():
                path.unlink()


def _kind(command: Command) -> str:
    return "contact" if (command.platform, command.entity.value) == ("xero", "company") else command.entity.value
