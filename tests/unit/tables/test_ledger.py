from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from schemas.errors import Stale
from schemas.fact import Outcome
from schemas.ledger import SETTLED, LedgerState
from tables import ledger
from tables.view import MemoryView
from tests.support.judging import outcome
from tests.support.work import START, create, update


def test_a_claim_is_written_down_with_its_payload_and_attempts():
    view = MemoryView()
    claimed = ledger.claim(view, create(1), START)
    assert (claimed.state, claimed.attempts, claimed.claimed_at, claimed.settled_at) == ("claimed", 1, START, None)
    assert ledger.entry(view, create(1)) == claimed
    assert list(view.rows) == ["main.xero|c1"]
    assert ledger.entry(view, create(2)) is None


def test_the_payload_hash_depends_on_what_is_written_and_on_nothing_else():
    same = create(1), create(1, reason="other"), create(1, tier=1)
    assert len({ledger.payload_hash(one) for one in same}) == 1
    others = create(1, fields={"name": "x"}), create(1, links={"company": "xero/contact/a"}), update(1)
    assert len({ledger.payload_hash(one) for one in (*same, *others)}) == 4


@pytest.mark.parametrize("state", sorted(SETTLED))
def test_a_settled_entry_never_changes_again(state: LedgerState):
    view = MemoryView()
    settled = ledger.move(view, ledger.claim(view, create(1), START), state, at=START, code="200")
    assert settled.settled_at == START
    before = dict(view.rows)
    ledger.queue(view, create(1), at=START, until=START, message="")
    with pytest.raises(Stale):
        ledger.claim(view, create(1), START)
    for other in ledger.STEPS:
        with pytest.raises(Stale):
            ledger.move(view, settled, other, at=START)
    assert view.rows == before


@pytest.mark.parametrize("state", ["claimed", "unknown"])
def test_what_may_have_been_tried_is_not_taken_for_waiting(state: LedgerState):
    view = MemoryView()
    claimed = ledger.claim(view, create(1), START)
    if state == "unknown":
        ledger.move(view, claimed, "unknown", at=START)
    ledger.queue(view, create(1), at=START, until=START, message="parked")
    found = ledger.entry(view, create(1))
    assert found is not None
    assert found.state == state


def test_an_attempt_that_the_platform_never_worked_on_is_given_back():
    view = MemoryView()
    for _ in range(3):
        claimed = ledger.claim(view, create(1), START)
        waiting = ledger.move(view, claimed, "waiting", at=START, until=START, burn=False)
        assert (claimed.attempts, waiting.attempts) == (1, 0)


def test_the_steps_lead_nowhere_but_to_states_that_are_known():
    states = set(ledger.STEPS)
    assert all(targets <= states for targets in ledger.STEPS.values())
    assert {state for state, targets in ledger.STEPS.items() if not targets} == SETTLED


class LedgerMachine(RuleBasedStateMachine):
    """The ledger beside a plain dictionary of what should be in it."""

    numbers = st.integers(1, 4)

    def __init__(self) -> None:
        super().__init__()
        self.view = MemoryView()
        self.model: dict[int, tuple[str, int]] = {}
        self.effects: dict[int, int] = {}
        self.now: datetime = START

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    @rule(number=numbers)
    def claim(self, number: int) -> None:
        state, attempts = self.model.get(number, ("", 0))
        if state in SETTLED:
            with pytest.raises(Stale):
                ledger.claim(self.view, create(number), self.tick())
            return
        ledger.claim(self.view, create(number), self.tick())
        self.model[number] = ("claimed", attempts + 1)

    @rule(number=numbers)
    def queue(self, number: int) -> None:
        state, attempts = self.model.get(number, ("", 0))
        ledger.queue(self.view, create(number), at=self.tick(), until=self.now, message="later")
        if state in {"", "waiting"}:
            self.model[number] = ("waiting", attempts)

    @precondition(lambda self: self.model)
    @rule(number=numbers, to=st.sampled_from(sorted(ledger.STEPS)), burn=st.booleans())
    def move(self, number: int, to: LedgerState, burn: bool) -> None:  # noqa: FBT001 - drawn, not passed by people
        if number not in self.model:
            return
        known = ledger.entry(self.view, create(number))
        assert known is not None
        state, attempts = self.model[number]
        told: Outcome | None = outcome(create(number), to) if to in SETTLED else None
        if to not in ledger.STEPS[state]:  # type: ignore[index] - the model's states are plain texts
            with pytest.raises(Stale):
                ledger.move(self.view, known, to, at=self.tick(), burn=burn, outcome=told)
            return
        ledger.move(self.view, known, to, at=self.tick(), burn=burn, outcome=told)
        self.model[number] = (to, attempts if burn else max(0, attempts - 1))
        self.effects[number] = self.effects.get(number, 0) + (to in SETTLED)

    @rule()
    def crash_and_restore(self) -> None:
        self.view = MemoryView(dict(self.view.rows))

    @invariant()
    def the_ledger_is_what_the_model_says(self) -> None:
        for number, (state, attempts) in self.model.items():
            found = ledger.entry(self.view, create(number))
            assert found is not None
            assert (found.state, found.attempts) == (state, attempts)
            assert (found.settled_at is not None) == (found.state in SETTLED)
        assert len(self.view.rows) == len(self.model)

    @invariant()
    def nothing_settles_twice(self) -> None:
        assert all(count <= 1 for count in self.effects.values())


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
