"""Shown: records that are made for the CRM alone, each said whole whenever it is another than was last told of it.

In: what a record is to be, and what the CRM knows of those it belongs to. Out: the write that brings it there. What is
wanted and what was told are kept on the record's own row. Invariants: one write of a record is on its way at a time;
what was told is not told again; what was refused is not asked for again until it is another, or a person says so. The
records are never read, and none is ever deleted. See ADR 29, 33 and 34.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agents.rules import instead
from agents.rules.case import Case
from schemas.contract import Contract
from schemas.contract.objects import SHOWN
from schemas.money import Money
from schemas.names import Entity, Side
from schemas.wire import fingerprint
from tables.entities import EntityState

Fields = dict[str, Any]
# The rule that writes each kind of record, and why it does.
RULES = {
    Entity.REVENUE: ("revenue", "{subject} earned {amount} {currency}"),
    Entity.RECEIPT: ("receipt", "{subject} comes to {amount} {currency}"),
    Entity.ORDER: ("order", "the order of {name} is {status}"),
    Entity.SUBSCRIPTION: ("subscription", "the subscription of {name} is {status}"),
}
# What the rules mean, in a sentence for people.
SAYS = {
    "revenue": "The contract has what the ERP's documents earned shown in the CRM; only the ERP's documents change it.",
    "receipt": "The contract has the ERP's payments shown in the CRM as records; only the ERP changes them.",
    "order": "The contract has orders shown in the CRM as records; only their deals and the ERP's bills change them.",
    "subscription": "The contract has subscriptions shown in the CRM as records; only their deals change them.",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it is to be."""

    key: str
    fields: Fields
    deal: str | None = None
    invoice: str | None = None  # that it pays


def shows(contract: Contract, entity: Entity) -> bool:
    """Whether the contract chooses an object for a kind of record."""
    name = SHOWN.get(entity)
    return name is not None and getattr(contract.platforms.objects, name) is not None


def hear(case: Case, state: EntityState) -> None:
    """Note that a customer or its person was heard of, whose records are associated with it."""
    if state.entity in {Entity.COMPANY, Entity.CONTACT} and _any(case):
        case.shown.setdefault(case.customer.id, False)


def made(case: Case, state: EntityState) -> None:
    """Note that a customer, its person or a mirror was made in the CRM, or was refused: what waited for it goes on."""
    if not _any(case):
        return
    if state.entity in {Entity.COMPANY, Entity.CONTACT}:
        case.shown[case.customer.id] = True
    elif mirrors(case, state, Side.CRM):
        case.shown[state.id] = True


def mirrors(case: Case, state: EntityState, side: Side) -> bool:
    """Whether it is an invoice's mirror, with which its payments are associated."""
    invoice = state.entity is Entity.INVOICE and side is Side.CRM and state.erp.ref is not None
    return invoice and shows(case.contract, Entity.RECEIPT)


def want(case: Case, state: EntityState, record: Record, of: EntityState) -> None:
    """Have a record be what it is to be; `of`: the record that it is made of."""
    ends = {"deal": record.deal, "invoice": record.invoice}
    state.marks["wanted"] = {"key": record.key, "fields": record.fields, **ends}
    state.related = {of.entity.value: of.id, **{role: end for role, end in ends.items() if end}}
    case.touch(state.id)


def settle(case: Case, state: EntityState) -> None:
    """Ask for a record that differs from what was last told of it."""
    wanted = state.marks.get("wanted")
    if wanted is None or not shows(case.contract, state.entity) or state.flights["crm"]:
        return
    if _awaited(case) or _made_now(case, case.customer.person) or _made_now(case, wanted.get("invoice")):
        return  # it is looked at again when that has been answered, and written once with both
    if not case.customer.settled and Entity.PAYMENT.value in state.related and not wanted["fields"]["document"]:
        return  # all invoices are being read for the first time: what it pays comes, or it is told that none is left
    fields, by = instead.applied(state, Side.CRM, wanted["fields"])
    links, mark = _links(case, wanted), fingerprint(fields)
    telling, told = {"mark": mark, "links": links}, state.marks.get("told") or {"mark": "", "links": {}}
    same = told["mark"] == mark
    if state.marks.get("telling") == telling or (same and links.items() <= told["links"].items()):
        return  # the CRM has refused just this, or shows it
    rule, words = RULES[state.entity]
    reason = words.format_map(fields)
    command = case.command(
        state, Side.CRM, "update" if same else "create", {} if same else fields, reason=reason, rules=(rule,),
        natural_key=wanted["key"], links=links, tier=3 if case.first else None,
    )  # fmt: skip
    state.marks["telling"] = telling
    stated = fields.get("amount") and fields["currency"]
    money = Money(amount=fields["amount"], currency=fields["currency"]) if stated else None
    case.verdict(state, "", "create", rule, reason, written_to=Side.CRM, command=command, by=by, money=money)


def applied(state: EntityState, ref: str | None) -> None:
    """What was asked for is there; where somebody had deleted it, as another record."""
    if "telling" in state.marks:
        state.crm.ref = ref or state.crm.ref
        state.marks["told"] = state.marks.pop("telling")


def absent(state: EntityState) -> None:
    """Somebody has deleted it in the CRM, as was found when it was to be linked: it is said anew, whole."""
    for mark in ("telling", "told"):
        state.marks.pop(mark, None)
    state.crm.ref = None


def written(state: EntityState, ref: str) -> None:
    """What was asked for is there, but for a link of it that was refused."""
    if "telling" in state.marks:
        state.crm.ref = ref
        links = (state.marks.get("told") or {"links": {}})["links"]
        state.marks["told"] = {"mark": state.marks["telling"]["mark"], "links": links}


def refused(case: Case, state: EntityState) -> None:
    """What was asked for was refused; where the contract shows none of its kind any more, that says nothing of it."""
    if state.entity in RULES and not shows(case.contract, state.entity):
        state.marks.pop("telling", None)


def retried(state: EntityState) -> None:
    """A person says that what was refused may pass now."""
    if state.entity in RULES:
        state.marks.pop("telling", None)


# to whom they belong


def enter(case: Case, state: EntityState, mark: str, **more: Any) -> None:
    """Enter what records are made of among its customer's, once: each knows the one before it, the customer the last.

    `mark`: where that is kept, on both; `more`: what is kept there besides.
    """
    if mark not in state.marks:
        company = case.company()
        known = company.marks.get(mark) or {"last": None, "mark": ""}
        state.marks[mark] = {"before": known["last"], **more}
        company.marks[mark] = {**known, "last": state.id}


def chain(case: Case, mark: str) -> Iterator[str]:
    """All that was entered, the last one first."""
    last = (case.company().marks.get(mark) or {"last": None})["last"]
    while last is not None:
        yield last
        last = case.known(last).marks[mark]["before"]


def whose(case: Case) -> list[Any]:
    """What the CRM knows of the customer that all its records are associated with, or wait for."""
    person = case.known(case.customer.person) if case.customer.person else None
    return [case.customer.crm, there(person) if person else None, _awaited(case), case.customer.settled]


def there(state: EntityState) -> str | None:
    """The CRM's own record, if it is there."""
    return state.crm.ref if state.crm.present else None


def _links(case: Case, wanted: Fields) -> dict[str, str]:
    """What a record is associated with, as far as the CRM has it."""
    found: dict[str, str | None] = {"company": case.customer.crm}
    ends = {"deal": wanted["deal"], "contact": case.customer.person, "invoice": wanted.get("invoice")}
    found |= {role: there(case.known(end)) for role, end in ends.items() if end is not None}
    return {role: ref for role, ref in found.items() if ref}


def _any(case: Case) -> bool:
    return any(shows(case.contract, entity) for entity in RULES)


def _awaited(case: Case) -> bool:
    """Whether the customer is about to be known in the CRM, or to be made there."""
    company, clause = case.company(), case.contract.clause(Entity.COMPANY)
    made = clause is not None and clause.create.crm == "always" and company.crm.ref is None
    return made and not (company.erp.deleted or company.marks.get("apart") or "*" in company.blocked["crm"])


def _made_now(case: Case, name: str | None) -> bool:
    """Whether a record is being made in the CRM."""
    return name is not None and any(each.kind == "create" for each in case.known(name).flights["crm"])
