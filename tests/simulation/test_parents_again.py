"""Parent companies that pay, played again: by a replay of the topics, and by `revmark contract diff`."""

from collections.abc import Iterator

import pytest

from agents.contrast import contrast
from agents.history import recorded, replay
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, folded, theatre
from tests.simulation.test_parents import LINES, above
from tests.simulation.test_plan import BEGINNING
from tests.simulation.test_replay import WORKED, judged, values
from tests.simulation.trade import CONTRACTS
from tests.support.contracts import shipped

PARENTS = CONTRACTS["parents"]()


@pytest.fixture(scope="module")
def sold() -> Iterator[tuple[Theatre, Sale]]:
    """A parent has the bill of what its child bought, and all is at rest."""
    with theatre(contract=PARENTS) as stage:
        above(stage, stage.cast.companies["Tui"], stage.cast.companies["Harakeke"])
        yield stage, Sale(stage, LINES)


@pytest.mark.parametrize("name", WORKED)
def test_a_replay_bills_nobody_twice(sold: tuple[Theatre, Sale], name: str):
    chosen, found = judged(sold[0], name, PARENTS)
    assert chosen.going
    assert found.equal, (found.counts, found.contrast.verdicts, found.contrast.writes)


def test_a_diff_says_whose_bill_it_would_have_been(sold: tuple[Theatre, Sale]):
    stage, sale = sold
    changes, facts = values(stage, "changes"), values(stage, "facts")
    today, own = (replay(each, recorded(each, changes, facts)).rehearsal for each in (PARENTS, shipped()))
    done = {name: (one["action"], one["fields"]) for name, one in stage.world.written(BEGINNING).items()}
    assert {name: (one["action"], one["fields"]) for name, one in folded(today).items()} == done
    found = contrast(today, own)
    assert any(each.name == "deal buyer: take_crm by bill_to" and not each.new for each in found.verdicts)
    bills = [
        next(each.command.customer for each in found.asked if f"RM-{sale.deal}" in str(each.command.fields))
        for found in (today, own)
    ]
    assert bills[0] != bills[1]
    assert not contrast(today, today).verdicts
