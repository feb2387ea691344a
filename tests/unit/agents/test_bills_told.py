"""What is told of invoices, payments and credit notes, whole: each occurrence, and what reconciliation is given."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from agents.rules import bills
from agents.rules.case import Case
from schemas.names import Entity, Side, digest
from tables.customers import CustomerState
from tables.entities import EntityState, SideState
from tests.support.casing import a_case, documents, told
from tests.support.judging import ACME, at

INVOICE = {
    "number": "INV-1", "status": "posted", "date": "2026-09-02", "currency": "AUD", "total": "115.00",
    "amount_due": "65.00", "amount_paid": "50.00",
}  # fmt: skip
PAYMENT = {"date": "2026-09-03", "amount": "50.00", "currency": "NZD", "reference": "bank", "status": "received"}
NOTE = {"number": "CN-1", "status": "posted", "date": "2026-09-05", "currency": "NZD", "total": "30", "remaining": "20"}


def shown(entity: Entity, fields: dict[str, Any], *, deleted: bool = False, **related: str) -> EntityState:
    """A record as the ERP shows it, half an hour after the start of the day."""
    seen = SideState(ref=f"xero/{entity.value}/1", version=1_788_256_800_000, fields=dict(fields), deleted=deleted)
    return EntityState(entity, f"{entity.value}:1", erp=seen, related=related)


def seen(case: Case, state: EntityState) -> None:
    """Have the rule look at it."""
    {Entity.INVOICE: bills.invoice, Entity.PAYMENT: bills.payment, Entity.CREDIT_NOTE: bills.credit_note}[state.entity](
        case, state
    )


def told_of(state: EntityState, **more: Any) -> list[tuple[str, str, str, str, str, str | None]]:
    """What is told of a record seen twice."""
    case, state = a_case(**more), deepcopy(state)
    seen(case, state)
    seen(case, state)
    return [
        (one.type, one.number, str(one.money.amount), one.money.currency, one.day, one.deal)
        for one in told(case)
        if one.money is not None
    ]


@pytest.mark.parametrize(
    ("state", "events"),
    [
        (
            shown(Entity.INVOICE, INVOICE, deal="deal:1"),
            [("invoice_posted", "INV-1", "115.00", "AUD", "2026-09-02", "deal:1")],
        ),
        (
            shown(Entity.INVOICE, INVOICE | {"status": "paid"}),
            [("invoice_posted", "INV-1", "115.00", "AUD", "2026-09-02", None)],
        ),
        (shown(Entity.INVOICE, INVOICE | {"status": "draft"}), []),
        (shown(Entity.INVOICE, INVOICE, deleted=True), []),
        (shown(Entity.PAYMENT, PAYMENT), [("payment_received", "bank", "50.00", "NZD", "2026-09-03", None)]),
        (
            shown(Entity.PAYMENT, PAYMENT | {"refund": True}),
            [("refund_made", "bank", "50.00", "NZD", "2026-09-03", None)],
        ),
        (shown(Entity.PAYMENT, PAYMENT | {"status": "deleted"}), []),
        (shown(Entity.PAYMENT, PAYMENT, deleted=True), []),
        (
            shown(Entity.CREDIT_NOTE, NOTE),
            [("credit_memo_issued", "CN-1", "30", "NZD", "2026-09-05", None)],
        ),
        (shown(Entity.CREDIT_NOTE, NOTE | {"status": "draft"}), []),
        (shown(Entity.CREDIT_NOTE, NOTE, deleted=True), []),
        # What a platform leaves out: the contract's currency, the day of the finding, nothing.
        (
            shown(Entity.PAYMENT, {"status": "received"}),
            [("payment_received", "", "0", "NZD", "2026-09-01", None)],
        ),
    ],
)
def test_a_document_is_told_once_with_its_own_figures(state: EntityState, events: list[Any]):
    assert told_of(state) == events


@pytest.mark.parametrize(
    ("state", "ending", "event"),
    [
        (shown(Entity.INVOICE, INVOICE), {"status": "voided"}, "invoice_voided"),
        (shown(Entity.INVOICE, INVOICE), {"status": "deleted"}, "invoice_voided"),
        (shown(Entity.PAYMENT, PAYMENT), {"status": "deleted"}, "payment_reversed"),
        (shown(Entity.CREDIT_NOTE, NOTE), {"status": "voided"}, "credit_memo_voided"),
    ],
)
def test_the_end_of_a_document_is_told_once(state: EntityState, ending: dict[str, Any], event: str):
    case, state = a_case(), deepcopy(state)
    seen(case, state)
    state.erp.fields |= ending
    seen(case, state)
    seen(case, state)
    last = told(case)[-1]
    assert [one.type for one in told(case)][1:] == [event]
    assert (last.day, str(last.money.amount) if last.money else "") == (
        state.erp.fields["date"],
        state.erp.fields.get("total") or state.erp.fields["amount"],
    )


def test_a_document_that_vanished_is_told_as_its_end():
    case, bill, money = a_case(), shown(Entity.INVOICE, INVOICE), shown(Entity.PAYMENT, PAYMENT)
    seen(case, bill)
    seen(case, money)
    bill.erp.deleted = money.erp.deleted = True
    seen(case, bill)
    seen(case, money)
    assert [one.type for one in told(case)][2:] == ["invoice_voided", "payment_reversed"]
    assert case.customer.payments == []
    assert case.customer.balances == {"AUD": "0.00"}


def test_an_occurrence_names_who_and_when_and_where():
    case = a_case()
    state = shown(Entity.INVOICE, INVOICE)
    seen(case, state)
    (one,) = told(case)
    assert one.id == digest("main", "invoice_posted", "invoice:1")  # subscribers drop an id that they have seen
    assert (one.tenant, one.customer, one.customer_name, one.document) == ("main", ACME, "Acme", "invoice:1")
    assert (one.occurred_at, one.refs) == (case.seen_version(state.erp.version), {"erp": "xero/invoice/1"})
    other = a_case(tenant="second")
    seen(other, shown(Entity.INVOICE, INVOICE))
    assert one.id != told(other)[0].id
    assert {each.key for each in case.result.outputs if each.topic == "occurrences"} == {f"main|{ACME}".encode()}


def test_a_payment_is_of_the_deal_of_its_invoice():
    case = a_case()
    case.known("invoice:1").related["deal"] = "deal:1"
    seen(case, shown(Entity.PAYMENT, PAYMENT, invoice="invoice:1"))
    assert told(case)[0].deal == "deal:1"


@pytest.mark.parametrize(("ordered", "news"), [(True, ["invoice_posted"]), (False, [])])
def test_of_history_only_what_was_ordered_here_is_news(ordered: bool, news: list[str]):  # noqa: FBT001 - a column
    case = a_case(history=True)
    if ordered:
        case.known("deal:1").marks["order"] = {}
    seen(case, shown(Entity.INVOICE, INVOICE, deal="deal:1"))
    assert [one.type for one in told(case)] == news
    assert case.customer.ordered


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "part_paid"),
        ({"amount_paid": "0.00"}, "posted"),
        ({"amount_paid": None, "amount_credited": "0.01"}, "part_paid"),
        ({"amount_paid": "10.00", "amount_credited": "-10.00"}, "posted"),
        ({"status": "paid"}, "paid"),
        ({"status": "voided"}, "voided"),
    ],
)
def test_a_deal_is_told_of_its_invoice(fields: dict[str, Any], status: str):
    case = a_case()
    seen(case, shown(Entity.INVOICE, INVOICE | fields, deal="deal:1"))
    assert case.known("deal:1").derived == {
        "invoice_number": "INV-1",
        "invoice_status": status,
        "amount_due": "65.00",
        "amount_paid": (INVOICE | fields)["amount_paid"],
    }
    assert list(case.touched) == [ACME, "deal:1"]


def test_the_balance_and_the_last_payment_are_those_in_the_customers_currency():
    case = a_case(customer=CustomerState(id=ACME, currency="AUD"))
    seen(case, shown(Entity.INVOICE, INVOICE))
    seen(case, shown(Entity.PAYMENT, PAYMENT | {"currency": "AUD", "amount": "5"}))
    other = shown(Entity.PAYMENT, PAYMENT | {"date": "2026-09-09"})
    other.id = "payment:2"
    seen(case, other)
    assert case.customer.payments[0] == {"id": "payment:1", "date": "2026-09-03", "amount": "5", "currency": "AUD"}
    assert case.company().derived == {
        "balance_due": "65.00",
        "last_payment_date": "2026-09-03",
        "last_payment_amount": "5.00",
    }
    assert list(case.touched) == [ACME]


def test_without_a_currency_of_the_customer_the_contracts_counts():
    case = a_case()
    seen(case, shown(Entity.INVOICE, INVOICE))
    assert case.customer.balances == {"AUD": "65.00"}
    assert case.company().derived == {"balance_due": "0.00"}
    seen(case, shown(Entity.PAYMENT, PAYMENT | {"currency": "AUD"}))
    assert case.company().derived == {"balance_due": "0.00", "last_payment_date": None, "last_payment_amount": None}


def test_a_reversed_last_payment_is_taken_back_from_the_company():
    case, state = a_case(), shown(Entity.PAYMENT, PAYMENT)
    seen(case, state)
    assert case.company().derived == {"last_payment_date": "2026-09-03", "last_payment_amount": "50.00"}
    state.erp.fields["status"] = "deleted"
    seen(case, state)
    assert case.company().derived == {"last_payment_date": None, "last_payment_amount": None}


def test_a_refund_is_no_payment_of_the_customer():
    case = a_case()
    seen(case, shown(Entity.PAYMENT, PAYMENT | {"refund": True}))
    assert case.customer.payments == []
    assert case.company().derived == {}


def test_a_payment_without_figures_is_noted_as_nothing():
    case = a_case()
    seen(case, shown(Entity.PAYMENT, {"status": "received"}))
    assert case.customer.payments == [{"id": "payment:1", "date": "", "amount": "0", "currency": "NZD"}]


def test_credit_that_remains_lowers_the_balance_until_the_note_is_gone():
    case, state = a_case(), shown(Entity.CREDIT_NOTE, NOTE)
    seen(case, state)
    seen(case, state)
    assert case.customer.balances == {"NZD": "-20"}
    assert state.marks["balance_currency"] == "NZD"
    state.erp.fields["remaining"] = None
    seen(case, state)
    assert Decimal(case.customer.balances["NZD"]) == 0
    assert case.company().derived["balance_due"] == "0.00"


@pytest.mark.parametrize(
    ("before", "shown_hold", "news"),
    [(None, True, [True]), (False, True, [True]), (True, False, [False]), (None, False, []), (True, True, [])],
)
def test_a_hold_is_told_when_it_changes(before: bool | None, shown_hold: bool, news: list[bool]):  # noqa: FBT001 - columns
    case = a_case(customer=CustomerState(id=ACME, name="Acme", hold=before))
    company = shown(Entity.COMPANY, {"credit_hold": shown_hold})
    bills.hold(case, company)
    assert case.customer.hold is shown_hold
    found = told(case)
    assert [one.credit_hold for one in found] == news
    for one in found:
        assert (one.type, one.tenant, one.customer, one.customer_name) == ("credit_hold_changed", "main", ACME, "Acme")
        assert (one.document, one.day, one.occurred_at) == (ACME, "2026-09-01", at(60))
        assert one.refs == {"erp": "xero/company/1"}
        said = (str(shown_hold), str(company.erp.version), at(60).isoformat())
        assert one.id == digest("main", "credit_hold_changed", ACME, *said)


@pytest.mark.parametrize(("fields", "deleted"), [({}, False), ({"credit_hold": True}, True)])
def test_a_hold_that_is_not_shown_is_not_known(fields: dict[str, Any], deleted: bool):  # noqa: FBT001 - a column
    case = a_case()
    bills.hold(case, shown(Entity.COMPANY, fields, deleted=deleted))
    assert case.customer.hold is None
    assert told(case) == []


def test_each_change_of_a_hold_is_an_occurrence_of_its_own():
    ids = set()
    for tenant, hold, version, moment in (
        ("main", True, 1, 60), ("other", True, 1, 60), ("main", False, 1, 60), ("main", True, 2, 60),
        ("main", True, 1, 61),
    ):  # fmt: skip
        case = a_case(tenant=tenant, customer=CustomerState(id=ACME, hold=not hold), at=at(moment))
        company = shown(Entity.COMPANY, {"credit_hold": hold})
        company.erp.version = version
        bills.hold(case, company)
        ids.update(one.id for one in told(case))
    assert len(ids) == 5


def test_reconciliation_is_given_the_document_as_a_side_shows_it():
    case, state = a_case(), shown(Entity.INVOICE, INVOICE)
    bills.document(case, state, Side.ERP)
    bills.document(case, state, Side.ERP)
    (one,) = documents(case)
    assert (one.tenant, one.document, one.number, one.side) == ("main", "invoice:1", "INV-1", Side.ERP)
    assert (one.ref, one.day, one.currency, one.total) == ("xero/invoice/1", "2026-09-02", "AUD", Decimal("115.00"))
    assert (one.due, one.counted, one.version) == (Decimal("65.00"), True, state.erp.version)
    assert one.seen_at == at(60)
    assert case.result.outputs[0].key == b"main"
    state.crm = SideState(ref="hubspot/invoice/1", version=3, fields=INVOICE | {"amount_due": None, "number": None})
    bills.document(case, state, Side.CRM)
    mirror = documents(case)[1]
    assert (mirror.side, mirror.number, mirror.due, mirror.version) == (Side.CRM, "", Decimal(0), 3)


@pytest.mark.parametrize("change", [
    {"status": "voided"}, {"date": "2026-09-03"}, {"currency": "NZD"}, {"total": "1"}, {"amount_due": "1"},
    {"number": "2"},
])  # fmt: skip
def test_what_reconciliation_counts_is_stated_again_when_it_changes(change: dict[str, str]):
    case, state = a_case(), shown(Entity.INVOICE, INVOICE)
    bills.document(case, state, Side.ERP)
    state.erp.fields["reference"] = "not counted"
    bills.document(case, state, Side.ERP)
    assert len(documents(case)) == 1
    state.erp.fields |= change
    bills.document(case, state, Side.ERP)
    assert len(documents(case)) == 2


@pytest.mark.parametrize("missing", ["date", "currency", "total", None])
def test_what_is_not_whole_is_not_stated(missing: str | None):
    case, state = a_case(), shown(Entity.INVOICE, INVOICE)
    if missing:
        del state.erp.fields[missing]
    else:
        state.erp.ref = None
    bills.document(case, state, Side.ERP)
    assert documents(case) == []
