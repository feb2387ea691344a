"""What a run that was cut short has left in HubSpot is found, also where search does not know it yet."""

from streams.platforms.hubspot.shapes import SHAPES
from streams.verification.cleaning import INDEXED, marked
from streams.verification.pacing import Pacing
from streams.verification.portal import MARKS, Portal
from streams.verification.run import Run
from tests.unit.hubspot.portals import World

RUN = Run("3f9a2c71", "")
MARK = {"company": RUN.name, "deal": RUN.name, "contact": RUN.email, "product": RUN.sku, "line_item": RUN.sku}
MORE = {
    "line_item": {"name": "Widget", "price": "1", "quantity": "1"},
    "deal": {"pipeline": "default", "dealstage": "closedwon"},
    "product": {"name": "Widget", "price": "1"},
}


async def left(*kinds: str) -> tuple[dict[str, list[str]], float]:
    """What is found of a run that made records of these kinds a moment ago; and after how many seconds."""
    world = World()
    portal, clock = Portal(world.client._api, SHAPES), world.clock  # noqa: SLF001 - the calls of the client, as they are
    made = {kind: [await portal._make(kind, MORE.get(kind, {}) | {MARKS[kind]: MARK[kind]})] for kind in kinds}
    assert await portal.find(kinds[-1], RUN) == [], "search has caught up already: nothing is shown here"
    began = clock.now()
    found = await marked(portal, RUN, Pacing(60, clock.now, clock.sleep))
    assert found == {kind: made.get(kind, []) for kind in MARKS}
    return found, (clock.now() - began).total_seconds()


async def test_what_was_made_just_before_is_found_once_search_knows_it():
    found, seconds = await left(*MARKS)
    assert all(found.values())
    assert seconds < INDEXED


async def test_what_was_never_made_is_looked_for_no_longer_than_search_takes():
    found, seconds = await left("company", "contact")
    assert not found["deal"]
    assert INDEXED <= seconds < 2 * INDEXED
