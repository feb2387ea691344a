"""One record, as it came from a topic, and one on its way to a topic."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

__all__ = ["OBJECT", "OVERHEAD", "Headers", "Outgoing", "Record", "Weight", "contents", "slim", "weigh"]

OVERHEAD = 128  # bytes Kafka adds to a lone record, generously
OBJECT = 256  # bytes of memory a record takes beside its contents: a tuple, two byte strings, two numbers

Headers = Sequence[tuple[str, bytes]]
Outgoing = tuple[bytes | None, bytes | None, Headers]
"""Key, value and headers of a record to be written; its partition is decided by whoever queues it."""


class Record(NamedTuple):
    """A record of a source topic: raw bytes, with its place and its time."""

    key: bytes | None
    value: bytes | None
    offset: int
    timestamp: int  # milliseconds since the epoch, as the producer or the broker set it
    headers: Headers = ()


def slim(fetched: Iterable[Any]) -> list[Record]:
    """Return what a fetch brought, as records; made without Record's own constructor, which takes twice as long."""
    make = tuple.__new__
    return [make(Record, (r.key, r.value, r.offset, r.timestamp, tuple(r.headers))) for r in fetched]


def contents(record: Record) -> int:
    """Return how many bytes a record brings: key, value and headers."""
    size = len(record.key or b"") + len(record.value or b"")
    for name, value in record.headers:
        size += len(name) + len(value or b"")
    return size


class Weight(NamedTuple):
    """What records weigh."""

    heap: int  # bytes of memory, about
    largest: int  # bytes that the largest of them brings


def weigh(records: Sequence[Record]) -> Weight:
    """Return what records weigh, one or more of them."""
    sizes = [contents(r) if r.headers else len(r.value or b"") + len(r.key or b"") for r in records]
    return Weight(sum(sizes) + OBJECT * len(sizes), max(sizes))
