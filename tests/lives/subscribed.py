"""What recurs, against what was billed of it: each week once, and of an amendment the days that were left.

Flows in: lives that were lived, the lines of Xero's invoices. Flows out: every subscription that is billed otherwise
than sales typed it. Days and shares are worked out here: nothing of ours is asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from schemas.money import minor_digits
from tests.lives.life import Line
from tests.lives.living import BEGAN, Living
from tests.lives.recount import DEAD, NOTHING, deal_of
from tests.lives.sold import HUNDRED, taxed, worth
from tests.simulation.platforms import Record

PLACE = re.compile(r"RM-[0-9]+(?:-([0-9]+))?(?:\.([0-9]+))?")
WORDS = re.compile(r".*, (\S+) to (\S+): ([0-9]+) of 7 days of (-?[0-9.]+)")
WEEK = timedelta(days=7)
LEFT = 2  # days of the last week, on the first day of a world
WEEKS = (4, 5)  # that have begun between the first day and a world's


def subscribed_differences(lived: Iterable[Living]) -> list[str]:
    """Subscriptions whose bills are not what was typed."""
    return [
        f"RM-{deal} {living.life.currency}: {each}; {living.life}"
        for living in lived
        if living.life.trade == "subscription"
        for deal in living.deals
        for each in _deal(living, deal)
    ]


def _deal(living: Living, deal: str) -> Iterator[str]:
    rows = [row for row in living.invoices() if deal_of(row["InvoiceNumber"]) == deal]
    touched = [row for row in rows if row["Status"] in DEAD or row["InvoiceID"] in living.amended]
    if touched or living.stage(deal) != "closedwon" or "call off" in living.life.deeds:
        return  # people have made something else of it
    periods, added = dict[int, Record](), defaultdict[int, list[Record]](list)
    for row in rows:
        said = PLACE.fullmatch(row["InvoiceNumber"])
        assert said is not None
        if said[2]:
            added[int(said[1] or 1)].append(row)
        else:
            periods[int(said[1] or 1)] = row
    if not periods and not sum(worth(line, living.life) for line in living.sold[deal][0]):
        return  # what is worth nothing is not billed, and there is no bill to add to
    if sorted(periods) != list(range(1, len(periods) + 1)) or len(periods) not in WEEKS:
        yield f"the weeks {sorted(periods)} are billed"
        return
    sums = {sum((worth(line, living.life) for line in lines), NOTHING) for lines in living.sold[deal]}
    for place, row in periods.items():
        if row["Total"] not in sums:
            yield f"week {place} is billed {row['Total']}, and was sold for {sorted(sums)}"
    for place, more in added.items():
        yield from _added(living, place, more)
    basis = _worth(living, periods[max(periods)]) + sum(
        (_said(row)[3] for row in added[max(periods)]), NOTHING
    )  # by which the last week is billed
    typed = [sum((_net(line, living) for line in lines), NOTHING) for lines in living.sold[deal]]
    # What rounds to nothing over the days that are left is not billed, and no bill says it.
    less, more = ((each * LEFT / 7).quantize(_unit(living), ROUND_HALF_UP) for each in (
        typed[-1] - basis, basis - max(typed)
    ))  # fmt: skip
    if less > 0 or more > 0:
        yield f"the last week is billed by {basis}, and is worth {typed[-1]}, at most {max(typed)}"


def _added(living: Living, place: int, rows: list[Record]) -> Iterator[str]:
    """What was added to a week is its share of what it says, to the end of that week."""
    ends = date.fromisoformat(BEGAN) + WEEK * place - timedelta(days=1)
    for row in rows:
        since, to, days, more = _said(row)
        prices = [line["UnitAmount"] for line in row["LineItems"]]
        share = (more * days / 7).quantize(_unit(living), ROUND_HALF_UP)
        if (to, days) != (ends, (to - since).days + 1) or more <= 0 or sum(prices) != share:
            yield f"{row['InvoiceNumber']} is {sum(prices)} for {days} days of {more} to {to}; week {place}: {ends}"
        if row["Total"] != sum((taxed(each, living.life) for each in prices), NOTHING):
            yield f"{row['InvoiceNumber']} is billed {row['Total']} with tax, its lines are {prices}"


def _said(row: Record) -> tuple[date, date, int, Decimal]:
    """The days that a bill says it is for, and how much more a whole week is worth."""
    found = [WORDS.fullmatch(line["Description"]) for line in row["LineItems"]]
    (days,) = {each.groups()[:3] for each in found if each}
    more = sum((Decimal(each[4]) for each in found if each), NOTHING)
    return date.fromisoformat(days[0]), date.fromisoformat(days[1]), int(days[2]), more


def _worth(living: Living, row: Record) -> Decimal:
    """What a week's bill is worth before tax, as the currency has it: of the lines that sales had typed by then."""
    found = [lines for lines in living.sold[deal_of(row["InvoiceNumber"])]
             if sum((worth(line, living.life) for line in lines), NOTHING) == row["Total"]]  # fmt: skip
    return sum((_net(line, living) for line in found[0]), NOTHING) if found else NOTHING


def _net(line: Line, living: Living) -> Decimal:
    share = (HUNDRED - Decimal(line.discount or 0)) / HUNDRED
    return (Decimal(line.quantity) * Decimal(line.price) * share).quantize(_unit(living), ROUND_HALF_UP)


def _unit(living: Living) -> Decimal:
    return Decimal(1).scaleb(-minor_digits(living.life.currency))
