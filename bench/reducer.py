"""What must be true after the job: worked out from the source topic, without the contestants' code.

Flows in: the source's records; what a contestant left on its topics. Flows out: the first differences, or none.
Invariant: it shares only the events with `bench.job`, none of its functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any
from zlib import crc32

import orjson

__all__ = ["Expected", "Held", "differences", "expect", "fingerprints"]

SPAN = 10_000  # milliseconds of a window
SHOWN = 3  # differences of each kind: enough to find the fault

Raw = tuple[int, bytes, bytes | None]  # offset, key, value
Print = tuple[int, int]  # how many outputs, and what they say


@dataclass
class Held:
    """What a contestant left: its tables and its outputs."""

    rows: dict[str, Any]
    windows: dict[str, Any]
    outputs: dict[bytes, Print]


@dataclass
class Expected:
    """The same, as it must be."""

    rows: dict[str, Any] = field(default_factory=dict)
    windows: dict[str, Any] = field(default_factory=dict)
    outputs: dict[bytes, Print] = field(default_factory=dict)


def fingerprints(outputs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, Print]:
    """Count and chained checksum of each key's outputs, in order."""
    prints: dict[bytes, Print] = {}
    for key, value in outputs:
        count, chain = prints.get(key, (0, 0))
        prints[key] = (count + 1, crc32(value, chain))
    return prints


def expect(records: Iterable[Raw]) -> Expected:
    """Recount a source topic, record by record name."""
    stories: dict[bytes, list[tuple[int, dict[str, Any]]]] = {}
    for offset, key, value in records:
        stories.setdefault(key, []).append((offset, orjson.loads(value or b"null")))
    expected = Expected()
    for key, story in stories.items():
        _recount(expected, key, story)
    return expected


def _recount(expected: Expected, key: bytes, story: list[tuple[int, dict[str, Any]]]) -> None:
    """One record: the running newest of each side, and running sums per window."""
    marks = {side: list(accumulate(_of(story, side), max)) for side in ("crm", "erp")}
    chain = applied = 0
    sums: dict[int, list[int]] = {}
    for place, (offset, seen) in enumerate(story):
        side = seen["side"]
        before = marks[side][place - 1] if place else (-1, 0, 0)
        now = {name: marks[name][place] for name in marks}
        newer = now[side][0] > before[0]
        applied += newer
        stands = ("erp" if now["erp"][0] >= now["crm"][0] else "crm") if applied else ""
        ruling = f"take_{stands}" if newer else ("again" if seen["version"] == before[0] else "stale")
        window = sums.setdefault(seen["at"] // SPAN, [0, 0, -1])
        window[:] = window[0] + seen["amount"], window[1] + 1, offset
        value = -now[stands][2] if stands else 0
        said = {"id": seen["id"], "entity": key.decode(), "offset": offset, "ruling": ruling, "value": value}
        chain = crc32(orjson.dumps({**said, "sum": window[0]}), chain)
    name = key.decode()
    expected.rows[name] = {
        **{side: [marks[side][-1][0], -marks[side][-1][2]] for side in marks},
        "stands": stands, "value": value, "applied": applied, "offset": story[-1][0],
    }  # fmt: skip
    for window_number, (total, count, offset) in sums.items():
        expected.windows[f"{name}|{window_number}"] = {"sum": total, "count": count, "offset": offset}
    expected.outputs[key] = (len(story), chain)


def _of(story: list[tuple[int, dict[str, Any]]], side: str) -> list[tuple[int, int, int]]:
    """Version, order and (negated) amount of each event of a side; the first of equal versions counts."""
    return [
        (seen["version"], -place, -seen["amount"]) if seen["side"] == side else (-1, 0, 0)
        for place, (_, seen) in enumerate(story)
    ]


def differences(expected: Expected, held: Held) -> list[str]:
    """Name what differs, a few of each kind."""
    return [
        *_compare("record", expected.rows, held.rows),
        *_compare("window", expected.windows, held.windows),
        *_compare("outputs of", expected.outputs, held.outputs),
    ]


def _compare(what: str, wanted: Mapping[Any, Any], found: Mapping[Any, Any]) -> list[str]:
    wrong = [name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)]
    shown = [f"{what} {name!r}: {found.get(name)} instead of {wanted.get(name)}" for name in sorted(wrong)[:SHOWN]]
    return [*shown, *([f"and {len(wrong) - SHOWN} more of {what}"] if len(wrong) > SHOWN else [])]
