from __future__ import annotations

from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from schemas.errors import Refused, Throttled
from streams.platforms.xero.cursor import Cursor
from streams.platforms.xero.kinds import KINDS

if TYPE_CHECKING:
    from tests.unit.xero.organisations import Rig


def high(cursor: str) -> int:
    """How far a cursor has come."""
    found = Cursor.parse(cursor)
    assert found is not None
    return found.high


async def test_a_first_reading_shows_all_and_the_next_poll_what_changed(rig: Rig):
    made = [await rig.contact(f"Company {number}") for number in range(3)]
    await rig.clock.advance(3600)
    seen, cursor = await rig.polled("contact")
    assert [each.record_id for each in seen] == made
    await rig.clock.advance(3600)
    assert await rig.polled("contact", cursor) != ([], cursor)
    seen, cursor = await rig.polled("contact", cursor)
    assert seen == []
    await rig.act("POST", f"Contacts/{made[1]}", {"TaxNumber": "77"})
    seen, cursor = await rig.polled("contact", cursor)
    assert [(each.record_id, each.raw["TaxNumber"]) for each in seen] == [(made[1], "77")]


@pytest.mark.parametrize("kind", [*KINDS])
async def test_every_kind_can_be_polled_when_there_is_nothing(rig: Rig, kind: str):
    seen, cursor = await rig.polled(kind)
    assert seen == []
    assert await rig.polled(kind, cursor, sweep=True) is not None


async def test_polls_overlap_by_two_minutes(rig: Rig):
    await rig.contact("Old")
    await rig.clock.advance(3600)
    young = await rig.contact("Young")
    _, cursor = await rig.polled("contact")
    await rig.clock.advance(30)
    seen, _ = await rig.polled("contact", cursor)
    assert [each.record_id for each in seen] == [young]


async def test_pages_cover_everything_once_per_record_at_least(rig: Rig):
    client = rig.make(page_size=4)
    made = []
    for number in range(23):
        made.append(await rig.contact(f"Company {number}"))
        await rig.clock.advance(5)
    pages = [page async for page in client.poll("contact", None)]
    assert {each.record_id for page in pages for each in page.records} == set(made)
    assert all(len(page.records) <= 4 for page in pages)


async def test_pages_within_one_second_go_on_by_number(rig: Rig):
    client = rig.make(page_size=4)
    made = {await rig.contact(f"Company {number}") for number in range(11)}
    pages = [page async for page in client.poll("contact", None)]
    assert {each.record_id for page in pages for each in page.records} == made
    assert len(pages) == 4  # one to find that time does not get on, then by number


async def test_what_is_written_during_a_pass_hides_nothing(rig: Rig):
    client = rig.make(page_size=5)
    made = []
    for number in range(20):
        made.append(await rig.contact(f"Company {number}"))
        await rig.clock.advance(10)
    found: set[str] = set()
    async for page in client.poll("contact", None):
        found |= {each.record_id for each in page.records}
        if made:  # moves the oldest to the end, and everything else one place forward
            await rig.act("POST", f"Contacts/{made.pop(0)}", {"TaxNumber": "1"})
    assert len(found) == 20


async def test_a_poll_cut_short_goes_on_at_the_very_next_page(rig: Rig):
    client = rig.make(page_size=4)
    made = []
    for number in range(10):
        made.append(await rig.contact(f"Company {number}"))
        await rig.clock.advance(60)
    poll = client.poll("contact", None)
    first = await anext(poll)
    await poll.aclose()
    before = len(rig.calls())
    rest, cursor = await rig.polled("contact", first.cursor)
    assert {each.record_id for each in [*first.records, *rest]} == set(made)
    assert all("ContactGroups" not in call for call in rig.calls()[before:])
    found = Cursor.parse(cursor)
    assert found is not None
    assert found.resting


async def test_a_sweep_finds_what_moved_no_stamp(rig: Rig):
    made = await rig.contact()
    _, cursor = await rig.polled("contact")
    await rig.clock.advance(3600)
    _, cursor = await rig.polled("contact", cursor)
    await rig.people.post(f"/_sandbox/tamper/contacts/{made}", json={"TaxNumber": "tampered"})
    assert (await rig.polled("contact", cursor))[0] == []
    seen, after = await rig.polled("contact", cursor, sweep=True)
    assert [each.raw["TaxNumber"] for each in seen] == ["tampered"]
    assert high(after) >= high(cursor)


async def test_joining_and_leaving_the_hold_group_is_seen(rig: Rig):
    held, free = await rig.contact("Held"), await rig.contact("Free")
    group = await rig.group()
    seen, cursor = await rig.polled("contact")
    versions = {each.record_id: each.version for each in seen}
    await rig.clock.advance(7200)
    _, cursor = await rig.polled("contact", cursor)
    await rig.join(group, held)
    seen, cursor = await rig.polled("contact", cursor)
    assert [(each.record_id, [one["Name"] for one in each.raw["ContactGroups"]]) for each in seen] == [
        (held, ["Credit hold"])
    ]
    assert seen[0].version > versions[held]  # else it would be dropped as stale
    await rig.clock.advance(60)
    assert (await rig.polled("contact", cursor))[0] == []
    await rig.act("DELETE", f"ContactGroups/{group}/Contacts/{held}")
    await rig.join(group, free)
    seen, cursor = await rig.polled("contact", cursor)
    assert {each.record_id: bool(each.raw["ContactGroups"]) for each in seen} == {held: False, free: True}


async def test_a_later_edit_is_newer_than_a_seen_membership(rig: Rig):
    held = await rig.contact("Held")
    group = await rig.group()
    _, cursor = await rig.polled("contact")
    await rig.join(group, held)
    seen, cursor = await rig.polled("contact", cursor)
    joined = seen[0].version
    await rig.clock.advance(1)
    await rig.act("POST", f"Contacts/{held}", {"TaxNumber": "1"})
    seen, cursor = await rig.polled("contact", cursor)
    assert seen[-1].version > joined


async def test_payments_are_polled_whole_and_deletions_show(rig: Rig):
    payment = await rig.pay(await rig.invoice(await rig.contact(), 100), 40)
    seen, cursor = await rig.polled("payment")
    assert [(each.record_id, each.raw["Status"]) for each in seen] == [(payment, "AUTHORISED")]
    await rig.act("POST", f"Payments/{payment}", {"Status": "DELETED"})
    seen, cursor = await rig.polled("payment", cursor)
    assert [each.raw["Status"] for each in seen] == ["DELETED"]


async def test_a_poll_of_invoices_shows_sales_with_lines(rig: Rig):
    contact = await rig.contact()
    sale, _ = await rig.invoice(contact), await rig.invoice(contact, Type="ACCPAY")
    seen, _ = await rig.polled("invoice")
    assert [each.record_id for each in seen] == [sale]
    assert seen[0].raw["LineItems"]


async def test_polls_are_fewer_where_the_day_has_few_calls_left(rig: Rig):
    made = await rig.contact()
    _, cursor = await rig.polled("contact")
    rig.client.quota.note({"X-DayLimit-Remaining": "800"})  # 100 rounds a day: one in 864 seconds
    await rig.act("POST", f"Contacts/{made}", {"TaxNumber": "1"})
    calls = len(rig.calls())
    assert await rig.polled("contact", cursor) == ([], cursor)
    assert len(rig.calls()) == calls
    await rig.clock.advance(900)
    seen, _ = await rig.polled("contact", cursor)
    assert [each.record_id for each in seen] == [made]


async def test_a_poll_rests_though_nobody_asks_for_more_behind_its_last_page(rig: Rig):
    async with aclosing(rig.client.poll("contact", None)) as pages:
        cursor = (await anext(pages)).cursor
    rig.client.quota.note({"X-DayLimit-Remaining": "800"})
    calls = len(rig.calls())
    assert await rig.polled("contact", cursor) == ([], cursor)
    assert len(rig.calls()) == calls


async def test_a_spare_poll_of_contacts_comes_to_its_end_behind_a_busy_minute(rig: Rig):
    await rig.contact()
    await rig.polled("contact")
    for _ in range(12):
        async with rig.client.quota.call("poll"):
            pass
    calls = len(rig.calls())
    for _ in range(5):
        try:
            pages = [page async for page in rig.client.poll("contact", None, spare=True)]
        except Throttled as error:
            rig.clock.move((error.until - rig.clock.now()).total_seconds())
        else:
            break
    assert pages[-1].complete
    assert len(rig.calls()) == calls + 1, "it looks at no hold group of its own"


async def test_invoices_are_listed_less_often_while_our_own_fill_the_minute_and_payments_as_ever(rig: Rig):
    cursors = {kind: (await rig.polled(kind))[1] for kind in ("invoice", "payment")}
    with suppress(Throttled):
        for _ in range(60):
            async with rig.client.quota.call("write"):
                pass
    await rig.clock.advance(60)
    calls = len(rig.calls())
    assert await rig.polled("invoice", cursors["invoice"]) == ([], cursors["invoice"])
    await rig.polled("payment", cursors["payment"])
    assert len(rig.calls()) == calls + 1
    await rig.clock.advance(120)
    await rig.polled("invoice", cursors["invoice"])
    assert len(rig.calls()) == calls + 2


async def test_a_kind_that_there_is_not_is_refused(rig: Rig):
    with pytest.raises(Refused, match="no kind"):
        await rig.polled("company")


async def test_a_watermark_in_the_future_returns_nothing(rig: Rig):
    await rig.contact()
    future = Cursor(high=4_000_000_000_000).text()
    seen, cursor = await rig.polled("contact", future)
    assert seen == []
    assert high(cursor) == 4_000_000_000_000


async def test_a_page_that_is_not_in_order_is_left_by_number(rig: Rig):
    """A vendor that ignores `order` must not make us skip by time."""
    at = "/Date(1788220800000)/"
    stamps = [9_000_000, 1_000_000, 5_000_000, 2_000_000]
    rows = [
        {"ContactID": str(stamp), "UpdatedDateUTC": f"/Date({stamp}+0000)/", "ContactGroups": []} for stamp in stamps
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 1))
        body = {"DateTimeUTC": at, "ContactGroups": [], "Contacts": rows[2 * page - 2 : 2 * page]}
        return httpx.Response(200, json=body)

    client = rig.make(httpx.MockTransport(answer), page_size=2)
    pages = [page async for page in client.poll("contact", None)]
    assert sorted(int(each.record_id) for page in pages for each in page.records) == sorted(stamps)
