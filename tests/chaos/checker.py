"""What must be true after the chaos, worked out from the source topic by code that shares nothing with the engine.

Flows in: the topics of a scene and what its workers hold. Flows out: counts of what is lost, wrong or repeated.
Rules of the check: every source record has an output; the first outputs of a key's records say what they must, in the
order of the records, in the partition Kafka's default partitioner gives; tables are right in their changelogs and in
the workers. Repeated outputs are allowed (delivery is at least once) and counted.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.reducer import Expected, Held, Print, differences, expect, fingerprints
from tests.chaos.places import partition_of

__all__ = ["Output", "Verdict", "check", "judge"]

Place = tuple[int, int]  # partition and offset


@dataclass(frozen=True)
class Output:
    """One record of the output topic: where it stands, what it says, and which source record caused it."""

    partition: int
    key: bytes
    value: bytes
    place: Place


@dataclass
class Verdict:
    """Counts; all but the first two must be zero."""

    events: int = 0
    duplicates: int = 0  # outputs of a record that had one
    lost: int = 0  # source records without output, or without trace in their window, whichever are more
    wrong_keys: int = 0
    wrong_windows: int = 0
    wrong_outputs: int = 0  # keys whose first outputs differ, in what they say or in their order
    misplaced: int = 0  # outputs in another partition than their key's
    unknown: int = 0  # outputs of records that do not exist
    examples: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is lost or wrong."""
        return not (
            self.lost or self.wrong_keys or self.wrong_windows or self.wrong_outputs or self.misplaced or self.unknown
        )


def judge(
    source: Iterable[tuple[Place, bytes, bytes]], outputs: Iterable[Output], partitions: int, tables: Iterable[Held]
) -> Verdict:
    """Compare what was left with what the source demands.

    Args:
        source: place, key and value of each record, in the order of its partition.
        outputs: in the order of their partitions.
        partitions: of the output topic.
        tables: rows and windows, from each place they are kept in; their outputs are not looked at.
    """
    places: dict[Place, bytes] = {}
    expected = expect(_noted(source, places))
    verdict = Verdict(events=len(places))
    first = list(_first(outputs, places, partitions, verdict))
    prints = fingerprints((output.key, output.value) for output in first)
    verdict.wrong_outputs = _differing(expected.outputs, prints)
    unanswered = len(places) - len(first)
    for held in tables:
        verdict.wrong_keys += _differing(expected.rows, held.rows)
        verdict.wrong_windows += _differing(expected.windows, held.windows)
        verdict.lost = max(verdict.lost, unanswered, _untraced(expected, held))
        verdict.examples += differences(expected, Held(held.rows, held.windows, prints))
    return verdict


def _noted(
    source: Iterable[tuple[Place, bytes, bytes]], places: dict[Place, bytes]
) -> Iterable[tuple[int, bytes, bytes]]:
    for place, key, value in source:
        places[place] = key
        yield place[1], key, value


def _first(
    outputs: Iterable[Output], places: Mapping[Place, bytes], partitions: int, verdict: Verdict
) -> Iterable[Output]:
    """Yield the first output of each record; count the others, and those that are not where they belong."""
    answered: set[Place] = set()
    for output in outputs:
        verdict.misplaced += output.partition != partition_of(output.key, partitions)
        if places.get(output.place) != output.key:
            verdict.unknown += 1
        elif output.place in answered:
            verdict.duplicates += 1
        else:
            answered.add(output.place)
            yield output


def _differing(wanted: Mapping[Any, Any], found: Mapping[Any, Any]) -> int:
    return sum(wanted.get(name) != found.get(name) for name in wanted.keys() | found.keys())


def _untraced(expected: Expected, held: Held) -> int:
    counts = ((row["count"], held.windows.get(name, {"count": 0})["count"]) for name, row in expected.windows.items())
    return sum(max(0, wanted - found) for wanted, found in counts)


async def check(broker: str, topics: tuple[str, str, str, str], partitions: int, files: Iterable[Path]) -> Verdict:
    """Read the topics (source, outputs, rows, windows) and the workers' files, and judge."""
    source, out, rows, windows = topics
    records = [((r.partition, r.offset), r.key, r.value) async for r in _read(broker, source)]
    outputs = [_output(r) async for r in _read(broker, out)]
    none: dict[bytes, Print] = {}
    changelogs = Held(await _table(broker, rows), await _table(broker, windows), none)
    held = Held({}, {}, none)
    twice = 0
    for file in files:
        found = orjson.loads(file.read_bytes())
        twice += len(held.rows.keys() & found["rows"].keys()) + len(held.windows.keys() & found["windows"].keys())
        held.rows.update(found["rows"])
        held.windows.update(found["windows"])
    verdict = judge(records, outputs, partitions, [changelogs, held])
    verdict.wrong_keys += twice  # two workers believe to own them
    return verdict


def _output(record: Any) -> Output:
    partition, _, offset = dict(record.headers)["place"].partition(b":")
    return Output(record.partition, record.key, record.value, (int(partition), int(offset)))


async def _table(broker: str, topic: str) -> dict[str, Any]:
    """A changelog's last word on each key; keys are JSON texts."""
    last: dict[bytes, bytes | None] = {}
    where: defaultdict[bytes, set[int]] = defaultdict(set)
    async for record in _read(broker, topic):
        last[record.key] = record.value
        where[record.key].add(record.partition)
    table = {orjson.loads(key): orjson.loads(value) for key, value in last.items() if value is not None}
    for key, places in where.items():
        if len(places) > 1:
            table[orjson.loads(key)] = f"written to partitions {sorted(places)}"
    return table


async def _read(broker: str, topic: str) -> AsyncIterator[Any]:
    """Yield all records a topic holds now, each partition's in order."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        places: list[TopicPartition] = sorted(consumer.assignment())
        assert places, f"{topic} has no partitions"
        ends = await consumer.end_offsets(places)
        left = {place for place in places if ends[place]}
        while left:
            for records in (await consumer.getmany(*left, timeout_ms=1000)).values():
                for record in records:
                    yield record
            left = {place for place in left if await consumer.position(place) < ends[place]}
    finally:
        await consumer.stop()
