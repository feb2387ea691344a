"""A backfill of HubSpot: beside live edits, within what the quota has to spare, past ten thousand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.errors import Throttled
from tests.support.filling import CALL, Filling
from tests.unit.hubspot.portals import World


@pytest.mark.parametrize("anew", [False, True])
async def test_no_live_edit_is_overwritten_by_an_older_page(*, anew: bool):
    filling = Filling(420, edits_a_call=30)
    await filling.open()
    filling.editing = True
    before = len(filling.calls())
    await filling.fill(anew=anew)
    assert len(filling.calls()) - before == 5  # its own pages, each asked for once
    edits = filling.edits
    await filling.calm()
    assert edits > 100
    assert filling.stale == 0
    assert filling.shown == filling.newest


async def test_live_edits_wait_no_longer_than_one_page_more():
    filling = Filling(420)
    await filling.open()
    filling.editing = True
    await filling.edit()
    for _ in range(40):
        await filling.live()
    calm, filling.waited = max(filling.waited), []
    await filling.fill()
    assert max(filling.waited) <= calm + 3 * CALL + 0.01  # a page takes one call, the first of all a search besides


async def test_a_page_says_how_many_come_behind_it_where_hubspot_says():
    world = World()
    for place in range(230):
        await world.made("companies", name=f"C{place}")
    world.later(600)
    pages = await world.pages("company")
    assert [page.left for page in pages] == [130, None, None]  # the list does not say, the search before it does


async def test_only_what_was_modified_since_is_searched():
    world = World()
    ids = [await world.made("companies", name=f"C{place}") for place in range(5)]
    world.later(3600)
    since = world.clock.now()
    world.later(60)
    await world.edited("companies", ids[3], name="Changed")
    world.later(600)
    records, _ = await world.polled("company", world.client.since("company", since))
    assert [each.record_id for each in records] == [ids[3]]
    records, _ = await world.polled("company", world.client.since("company", since + timedelta(seconds=61)))
    assert not records


async def test_more_of_one_millisecond_than_search_shows_are_paged_by_id():
    world = World()
    since = world.clock.now()
    ids = [await world.made("companies", name=f"C{place}") for place in range(450)]  # the clock stands still
    world.later(600)
    records, _ = await world.polled("company", world.client.since("company", since))
    assert {each.record_id for each in records} == set(ids)


@pytest.mark.parametrize("spent", ["ten seconds", "day"])
async def test_a_backfill_leaves_half_of_ten_seconds_and_a_fifth_of_the_day(spent: str):
    world = World(settings={"burst_limit": 20, "day_limit": 100_000})
    for place in range(120):
        await world.made("companies", name=f"C{place}")
    if spent == "day":
        world.portal.quota.spend(85_000)
    for _ in range(11 if spent == "ten seconds" else 1):
        await world.client.read("company", ["1"])
    with pytest.raises(Throttled) as refused:
        await anext(aiter(world.client.poll("company", None, spare=True)))
    wait = refused.value.until - world.clock.now()
    assert wait == (timedelta(seconds=10) if spent == "ten seconds" else timedelta(minutes=15))
    assert len(await world.pages("company")) == 2  # a poll goes on
    world.later(wait.total_seconds())
    page = await anext(aiter(world.client.poll("company", None, spare=True)))
    assert len(page.records) == 100
