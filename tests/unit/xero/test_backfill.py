"""A backfill of Xero: within what the quota has to spare, and without a word in what the polls know."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox.wire import decode, encode
from schemas.errors import Throttled
from schemas.instants import to_millis
from streams.platforms.xero.cursor import Cursor
from streams.platforms.xero.quota import DAY_RESERVE

if TYPE_CHECKING:
    from conftest import Rig


class Silent(httpx.ASGITransport):
    """Leaves the groups out of lists of contacts, as Xero does in some of its replies."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if not request.url.path.endswith("/Contacts"):
            return answer
        body = decode(await answer.aread())
        for row in body["Contacts"]:
            row.pop("ContactGroups", None)
        kept = {name: text for name, text in answer.headers.items() if name != "content-length"}
        return httpx.Response(answer.status_code, headers=kept, content=encode(body))


async def test_an_older_look_at_the_hold_group_does_not_come_back_with_a_backfill(rig: Rig):
    """The cursor of a backfill that was stopped for a day remembers who was on hold then."""
    for number in range(3):
        await rig.contact(f"Company {number}")
    held = await rig.contact("Held")
    group = await rig.group(held)
    page = await anext(aiter(rig.make(page_size=2).poll("contact", None, spare=True)))
    assert (len(page.records), page.left, page.complete) == (2, 2, False)
    _, cursor = await rig.polled("contact")
    await rig.clock.advance(86_400)
    await rig.act("DELETE", f"ContactGroups/{group}/Contacts/{held}")
    anew = rig.make(Silent(rig.app))  # a worker that was just started
    rest = [each async for each in anew.poll("contact", page.cursor, spare=True)]
    assert rest[-1].complete
    assert {seen.record_id: seen.raw["ContactGroups"] for each in rest for seen in each.records}[held] == []
    moved = await anext(aiter(anew.poll("contact", cursor)))
    assert [(seen.record_id, seen.raw["ContactGroups"]) for seen in moved.records] == [(held, [])]


async def test_it_says_how_many_come_and_counts_bills_as_passed_over(rig: Rig):
    contact = await rig.contact()
    for number in range(5):
        await rig.invoice(contact, 10 + number, Type="ACCPAY" if number % 2 else "ACCREC")
        await rig.clock.advance(2)
    pages = [each async for each in rig.make(page_size=2).poll("invoice", None, spare=True)]
    assert (len(pages[0].records), pages[0].passed, pages[0].left) == (1, 1, 3)
    assert (pages[-1].left, pages[-1].complete) == (0, True)


async def test_only_what_was_modified_since_is_read(rig: Rig):
    old, young = await rig.contact("Old"), await rig.contact("Young")
    await rig.clock.advance(7200)
    since = rig.clock.now()
    await rig.clock.advance(60)
    await rig.act("POST", f"Contacts/{young}", {"TaxNumber": "7"})
    seen, _ = await rig.polled("contact", rig.client.since("contact", since))
    assert [each.record_id for each in seen] == [young]
    assert Cursor.parse(rig.client.since("item", since)).since == to_millis(since)
    assert old not in [each.record_id for each in seen]


@pytest.mark.parametrize("spent", ["minute", "day"])
async def test_it_leaves_half_of_the_minute_and_forty_of_a_hundred_of_the_smallest_day(rig: Rig, spent: str):
    client = rig.client
    if spent == "day":
        client.quota.note({"X-DayLimit-Remaining": str(DAY_RESERVE["backfill"])})
    else:
        for _ in range(8):  # what goes at once
            await anext(aiter(client.poll("item", None, spare=True)))
    before = rig.clock.now()
    with pytest.raises(Throttled) as refused:
        await anext(aiter(client.poll("item", None, spare=True)))
    assert rig.clock.now() == before  # it waits outside: what is more urgent does not wait behind it
    wait = refused.value.until - before
    assert wait == timedelta(minutes=15) if spent == "day" else timedelta(0) < wait < timedelta(seconds=5)
    assert (await anext(aiter(client.poll("item", None)))).complete  # a poll goes on


async def test_it_does_not_put_the_next_poll_off(rig: Rig):
    _, cursor = await rig.polled("item")
    await rig.clock.advance(7200)
    assert [page.complete async for page in rig.client.poll("item", None, spare=True)] == [True]
    rig.client.quota.note({"X-DayLimit-Remaining": "500"})  # polls are few now
    before = len(rig.calls())
    await anext(aiter(rig.client.poll("item", cursor)))
    assert len(rig.calls()) == before + 1


async def test_what_is_judged_anew_is_no_older_than_its_document_showed_it(rig: Rig):
    """A payment inside its document has that one's version, which may have been edited since it was paid."""
    invoice = await rig.invoice(await rig.contact(), 100)
    payment = await rig.pay(invoice, 40)
    await rig.clock.advance(60)
    await rig.act("POST", "Invoices", {"InvoiceID": invoice, "Reference": "edited since"})
    inside = next(each for each in await rig.client.read("invoice", [invoice]) if each.kind == "payment")
    await rig.clock.advance(60)

    async def listed(*, anew: bool) -> int:
        pages = [each async for each in rig.make().poll("payment", None, spare=True, anew=anew)]
        return next(seen.version for each in pages for seen in each.records if seen.record_id == payment)

    assert await listed(anew=False) < inside.version < await listed(anew=True)
    await rig.clock.advance(60)
    await rig.act("POST", f"Payments/{payment}", {"Status": "DELETED"})
    (gone,) = await rig.client.read("payment", [payment])
    assert gone.version > await listed(anew=True) - 60_000, "what becomes of it later is later still"
