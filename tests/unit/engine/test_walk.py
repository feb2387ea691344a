"""A walk over a table: our own entries by the beginning of their keys, with a turn for others in between."""

from __future__ import annotations

import asyncio
from typing import Any

from streams.engine.store import MemoryStore
from streams.engine.table import WALK, BatchTable

ENTRIES = 3 * WALK


def table(active: frozenset[int]) -> BatchTable:
    """A table of two partitions without an app around it: of both is as much here."""
    made = BatchTable.__new__(BatchTable)
    made.local, made._active = MemoryStore(), active  # noqa: SLF001 - what a rebalance sets
    for partition in (0, 1):
        rows = {f'"c|{partition}|{number}"'.encode(): b"1" for number in range(ENTRIES)}
        made.local.write(partition, rows | {b'"r|c|0"': b"2", b'"cc|0"': b"3"}, 1)
    return made


def test_it_shows_what_is_ours_and_begins_so():
    async def walked() -> list[tuple[str, Any]]:
        return [each async for each in table(frozenset({1})).walk("c|")]

    found = asyncio.run(walked())
    assert len(found) == ENTRIES
    assert {key.rsplit("|", 1)[0] for key, _ in found} == {"c|1"}


def test_others_have_their_turn_and_what_is_taken_away_meanwhile_is_left():
    ours = table(frozenset({0, 1}))

    async def taken() -> None:
        ours._active = frozenset({1})  # noqa: SLF001 - as above

    async def walked() -> list[str]:
        task: asyncio.Task[None] | None = None
        found = []
        async for key, _ in ours.walk("c|"):
            task = task or asyncio.create_task(taken())
            found.append(key)
        return found

    found = asyncio.run(walked())
    assert len([key for key in found if key.startswith("c|0")]) == WALK
    assert len([key for key in found if key.startswith("c|1")]) == ENTRIES
