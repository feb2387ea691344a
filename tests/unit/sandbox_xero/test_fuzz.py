"""Whatever is sent, the answer is Xero's and never a broken server."""

import asyncio

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.clock import VirtualClock
from sandbox.wire import encode
from sandbox.xero import (
    allocations,
    contacts,
    creditnotes,
    groups,
    invoices,
    items,
    lines,
    payments,
    prepayments,
    quotes,
)
from sandbox.xero import settings as setup
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from tests.unit.sandbox_xero.conftest import BASE

EXAMPLES = 15  # of each path in a run; 600 of each were run by hand
GUID = "11111111-1111-4111-8111-111111111111"
words = ["", "2026-09-01", "AUTHORISED", "DELETED", "VOIDED", "ACTIVE", "200", "090", "NZD", "USD", "Inclusive"]
words += ["ACCREC", "ACCRECCREDIT", "RECEIVE-PREPAYMENT", "RECEIVE-OVERPAYMENT", "OUTPUT2", "INV-0001", GUID]
numbers = st.one_of(st.integers(-(10**6), 10**6), st.decimals(-1000, 1000, places=3))
scalars = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=6), st.sampled_from(words))


def objects(*tables: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    keys = st.sampled_from(sorted({name for table in tables for name in table}))
    return st.dictionaries(keys, scalars, max_size=6)


named = {"ContactID": 1, "Name": 1, "Code": 1, "InvoiceNumber": 1}
inner = st.one_of(scalars, objects(dict(lines.WRITABLE), named))
rows = objects(dict(lines.WRITABLE), dict(contacts.PHONE), dict(contacts.ADDRESS))
values = st.one_of(inner, st.lists(rows, max_size=2))
TABLES = {
    "Contacts": {**contacts.WRITABLE, "ContactID": 1},
    "ContactGroups": {**groups.WRITABLE, "ContactGroupID": 1},
    "Items": {**items.WRITABLE, "ItemID": 1},
    "Invoices": {**invoices.KIND.table(), "InvoiceID": 1, "Contact": 1},
    "CreditNotes": {**creditnotes.KIND.table(), "CreditNoteID": 1, "Contact": 1},
    "Payments": payments.WRITABLE,
    "BankTransactions": {**prepayments.WRITABLE, "Contact": 1},
    "Quotes": {**quotes.WRITABLE, "QuoteID": 1, "Contact": 1},
    "Accounts": {**setup.ACCOUNT, "AccountID": 1},
    "Currencies": {"Code": 1},
    "CreditNotes/CN-0001/Allocations": allocations.WRITABLE,
}
LINES = [{"Description": "x", "UnitAmount": 5, "AccountCode": "200"}]
NOTE = {"Type": "ACCRECCREDIT", "Contact": {"Name": "A"}, "LineItems": LINES, "Status": "AUTHORISED"}
SALE = {**NOTE, "Type": "ACCREC", "DueDate": "2026-10-01"}
VALID: dict[str, dict[str, object]] = {
    "Contacts": {"Name": "A"},
    "ContactGroups": {"Name": "G"},
    "Items": {"Code": "I"},
    "Invoices": SALE,
    "CreditNotes": NOTE,
    "Payments": {"Invoice": {"InvoiceNumber": "INV-0001"}, "Account": {"Code": "090"}, "Amount": 1},
    "BankTransactions": {**NOTE, "Type": "RECEIVE-PREPAYMENT", "BankAccount": {"Code": "090"}},
    "Quotes": {"Contact": {"Name": "A"}, "Date": "2026-09-01", "LineItems": LINES},
    "Accounts": {"Name": "N", "Type": "REVENUE", "Code": "1"},
    "Currencies": {"Code": "CHF"},
    "CreditNotes/CN-0001/Allocations": {"Invoice": {"InvoiceNumber": "INV-0001"}, "Amount": 1, "Date": "2026-09-01"},
}


@pytest.mark.parametrize("path", TABLES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_body_breaks_the_server(path: str, data: st.DataObject) -> None:
    element = st.dictionaries(st.sampled_from(sorted(TABLES[path])), values, max_size=3)
    changes = data.draw(st.lists(element, min_size=1, max_size=3))
    bodies = [{**VALID[path], **change} for change in changes]
    verb = data.draw(st.sampled_from(["PUT", "POST"]))
    flag = data.draw(st.sampled_from(["", "?summarizeErrors=false"]))

    async def ask() -> None:
        clock = VirtualClock()
        organisation = Organisation(clock=clock)
        organisation.seed_defaults()
        transport = httpx.ASGITransport(app=create_app(organisation, clock=clock))
        async with httpx.AsyncClient(transport=transport, base_url=f"{BASE}/_sandbox/people/api.xro/2.0/") as http:
            await http.put("CreditNotes", content=encode(NOTE))
            await http.put("Invoices", content=encode(SALE))
            first = await http.request(verb, path + flag, content=encode(bodies))
            assert first.status_code in {200, 400, 404, 405}, first.text
            again = await http.get(path.partition("/")[0] + "?page=1")
            assert again.status_code == 200

    asyncio.run(ask())
