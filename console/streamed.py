"""What the stream has of a night, document by document: the reconcile agent's table, of which one day is kept.

In: the broker, a night. Out: documents by reference. Invariant: nothing of other days is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agents.rules.hearing import Heard
from console.projection.delivery import topics_of
from console.recorded import Reader
from schemas.money import exact
from schemas.names import Side
from streams.settings import Settings


def documents(row: dict[str, Any], night: str) -> Iterator[Heard]:
    """What a row of the table says of a document that a side has, or had, on the night."""
    parts = [(side, row.get(side.value)) for side in Side]
    if not any(part and part["day"] == night for _, part in parts):
        return
    for side, part in parts:
        if part:
            yield Heard(
                side, part["ref"], part["number"], part["day"], part["currency"], exact(part["total"]),
                bool(part["counted"]) and part["day"] == night,
            )  # fmt: skip


async def heard(settings: Settings, night: str) -> dict[str, Heard]:
    """The night's documents.

    Raises:
        Transient: the broker does not answer.
    """

    def wanted(key: str, row: Any) -> bool:
        return key.startswith(f"d|{settings.tenant}|") and any(documents(row, night))

    rows = await Reader(settings).rows(topics_of(settings).books, wanted)
    return {each.ref: each for row in rows.values() for each in documents(row, night)}
