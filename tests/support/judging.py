"""A court for tests: the arbitrate step over memory, and two pretend sides that answer its commands.

Flows in: facts and outcomes. Flows out: what the step wrote, parsed. `settle` lets both sides carry out every command
and shows the step what became of it, as lanes and capture would, until nothing is left to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from agents.rules.result import Result
from agents.steps.arbitrate import Arbitrate
from schemas.choice import Choice, answer_id
from schemas.command import Command, Withdrawal, parse_work
from schemas.contract import Contract
from schemas.dawn import Dawn
from schemas.fact import WITHDRAWN, Fact, Outcome
from schemas.instants import to_millis
from schemas.names import Entity, Side, record_id
from schemas.retry import Retry, retry_id
from schemas.revenue import RevenueEvent
from schemas.totals import DocumentVersion
from schemas.verdict import Verdict
from schemas.wire import Wire
from tables import customers, entities
from tables.customers import CustomerState
from tables.entities import EntityState
from tables.view import MemoryView
from tests.support.contracts import shipped

__all__ = [
    "ACME",
    "START",
    "Court",
    "at",
    "choice",
    "company",
    "deal",
    "fact",
    "invoice",
    "line",
    "linked",
    "outcome",
    "payment",
    "retry",
]

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
ACME = "company:acme"
ENDLESS = 20  # rounds of answers after which two rules must be writing against each other
PARSE: dict[str, Callable[[bytes], Wire]] = {
    "lanes.hubspot": parse_work,
    "lanes.xero": parse_work,
    "decisions": Verdict.from_bytes,
    "occurrences": RevenueEvent.from_bytes,
    "documents": DocumentVersion.from_bytes,
}


def at(seconds: float) -> datetime:
    """A moment after the start of the test's day."""
    return START + timedelta(seconds=seconds)


def fact(
    entity: Entity,
    side: Side,
    fields: dict[str, Any],
    *,
    record: str = ACME,
    customer: str = ACME,
    seconds: float = 0,
    ref: str | None = None,
    **more: Any,
) -> Fact:
    """A fact whose version is the moment it was seen; unless told otherwise the other side has no such record."""
    kinds = {(Entity.COMPANY, Side.ERP): "contact", (Entity.CONTACT, Side.ERP): "person"}
    kinds |= {(Entity.PRODUCT, Side.ERP): "item"}
    platform = "hubspot" if side is Side.CRM else "xero"
    name = record.split(":", 1)[1]
    return Fact(
        tenant="main",
        customer=customer,
        entity=entity,
        id=record,
        side=side,
        ref=ref or f"{platform}/{kinds.get((entity, side), entity.value)}/{name}-{side.value}",
        **{"version": to_millis(at(seconds)), "seen_at": at(seconds), "fields": fields, "alone": True, **more},
    )


COMPANY = {
    Side.CRM: {
        "name": "Acme", "domain": "acme.example", "phone": None, "tax_number": None, "currency": "NZD",
        "shipping_address": None, "payment_terms": None, "credit_hold": None, "lifecycle": "lead",
        "balance_due": None, "last_payment_date": None, "last_payment_amount": None, "erp_id": None,
    },
    Side.ERP: {
        "name": "Acme", "phone": None, "tax_number": None, "currency": "NZD", "shipping_address": None,
        "payment_terms": "30 DAYSAFTERBILLDATE", "credit_hold": False, "crm_id": None,
    },
}  # fmt: skip


def company(side: Side, seconds: float = 0, *, first: bool = False, alone: bool = True, **fields: Any) -> Fact:
    """Acme as one side shows it."""
    return fact(Entity.COMPANY, side, COMPANY[side] | fields, seconds=seconds, first=first, alone=alone)


def linked(seconds: float = 0, **fields: Any) -> Fact:
    """Acme as the CRM shows it once Revmark has brought the ERP's values there, with a rep's edits."""
    kept = {"payment_terms": "30 DAYSAFTERBILLDATE", "credit_hold": False, "erp_id": "acme-erp"}
    return company(Side.CRM, seconds, **(kept | fields))


def line(sku: str = "W-1", quantity: str = "2", unit_price: str = "50") -> dict[str, Any]:
    """A line of a deal."""
    return {
        "sku": sku,
        "description": "Widget",
        "quantity": quantity,
        "unit_price": unit_price,
        "discount_percent": None,
        "amount": None,
        "account": None,
        "tax_type": None,
    }


def deal(seconds: float = 0, *, record: str = "deal:1", first: bool = False, **fields: Any) -> Fact:
    """A won deal of Acme, unless `stage` says otherwise."""
    shown = {
        "name": "Widgets", "stage": "closedwon", "amount": "100.00", "currency": "NZD", "lines": [line()],
        "closed_at": "2026-08-31T22:00:00Z", "order_status": None, "invoice_number": None, "invoice_status": None,
        "amount_due": None, "amount_paid": None,
    }  # fmt: skip
    number = record.removeprefix("deal:")
    return fact(
        Entity.DEAL, Side.CRM, shown | fields, record=record, seconds=seconds, first=first, ref=f"hubspot/deal/{number}"
    )


def invoice(
    seconds: float = 0, *, record: str = "invoice:1", related: dict[str, str] | None = None, **fields: Any
) -> Fact:
    """A posted invoice of Acme, as the ERP shows it."""
    shown = {
        "number": "INV-1", "status": "posted", "date": "2026-09-01", "due_date": "2026-10-01", "currency": "NZD",
        "reference": "Widgets", "subtotal": "100.00", "tax": "15.00", "total": "115.00", "amount_due": "115.00",
        "amount_paid": "0.00", "amount_credited": "0.00", "lines": [],
    }  # fmt: skip
    more = {name: fields.pop(name) for name in ("first", "deleted") if name in fields}
    return fact(Entity.INVOICE, Side.ERP, shown | fields, record=record, seconds=seconds, related=related or {}, **more)


def payment(seconds: float = 0, *, record: str = "payment:1", **fields: Any) -> Fact:
    """A payment on Acme's invoice."""
    shown = {
        "date": "2026-09-03", "amount": "115.00", "currency": "NZD", "reference": "bank", "status": "received",
        "refund": False, "document": "1",
    }  # fmt: skip
    more = {name: fields.pop(name) for name in ("first", "deleted") if name in fields}
    related = {} if fields.get("refund") else {"invoice": "invoice:1"}
    return fact(Entity.PAYMENT, Side.ERP, shown | fields, record=record, seconds=seconds, related=related, **more)


def outcome(command: Command, state: str = "applied", *, seconds: float = 0, **more: Any) -> Outcome:
    """What became of a command; an applied one is of the moment it was seen."""
    parts: dict[str, Any] = {"ref": command.ref, "version": to_millis(at(seconds)) if state == "applied" else None}
    return Outcome(
        tenant=command.tenant,
        customer=command.customer,
        entity=command.entity,
        id=command.record,
        side=command.side,
        command=command.id,
        at=at(seconds),
        **{"state": state, **parts, **more},
    )


def choice(review: Verdict, side: Side | None = None, *, seconds: float = 0, **more: Any) -> Choice:
    """Kim's answer to a review: a side, or `value`."""
    parts: dict[str, Any] = {"side": side, "value": None, "who": "kim", "why": "she said so", **more}
    return Choice(
        tenant=review.tenant,
        customer=review.customer,
        entity=review.entity,
        id=review.record,
        field=review.field,
        review=review.id,
        at=at(seconds),
        **{"answer": answer_id(review.id, side, parts["value"], parts["who"], parts["why"]), **parts},
    )


def retry(refused: Command, *, seconds: float = 0, **more: Any) -> Retry:
    """Kim's word that a refused command may pass now."""
    parts: dict[str, Any] = {"who": "kim", "why": "the account was added", **more}
    if "instead" in parts:
        parts["refused"] = {name: refused.fields[name] for name in parts["instead"]}
    return Retry(
        tenant=refused.tenant,
        customer=refused.customer,
        entity=refused.entity,
        id=refused.record,
        side=refused.side,
        command=refused.id,
        fields=["*"] if refused.kind == "create" else sorted(refused.fields),
        at=at(seconds),
        **{"answer": retry_id(refused.id, parts["who"], parts["why"], parts.get("instead")), **parts},
    )


@dataclass(slots=True)
class Court:
    """The step with its tables; everything it ever wrote is kept, in order."""

    contract: Contract = field(default_factory=shipped)
    records: MemoryView = field(default_factory=MemoryView)
    customers: MemoryView = field(default_factory=MemoryView)
    outputs: list[tuple[str, Wire]] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    made: Counter[tuple[str, str]] = field(default_factory=Counter)
    clock: float = 0.0

    def hear(self, *findings: Wire | bytes) -> Result:
        """Give the step one batch."""
        values = [value if isinstance(value, bytes) else value.to_bytes() for value in findings]
        moments = [
            one.seen_at if isinstance(one, Fact) else one.at
            for one in findings
            if isinstance(one, Fact | Outcome | Choice | Retry | Dawn)
        ]
        self.clock = max([self.clock, *((moment - START).total_seconds() for moment in moments)])
        result = Arbitrate(self.contract)(values, self.records, self.customers)
        self.outputs += [(output.topic, PARSE[output.topic](output.value)) for output in result.outputs]
        return result

    def settle(self, *, refuse: Callable[[Command], bool] = lambda _: False) -> int:
        """Answer commands until there are none; the number of writes."""
        writes = 0
        for _ in range(ENDLESS):
            waiting = [command for command in self.commands() if command.id not in self.answered]
            if not waiting:
                return writes
            for command in waiting:
                self.hear(*(self.refuse(command) if refuse(command) else self.carry_out(command)))
                writes += 1
        raise AssertionError(f"no rest: {[(c.kind, c.side, c.record, c.fields) for c in waiting]}")

    def refuse(self, command: Command) -> list[Wire]:
        """What a lane would say of a command that a platform refused."""
        self.answered.add(command.id)
        self.clock += 1
        return [outcome(command, "refused", seconds=self.clock, message="no")]

    def carry_out(self, command: Command) -> list[Wire]:
        """What lanes and capture would show of a command that a platform applied."""
        self.answered.add(command.id)
        self.clock += 1
        if command.kind == "create":
            self.made[(command.side.value, command.record)] += 1
        reference = command.ref or _born(command)
        return [outcome(command, seconds=self.clock, ref=reference), self._echo(command, reference)]

    def _echo(self, command: Command, reference: str) -> Fact:
        held = {**self.state(command.record, command.customer).side(command.side).fields, **command.fields}
        if command.kind == "create" and command.entity is Entity.COMPANY:
            held = COMPANY[command.side] | held
            held["erp_id" if command.side is Side.CRM else "crm_id"] = command.natural_key
        if command.entity is Entity.INVOICE and command.side is Side.ERP and command.kind == "create":
            total = sum(Decimal(row["quantity"]) * Decimal(row["unit_price"]) for row in command.fields["lines"])
            stated = {"total": f"{total:.2f}", "amount_due": f"{total:.2f}", "amount_paid": "0.00"}
            held = {**held, **stated, "number": command.natural_key, "amount_credited": "0.00"}
        related = self.state(command.record, command.customer).related if command.entity is Entity.INVOICE else {}
        return fact(
            command.entity, command.side, held, record=command.record, customer=command.customer, ref=reference,
            seconds=self.clock, related=related,
        )  # fmt: skip

    def commands(self, side: Side | None = None, entity: Entity | None = None) -> list[Command]:
        """The commands so far."""
        found = [value for _, value in self.outputs if isinstance(value, Command)]
        return [c for c in found if side in {None, c.side} and entity in {None, c.entity}]

    def withdrawn(self) -> list[Withdrawal]:
        """What was taken back so far."""
        return [value for _, value in self.outputs if isinstance(value, Withdrawal)]

    def take_back(self, command: Command) -> None:
        """What a lane says of a command that it had not begun."""
        self.answered.add(command.id)
        self.clock += 1
        self.hear(outcome(command, "superseded", seconds=self.clock, code=WITHDRAWN, message="taken back"))

    def verdicts(self, name: str | None = None) -> list[Verdict]:
        """The verdicts so far, of one field or all."""
        found = [value for _, value in self.outputs if isinstance(value, Verdict)]
        return [verdict for verdict in found if name is None or verdict.field == name]

    def events(self) -> list[RevenueEvent]:
        """The occurrences so far."""
        return [value for _, value in self.outputs if isinstance(value, RevenueEvent)]

    def told(self) -> list[str]:
        """The occurrences' types, in order."""
        return [event.type for event in self.events()]

    def documents(self) -> list[DocumentVersion]:
        """The document versions so far."""
        return [value for _, value in self.outputs if isinstance(value, DocumentVersion)]

    def state(self, record: str = ACME, customer: str = ACME) -> EntityState:
        """A record's state."""
        return entities.load(self.records, "main", customer, Entity(record.split(":", 1)[0]), record)

    def customer(self, customer: str = ACME) -> CustomerState:
        """A customer's state."""
        return customers.load(self.customers, "main", customer)

    def shown(self, side: Side, *names: str, record: str = ACME) -> list[Any]:
        """What a side shows of some fields, once everything has arrived."""
        fields = self.state(record).shown(side)
        return [fields.get(name) for name in names]

    def known_everywhere(
        self, crm: dict[str, Any] | None = None, erp: dict[str, Any] | None = None, *, first: bool = False
    ) -> Court:
        """Acme on both sides, with what each shows, agreed."""
        self.hear(
            company(Side.ERP, first=first, alone=False, **(erp or {})),
            company(Side.CRM, first=first, alone=False, **(crm or {})),
        )
        self.settle()
        return self


def _born(command: Command) -> str:
    kind = {Entity.COMPANY: "contact", Entity.CONTACT: "person", Entity.PRODUCT: "item"}.get(command.entity)
    kind = kind if kind and command.side is Side.ERP else command.entity.value
    owner = command.links.get("company")
    if kind == "person" and owner:
        return f"xero/person/{record_id(owner)}"
    return f"{command.platform}/{kind}/{command.record.split(':', 1)[1]}-{command.side.value}"
