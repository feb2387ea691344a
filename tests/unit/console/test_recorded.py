"""What is recorded of commands that wait, and of those that are wanted no more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from console.planning import Wish, foresee
from console.recorded import Recorded, note_command, note_entry
from schemas.command import Command, Withdrawal
from schemas.ledger import LedgerState
from schemas.names import Entity, Side
from streams.settings import Settings
from streams.survey.reading import Reading
from tables.ledger import claim, entry, key, queue
from tables.view import MemoryView
from tests.support.contracts import contract
from tests.support.judging import Court, deal


def lost() -> tuple[Court, Command, Withdrawal]:
    """Acme's won deal that is lost again before its bill was written: the bill, and the word that it is not wanted."""
    court = Court(contract({})).known_everywhere()
    court.hear(deal(50))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    court.hear(deal(court.clock + 60, **(dict(court.state("deal:1").crm.fields) | {"stage": "closedlost"})))
    (word,) = [each for _, each in court.outputs if isinstance(each, Withdrawal)]
    return court, bill, word


def recorded(court: Court, lane: Sequence[Command | Withdrawal], state: LedgerState | None, bill: Command) -> Recorded:
    """What the topics say of it: the lane's, as far as it was not taken up, and the bill's row of the ledger."""
    found = Recorded(fresh=False)
    found.accounts = {f"r|{name}": row for name, row in court.records.rows.items()}
    found.accounts |= {f"c|{name}": row for name, row in court.customers.rows.items()}
    if state is not None:
        view = MemoryView()
        queue(view, bill, at=bill.at, until=None, message="parked")
        if state == "claimed":
            claim(view, bill, bill.at)
        known = entry(view, bill)
        assert known is not None
        note_entry(found, key(bill).encode(), known.to_bytes())
    for each in lane:
        note_command(found, each.to_bytes())
    return found


@pytest.mark.parametrize(
    ("taken_up", "state", "written"), [(False, None, 0), (True, "waiting", 0), (True, "claimed", 1)]
)
def test_a_bill_that_is_wanted_no_more_is_planned_only_if_it_was_begun(
    *, taken_up: bool, state: LedgerState | None, written: int
):
    court, bill, word = lost()
    others = [each for each in court.commands() if each.id not in {*court.answered, bill.id}]
    found = recorded(court, [*others, word] if taken_up else [*others, bill, word], state, bill)
    plan = foresee(
        Settings(_env_file=None), court.contract, found, {"hubspot": Reading(), "xero": Reading()}, Wish(), bill.at
    )
    bills = [each for each in plan.writes if each.platform == "xero" and each.entity is Entity.INVOICE]
    assert len(bills) == written
