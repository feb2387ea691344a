"""A hundred faults planted into both books, in five currencies: the audit finds each, and gives it its class."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from agents.rules.audit import audit
from schemas.audit import Discrepancy
from tests.simulation.spoiling import CURRENCIES, FAULTS, Sale, fits, sale
from tests.support.books import office
from tests.unit.agents.papers import rules, shipped

NIGHT = "2026-11-20"
SALES, PLANTED, RIGHT = 130, 100, 95  # invoices, faults, and how many of them have to get the right class
LATE = "late"


def about(each: Discrepancy, sales: dict[str, Sale]) -> str:
    """The invoice that a difference is about: its own, the one that it repeats, or its mirror's."""
    named = [shown.ref for shown in (each.erp, each.crm, *each.causes) if shown is not None]
    ours = [sales[ref].invoice for ref in named if ref in sales]
    assert ours, each
    return ours[0]


@pytest.mark.parametrize("seed", [1, 2])
async def test_each_planted_fault_is_found_and_classed_and_clean_books_have_none(seed: int, tmp_path: Path):
    lots = Random(f"planted/{seed}")
    async with office(tmp_path) as night:
        customers = [await night.customer(f"Customer {n}") for n in range(5)]
        sales = [await sale(night, lots, customers[n % 5], CURRENCIES[n % 5 - n // 5 % 5]) for n in range(SALES)]
        night.later()
        crm, erp, outcome = await night.read()
        by = rules(shipped(), NIGHT, night.rig.clock.now())
        assert len({each.currency for each in erp}) == len(CURRENCIES)
        assert (audit(crm, erp, by), outcome.gaps) == ([], []), "a clean book"

        planted: dict[str, str] = {}
        left = lots.sample(sales, len(sales))
        kinds = [kind for kind in FAULTS if kind != LATE]
        order = [kinds[n % len(kinds)] for n in range(PLANTED - 12)] + [LATE] * 12
        for place, kind in enumerate(order):
            if kind == LATE and order[place - 1] != LATE:
                night.later()
            fault = FAULTS[kind][place // len(kinds) % len(FAULTS[kind])]
            it = next(each for each in left if fits(fault, each))
            left.remove(it)
            await fault(night, it, lots)
            planted[it.invoice] = kind
        night.later(60)
        crm, erp, outcome = await night.read()
        by = rules(shipped(), NIGHT, night.rig.clock.now())
        names = {
            name: each for each in sales for name in (f"xero/invoice/{each.invoice}", f"hubspot/invoice/{each.mirror}")
        }
        found = [(about(each, names), each.kind) for each in audit(crm, erp, by)]
        right = [each for each in found if planted.get(each[0]) == each[1]]
        assert {name for name, _ in found} == planted.keys(), "each of them, and nothing else"
        assert len({name for name, _ in right}) >= RIGHT, Counter(
            (planted[name], kind) for name, kind in found if planted[name] != kind
        )
