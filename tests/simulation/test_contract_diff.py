"""A recorded history under two contracts: what was done is done again, and what another contract changes is known."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from agents.contrast import Contrast, contrast
from agents.history import Replay, recorded, replay
from console.demo.cast import win_deal
from schemas.contract import Contract
from tests.simulation.people import DEEDS
from tests.simulation.planned import Theatre, folded, theatre
from tests.simulation.platforms import Declined
from tests.simulation.test_plan import BEGINNING
from tests.support.contracts import contract, shipped

HONEY = [("HONEY-1", "Manuka honey, 1 kg", "10", "48.50")]
OTHER_MASTER = {"entities": {"company": {"fields": {"name": {"owner": "erp"}}}}}
NET, GROSS = Decimal("485.00"), Decimal("557.75")  # with 15 % GST, as the sandbox's Xero states it


@dataclass
class Recording:
    """The topics of a world that has come to rest, and what was done in it."""

    changes: list[bytes | None]
    facts: list[bytes | None]
    written: dict[str, dict[str, Any]]
    totals: dict[str, tuple[int, Decimal]]

    def under(self, wanted: Contract) -> Replay:
        return replay(wanted, recorded(wanted, self.changes, self.facts))

    def against(self, changes: dict[str, Any]) -> Contrast:
        return contrast(self.under(shipped()).rehearsal, self.under(contract(changes)).rehearsal)


def recording(*doings: Callable[[Theatre], None], seed: int = 1) -> Recording:
    """A first sync, and then people, each followed by a sync."""
    with theatre(seed=seed) as stage:
        stage.run(stage.world.sync())
        for doing in doings:
            doing(stage)
            stage.pass_by(10)
            stage.run(stage.world.sync())
        names = stage.world.topics
        values = ([record.value for record in stage.world.all(topic)] for topic in (names.changes, names.facts))
        return Recording(*values, stage.world.written(BEGINNING), stage.world.totals())


def rename_tui(stage: Theatre) -> None:
    stage.sales.edit("companies", stage.cast.companies["Tui"], name="Tui Robotics Limited")


def win(stage: Theatre) -> None:
    win_deal(stage.sales, stage.cast, "Tui", "Honey for Tui", HONEY)


def hold_tui(stage: Theatre) -> None:
    group = stage.finance.shelf("ContactGroups")[0]["ContactGroupID"]
    contact = stage.finance.contact("Tui Robotics")
    stage.finance.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": contact["ContactID"]}]})


def phone(stage: Theatre) -> None:
    stage.sales.edit("companies", stage.cast.companies["Tui"], phone="09 555 0222")


def deeds(stage: Theatre) -> None:
    lots = Random("deeds")
    for _ in range(20):
        try:
            stage.run(DEEDS[lots.choice(sorted(DEEDS))][1](stage.world.platforms, Random(lots.random())))
        except Declined:
            continue
        stage.pass_by(1)


@pytest.fixture(scope="module")
def sold() -> Recording:
    """A company is renamed, its phone is edited, and an order of it is billed."""
    return recording(rename_tui, phone, win)


def groups(found: Contrast, *, verdicts: bool = False) -> dict[str, tuple[int, int]]:
    return {each.name: (each.today, each.new) for each in (found.verdicts if verdicts else found.writes)}


def test_todays_contract_does_what_was_done(sold: Recording):
    played = sold.under(shipped())
    assert played.passed_over == 0
    done = {name: (one["action"], one["fields"]) for name, one in sold.written.items()}
    assert {name: (one["action"], one["fields"]) for name, one in folded(played.rehearsal).items()} == done


def test_whatever_people_did_the_totals_are_those_that_were_counted():
    made = recording(deeds)
    totals = made.under(shipped()).rehearsal.totals.items()
    assert made.totals
    assert {key: (one.invoices, one.total) for key, one in totals if one.invoices} == made.totals


def test_the_same_contract_is_equal_and_two_comparisons_are_alike(sold: Recording):
    found = sold.against({})
    assert found.equal
    assert not found.verdicts
    assert not found.writes
    assert sold.against(OTHER_MASTER) == sold.against(OTHER_MASTER)


def test_another_master_of_a_field_takes_the_edit_back_once(sold: Recording):
    # Later edits show the record whole, with the name as it stood then: those are no further edits of the name.
    found = sold.against(OTHER_MASTER)
    assert not found.equal
    assert groups(found) == {"update xero company name": (1, 0), "update hubspot company name": (0, 1)}
    assert groups(found, verdicts=True) == {
        "company name: take_crm by owner": (1, 0),
        "company name: write_back by owner": (0, 1),
    }
    (parting,) = found.verdicts[0].partings
    assert parting.today is not None
    assert parting.new is not None
    chosen = (parting.today["chosen"], parting.new["chosen"])
    assert (parting.field, *chosen) == ("name", "Tui Robotics Limited", "Tui Robotics")
    assert all(not each.difference for each in found.totals)


def test_a_guard_switched_off_lets_the_order_go_and_says_what_it_is_worth():
    found = recording(hold_tui, win).against({"guards": {"credit_hold": False}})
    (asked,) = found.asked
    assert (asked.currency, asked.side, asked.today, asked.new) == ("NZD", "erp", Decimal(0), NET)
    assert (asked.today_invoices, asked.new_invoices) == (0, 1)
    assert groups(found)["create xero invoice"] == (0, 1)
    held = groups(found, verdicts=True)["deal order_status: hold by guard.credit_hold"]
    assert held[0]
    assert not held[1]
    assert {(each.side, each.difference) for each in found.totals} == {("crm", NET), ("erp", NET)}
    assert found.estimated


def test_bills_that_would_never_have_been_made_leave_the_totals(sold: Recording):
    never = {"timing": {"invoice_when": "never"}}
    found = sold.against(never)
    assert {(each.side, each.difference) for each in found.totals} == {("crm", -GROSS), ("erp", -GROSS)}
    assert groups(found)["create xero invoice"] == (1, 0)
    assert sold.under(contract(never)).passed_over
