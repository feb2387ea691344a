"""One record, as it came from a topic, and one on its way to a topic."""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Headers", "Outgoing", "Record"]

Headers = Sequence[tuple[str, bytes]]


class Record(NamedTuple):
    """A record of a source topic: raw bytes, with its place and its time."""

    key: bytes | None
    value: bytes | None
    offset: int
    timestamp: int  # milliseconds since the epoch, as the producer or the broker set it
    headers: Headers = ()


class Outgoing(NamedTuple):
    """A record to be written; its partition is decided by whoever queues it."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()
