"""A subscription is amended again before its last amendment is billed: each is billed for its own days."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.names import Side
from tests.support.judging import Court, company, deal
from tests.unit.agents.test_amendments import days, more, news, prorating, seats
from tests.unit.agents.test_subscriptions import asked, shown


def hold(here: Court, *, on: bool) -> None:
    """Finance puts Acme on hold, or takes it off."""
    here.hear(company(Side.ERP, here.clock + 90, credit_hold=on, alone=False))


def edited(here: Court, day: int, quantity: int) -> None:
    """Sales edits the lines on a day of September, and nothing is written yet."""
    here.clock = max(here.clock, days(f"2026-09-{day:02}"))
    here.hear(deal(here.clock + 60, **{**here.state("deal:1").crm.fields, "lines": [seats(str(quantity))]}))


def take_back(here: Court) -> None:
    """The lane takes back what it is told to."""
    for word in here.withdrawn():
        (command,) = [each for each in here.commands() if each.id == word.command]
        if command.id not in here.answered:
            here.take_back(command)


def test_what_is_taken_back_while_a_second_one_waits_is_billed_from_its_own_day():
    here = prorating()
    edited(here, 10, 3)
    edited(here, 20, 4)
    assert more(here) == [("RM-1.1", "2026-09-10", ["35.00"])]
    hold(here, on=True)
    take_back(here)
    here.settle()
    hold(here, on=False)
    here.settle()
    assert more(here)[1:] == [("RM-1.1", "2026-09-10", ["35.00"]), ("RM-1.2", "2026-09-20", ["18.33"])]
    assert news(here) == ["2026-09-10 35.00 NZD", "2026-09-20 18.33 NZD"]


def test_of_several_that_wait_each_is_billed_from_its_own_day():
    here = prorating()
    hold(here, on=True)
    for day, quantity in ((10, 3), (20, 4), (25, 6)):
        shown(here, on=f"2026-09-{day}", lines=[seats(str(quantity))])
    hold(here, on=False)
    here.settle()
    assert more(here) == [
        ("RM-1.1", "2026-09-10", ["35.00"]), ("RM-1.2", "2026-09-20", ["18.33"]), ("RM-1.3", "2026-09-25", ["20.00"]),
    ]  # fmt: skip


def test_less_on_top_of_what_waits_takes_its_place():
    here = prorating()
    hold(here, on=True)
    for day, quantity in ((10, 9), (16, 3)):
        shown(here, on=f"2026-09-{day}", lines=[seats(str(quantity))])
    hold(here, on=False)
    here.settle()
    assert more(here) == [("RM-1.1", "2026-09-16", ["25.00"])]


def test_what_mends_a_refused_one_takes_its_place():
    here = prorating()
    edited(here, 10, 3)
    here.settle(refuse=lambda command: command.natural_key == "RM-1.1" and command.kind == "create")
    shown(here, on="2026-09-20", lines=[seats("4")])
    assert more(here)[1:] == [("RM-1.1", "2026-09-20", ["36.67"])]
    waits = prorating()
    edited(waits, 10, 3)
    edited(waits, 20, 4)
    waits.settle(refuse=lambda command: command.fields.get("date") == "2026-09-10")
    assert more(waits)[1:] == [("RM-1.1", "2026-09-20", ["36.67"])]


def test_one_that_comes_to_nothing_leaves_it_to_the_next():
    here = prorating([seats("2", "0.01")])
    hold(here, on=True)
    shown(here, on="2026-09-20", lines=[seats("3", "0.01")])
    shown(here, on="2026-09-25", lines=[seats("90", "0.01")])
    hold(here, on=False)
    here.settle()
    assert more(here) == [("RM-1.1", "2026-09-25", ["0.18"])]


@pytest.mark.parametrize("paid", [False, True])
def test_a_row_of_an_older_release_goes_on(*, paid: bool):
    here = prorating()
    edited(here, 10, 3)
    if paid:
        here.settle()
    here.state("deal:1").marks["order"]["subscription"]["rest"].pop("then")
    shown(here, on="2026-09-20", lines=[seats("4")])
    assert more(here) == [("RM-1.1", "2026-09-10", ["35.00"]), ("RM-1.2", "2026-09-20", ["18.33"])]


Then = Literal["written", "waits", "held", "lifted", "taken back"]
EDITS = st.lists(
    st.tuples(
        st.integers(1, 4), st.integers(1, 9), st.sampled_from(["written", "waits", "held", "lifted", "taken back"])
    ),
    min_size=1,
    max_size=6,
)


def played(edits: list[tuple[int, int, Then]]) -> tuple[Court, dict[int, int]]:
    """The edits one after the other, with what happens after each; the quantity from each day on."""
    here, day, sold = prorating(), 1, {1: 2}
    for gap, quantity, then in edits:
        day += gap
        sold[day] = quantity
        edited(here, day, quantity)
        if then == "written":
            here.settle()
        elif then in {"held", "lifted"}:
            hold(here, on=then == "held")
        elif then == "taken back":
            hold(here, on=True)
            take_back(here)
            hold(here, on=False)
    hold(here, on=False)
    take_back(here)
    here.settle()
    return here, sold


def added(here: Court) -> Decimal:
    """What was billed on top of the period, once for each number: the last asking of it is the one that was written."""
    last = {each.natural_key: each for each in asked(here) if "." in str(each.natural_key)}
    return sum((Decimal(row["unit_price"]) for each in last.values() for row in each.fields["lines"]), Decimal(0))


def share(sold: dict[int, int], *, most: bool) -> Decimal:
    """What the days of September come to on top of two seats, each day at what was sold then, or ever until then."""
    whole, now = Decimal(0), 2
    for day in range(1, 31):
        shown_ = sold.get(day, now)
        now = max(now, shown_) if most else shown_
        whole += Decimal(50 * (now - 2)) / 30
    return whole


@given(EDITS)
@settings(max_examples=40, deadline=None)
def test_never_too_much_is_billed(edits: list[tuple[int, int, Then]]):
    here, sold = played(edits)
    assert added(here) <= share(sold, most=True) + Decimal("0.005") * len(edits)


@given(EDITS)
@settings(max_examples=40, deadline=None)
def test_while_it_only_grows_every_day_is_billed_whatever_waits(edits: list[tuple[int, int, Then]]):
    quantity, growing = 2, []
    for gap, more_, then in edits:
        quantity += more_
        growing.append((gap, quantity, then))
    here, sold = played(growing)
    assert abs(added(here) - share(sold, most=False)) <= Decimal("0.005") * len(edits)
