"""Slices torn in two: their outputs are on the topics, their changes are not, and all of it is done once more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from random import Random

import pytest

from streams.engine import RecordBatch
from streams.engine.delivery import Delivery
from streams.engine.errors import Revoked
from streams.engine.table import BatchTable
from streams.engine.view import View
from tests.simulation.__main__ import silent
from tests.simulation.bugs import planted
from tests.simulation.evidence import violations
from tests.simulation.story import draw
from tests.simulation.worker import Worker
from tests.simulation.world import World, looped

SHARE = 0.3  # of batches that are torn, each once
MOST = 100  # of one world
FIRST = 3  # a seed at which the planted bug is found today: stories change with what workers do
ENOUGH = 60  # seeds within which it has to be found: one in fifteen finds it


class Tearing(Delivery):
    """Writes for one worker, which loses its partition now and then just before the changelog."""

    def __init__(self, worker: Worker, torn: set[tuple[str, int, int]], lots: Random) -> None:
        super().__init__(worker)  # type: ignore[arg-type]  # as the worker's own
        self._torn, self._lots = torn, lots

    async def changes(self, batch: RecordBatch, views: Mapping[BatchTable, View]) -> None:
        """Write what was staged, or be too late."""
        place = (batch.topic, batch.partition, batch.first_offset)
        whole = batch.topic not in {"changes", "facts"} or place in self._torn or len(self._torn) >= MOST
        if not whole and self._lots.random() < SHARE:
            self._torn.add(place)
            raise Revoked("the outputs are written, and what follows from them is not")
        await super().changes(batch, views)


class TornWorld(World):
    """A world in which slices are torn."""

    torn: set[tuple[str, int, int]]

    def _hire(self, number: int, awake: asyncio.Event) -> Worker:
        worker = super()._hire(number, awake)
        worker.delivery = Tearing(worker, self.torn, self.tears)
        return worker


def torn(seed: int) -> TornWorld:
    world = TornWorld(draw(seed, 60))
    world.torn, world.tears = set(), Random(f"window/{seed}")
    with silent():
        return looped(world)


@pytest.mark.parametrize("seed", [21, 33])
def test_outputs_that_are_written_twice_are_taken_once(seed: int):
    world = torn(seed)
    facts = [rows for (topic, _), rows in world.broker.records.items() if topic == "facts"]
    told = [record.headers for rows in facts for record in rows if record.headers]
    assert len(told) - len(set(told)) > 10  # they did come again
    assert violations(world) == {}


def test_a_table_that_takes_them_twice_is_found_by_the_replay():
    with planted("repeating"):
        assert any("I10 replay" in violations(torn(seed)) for seed in range(FIRST, FIRST + ENOUGH))
