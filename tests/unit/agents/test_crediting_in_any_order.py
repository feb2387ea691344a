"""Posted bills that are called off and wanted again, in any order of what people do and what the lanes answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.command import Command
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import outcome
from tests.unit.agents.credited import CREDIT, Books

TOTAL = Decimal("115.00")
DEEDS = ("lost", "won", "answer", "show", "take back", "pay")


class Finance(Books):
    """Finance's books, which keep what they are asked for, and show it when they are looked at."""

    paid = credited = Decimal(0)
    credit_notes = allocations = 0
    stage = "closedwon"

    def waiting(self) -> list[Command]:
        """What was asked for of the credit note and is not answered."""
        return [each for kind in ("create", "update") for each in self.notes(kind) if each.id not in self.answered]

    def do(self, deed: str) -> None:
        """One deed of somebody; nothing where there is nothing to do."""
        if deed in {"lost", "won"}:
            before = len(self.notes()) + len(self.notes("update"))
            self.stage = f"closed{deed}"
            self.moves(self.stage)
            assert deed == "lost" or len(self.notes()) + len(self.notes("update")) == before, "it is wanted"
        elif deed == "pay" and self.due > 1:
            self.paid += 1
            self.looked()
        elif deed == "answer" and (waiting := self.waiting()):
            self.write(waiting[0])
        elif deed == "take back" and (waiting := self.waiting()):
            words = {each.command for each in self.withdrawn()}
            if waiting[0].id in words:
                self.take_back(waiting[0])
                self.works()
        elif deed == "show":
            self.looked()

    @property
    def due(self) -> Decimal:
        return TOTAL - self.paid - self.credited

    def write(self, command: Command) -> None:
        """The lane writes what it was asked for; what is shown of it comes later."""
        if command.kind == "create":
            self.credit_notes += 1
        else:
            (row,) = command.fields["allocations"]
            self.allocations += 1
            assert Decimal(row["amount"]) <= TOTAL - self.credited
            if Decimal(row["amount"]) > self.due:  # somebody has paid meanwhile: the ERP refuses more than is due
                self.allocations -= 1
                self.answered.add(command.id)
                self.clock += 1
                self.hear(outcome(command, "refused", seconds=self.clock, message="more than is due"))
                self.works()
                return
            self.credited += Decimal(row["amount"])
        self.applied(command)

    def looked(self) -> None:
        """Finance's books are read."""
        status = "paid" if not self.due else "posted"
        self.shows(status=status, amount_due=f"{self.due}", amount_paid=f"{self.paid}",
                   amount_credited=f"{self.credited}")  # fmt: skip
        if self.credit_notes:
            rows: list[dict[str, Any]] = []
            if self.credited:
                rows = [self.allocation()[0] | {"amount": f"{self.credited}"}]
            left = TOTAL - self.credited
            self.note(remaining=f"{left}", allocations=rows, status="posted" if left else "paid")

    def settle_credits(self) -> None:
        """Everything is answered and shown."""
        for _ in range(4):
            words = {each.command for each in self.withdrawn()}
            for command in self.waiting():
                if command.id in words and self.stage == "closedwon":
                    self.take_back(command)
                    self.works()
                else:
                    self.write(command)
            self.looked()


@given(st.lists(st.sampled_from(DEEDS), max_size=12))
@settings(max_examples=60, deadline=None)
def test_it_is_credited_once_at_most_and_what_is_called_off_in_the_end_is_credited_or_told(deeds: list[str]):
    here = Finance(contract(CREDIT))
    here.begin()
    for deed in deeds:
        here.do(deed)
    here.settle_credits()
    assert len(here.commands(Side.ERP, Entity.INVOICE)) == 1, "it stays billed"
    assert "order_cancelled" not in {each.type for each in here.events()}, "it was billed all the time"
    assert here.credit_notes <= 1
    assert here.allocations <= 1
    says = here.says()
    assert "is being credited" not in says
    assert "if it waits still" not in says
    if here.stage == "closedlost":
        assert here.due == 0 or "by hand in the ERP" in says, says
        assert here.credit_notes == 1
    elif here.credit_notes:
        assert says.startswith("held: it was called off, and RM-1 credited by RM-1-CR")
    else:
        assert (says, here.due) == ("created", TOTAL - here.paid)
