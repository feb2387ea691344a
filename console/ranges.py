"""Ranges: some records of one topic, by offset or by time.

In: what a person typed, the broker. Out: the records, in the order of their partitions. Invariant: a range that is not
wholly there is an error that says what is, never a shorter range.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from console.output import moment
from console.projection.cluster import consumer, describe
from console.projection.delivery import Delivery, topics_of
from schemas.errors import Refused, Stale, Transient
from schemas.instants import from_millis, parse_instant, to_millis
from streams.settings import Settings
from streams.topics import Topic, Topics

WAIT = 250  # milliseconds a fetch may wait for records
STALLED = 60  # fetches without a record, some fifteen seconds: the broker is gone
KEYS = 3  # keys that are named where none fits
UNDONE = "Nothing was replayed"
Bound = int | datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: `begin` counts, `end` does not; None: to what is there now."""

    topic: str
    begin: Bound
    end: Bound | None = None
    partition: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One partition: its first offset, the one behind its last, and when its first record was written."""

    partition: TopicPartition
    first: int
    behind: int
    since: datetime | None


def topic_of(topics: Topics, name: str) -> Topic:
    """The topic of a name, with or without the deployment's prefix.

    Raises:
        Refused: there is none; the message names the nearest.
    """
    bare = name.removeprefix(topics.prefix).replace("_", ".")
    known = {topic.name: topic for topic in topics}
    if bare in known:
        return known[bare]
    near = difflib.get_close_matches(bare, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    raise Refused(f"there is no topic {name!r}: {hint} {UNDONE}. Next: revmark replay --help", code="usage")


def bound(option: str, text: str) -> Bound:
    """An offset, or a time; a time without a zone is UTC.

    Raises:
        Refused: it is neither.
    """
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Refused(
            f"{option} {text!r} is no offset and no time. {UNDONE}. Next: say it as 120 or as 2026-11-01T09:30",
            code="usage",
        ) from error


async def pick(settings: Settings, wish: Wish) -> list[Delivery]:
    """The records of a range.

    Raises:
        Refused: it names no records.
        Stale: its beginning was deleted by retention.
        Transient: the broker does not answer, or has no such topic.
    """
    topics = topics_of(settings)
    topic = topic_of(topics, wish.topic)
    _ordered(wish.begin, wish.end)
    there = (await describe(settings.kafka, topics, [topic.name])).partitions.get(topic.name)
    if not there:
        raise Transient(
            f"there is no topic {topics.name(topic)} at {settings.broker}. {UNDONE}. Next: revmark worker makes it",
            code="topic",
        )
    if wish.partition is not None and wish.partition not in there:
        raise Refused(
            f"{topics.name(topic)} has partitions {there[0]} to {there[-1]}. {UNDONE}. "
            f"Next: revmark replay {topic.name} --partition {there[0]} --from ...",
            code="usage",
        )
    numbers = there if wish.partition is None else [wish.partition]
    async with consumer(settings.kafka) as client:
        places = await _places(client, [TopicPartition(topics.name(topic), number) for number in numbers])
        places = _one(topic, places, wish)
        spans = [(place, *(await _span(client, topic, place, wish))) for place in places]
        found = [
            each for place, begin, end in spans for each in await _read(client, topic, place.partition, begin, end)
        ]
    return _keyed(topic, places, found, wish)


def _ordered(begin: Bound, end: Bound | None) -> None:
    if end is not None and type(begin) is type(end) and begin >= end:  # type: ignore[operator]
        raise Refused(
            f"--from {_said(begin)} is not before --to {_said(end)}. {UNDONE}. "
            f"Next: --from {_said(end)} --to {_said(begin)}",
            code="usage",
        )


async def _places(client: AIOKafkaConsumer, partitions: list[TopicPartition]) -> list[Place]:
    client.assign(partitions)
    firsts, behinds = await client.beginning_offsets(partitions), await client.end_offsets(partitions)
    found = []
    for each in partitions:
        head = await _read(client, None, each, firsts[each], min(firsts[each] + 1, behinds[each]))
        found.append(Place(each, firsts[each], behinds[each], from_millis(head[0].timestamp) if head else None))
    return found


def _one(topic: Topic, places: list[Place], wish: Wish) -> list[Place]:
    """The partitions with records; an offset is of one of them."""
    filled = [place for place in places if place.behind > place.first]
    if not filled:
        raise Refused(f"{topic.name} holds no records. {UNDONE}. Next: revmark status", code="empty")
    if len(filled) > 1 and (isinstance(wish.begin, int) or isinstance(wish.end, int)):
        numbers = ", ".join(str(place.partition.partition) for place in filled)
        raise Refused(
            f"an offset is of one partition, and {topic.name} has records in {numbers}. {UNDONE}. "
            f"Next: revmark replay {topic.name} --partition {filled[0].partition.partition} --from {_said(wish.begin)}",
            code="usage",
        )
    return filled


async def _span(client: AIOKafkaConsumer, topic: Topic, place: Place, wish: Wish) -> tuple[int, int]:
    """The offsets of a wish in one partition."""
    trimmed = place.first > 0 and (
        wish.begin < place.first
        if isinstance(wish.begin, int)
        else place.since is not None and wish.begin < place.since
    )
    if trimmed:
        raise Stale(
            f"partition {place.partition.partition} of {topic.name} begins at offset {place.first}, "
            f"{moment(place.since)} UTC: what came before was deleted by its retention. {UNDONE}. Next: revmark replay "
            f"{topic.name} --partition {place.partition.partition} --from {place.first}",
            code="truncated",
        )
    begin = await _offset(client, place, wish.begin)
    end = place.behind if wish.end is None else await _offset(client, place, wish.end)
    return begin, max(begin, min(end, place.behind))


async def _offset(client: AIOKafkaConsumer, place: Place, wanted: Bound) -> int:
    if isinstance(wanted, int):
        return min(wanted, place.behind)
    found = (await client.offsets_for_times({place.partition: to_millis(wanted)}))[place.partition]
    return place.behind if found is None else int(found.offset)


async def _read(
    client: AIOKafkaConsumer, topic: Topic | None, place: TopicPartition, begin: int, end: int
) -> list[Delivery]:
    found: list[Delivery] = []
    client.seek(place, begin)
    idle = 0
    while begin < end and await client.position(place) < end:
        records = (await client.getmany(place, timeout_ms=WAIT)).get(place, [])
        idle = 0 if records else idle + 1
        if idle > STALLED:
            raise Transient(f"Kafka stopped answering after {len(found)} of {end - begin} records. {UNDONE}")
        name = topic.name if topic else place.topic
        found += [
            Delivery(name, place.partition, each.offset, each.key, each.value, each.timestamp)
            for each in records
            if each.offset < end
        ]
    return found


def _keyed(topic: Topic, places: Iterable[Place], found: list[Delivery], wish: Wish) -> list[Delivery]:
    chosen = [each for each in found if wish.key is None or each.key_text == wish.key]
    if chosen:
        return chosen
    if found:
        keys = ", ".join(list(dict.fromkeys(each.key_text for each in found))[:KEYS])
        raise Refused(
            f"none of the {len(found):,} records in that range has the key {wish.key!r} (there are {keys}). {UNDONE}. "
            f"Next: revmark replay {topic.name} --from {_said(wish.begin)}",
            code="empty",
        )
    said = "; ".join(
        f"partition {each.partition.partition} has {each.first} to {each.behind - 1}, from {moment(each.since)} UTC on"
        for each in places
    )
    raise Refused(
        f"no record of {topic.name} is in that range: {said}. {UNDONE}. "
        f"Next: revmark replay {topic.name} --from {next(iter(places)).first}",
        code="empty",
    )


def _said(wanted: Bound | None) -> str:
    return wanted.isoformat() if isinstance(wanted, datetime) else str(wanted)
