from datetime import timedelta

import pytest

from sandbox.faults import FaultKind
from schemas.errors import Throttled
from streams.platforms.hubspot.polling import Polling
from streams.platforms.hubspot.shapes import shapes_of
from tests.support.contracts import contract
from tests.unit.hubspot.portals import World


async def _companies(world: World, number: int, *, apart: float = 0.0) -> list[str]:
    ids = []
    for place in range(number):
        ids.append(await world.made("companies", name=f"C{place}"))
        world.clock.move(apart)
    return ids


def _names(records: list) -> list[str]:  # type: ignore[type-arg]
    return [each.record_id for each in records]


async def test_a_first_reading_lists_everything_once_and_then_only_changes_are_read():
    world = World()
    ids = await _companies(world, 230)
    world.later(600)
    last = await world.made("companies", name="Last")
    world.later()
    records, cursor = await world.polled("company")
    assert sorted(_names(records)) == sorted([*ids, last])
    assert not any(each.deleted for each in records)
    assert world.calls("search") == ["POST /crm/objects/2026-09/companies/search"]  # where to go on from
    world.later(600)
    await world.edited("companies", ids[3], name="Changed")
    world.later()
    records, cursor = await world.polled("company", cursor)
    assert _names(records) == [last, ids[3]]  # the first by the overlap: its version is known by then
    assert records[1].raw["properties"]["name"] == "Changed"


async def test_what_has_settled_is_not_read_again_and_what_comes_after_is():
    world = World()
    ids = await _companies(world, 5)
    world.later()
    _, cursor = await world.polled("company")
    shown = []
    for _ in range(5):
        world.later()
        records, cursor = await world.polled("company", cursor)
        shown.append(len(records))
    assert shown == [5, 5, 0, 0, 0]  # the overlap is read once more after search had time to settle
    await world.edited("companies", ids[2], name="Changed")
    shown = []
    for _ in range(5):
        world.later()
        records, cursor = await world.polled("company", cursor)
        shown.append(_names(records))
    assert shown == [[ids[2]], [ids[2]], [ids[2]], [], []]


@pytest.mark.parametrize("hours", [-24, 24])
async def test_a_clock_that_is_a_day_wrong_loses_nothing(hours: int):
    world = World({"search_lag": 5.0}, skew_hours=hours)
    early, late = await _companies(world, 2)
    world.later(600)
    _, cursor = await world.polled("company")
    for number in range(6):
        world.later(50 + number)
        await world.edited("companies", late, name=f"late {number}")
        world.later(2)
        records, cursor = await world.polled("company", cursor)
        world.later(4)
        await world.edited("companies", early, name=f"early {number}")
        records, cursor = await world.polled("company", cursor)
        assert f"late {number}" in {each.raw["properties"]["name"] for each in records}


async def test_an_empty_portal_is_read_to_its_end():
    world = World()
    for kind in world.client.kinds:
        records, cursor = await world.polled(kind)
        assert records == []
        records, _ = await world.polled(kind, cursor)
        assert records == []


async def test_more_records_than_a_page_in_one_millisecond_are_all_found():
    world = World()
    _, cursor = await world.polled("product")
    ids = [await world.made("products", name=f"P{number}") for number in range(450)]
    world.later(1)
    later = await world.made("products", name="later")
    world.later()
    records, cursor = await world.polled("product", cursor)
    assert set(_names(records)) == {*ids, later}
    records, _ = await world.polled("product", cursor)
    assert set(_names(records)) == {*ids, later}


@pytest.mark.slow
async def test_search_is_read_past_its_cap_of_ten_thousand():
    world = World()
    _, cursor = await world.polled("product")
    kind = world.portal.catalogue.get("products")
    for number in range(10_300):
        world.portal.writer.create(kind, {"name": f"P{number}"}, world.portal.app)
        world.clock.move(0.001)
    world.later()
    records, _ = await world.polled("product", cursor)
    assert len(set(_names(records))) == 10_300


async def test_a_record_modified_while_paging_pushes_none_aside():
    world = World()
    _, cursor = await world.polled("company")
    ids = await _companies(world, 450, apart=0.01)
    world.later()
    seen: list[str] = []
    async for page in world.client.poll("company", cursor):
        seen += _names(page.records)
        if len(seen) < 450:
            await world.edited("companies", ids[0], name="moved to the end")
            await world.edited("companies", ids[1], name="moved to the end")
            world.later(3)
    assert set(seen) == set(ids)


async def test_a_poll_that_is_cut_short_goes_on_from_any_page():
    world = World()
    ids = await _companies(world, 330, apart=0.01)
    world.later()
    cursor, seen, pages = None, [], 0
    while True:
        async for page in world.client.poll("company", cursor):
            cursor = page.cursor
            seen += _names(page.records)
            break
        pages += 1
        if page.complete:
            break
    assert pages == 4
    assert (sorted(seen), len(seen)) == (sorted(ids), 330)
    for each in ids:
        await world.edited("companies", each, name="again")
        world.clock.move(0.5)
    world.later()
    seen = []
    for _ in range(20):
        async for page in world.client.poll("company", cursor):
            cursor = page.cursor
            seen += _names(page.records)
            break
        if page.complete:
            break
        world.later(60)
    assert page.complete
    assert set(seen) == set(ids)


async def test_what_search_shows_late_is_found_by_the_overlap():
    world = World({"search_lag": 5.0})
    early, late = await _companies(world, 2)
    world.later()
    _, cursor = await world.polled("company")
    world.later(600)
    await world.edited("companies", late, name="not in the index yet")
    world.later(1)
    await world.edited("companies", early, name="nor this")
    records, cursor = await world.polled("company", cursor)
    assert records == [] or not {each.raw["properties"]["name"] for each in records} & {"not in the index yet"}
    world.later(10)
    records, cursor = await world.polled("company", cursor)
    assert {each.raw["properties"]["name"] for each in records} == {"not in the index yet", "nor this"}


async def test_a_change_made_while_listing_is_found_by_the_search_after_it():
    world = World()
    ids = await _companies(world, 150)
    world.later(600)
    pages = world.client.poll("company", None)
    first = await anext(pages)
    await world.edited("companies", first.records[0].record_id, name="changed behind the list")
    async for page in pages:
        cursor = page.cursor
    world.later(10)
    records, _ = await world.polled("company", cursor)
    assert "changed behind the list" in {each.raw["properties"]["name"] for each in records}
    assert len(ids) == 150


async def test_a_sweep_shows_what_is_there_and_what_was_archived():
    world = World()
    ids = await _companies(world, 5)
    world.later()
    first, cursor = await world.polled("company")
    assert len(first) == 5
    await world.person(f"companies/{ids[2]}", "DELETE")
    world.later()
    records, cursor = await world.polled("company", cursor, sweep=True)
    assert {each.record_id: each.deleted for each in records} == {each: each == ids[2] for each in ids}
    (gone,) = [each for each in records if each.deleted]
    assert gone.version > max(each.version for each in first)
    records, _ = await world.polled("company", cursor)
    assert not any(each.deleted for each in records)


async def test_a_sweep_that_is_cut_short_is_taken_up_as_a_sweep():
    world = World()
    ids = await _companies(world, 120)
    await world.person(f"companies/{ids[0]}", "DELETE")
    world.later()
    async for page in world.client.poll("company", '{"mode":"search","marks":{"companies":1}}', sweep=True):
        cursor = page.cursor
        break
    records, _ = await world.polled("company", cursor, sweep=True)
    assert [each.record_id for each in records if each.deleted] == [ids[0]]
    assert len(records) == 20


async def test_a_changed_line_item_shows_its_deal_though_the_deal_is_as_it_was():
    world = World()
    deal = await world.made("deals", dealname="Big", dealstage="appointmentscheduled", pipeline="default", amount="7")
    line = await world.made("line_items", name="L", price="10", quantity="1")
    await world.person(f"deals/{deal}/associate", to_type="line_items", to_id=line)
    world.later()
    _, cursor = await world.polled("deal")
    world.later(600)
    await world.edited("line_items", line, description="other words")
    world.later()
    records, _ = await world.polled("deal", cursor)
    assert {each.record_id for each in records} == {deal}
    assert records[-1].raw["line_items"][0]["properties"]["description"] == "other words"


async def test_a_deal_that_search_shows_late_is_not_made_new_by_its_lines():
    world = World({"search_lag": 60.0})
    deal = await world.made("deals", dealname="Big", dealstage="closedwon", pipeline="default", amount="7")
    line = await world.made("line_items", name="L", price="10", quantity="1")
    await world.person(f"deals/{deal}/associate", to_type="line_items", to_id=line)
    world.later()
    _, cursor = await world.polled("deal")
    world.later(600)
    await world.edited("deals", deal, amount="8")
    world.clock.move(61)
    await world.edited("deals", deal, dealstage="closedlost")
    await world.edited("line_items", line, description="other words")
    records, _ = await world.polled("deal", cursor)  # search knows of the amount, and not yet of the stage
    assert {(each.raw["properties"]["amount"], each.raw["properties"]["dealstage"]) for each in records} == {
        ("8", "closedlost")
    }
    assert records[0].raw["line_items"][0]["properties"]["description"] == "other words"


async def test_a_quote_that_is_accepted_shows_its_deal_with_the_quotes_own_lines():
    world = World(shapes=shapes_of(contract({"timing": {"order_when": "quote_accepted"}})))
    deal = await world.made("deals", dealname="Big", dealstage="appointmentscheduled", pipeline="default", amount="7")
    quote = await world.made("quotes", hs_title="Offer", hs_expiration_date="2026-12-31")
    line = await world.made("line_items", name="Of the quote", price="10", quantity="1")
    await world.person(f"quotes/{quote}/associate", to_type="deals", to_id=deal)
    await world.person(f"quotes/{quote}/associate", to_type="line_items", to_id=line)
    world.later()
    (before,), cursor = await world.polled("deal")
    assert [each["line_items"] for each in before.raw["quotes"]] == [[]], "of a quote that nobody has accepted"
    world.later(600)
    await world.edited("quotes", quote, hs_status="ACCEPTED")
    world.later()
    records, _ = await world.polled("deal", cursor)
    after = records[-1]
    (told,) = after.raw["quotes"]
    assert (after.record_id, after.version > before.version) == (deal, True)
    assert [each["properties"]["name"] for each in told["line_items"]] == ["Of the quote"]
    assert [each.record_id for each in await world.client.read("quote", [quote])] == [deal]


async def test_a_line_item_that_was_deleted_is_missed_by_nobody_after_the_next_sweep():
    world = World()
    deal = await world.made("deals", dealname="Big", dealstage="appointmentscheduled", pipeline="default", amount="7")
    line = await world.made("line_items", name="L", price="10", quantity="1")
    await world.person(f"deals/{deal}/associate", to_type="line_items", to_id=line)
    world.later()
    (before,), cursor = await world.polled("deal")
    await world.person(f"line_items/{line}", "DELETE")
    world.later(600)
    (after,), _ = await world.polled("deal", cursor, sweep=True)
    assert [len(each.raw["line_items"]) for each in (before, after)] == [1, 0]


async def test_people_are_searched_by_the_name_that_their_time_has():
    world = World()
    person = await world.made("contacts", email="ada@acme.example", firstname="Ada")
    world.later()
    _, cursor = await world.polled("contact")
    world.later(600)
    await world.edited("contacts", person, firstname="Augusta")
    world.later()
    records, _ = await world.polled("contact", cursor)
    assert [(each.record_id, each.raw["properties"]["firstname"]) for each in records] == [(person, "Augusta")]


async def test_a_poll_that_is_throttled_goes_on_from_its_last_page():
    world = World()
    await _companies(world, 150)
    world.later()
    pages = world.client.poll("company", None)
    first = await anext(pages)
    world.fault(FaultKind.STATUS, "companies", "GET", status=429, policy="TEN_SECONDLY_ROLLING")
    with pytest.raises(Throttled) as throttled:
        await anext(pages)
    assert (throttled.value.until - world.clock.now()).total_seconds() == 10
    before = len(world.calls())
    with pytest.raises(Throttled):
        await world.polled("company", first.cursor)
    assert len(world.calls()) == before  # nothing is sent inside a wait
    world.later(10)
    records, _ = await world.polled("company", first.cursor)
    assert len(records) == 50


async def test_a_cursor_that_is_none_of_ours_is_read_as_none():
    world = World()
    ids = await _companies(world, 3)
    world.later()
    for cursor in ("", "{}", '{"mode":"list","page":3}', "null"):
        records, _ = await world.polled("company", cursor)
        assert sorted(_names(records)) == sorted(ids)


async def test_searches_keep_below_five_a_second():
    world = World()
    _, cursor = await world.polled("company")
    start = world.clock.now()
    for _ in range(20):
        _, cursor = await world.polled("company", cursor)
    assert (world.clock.now() - start).total_seconds() == pytest.approx(5.0, abs=0.3)
    assert not [call for call in world.portal.calls.calls if call.status == 429]
    assert Polling.__doc__


async def test_a_worker_that_takes_over_does_not_search_into_anothers_second():
    world = await World().furnish()
    world.later()
    _, cursor = await world.polled("company")
    began = world.clock.now()
    world.client.resume([])
    await world.polled("company", cursor)
    searches = [call.at for call in world.portal.calls.calls if call.path.endswith("/search") and call.at > began]
    assert searches[0] - began >= timedelta(seconds=1)
