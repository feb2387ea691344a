"""Asking whom HubSpot finds by an address that it does not show, while it does not answer as it should."""

from typing import Any

import pytest

from sandbox.faults import FaultKind
from schemas.errors import Fatal, Transient
from schemas.names import Entity
from streams.survey import Onlooker, Watched, known_by
from streams.survey.reading import LONGEST_WAIT, TRIES
from tests.unit.hubspot.portals import World

READ = "/contacts/batch/read"


async def world_of_ann() -> tuple[World, Onlooker, dict[str, str]]:
    """Ann with two addresses; and what is to be found of her."""
    world = await World().furnish()
    first, other = [await world.made("contacts", email=f"{name}@acme.example") for name in ("ann", "old")]
    ann = (await world.person("contacts/merge", primaryObjectId=first, objectIdToMerge=other))["id"]
    return world, Onlooker(world.client, Watched(world.transport)), {"old@acme.example": f"hubspot/contact/{ann}"}


async def ask(world: World, onlooker: Onlooker, waits: list[float]) -> Any:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        world.later(seconds)

    asked = ["ann@acme.example", "old@acme.example"]
    return await known_by(onlooker, Entity.CONTACT, asked, clock=world.clock.now, sleep=sleep)


@pytest.mark.parametrize("how", [{"status": 429}, {"status": 503}, {"status": 423}])
async def test_a_hiccup_is_waited_for(how: dict[str, Any]):
    world, onlooker, found = await world_of_ann()
    world.fault(FaultKind.STATUS, READ, **how)
    waits: list[float] = []
    assert await ask(world, onlooker, waits) == found
    assert all(seconds <= LONGEST_WAIT for seconds in waits)


async def test_a_platform_that_does_not_come_back_is_told_of():
    world, onlooker, _ = await world_of_ann()
    world.fault(FaultKind.STATUS, READ, times=None, status=503)
    waits: list[float] = []
    with pytest.raises(Transient, match=r"hubspot cannot be read: .*Nothing was written"):
        await ask(world, onlooker, waits)
    assert len(waits) <= TRIES


async def test_where_it_refuses_to_be_asked_so_nobody_knows_more_than_was_read():
    world, onlooker, _ = await world_of_ann()
    world.fault(FaultKind.STATUS, READ, times=None, status=400)
    assert await ask(world, onlooker, []) == {}


async def test_an_onlooker_that_asks_still_writes_nothing():
    _, onlooker, _ = await world_of_ann()
    with pytest.raises(Fatal, match="writes nothing"):
        await onlooker.write([])
