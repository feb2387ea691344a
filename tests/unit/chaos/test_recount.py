"""The recount of `make chaos ARGS=product`: each sort of loss and each sort of repetition is seen."""

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from tests.chaos.product.recount import Evidence, doubled, lost

Held = dict[str, list[dict[str, Any]]]


def whole() -> Held:
    """One firm, one won deal with a line of 2 x 10.10, billed, and paid in part."""
    terms = {"Sales": {"Day": 20, "Type": "DAYSAFTERBILLDATE"}}

    def write(action: str, resource: str, name: str, body: Any, **keys: str) -> dict[str, Any]:
        return {"action": action, "resource": resource, "id": name, "body": body, "keys": keys}

    return {
        "companies": [{"id": "1", "properties": {
            "name": "Rata", "xero_contact_id": "c", "phone": "09 123", "revmark_payment_terms": "20 DAYSAFTERBILLDATE",
        }}],
        "deals": [{"id": "7", "properties": {"dealstage": "closedwon"}}],
        "lines": [{"id": "8", "properties": {"quantity": "2", "price": "10.10"}}],
        "mirrors": [{"id": "9", "properties": {
            "revmark_invoice_number": "RM-7", "revmark_total": "23.23", "revmark_amount_paid": "3.23",
            "revmark_amount_due": "20.00",
        }}],
        "contacts": [{"ContactID": "c", "Name": "Rata", "PaymentTerms": terms, "Phones": [
            {"PhoneType": "DEFAULT", "PhoneAreaCode": "09", "PhoneNumber": "123"}]}],
        "invoices": [{"InvoiceID": "i", "InvoiceNumber": "RM-7", "Total": Decimal("23.23")}],
        "typed": [
            write("create", "companies", "1", {"name": "Rimu", "phone": "1"}),
            write("update", "companies", "1", {"name": "Rata"}),
            write("update", "companies", "1", {"phone": "09123"}),
            write("update", "Contacts", "c", {"ContactID": "c", "PaymentTerms": terms}),
            write("associate", "line_items", "8", {"to": {"type": "deals", "id": "7"}}),
            write("create", "Payments", "p", {"Invoice": {"InvoiceID": "i"}, "Amount": "3.23"}, target="i"),
        ],
        "written": [
            write("create", "Contacts", "c", {}, Name="Rata", ContactNumber="hs-1"),
            write("create", "Invoices", "i", {}, InvoiceNumber="RM-7"),
            write("create", "invoices", "9", {}, revmark_invoice_number="RM-7"),
        ],
    }  # fmt: skip


def test_what_is_whole_has_nothing_lost_and_nothing_twice():
    assert (lost(Evidence(**whole())), doubled(Evidence(**whole()))) == ([], [])


def change(shelf: str, **values: Any) -> Callable[[Held], None]:
    def act(held: Held) -> None:
        row = held[shelf][0]
        row.get("properties", row).update(values)

    return act


def without(shelf: str) -> Callable[[Held], None]:
    return lambda held: held[shelf].clear()


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (change("contacts", Name="Rimu"), "typed 'Rata', HubSpot shows 'Rata', Xero 'Rimu'"),
        (change("companies", name="Rimu"), "typed 'Rata', HubSpot shows 'Rimu', Xero 'Rata'"),
        (change("companies", phone="09 124"), "phone: typed '09123'"),
        (change("companies", revmark_payment_terms="7 X"), "terms: typed '20 DAYSAFTERBILLDATE'"),
        (change("companies", xero_contact_id=""), "has no contact"),
        (without("companies"), "contact c has no company"),
        (without("invoices"), "deal 7 is won and has no invoice"),
        (change("invoices", Total=Decimal("46.46")), "its lines come to 23.23"),
        (without("mirrors"), "RM-7 is not shown in HubSpot"),
        (change("mirrors", revmark_amount_paid="0", revmark_amount_due="23.23"), "total, paid, due are"),
    ],
)
def test_a_loss_is_seen(breaks: Callable[[Held], None], said: str):
    held = whole()
    breaks(held)
    assert any(said in line for line in lost(Evidence(**held))), lost(Evidence(**held))


def again(shelf: str, **values: Any) -> Callable[[Held], None]:
    def act(held: Held) -> None:
        row = deepcopy(held[shelf][0])
        held[shelf].append(row | {"id": "new"} | values)

    return act


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (again("written", keys={"Name": "Rata II", "ContactNumber": "hs-1"}), "Contacts hs-1 was made 2 times"),
        (again("written", resource="Payments"), "was paid by us"),
        (again("companies"), "2 contact of companies c"),
        (again("contacts", ContactID="d"), "2 contacts of name Rata"),
        (again("invoices"), "2 invoices of number RM-7"),
        (again("mirrors"), "2 mirrors of number RM-7"),
        (without("companies"), "contact c was made by us and belongs to no company"),
    ],
)
def test_a_repetition_is_seen(breaks: Callable[[Held], None], said: str):
    held = whole()
    breaks(held)
    assert any(said in line for line in doubled(Evidence(**held))), doubled(Evidence(**held))
