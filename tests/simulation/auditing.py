"""Audits of a world in which the real workers are at work: counted as the command does, over the world's own wires."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from agents.rules.hearing import Heard
from console.reconciling import Wish, count
from console.recorded import Recorded, note_row
from console.streamed import documents
from schemas.audit import Audit, Signature
from schemas.totals import Total
from streams.daybook.patience import Patience
from streams.platforms.hubspot.daybook import Daybook as Portal
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.xero.daybook import Daybook as Books
from tests.simulation.planned import PlannedWorld, Theatre


def stated(world: PlannedWorld, night: str) -> list[Total]:
    """What the stream has counted of a night."""
    newest = {record.key: Total.from_bytes(record.value) for record in world.all(world.topics.totals)}
    return [each for each in newest.values() if each.day == night]


def audited(stage: Theatre, night: str, folder: Path, signed: Signature | None = None) -> Audit:
    """Count a night, and see that nothing was written for it."""
    world = stage.world
    wish, before = Wish(night, timedelta(0), stated(world, night), signed), world.broker.written

    async def hear() -> dict[str, Heard]:
        rows = Recorded().known
        for record in world.all(world.topics.books):
            note_row(rows, record.key, record.value, lambda key, _row: key.startswith("d|"))
        return {each.ref: each for row in rows.values() for each in documents(row, night)}

    recorded, waits = world.recorded(), Patience(world.hours, asyncio.sleep)
    xero, hubspot = (world._onlooker(name, recorded)._client for name in ("xero", "hubspot"))  # noqa: SLF001 - their wires
    books = Books(xero.connection, waits)  # type: ignore[attr-defined]
    portal = Portal(hubspot._api, shapes_of(world.contract), waits, base_currency="NZD")  # type: ignore[attr-defined]  # noqa: SLF001
    settings = world.settings.model_copy(update={"state": folder})
    made = stage.run(count(settings, world.contract, wish, books, portal, world.hours(), hear))
    stage.run(books.close())
    stage.run(portal.close())
    assert world.broker.written == before
    return made
