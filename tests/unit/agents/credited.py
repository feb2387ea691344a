"""A court with a won deal that is called off, and finance's books beside it."""

from __future__ import annotations

from typing import Any

from schemas.command import Command
from schemas.names import Entity, Side
from tables import entities
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, deal, fact, invoice, line, outcome

CREDIT: dict[str, Any] = {"timing": {"called_off_posted": "credit"}}
LINES = [
    {"description": "Widget", "amount": "100.00", "tax": "15.00", "account": "200", "tax_type": "OUTPUT2"},
    {"description": "Words only", "amount": "0.00"},
]


class Books(Court):
    """A court with Acme's won deal, and finance's books beside it."""

    def begin(self) -> Books:
        self.known_everywhere()
        self.moves("closedwon")
        return self

    def moves(self, stage: str) -> Books:
        """Sales moves the deal; what it leads to in the CRM is carried out, what in the ERP is not."""
        shown = self.state("deal:1").crm.fields
        self.hear(deal(self.clock + 60, **(dict(shown) | {"lines": [line()], "stage": stage})))
        self.works()
        return self

    def leaves(self) -> Books:
        """Sales deletes the deal."""
        ref = self.state("deal:1").crm.ref
        self.hear(fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=self.clock + 60, deleted=True, ref=ref))
        self.works()
        return self

    def works(self) -> None:
        """The CRM's side answers, and the bill is made."""
        while waiting := [each for each in self.commands() if each.id not in self.answered and self._answers(each)]:
            for command in waiting:
                self.hear(*self.carry_out(command))
                if command.entity is Entity.INVOICE and command.side is Side.ERP:
                    self.shows()

    def _answers(self, command: Command) -> bool:
        return command.side is Side.CRM or command.entity is Entity.INVOICE

    @property
    def bill(self) -> str:
        return self.commands(Side.ERP, Entity.INVOICE)[0].record

    def shows(self, **figures: Any) -> Books:
        """Finance's books show the bill."""
        stated = {"number": "RM-1", "lines": LINES, "currency": "NZD", "total": "115.00", "amount_due": "115.00"}
        news = invoice(self.clock + 60, record=self.bill, related={"deal": "deal:1"}, **{**stated, **figures})
        self.hear(news.model_copy(update={"ref": self.state(self.bill).erp.ref}))
        self.works()
        return self

    def notes(self, kind: str = "create") -> list[Command]:
        """What was asked for of credit notes."""
        return [each for each in self.commands(Side.ERP, Entity.CREDIT_NOTE) if each.kind == kind]

    def applied(self, command: Command, **more: Any) -> Books:
        """The lane tells that a write arrived; the record itself is not shown yet."""
        self.clock += 1
        self.answered.add(command.id)
        self.hear(outcome(command, seconds=self.clock, ref="xero/credit_note/n1", **more))
        self.works()
        return self

    def note(self, **shown: Any) -> Books:
        """Finance's books show the credit note."""
        made = self.notes()[0]
        held = {"number": "RM-1-CR", "status": "posted", "date": "2026-09-01", "currency": "NZD", "total": "115.00",
                "remaining": "115.00", "allocations": [], "lines": []}  # fmt: skip
        news = fact(
            Entity.CREDIT_NOTE, Side.ERP, held | shown, record=made.record, seconds=self.clock + 60,
            ref="xero/credit_note/n1", related={"deal": "deal:1", "invoice": self.bill},
        )  # fmt: skip
        self.hear(news)
        self.works()
        return self

    def forgets(self, mark: str) -> None:
        """The deal's order lacks a mark, as an earlier release has left it."""
        kept = self.state("deal:1")
        kept.marks["order"].pop(mark, None)
        entities.save(self.records, "main", ACME, kept)

    def says(self) -> str:
        return str(self.state("deal:1").derived["order_status"])

    def allocation(self) -> list[dict[str, str]]:
        """The row by which the credit note is set against the bill."""
        return [{"invoice": str(self.state(self.bill).erp.ref).rpartition("/")[2], "amount": "115.00"}]


def books(rules: dict[str, Any] = CREDIT) -> Books:
    return Books(contract(rules)).begin()
