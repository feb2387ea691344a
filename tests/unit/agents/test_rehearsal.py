"""A rehearsal writes nothing that would be taken back before it is begun."""

from __future__ import annotations

from agents.rehearsal import Rehearsal
from agents.stoppage import Stoppage
from schemas.command import Command
from schemas.names import Entity, Side
from tables.view import MemoryView
from tests.support.contracts import contract
from tests.support.judging import Court, deal


def asked() -> tuple[Rehearsal, Court, Command]:
    """Acme's won deal, whose bill waits in its lane with all that was asked for meanwhile."""
    court = Court(contract({})).known_everywhere()
    court.hear(deal(50))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    rows = {f"r|{key}": row for key, row in court.records.rows.items()}
    rows |= {f"c|{key}": row for key, row in court.customers.rows.items()}
    waiting = [each for each in court.commands() if each.id not in court.answered]
    return Rehearsal(court.contract, accounts=MemoryView(rows), queue=waiting), court, bill


def lost(court: Court) -> bytes:
    kept = dict(court.state("deal:1").crm.fields)
    return deal(court.clock + 60, **(kept | {"stage": "closedlost"})).to_bytes()


def written(rehearsal: Rehearsal) -> list[Entity]:
    """What of the ERP's is written."""
    return [each.command.entity for each in rehearsal.asked if each.command.side is Side.ERP]


def test_a_bill_that_waits_is_written():
    rehearsal, _, _ = asked()
    rehearsal.settle()
    assert written(rehearsal) == [Entity.INVOICE]


def test_of_a_deal_that_is_lost_by_now_it_is_not():
    rehearsal, court, bill = asked()
    rehearsal.judge([lost(court)])
    rehearsal.settle()
    assert written(rehearsal) == []
    assert rehearsal.state(bill).flights["erp"] == []
    said = {each.command.fields.get("order_status") for each in rehearsal.asked}
    assert "called off" in said


class Held(Stoppage):
    """A brake that is on for everything."""

    def __init__(self) -> None:
        """Know of no connection."""

    def holds(self, command: Command, label: str) -> str:
        """By whatever rule it was asked for."""
        return command.rules[0] or label


def test_nor_is_one_that_a_brake_had_held():
    rehearsal, court, bill = asked()
    rehearsal.stoppages = {"xero": Held()}
    rehearsal.settle()
    assert [each.held for each in rehearsal.asked if each.command == bill] == ["timing"]
    rehearsal.judge([lost(court)])
    rehearsal.settle()
    assert [each for each in rehearsal.asked if each.command == bill] == []
