"""A record that one side lacks is asked for there: with what, under which key, and when it is not."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules.case import Case
from agents.rules.creation import create_missing
from schemas.contract import Contract
from schemas.names import Entity, Side
from schemas.wire import fingerprint
from tables.customers import CustomerState
from tables.entities import EntityState, SideState
from tests.support.casing import a_case, asked, said
from tests.support.contracts import contract
from tests.support.judging import ACME

ONE, A = "hubspot/company/1", "xero/contact/a"
ANN = {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"}
ITEM = {"sku": "W-1", "name": "Widget", "description": "Nice", "price": "5"}
BILL = {"number": "INV-1", "status": "posted", "date": "2026-09-01", "currency": "NZD", "total": "115.00"}


def lonely(entity: Entity, side: Side, fields: dict[str, Any], **marks: Any) -> EntityState:
    """A record that only one side has."""
    record = ACME if entity is Entity.COMPANY else f"{entity.value}:1"
    state = EntityState(entity, record, marks={"alone": True, **marks})
    place = state.side(side)
    place.ref, place.fields = f"there/{entity.value}/9", dict(fields)
    return state


def made(state: EntityState, rules: Contract | None = None, **customer: Any) -> Case:
    """The case after it was looked at."""
    case = a_case(customer=CustomerState(id=ACME, **customer), **({"contract": rules} if rules else {}))
    create_missing(case, state)
    return case


def wanted(case: Case) -> list[tuple[Side, dict[str, Any], str | None, dict[str, str]]]:
    """What is asked for: where, with what, under which key and links."""
    return [(one.side, one.fields, one.natural_key, one.links) for one in asked(case)]


@pytest.mark.parametrize(
    ("state", "where", "key", "links"),
    [
        (lonely(Entity.COMPANY, Side.CRM, {"name": "Acme", "domain": "a.example"}), Side.ERP, "9", {}),
        (lonely(Entity.COMPANY, Side.ERP, {"name": "Acme"}), Side.CRM, "9", {}),
        (lonely(Entity.CONTACT, Side.CRM, ANN), Side.ERP, "a", {"company": A}),
        (lonely(Entity.CONTACT, Side.ERP, ANN), Side.CRM, "ann@acme.example", {"company": ONE}),
        (lonely(Entity.PRODUCT, Side.ERP, ITEM), Side.CRM, "9", {}),
        (lonely(Entity.INVOICE, Side.ERP, BILL), Side.CRM, "9", {"company": ONE}),
    ],
)
def test_what_one_side_lacks_is_made_there(state: EntityState, where: Side, key: str, links: dict[str, str]):
    state.flights, state.noted = {"crm": [], "erp": []}, {}
    case = made(state, crm=ONE, erp=A)
    assert wanted(case) == [(where, state.side(where.other).fields, key, links)]
    (command,) = asked(case)
    reason = f"it exists in the {where.other.value.upper()} only"
    assert (command.kind, command.reason, list(command.rules)) == ("create", reason, ["create"])
    assert command.record == state.id
    (verdict,) = said(case)
    assert (verdict.field, verdict.ruling, verdict.rule, verdict.reason) == ("", "create", "create", reason)
    assert (verdict.written_to, verdict.command) == (where, command.id)
    create_missing(case, state)
    assert len(asked(case)) == 1


def test_a_product_is_made_in_the_erp_under_its_sku():
    assert wanted(made(lonely(Entity.PRODUCT, Side.CRM, ITEM))) == [(Side.ERP, ITEM, "W-1", {})]


def test_the_erp_is_given_no_finance_field_and_nobody_an_empty_one():
    shown = {"name": "Acme", "domain": "", "tax_number": "1", "payment_terms": "30 DAYS", "phone": None, "other": "x"}
    assert wanted(made(lonely(Entity.COMPANY, Side.CRM, shown)))[0][1] == {"name": "Acme", "tax_number": "1"}
    assert wanted(made(lonely(Entity.COMPANY, Side.ERP, shown)))[0][1] == {
        "name": "Acme", "tax_number": "1", "payment_terms": "30 DAYS",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (lonely(Entity.COMPANY, Side.CRM, {"domain": "a"}), "cannot be made in the ERP without: name"),
        (lonely(Entity.CONTACT, Side.ERP, {"first_name": "A"}), "cannot be made in the CRM without: email"),
        (lonely(Entity.PRODUCT, Side.CRM, {"price": "5"}), "cannot be made in the ERP without: sku, name"),
        (lonely(Entity.INVOICE, Side.ERP, {**BILL, "date": None}), "cannot be made in the CRM without: date"),
    ],
)
def test_what_it_cannot_be_made_without_is_said(state: EntityState, reason: str):
    state.noted = {}
    case = made(state, crm=ONE, erp=A)
    assert asked(case) == []
    assert [(one.field, one.ruling, one.rule, one.reason) for one in said(case)] == [("", "wait", "required", reason)]


@pytest.mark.parametrize(
    ("wish", "ordered", "asks"),
    [("always", False, 1), ("when_ordered", False, 0), ("when_ordered", True, 1), ("never", True, 0)],
)
def test_the_contract_says_when_it_is_made(wish: str, ordered: bool, asks: int):  # noqa: FBT001 - a column
    rules = contract({"entities": {"company": {"create": {"erp": wish, "crm": "never"}}}})
    assert len(asked(made(lonely(Entity.COMPANY, Side.CRM, {"name": "Acme"}), rules, ordered=ordered))) == asks
    assert asked(made(lonely(Entity.COMPANY, Side.ERP, {"name": "Acme"}), rules, ordered=ordered)) == []


@pytest.mark.parametrize("but", ["not alone", "gone", "there", "silent", "refused"])
def test_what_is_not_known_to_be_missing_or_was_refused_is_not_made(but: str):
    state = lonely(Entity.COMPANY, Side.CRM, {"name": "Acme"})
    if but == "not alone":
        state.marks["alone"] = False
    elif but == "gone":
        state.crm.deleted = True
    elif but == "there":
        state.erp = SideState(ref="xero/contact/b", deleted=True)
    elif but == "silent":
        state.entity = Entity.PAYMENT
    else:
        state.blocked["erp"] = {"*": fingerprint({"name": "Acme"})}
    case = made(state)
    assert asked(case) == said(case) == []
    assert case.customer.waiting == []


def test_what_was_refused_is_made_once_it_has_changed():
    state = lonely(Entity.COMPANY, Side.CRM, {"name": "Acme"})
    state.blocked["erp"] = {"*": fingerprint({"name": "Other"})}
    assert len(asked(made(state))) == 1


@pytest.mark.parametrize(
    ("side", "entity"),
    [(Side.CRM, Entity.CONTACT), (Side.ERP, Entity.CONTACT), (Side.ERP, Entity.INVOICE)],
)
def test_what_hangs_on_a_company_waits_for_it(side: Side, entity: Entity):
    state = lonely(entity, side, ANN if entity is Entity.CONTACT else BILL)
    case = made(state)
    assert asked(case) == said(case) == []
    assert case.customer.waiting == [state.id]


def test_the_erp_keeps_one_person_of_a_customer():
    case = made(lonely(Entity.CONTACT, Side.CRM, ANN), erp=A)
    assert case.customer.person == "contact:1"
    again = made(lonely(Entity.CONTACT, Side.CRM, ANN), erp=A, person="contact:1")
    assert len(asked(again)) == 1
    other = made(lonely(Entity.CONTACT, Side.CRM, ANN), erp=A, person="contact:2")
    assert asked(other) == []
    assert (other.result.counts["crm_only_person"], other.customer.person) == (1, "contact:2")
    assert made(lonely(Entity.CONTACT, Side.ERP, ANN), crm=ONE).customer.person is None
    assert made(lonely(Entity.COMPANY, Side.CRM, {"name": "Acme"})).customer.person is None


@pytest.mark.parametrize(("status", "asks"), [("posted", 1), ("paid", 1), ("draft", 0), ("voided", 0), (None, 0)])
def test_only_an_invoice_in_the_books_is_mirrored(status: str | None, asks: int):
    assert len(asked(made(lonely(Entity.INVOICE, Side.ERP, {**BILL, "status": status}), crm=ONE))) == asks
    assert asked(made(lonely(Entity.INVOICE, Side.CRM, {**BILL, "status": status}), crm=ONE, erp=A)) == []


@pytest.mark.parametrize(
    ("reference", "gone", "links"),
    [("hubspot/deal/7", "", {"deal": "hubspot/deal/7"}), (None, "", {}), ("hubspot/deal/7", "deleted", {})],
)
def test_a_mirror_hangs_on_its_deal_too_as_long_as_that_is_there(
    reference: str | None, gone: str, links: dict[str, str]
):
    state = lonely(Entity.INVOICE, Side.ERP, BILL)
    state.related["deal"] = "deal:1"
    case = a_case(customer=CustomerState(id=ACME, crm=ONE))
    case.known("deal:1").crm.ref, case.known("deal:1").crm.deleted = reference, bool(gone)
    create_missing(case, state)
    assert wanted(case)[0][3] == {"company": ONE, **links}
