"""The job all contestants do: events of 20,000 records through a versioned table and a window sum, one output each.

Flows in: an event (JSON, about 207 bytes, keyed by its record). Flows out: the record's new row, its window's new row,
one output. Both rows carry the last source offset applied, so an event seen again adds nothing.
Only the libraries around `judge` and `add` differ between contestants.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

__all__ = ["KEYS", "PARTITIONS", "WINDOW", "add", "bursts", "events", "judge", "output", "window_key"]

KEYS = 20_000
PARTITIONS = 4
WINDOW = 10_000  # milliseconds
START = 1_788_220_800_000  # 2026-09-01, in milliseconds
PER_MILLISECOND = 10  # events of event time: a window holds each of 20,000 records about five times
PRIME = 2_654_435_761  # Knuth's multiplier: spreads numbers without a generator's state
LATE = 32  # one event in so many is an older version, one a version seen before

Row = dict[str, Any]


def _spread(number: int) -> int:
    """A number that looks like chance and is the same on every machine."""
    mixed = (number * PRIME) & 0xFFFFFFFF
    mixed ^= mixed >> 15
    mixed = (mixed * 0x2C1B3C6D) & 0xFFFFFFFF
    return mixed ^ (mixed >> 12)


def record_name(number: int) -> str:
    """The name of a record, which is its key on every topic."""
    return f"company:{number:016x}"


def event(number: int, key: int) -> tuple[bytes, bytes]:
    """Event `number` of a stream, about record `key`: its key and value."""
    chance = _spread(number ^ 0x5BD1E995)
    version = number + LATE * 4000  # above zero, however old
    if chance % LATE == 0:
        version -= (chance >> 8) % (LATE * 2000)  # an old version, mostly older than what is known
    name = record_name(key)
    value = {
        "id": f"{number:012d}",
        "tenant": "main",
        "entity": name,
        "side": "erp" if chance & 64 else "crm",
        "version": version,
        "at": START + number // PER_MILLISECOND,
        "field": "credit_limit",
        "amount": chance % 1_000_000,
        "currency": "NZD",
        "origin": "a sandbox platform",
    }
    return name.encode(), orjson.dumps(value)


def events(count: int, keys: int = KEYS, first: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """`count` events over `keys` records; one in some is followed by itself, as after a lost acknowledgement."""
    before: tuple[bytes, bytes] | None = None
    for number in range(first, first + count):
        if before is not None and number % LATE == 1:
            yield before
        else:
            before = event(number, _spread(number) % keys)
            yield before


def bursts(count: int, keys: int, burst: int = 1_000, visits: int = 4) -> Iterator[tuple[bytes, bytes]]:
    """Events that visit `burst` records several times, then others: as many at a time, whatever `keys` is.

    A burst is a tenth of the fewest records there are, and a fortieth of what all partitions' largest batches hold:
    wherever batches begin, they share a row as often over many records as over few.
    `keys` is no multiple of `PRIME`, so that consecutive numbers come to different records, far from each other.
    """
    for number in range(count):
        block, place = divmod(number, burst * visits)
        yield event(number, (block * burst + _spread(place) % burst) * PRIME % keys)


def judge(row: Row | None, seen: Row, offset: int) -> tuple[Row, str]:
    """Take an event into a record's row: the newer version of a side is kept, the newer side stands."""
    known = row or {"crm": [-1, 0], "erp": [-1, 0], "stands": "", "value": 0, "applied": 0, "offset": -1}
    if offset <= known["offset"]:
        return known, "seen"
    known["offset"] = offset
    side = seen["side"]
    version = seen["version"]
    if version <= known[side][0]:
        return known, "again" if version == known[side][0] else "stale"
    known[side] = [version, seen["amount"]]
    known["applied"] += 1
    stands = "erp" if known["erp"][0] >= known["crm"][0] else "crm"
    known["stands"] = stands
    known["value"] = known[stands][1]
    return known, f"take_{stands}"


def window_key(seen: Row) -> str:
    """The key of an event's window: under its record, so that it lives in the record's partition."""
    return f"{seen['entity']}|{seen['at'] // WINDOW}"


def add(window: Row | None, seen: Row, offset: int) -> Row:
    """Take an event into its window's row."""
    known = window or {"sum": 0, "count": 0, "offset": -1}
    if offset > known["offset"]:
        known["sum"] += seen["amount"]
        known["count"] += 1
        known["offset"] = offset
    return known


def output(seen: Row, ruling: str, row: Row, window: Row) -> bytes:
    """What is said about an event."""
    return orjson.dumps(
        {
            "id": seen["id"],
            "entity": seen["entity"],
            "offset": row["offset"],
            "ruling": ruling,
            "value": row["value"],
            "sum": window["sum"],
        }
    )
