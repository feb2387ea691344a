import pytest
from faust.types import TP

from streams.engine.progress import Progress

HERE, THERE = TP("tables.versions", 0), TP("tables.versions", 1)


class Recovery:
    """A recovery looked at twice a second, the group answering every third second."""

    def __init__(self) -> None:
        self.now = 100.0
        self.answer = 0.0
        self.progress = Progress(self.now)
        self.said: list[str] = []

    def goes_on(self, seconds: float, left: dict[TP, int], *, answered: bool = True, records: int = 0) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 0.5
            if answered and self.now % 3 == 0:
                self.answer = self.now
            if records:
                self.progress.note(records)
            self.progress.look(self.now, left, self.answer)
            line = self.progress.line(self.now, answered=answered)
            self.said += [line] if line else []


def test_a_line_every_two_seconds_says_how_much_how_fast_and_how_long():
    recovery = Recovery()
    for left in (9000, 7000, 5000):
        recovery.goes_on(2, {HERE: left, THERE: 0}, records=2)
    assert len(recovery.said) == 3
    assert (
        recovery.said[-1] == "tables recover: 5,000 changelog records to go in 1 partition, 1,000 a second, about 5 s"
    )
    assert recovery.progress.applied == 24


def test_a_recovery_that_stands_still_is_told_with_its_partition():
    recovery = Recovery()
    recovery.goes_on(20, {HERE: 70, THERE: 0})
    assert not recovery.progress.stands_still
    recovery.goes_on(14, {HERE: 70, THERE: 0})
    assert recovery.progress.stands_still
    alarm = recovery.progress.alarm({HERE: 29})
    assert "tables.versions[0] (70 records to go after offset 29)" in alarm
    assert "[1]" not in alarm


@pytest.mark.parametrize("moves", ["a record", "a position", "an end"])
def test_whatever_moves_at_all_never_alarms(moves: str):
    recovery = Recovery()
    for n in range(10):
        left = {HERE: 70 - n * (moves == "an end"), THERE: 1000}
        recovery.goes_on(25, left)
        if moves != "an end":
            recovery.progress.note(1 if moves == "a record" else 0)
        assert not recovery.progress.stands_still


def test_a_broker_that_is_away_is_waited_for():
    recovery = Recovery()
    recovery.goes_on(10, {HERE: 70})
    recovery.goes_on(300, {HERE: 70}, answered=False)
    assert not recovery.progress.stands_still
    assert "waited for" in recovery.said[-1]


def test_the_wait_for_a_broker_is_no_standstill_when_it_answers_a_heartbeat_before_it_sends_records():
    recovery = Recovery()
    recovery.goes_on(10, {HERE: 70})
    asked = recovery.now
    recovery.goes_on(60, {HERE: 70}, answered=False)
    recovery.answer = asked  # it was on its way when the broker went
    recovery.goes_on(2, {HERE: 70}, answered=False)
    assert not recovery.progress.stands_still
    recovery.goes_on(6, {HERE: 70})  # asked and answered since, the records still on their way
    assert not recovery.progress.stands_still
    recovery.goes_on(24, {HERE: 70})
    assert recovery.progress.stands_still


def test_a_process_that_was_frozen_did_not_stand_still():
    recovery = Recovery()
    recovery.goes_on(2, {HERE: 70})
    recovery.now += 300
    recovery.goes_on(6, {HERE: 70})
    assert not recovery.progress.stands_still


def test_an_end_that_does_not_come_is_told_too():
    recovery = Recovery()
    recovery.goes_on(40, {HERE: 0})
    assert recovery.progress.stands_still
    assert "recovery does not end" in recovery.progress.alarm({})
