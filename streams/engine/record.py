"""One record, as it came from a topic, and one on its way to a topic."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

__all__ = ["OBJECT", "OVERHEAD", "Headers", "Outgoing", "Record", "contents", "heap", "slim"]

OVERHEAD = 128  # bytes Kafka adds to a lone record, generously
OBJECT = 256  # bytes of memory a record takes beside its contents: a tuple, two byte strings, two numbers

Headers = Sequence[tuple[str, bytes]]


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
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers


def heap(records: Sequence[Record]) -> int:
    """Return about how much memory records take."""
    sizes = [contents(r) if r.headers else len(r.value or b"") + len(r.key or b"") for r in records]
    return sum(sizes) + OBJECT * len(sizes)


class Outgoing(NamedTuple):
    """A record to be written; its partition is decided by whoever queues it."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()
