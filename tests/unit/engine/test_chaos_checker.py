"""The checker of the chaos finds each kind of damage: it is fed what a faultless worker leaves, then spoiled."""

from dataclasses import replace

import orjson
import pytest

from bench.job import PARTITIONS, add, events, judge, output, window_key
from bench.reducer import Held
from tests.chaos import checker
from tests.chaos.checker import Output, Verdict
from tests.chaos.places import partition_of

SPREAD = 7  # partitions of the outputs


class Remains:
    """What a run without faults leaves."""

    def __init__(self) -> None:
        self.source: list[tuple[tuple[int, int], bytes, bytes]] = []
        self.outputs: list[Output] = []
        self.held = Held({}, {}, {})
        offsets = [0] * PARTITIONS
        for key, value in events(400, keys=20):
            place = partition_of(key, PARTITIONS)
            self.source.append(((place, offsets[place]), key, value))
            offsets[place] += 1
        for place, key, value in self.source:
            seen = orjson.loads(value)
            row, ruling = judge(self.held.rows.get(seen["entity"]), seen, place[1])
            total = add(self.held.windows.get(window_key(seen)), seen, place[1])
            self.held.rows[seen["entity"]], self.held.windows[window_key(seen)] = row, total
            self.outputs.append(Output(partition_of(key, SPREAD), key, output(seen, ruling, row, total), place))

    def verdict(self) -> Verdict:
        return checker.judge(self.source, self.outputs, SPREAD, [self.held])


@pytest.fixture
def remains() -> Remains:
    return Remains()


def test_nothing_is_wrong_with_what_a_faultless_run_leaves(remains: Remains):
    assert remains.verdict() == Verdict(events=400)


def test_a_repeated_output_is_counted_and_allowed(remains: Remains):
    remains.outputs.append(replace(remains.outputs[7], value=b"whatever a second look says"))
    verdict = remains.verdict()
    assert (verdict.ok, verdict.duplicates) == (True, 1)


def test_a_record_without_output_is_lost(remains: Remains):
    del remains.outputs[7]
    assert (remains.verdict().lost, remains.verdict().wrong_outputs, remains.verdict().ok) == (1, 1, False)


def test_a_record_missing_from_its_window_is_lost(remains: Remains):
    name = next(iter(remains.held.windows))
    remains.held.windows[name] = {**remains.held.windows[name], "count": remains.held.windows[name]["count"] - 2}
    assert (remains.verdict().lost, remains.verdict().wrong_windows, remains.verdict().ok) == (2, 1, False)


def test_a_wrong_row_an_absent_row_and_one_too_many(remains: Remains):
    first, second, *_ = remains.held.rows
    remains.held.rows[first] = {**remains.held.rows[first], "value": -1}
    remains.held.rows["unheard of"] = remains.held.rows.pop(second)
    assert (remains.verdict().wrong_keys, remains.verdict().ok) == (3, False)
    assert any(first in example for example in remains.verdict().examples)


def test_two_outputs_of_a_key_in_the_wrong_order(remains: Remains):
    key = remains.outputs[0].key
    places = [number for number, each in enumerate(remains.outputs) if each.key == key][:2]
    one, two = places
    remains.outputs[one], remains.outputs[two] = remains.outputs[two], remains.outputs[one]
    assert (remains.verdict().wrong_outputs, remains.verdict().lost, remains.verdict().ok) == (1, 0, False)


def test_an_output_in_the_wrong_partition(remains: Remains):
    remains.outputs[3] = replace(remains.outputs[3], partition=(remains.outputs[3].partition + 1) % SPREAD)
    assert (remains.verdict().misplaced, remains.verdict().ok) == (1, False)


def test_an_output_of_a_record_that_does_not_exist(remains: Remains):
    remains.outputs.append(replace(remains.outputs[3], place=(0, 10_000)))
    assert (remains.verdict().unknown, remains.verdict().ok) == (1, False)
