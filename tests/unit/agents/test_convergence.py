"""Both platforms as they really are, edited and written to while messages about them travel in any order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.command import Command
from schemas.names import Side
from schemas.wire import Wire
from tests.support.judging import COMPANY, Court, company, outcome

SHARED = ("name", "phone", "payment_terms", "currency", "tax_number")
EDITS = st.tuples(
    st.sampled_from(list(Side)), st.sampled_from(SHARED), st.sampled_from(["1", "2", "3"]), st.integers(6, 30)
)
STEPS = st.lists(st.one_of(EDITS, st.just("write"), st.just("deliver"), st.just("repeat")), max_size=25)


@dataclass(slots=True)
class Truth:
    """What the platforms hold, and what is on its way from them."""

    court: Court = field(default_factory=Court)
    held: dict[Side, dict[str, Any]] = field(default_factory=lambda: {side: dict(COMPANY[side]) for side in Side})
    now: float = 100.0
    travelling: list[Wire] = field(default_factory=list)
    delivered: list[Wire] = field(default_factory=list)

    def edit(self, side: Side, name: str, value: str, after: int) -> None:
        """A person edits a field."""
        self.now += after
        self.held[side][name] = value
        self.travelling.append(company(side, self.now, alone=False, **self.held[side]))

    def write(self) -> bool:
        """The oldest command that waits reaches its platform; False when there is none."""
        waiting = [command for command in self.court.commands() if command.id not in self.court.answered]
        if not waiting:
            return False
        self._apply(waiting[0])
        return True

    def _apply(self, command: Command) -> None:
        self.court.answered.add(command.id)
        self.now += 1
        self.held[command.side].update(command.fields)
        self.travelling.append(outcome(command, seconds=self.now, ref=command.ref))
        self.travelling.append(company(command.side, self.now, alone=False, **self.held[command.side]))

    def deliver(self, place: int) -> None:
        """One message arrives, whichever."""
        if self.travelling:
            message = self.travelling.pop(place % len(self.travelling))
            self.delivered.append(message)
            self.court.hear(message)

    def end(self) -> None:
        """Everything arrives, and every command is carried out."""
        for _ in range(60):
            while self.travelling:
                self.deliver(0)
            if not self.write():
                return
        raise AssertionError("no rest")


@given(STEPS, st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_platforms_end_equal_however_edits_writes_and_messages_interleave(steps: list[Any], data: st.DataObject):
    truth = Truth()
    truth.court.hear(company(Side.ERP, alone=False), company(Side.CRM, alone=False))
    places = st.integers(0, 5)
    for step in steps:
        if step == "write":
            truth.write()
        elif step == "deliver":
            truth.deliver(data.draw(places))
        elif step == "repeat":
            if truth.delivered:
                truth.court.hear(truth.delivered[data.draw(places) % len(truth.delivered)])
        else:
            truth.edit(*step)
    truth.end()
    crm, erp = truth.held[Side.CRM], truth.held[Side.ERP]
    asked = {verdict.field for verdict in truth.court.verdicts() if verdict.ruling == "review"}
    for name in SHARED:
        assert name in asked or crm[name] == erp[name], name
    state = truth.court.state()
    assert state.flights == {"crm": [], "erp": []}
    for side in Side:
        assert {name: state.side(side).fields[name] for name in SHARED} == {
            name: truth.held[side][name] for name in SHARED
        }
