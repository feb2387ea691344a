"""A few lives with each test run: `make lives` plays thousands. And what is planted in their books is found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.money import minor_digits
from tests.lives.__main__ import Found, play
from tests.lives.credited import uncredited_differences
from tests.lives.life import CURRENCIES, TRADES, Line, draw
from tests.lives.recount import CREDITS, Bill, Books, books, differences
from tests.lives.sold import unbilled_differences
from tests.lives.stated import attributed_differences, window_differences
from tests.lives.subscribed import subscribed_differences
from tests.lives.world import LivesWorld

SEEDS = range(45)  # five of each trade, some seven seconds of a processor


@pytest.fixture(scope="module")
def worlds() -> list[LivesWorld]:
    return list(play(SEEDS))


def test_the_books_of_every_life_balance_in_both_systems_and_in_the_attribution(worlds: list[LivesWorld]):
    found = Found()
    for world in worlds:
        found.add(world)
    assert (found.differences, found.attributed) == ([], [])
    assert (found.lives, found.customers, found.ok) == (len(SEEDS), len(SEEDS), True)
    assert set(found.currencies) == set(CURRENCIES)


def test_lives_do_what_their_stories_say(worlds: list[LivesWorld]):
    assert {world.lived[0].life.trade for world in worlds} == set(TRADES)
    done = sum(each.done for world in worlds for each in world.lived)
    assert done >= 0.8 * sum(len(each.life.deeds) for world in worlds for each in world.lived)
    held = [books(world.platforms) for world in worlds]
    assert {each.status for one in held for each in one.bills.values()} >= {"AUTHORISED", "PAID", "VOIDED", "DRAFT"}
    assert any(each.refund for one in held for each in one.money)
    assert {each.kind for one in held for each in one.credits.values()} == {kind for kind, _ in CREDITS}


def test_the_same_seed_is_the_same_life():
    assert draw(7) == draw(7)
    assert len({str(draw(seed)) for seed in range(100)}) == 100
    assert {draw(seed).currency for seed in range(100)} == set(CURRENCIES)


def test_amounts_in_yen_have_no_decimals_and_those_in_dinar_the_two_that_xero_keeps(worlds: list[LivesWorld]):
    totals: dict[str, list[Decimal]] = {"JPY": [], "KWD": []}
    prices = [line.price for world in worlds for one in world.lived if one.life.currency == "KWD"
              for lines in one.life.orders for line in lines]  # fmt: skip
    for world in worlds:
        for bill in books(world.platforms).bills.values():
            totals.get(bill.currency, []).append(bill.total)
    assert totals["JPY"]
    assert all(each == each.to_integral_value() for each in totals["JPY"])
    assert any(len(price.partition(".")[2]) == 3 for price in prices)
    assert any(each != each.quantize(Decimal("0.1")) for each in totals["KWD"])
    assert all(each == each.quantize(Decimal("0.01")) for each in totals["KWD"])


# What is wrong behind everybody's back is found, and named.


@contextmanager
def planted(screen: Any, path: str, now: Any, before: Any) -> Iterator[None]:
    """Change a record in silence, and put it back."""
    asyncio.run(screen.do("POST", f"tamper/{path}", now))
    try:
        yield
    finally:
        asyncio.run(screen.do("POST", f"tamper/{path}", before))


def posted(worlds: list[LivesWorld], currency: str) -> tuple[LivesWorld, Books, Bill]:
    """An invoice of a deal, all of which is billed, in this currency."""
    for world in worlds:
        held, whole = books(world.platforms), world.lived[0].life.trade in {"at once", "drafts"}
        for bill in held.bills.values():
            if whole and bill.posted and bill.currency == currency and bill.number.startswith("RM-"):
                return world, held, bill
    raise LookupError(currency)


def unit(currency: str) -> Decimal:
    """The least that Xero keeps of it."""
    return Decimal(1).scaleb(-min(minor_digits(currency), 2))


@pytest.mark.parametrize("currency", ["JPY", "KWD", "NZD"])
def test_a_mirror_that_is_one_minor_unit_off_is_found(worlds: list[LivesWorld], currency: str):
    world, held, bill = posted(worlds, currency)
    (mirror,) = [row for row in world.platforms.records("invoices") if row["properties"]["xero_invoice_id"] == bill.id]
    before = {"revmark_amount_paid": mirror["properties"]["revmark_amount_paid"]}
    now = {"revmark_amount_paid": f"{bill.paid + unit(currency)}"}
    with planted(world.platforms.sales, f"invoices/{mirror['id']}", {"properties": now}, {"properties": before}):
        (found,) = differences(world.platforms, held)
        assert found.startswith(f"{bill.number} {currency} paid: {bill.paid} in Xero")
    assert differences(world.platforms, held) == []


@pytest.mark.parametrize("currency", ["JPY", "KWD", "NZD"])
def test_an_invoice_whose_total_is_one_minor_unit_off_is_found_everywhere(
    worlds: list[LivesWorld], currency: str, tmp_path: Path
):
    world, _, bill = posted(worlds, currency)
    now, before = ({"Total": float(each)} for each in (bill.total + unit(currency), bill.total))
    with planted(world.platforms.finance, f"Invoices/{bill.id}", now, before):
        held = books(world.platforms)
        every = {
            "mirrors": differences(world.platforms, held), "orders": unbilled_differences(world.lived, held),
            "totals": window_differences(world, held), "attribution": attributed_differences(world, held, tmp_path),
        }  # fmt: skip
        assert [name for name, found in every.items() if not any(bill.number in each for each in found)] == []


def test_a_company_that_owes_another_amount_is_found(worlds: list[LivesWorld]):
    world, held, bill = posted(worlds, "NZD")
    (row,) = [
        row for row in world.platforms.records("companies") if row["properties"].get("xero_contact_id") == bill.customer
    ]
    before = {"revmark_balance_due": row["properties"]["revmark_balance_due"]}
    now = {"properties": {"revmark_balance_due": "0.01"}}
    with planted(world.platforms.sales, f"companies/{row['id']}", now, {"properties": before}):
        (found,) = differences(world.platforms, held)
        assert bill.number in found
        assert "HubSpot says 0.01" in found


def test_a_payment_that_vanishes_is_found_and_named(worlds: list[LivesWorld], tmp_path: Path):
    world = worlds[0]
    each = books(world.platforms).money[0]
    now, before = {"Status": "DELETED"}, {"Status": "AUTHORISED"}
    with planted(world.platforms.finance, f"Payments/{each.id}", now, before):
        held = books(world.platforms)
        assert any(each.of in found for found in differences(world.platforms, held))
        assert any("payment" in found for found in attributed_differences(world, held, tmp_path))


def test_what_recurs_is_billed_as_it_was_typed_and_what_is_not_is_found(worlds: list[LivesWorld]):
    (world,) = [each for each in worlds if each.lived[0].life.trade == "subscription"]
    added = {row["InvoiceNumber"] for one in world.lived for row in one.invoices() if "." in row["InvoiceNumber"]}
    assert added
    assert subscribed_differences(world.lived) == []
    found = []
    for one in world.lived:
        typed = one.sold
        one.sold = {deal: [*before, _dearer(before[-1])] for deal, before in typed.items()}
        found += subscribed_differences([one])
        one.sold = typed
    assert any("the last week is billed by" in each and "and is worth" in each for each in found)


def test_what_is_called_off_is_credited_and_what_is_not_is_found(worlds: list[LivesWorld]):
    (world,) = [each for each in worlds if each.lived[0].life.trade == "credits"]
    ours = [row for row in world.platforms.organisation.shelves["CreditNotes"]
            if (row["CreditNoteNumber"] or "").endswith("-CR") and row["Status"] == "PAID"]  # fmt: skip
    assert uncredited_differences(world.lived) == []
    whole = max(ours, key=lambda row: Decimal(str(row["Total"])))
    now, before = ({"Total": float(each)} for each in (whole["Total"] + 1, whole["Total"]))
    with planted(world.platforms.finance, f"CreditNotes/{whole['CreditNoteID']}", now, before):
        (found,) = uncredited_differences(world.lived)
        assert found.startswith(f"{whole['CreditNoteNumber']} is of ")
    for one in world.lived:
        told = one.life
        one.life = replace(told, deeds=tuple(each for each in told.deeds if each != "call off"))
        found = " ".join(uncredited_differences([one]))
        one.life = told
        if whole["CreditNoteNumber"].removesuffix("-CR") in found:
            break
    assert "is credited, and its order was never called off" in found


def _dearer(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return (replace(lines[0], quantity="1000"), *lines[1:])
