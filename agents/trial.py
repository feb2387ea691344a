"""Trials: the examples of a contract, played through the step that judges the real records.

In: a contract. Out: what came of each example, and where it is not what the example expects. Pure, as the step is: the
facts are made of the example's words, and time is a count of seconds. Edits of both sides are heard in both orders; an
example that ends differently then does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from pydantic import ValidationError

from agents.rules.decision import same
from agents.rules.payers import BUYER
from agents.rules.result import Result
from agents.steps.arbitrate import Arbitrate
from schemas.command import Command, parse_work
from schemas.contract import Contract
from schemas.contract.examples import Example, Expected
from schemas.entities import ENTITIES
from schemas.errors import Refused
from schemas.fact import Fact, Outcome
from schemas.instants import to_millis
from schemas.money import exact, plain
from schemas.names import Entity, Side, ref
from schemas.verdict import Verdict
from schemas.wire import faults
from tables import customers, entities
from tables.customers import CustomerState
from tables.view import MemoryView

TENANT = "example"
COMPANY = "company:example"
AGREED_AT = datetime(2026, 6, 1, 9, tzinfo=UTC)  # any working day: no rule asks which
EDITED_AT = AGREED_AT + timedelta(days=1)  # long after what was agreed, whatever the tolerance
STANDS = {"take_crm": "crm", "take_erp": "erp", "merge": "merged", "review": "review", "hold": "hold"}
OF_ORDERS = {"order_status", ""}  # the fields of a verdict about a whole order or record


@dataclass(frozen=True, slots=True)
class Ruled:
    """What came out about one field."""

    wins: str
    value: Any = None
    by: str = ""
    reason: str = ""


@dataclass(slots=True)
class Ended:
    """What came out of one example."""

    fields: dict[str, Ruled] = field(default_factory=dict)
    order: str = "none"
    invoice: str = "none"
    credit: str = "none"
    create: str = "none"
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Miss:
    """One difference: about what, what the example expects, what came out, by which rule and why."""

    about: str
    expected: str
    came: str
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One example, played."""

    place: int
    example: Example
    misses: tuple[Miss, ...]

    @property
    def holds(self) -> bool:
        """Whether everything came out as expected."""
        return not self.misses


def trials(contract: Contract) -> list[Trial]:
    """All examples of a contract, played in their order."""
    return [Trial(place, each, tuple(_misses(contract, each))) for place, each in enumerate(contract.examples)]


def no_longer_hold(played: Sequence[Trial]) -> list[tuple[str, str]]:
    """(where, what) of everything that came out differently, for lint."""
    return [
        (
            f"examples.{each.place}",
            f"{each.example.example!r} no longer holds: {miss.about}: expected {miss.expected}, came out {miss.came}",
        )
        for each in played
        for miss in each.misses
    ]


def _misses(contract: Contract, example: Example) -> list[Miss]:
    try:
        return compared(contract, example, _played(contract, example))
    except ValidationError as error:
        return [Miss("the example", f"values that a {_word(example.about)} can hold", faults(error))]
    except (Refused, ValueError, ArithmeticError) as error:
        return [Miss("the example", "something that can be judged", str(error))]


def compared(contract: Contract, example: Example, outcomes: Sequence[Ended]) -> list[Miss]:
    """Where what came out is not as expected; there is one outcome for each order of arrival."""
    first, *others = outcomes
    found = [*_field_misses(contract, example, first), *_whole_misses(example, first)]
    if any(other != first for other in others):
        found.append(Miss("the order of arrival", "no matter", "the CRM's edit first ends otherwise"))
    return found


def _field_misses(contract: Contract, example: Example, came: Ended) -> list[Miss]:
    found = []
    for name in example.then.fields:
        wanted, ruled = example.then.field(name), came.fields.get(name, Ruled("nobody"))
        differs = "value" in wanted.model_fields_set and not _equal(
            contract, example.about, name, wanted.value, ruled.value
        )
        if wanted.wins != ruled.wins or differs or wanted.by not in {None, ruled.by}:
            found.append(Miss(name, _wanted(wanted), _came(ruled, wanted), ruled.by, ruled.reason))
    return found


def _whole_misses(example: Example, came: Ended) -> list[Miss]:
    then = example.then
    pairs = (
        ("order", then.order, came.order),
        ("invoice", then.invoice, came.invoice),
        ("credit", then.credit, came.credit),
        ("create", then.create, came.create),
    )
    found = [
        Miss(about, wanted, shown, came.by, came.reason)
        for about, wanted, shown in pairs
        if wanted is not None and wanted != shown
    ]
    if not found and then.by not in {None, came.by}:
        found.append(Miss("by", str(then.by), came.by or "no rule spoke", came.by, came.reason))
    return found


def _equal(contract: Contract, entity: Entity, name: str, wanted: Any, came: Any) -> bool:
    return same(_canonical(contract, entity, {name: wanted})[name], came)


def _canonical(contract: Contract, entity: Entity, values: dict[str, Any]) -> dict[str, Any]:
    """The values as a platform's translator states them: checked, and with all parts of an address or a line."""
    own = contract.mapped(entity)
    ours = {name: value for name, value in values.items() if name not in own}
    whole = ENTITIES[entity].model_validate(ours).model_dump(mode="json")
    return {name: own[name].canonical(value) if name in own else whole[name] for name, value in values.items()}


def _wanted(wanted: Expected) -> str:
    value = f" with {wanted.value!r}" if "value" in wanted.model_fields_set else ""
    return f"{wanted.wins}{value}{f' by {wanted.by}' if wanted.by else ''}"


def _came(ruled: Ruled, wanted: Expected) -> str:
    shown = "value" in wanted.model_fields_set and ruled.wins in {"merged", *(side.value for side in Side)}
    value = f" with {ruled.value!r}" if shown else ""
    return f"{ruled.wins}{value}{f' by {ruled.by}' if ruled.by else ''}"


def _played(contract: Contract, example: Example) -> list[Ended]:
    """The outcome for each order in which the edits can arrive; the first is the CRM's after the ERP's."""
    if example.given.buyer is not None and contract.billing.bill_to != "parent":
        raise Refused("nobody pays for another: given.buyer needs billing: {bill_to: parent}", code="usage")
    judge = Arbitrate(contract)
    moments = {side: EDITED_AT + timedelta(seconds=getattr(example.when.at_second, side)) for side in Side}
    shown = [
        _fact(contract, example, side, moments[side], now=True)
        for side in (Side.ERP, Side.CRM)
        if side in example.exists
    ]
    outcomes = []
    for order in permutations(shown):
        records, customer_view = MemoryView(), MemoryView()
        state = CustomerState(id=COMPANY, ordered=example.given.customer == "ordered", settled=True)
        customers.save(customer_view, TENANT, state)
        before = _before(contract, example)
        if before:
            known = judge.judge(before, records, customer_view)
            if billed := _billed(contract, example, known):
                judge.judge(billed, records, customer_view)
        outcomes.append(_outcome(example, judge.judge(order, records, customer_view), records))
    return outcomes


def _before(contract: Contract, example: Example) -> list[Fact]:
    """What was known before the edits: the customer, and the record as both sides agreed on it."""
    known: list[Fact] = []
    if example.about is not Entity.COMPANY:
        held = {} if example.given.on_hold == "unknown" else {"credit_hold": example.given.on_hold}
        known = [
            _stated(contract, Entity.COMPANY, side, {"name": "Example"} | (held if side is Side.ERP else {}), AGREED_AT)
            for side in Side
        ]
    if example.given.agreed:
        known += [_fact(contract, example, side, AGREED_AT) for side in Side if side in example.exists]
    return known + _payments(contract, example)


def _payments(contract: Contract, example: Example) -> list[Fact]:
    """The payments behind an agreed amount, of which one was taken back."""
    back = example.given.taken_back
    if back is None:
        return []
    stands = exact(example.given.agreed.get("amount_paid") or "0") - back
    paid = {"payment:stands": (stands, "received"), "payment:example": (back, "deleted")}
    return [
        _stated(
            contract, Entity.PAYMENT, Side.ERP, {"amount": plain(amount), "status": status}, AGREED_AT,
            record=record, related={"invoice": "invoice:example"},
        )
        for record, (amount, status) in paid.items()
    ]  # fmt: skip


def _billed(contract: Contract, example: Example, known: Result) -> list[Outcome | Fact]:
    """The invoice of a deal that was won: it was asked for, made, and is posted."""
    bill = example.given.billed
    if bill is None:
        return []
    command = next((each for each in _asked(known) if each.entity is Entity.INVOICE), None)
    if command is None:
        raise Refused("given.billed needs a deal that is billed: agreed, with a won stage and lines", code="usage")
    line = {"description": "All that was ordered", "quantity": "1", "unit_price": plain(bill.total)}
    shown = {
        "number": command.natural_key, "status": "posted" if bill.due else "paid", "total": plain(bill.total),
        "date": command.fields["date"], "currency": command.fields["currency"], "amount_due": plain(bill.due),
        "amount_paid": plain(bill.paid), "amount_credited": plain(bill.credited),
        "lines": [{**line, "amount": plain(bill.total)}],
    }  # fmt: skip
    fact = _stated(
        contract, Entity.INVOICE, Side.ERP, shown, AGREED_AT, record=command.record, related={"deal": "deal:example"}
    )
    made = Outcome(
        command=command.id, tenant=TENANT, customer=COMPANY, entity=Entity.INVOICE, id=command.record, side=Side.ERP,
        state="applied", ref=fact.ref, version=fact.version, at=AGREED_AT,
    )  # fmt: skip
    return [made, fact]


def _asked(result: Result) -> Iterator[Command]:
    """The writes that were asked for."""
    for output in result.outputs:
        if output.topic.startswith("lanes.") and isinstance(command := parse_work(output.value), Command):
            yield command


def _fact(contract: Contract, example: Example, side: Side, at: datetime, *, now: bool = False) -> Fact:
    edits = {each: example.when.edits(each) or {} for each in Side}
    values = dict(example.given.agreed)
    if now:
        values = {**dict.fromkeys([*edits[Side.CRM], *edits[Side.ERP]]), **values, **edits[side]}
    if example.about is Entity.COMPANY and side is Side.ERP:
        values.pop("lifecycle", None)  # the CRM's alone
        if example.given.on_hold != "unknown":
            values.setdefault("credit_hold", example.given.on_hold)
    found = _stated(contract, example.about, side, values, at, alone=len(example.exists) == 1)
    if example.given.buyer is None or side is not Side.CRM:
        return found
    bought = {"ref": ref(side.value, "company", "buyer"), **example.given.buyer.model_dump()}
    return found.model_copy(update={"fields": {**found.fields, BUYER: bought}})


def _stated(
    contract: Contract, entity: Entity, side: Side, values: dict[str, Any], at: datetime, *, alone: bool = False,
    record: str | None = None, related: dict[str, str] | None = None,
) -> Fact:  # fmt: skip
    """A fact of the example's words, checked as a platform's are."""
    record = record or f"{entity.value}:example"
    return Fact(
        tenant=TENANT,
        customer=COMPANY,
        entity=entity,
        id=record,
        side=side,
        # a deal's is a number, as HubSpot's ids are: its invoice's number carries it
        ref=ref(side.value, entity.value, "1" if entity is Entity.DEAL else record.partition(":")[2]),
        version=to_millis(at),
        seen_at=at,
        fields=_canonical(contract, entity, values),
        related=related or {},
        alone=alone,
    )


def _outcome(example: Example, result: Result, records: MemoryView) -> Ended:
    record = f"{example.about.value}:example"
    found = Ended()
    for output in result.outputs:
        if output.topic == "decisions":
            _note(found, Verdict.from_bytes(output.value), record)
    for command in (each for each in _asked(result) if each.kind == "create"):
        if command.side is Side.ERP and command.entity is Entity.INVOICE:
            found.invoice = "asked"
        elif command.side is Side.ERP and command.entity is Entity.CREDIT_NOTE:
            found.credit = command.fields["status"]
        elif command.record == record:
            found.create = command.side.value
    if example.about is Entity.DEAL:
        marks = entities.load(records, TENANT, COMPANY, Entity.DEAL, record).marks
        found.order = "created" if "order" in marks else "held" if marks.get("held") else "none"
    return found


def _note(found: Ended, verdict: Verdict, record: str) -> None:
    if verdict.record != record:
        return
    if verdict.field in OF_ORDERS and verdict.ruling in {"create", "hold", "wait"}:
        found.by, found.reason = verdict.rule, verdict.reason
    winner = STANDS.get(verdict.ruling)
    if verdict.ruling == "write_back" and verdict.written_to is not None:
        winner = verdict.written_to.other.value
    if winner is not None:
        found.fields[verdict.field] = Ruled(winner, verdict.chosen, verdict.rule, verdict.reason)


def _word(entity: Entity) -> str:
    return entity.value.replace("_", " ")
