"""Every answer of the pretend Xero, held against Xero's own OpenAPI document."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from sandbox.clock import VirtualClock
from sandbox.wire import decode, encode
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from tests.support.examiner import HOST, PREFIX, document

LINE = {"Description": "Seats", "Quantity": 2, "UnitAmount": 10.5, "AccountCode": "200"}


@pytest.fixture(scope="module")
def spec() -> OpenAPI:
    return document()


class Examiner:
    """Calls the sandbox and holds question and answer against the document."""

    def __init__(self, spec: OpenAPI, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.spec = spec
        self.http = http
        self.headers = headers
        self.seen: set[tuple[str, str]] = set()

    async def ask(self, method: str, path: str, body: object = None, status: int = 200, **query: str) -> Any:
        content = None if body is None else encode(body)
        reply = await self.http.request(method, PREFIX + path, params=query, content=content, headers=self.headers)
        assert reply.status_code == status, reply.text
        question = MockRequest(
            HOST, method.lower(), PREFIX + path, args=query, headers=self.headers, data=content,
            content_type="application/json",
        )  # fmt: skip
        answer = MockResponse(reply.content, status, content_type="application/json")
        self.seen.add((method, path.split("/")[1]))
        if status < 400:
            self.spec.validate_request(question)
        if reply.content:
            self.spec.validate_response(question, answer)
        return decode(reply.content) if reply.content else None


@pytest.fixture
async def examiner(spec: OpenAPI) -> AsyncIterator[Examiner]:
    clock = VirtualClock()
    organisation = Organisation(clock=clock, minute_limit=1_000)
    organisation.seed_defaults()
    headers = {
        "Authorization": f"Bearer {organisation.credentials()['access_token']}",
        "xero-tenant-id": organisation.tenant_id,
        "Accept": "application/json",
    }
    transport = httpx.ASGITransport(app=create_app(organisation, clock=clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://xero.test") as http:
        yield Examiner(spec, http, headers)


def _values(record: dict[str, Any], *path: str) -> Iterator[str]:
    yield from (str(record[plural][0][key]) for plural, key in zip(path[::2], path[1::2], strict=True))


async def test_settings(examiner: Examiner) -> None:
    for path in ("Organisation", "Accounts", "TaxRates", "Currencies", "TrackingCategories", "BrandingThemes"):
        await examiner.ask("GET", f"/{path}")
    account = {"Code": "092", "Name": "More money", "Type": "BANK", "BankAccountNumber": "0209087654321050"}
    await examiner.ask("PUT", "/Accounts", account)
    await examiner.ask("PUT", "/Currencies", {"Code": "CHF", "Description": "Franc"})


async def test_contacts_and_groups(examiner: Examiner) -> None:
    body = {"Contacts": [{"Name": "Acme", "EmailAddress": "a@b.c", "ContactNumber": "hs-1", "ContactPersons": [{}]}]}
    (id_,) = _values(await examiner.ask("PUT", "/Contacts", body), "Contacts", "ContactID")
    await examiner.ask("PUT", "/Contacts", body, 400)
    await examiner.ask("POST", "/Contacts", {"Contacts": [{"Name": "Acme"}, {}]}, summarizeErrors="false")
    (group,) = _values(await examiner.ask("GET", "/ContactGroups"), "ContactGroups", "ContactGroupID")
    await examiner.ask("PUT", f"/ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": id_}]})
    await examiner.ask("GET", f"/ContactGroups/{group}")
    for path in (f"/Contacts/{id_}", "/Contacts/hs-1"):
        await examiner.ask("GET", path)
    await examiner.ask("GET", "/Contacts", page="1", pageSize="10", includeArchived="true")
    await examiner.ask("GET", "/Contacts", summaryOnly="true")
    await examiner.ask("DELETE", f"/ContactGroups/{group}/Contacts/{id_}", status=204)


async def test_items(examiner: Examiner) -> None:
    body = {"Items": [{"Code": "SEAT", "Name": "Seat", "SalesDetails": {"UnitPrice": 10.5, "AccountCode": "200"}}]}
    (id_,) = _values(await examiner.ask("PUT", "/Items", body), "Items", "ItemID")
    await examiner.ask("PUT", "/Items", body, 400)
    await examiner.ask("GET", "/Items")
    await examiner.ask("GET", f"/Items/{id_}", unitdp="4")
    await examiner.ask("DELETE", f"/Items/{id_}", status=204)


async def test_invoices_payments_credits(examiner: Examiner) -> None:
    contact = {"Contacts": [{"Name": "Acme"}]}
    (contact_id,) = _values(await examiner.ask("PUT", "/Contacts", contact), "Contacts", "ContactID")
    named = {"ContactID": contact_id}
    sale = {"Type": "ACCREC", "Contact": named, "LineItems": [LINE], "DueDate": "2026-10-01", "Status": "AUTHORISED"}
    made = await examiner.ask("PUT", "/Invoices", {"Invoices": [sale]}, unitdp="4")
    (invoice_id,) = _values(made, "Invoices", "InvoiceID")
    await examiner.ask("PUT", "/Invoices", {"Invoices": [{**sale, "InvoiceNumber": "INV-0001"}]}, 400)
    await examiner.ask("POST", "/Invoices", {"Invoices": [sale, {}]}, summarizeErrors="false")
    pay = {"Payments": [{"Invoice": {"InvoiceID": invoice_id}, "Account": {"Code": "090"}, "Amount": 10}]}
    (payment_id,) = _values(await examiner.ask("PUT", "/Payments", pay), "Payments", "PaymentID")
    note = {"CreditNotes": [{"Type": "ACCRECCREDIT", "Contact": named, "LineItems": [LINE], "Status": "AUTHORISED"}]}
    (note_id,) = _values(await examiner.ask("PUT", "/CreditNotes", note), "CreditNotes", "CreditNoteID")
    applied = {"Allocations": [{"Invoice": {"InvoiceID": invoice_id}, "Amount": 14.15, "Date": "2026-09-02"}]}
    made = await examiner.ask("PUT", f"/CreditNotes/{note_id}/Allocations", applied)
    (allocation_id,) = _values(made, "Allocations", "AllocationID")
    for path in ("/Invoices", "/Payments", "/CreditNotes"):
        await examiner.ask("GET", path)
        await examiner.ask("GET", path, page="1")
    for path in (f"/Invoices/{invoice_id}", f"/Payments/{payment_id}", f"/CreditNotes/{note_id}"):
        await examiner.ask("GET", path)
    await examiner.ask("PUT", f"/Invoices/{invoice_id}/History", {"HistoryRecords": [{"Details": "Synced"}]})
    await examiner.ask("GET", f"/Invoices/{invoice_id}/History")
    await examiner.ask("POST", f"/Payments/{payment_id}", {"Status": "DELETED"})
    await examiner.ask("DELETE", f"/CreditNotes/{note_id}/Allocations/{allocation_id}")


@pytest.mark.parametrize(("kind", "plural"), [("PREPAYMENT", "Prepayments"), ("OVERPAYMENT", "Overpayments")])
async def test_money_in_advance(examiner: Examiner, kind: str, plural: str) -> None:
    banked = {
        "Type": f"RECEIVE-{kind}",
        "Contact": {"Name": "Acme"},
        "BankAccount": {"Code": "090"},
        "LineItems": [LINE],
    }
    made = await examiner.ask("PUT", "/BankTransactions", {"BankTransactions": [banked]})
    (id_,) = _values(made, "BankTransactions", f"{plural[:-1]}ID")
    await examiner.ask("GET", f"/{plural}/{id_}")
    await examiner.ask("GET", f"/{plural}", page="1")
    await examiner.ask("GET", "/BankTransactions", page="1")


async def test_quotes(examiner: Examiner) -> None:
    body = {"Quotes": [{"Contact": {"Name": "Acme"}, "Date": "2026-09-01", "LineItems": [LINE]}]}
    (id_,) = _values(await examiner.ask("PUT", "/Quotes", body), "Quotes", "QuoteID")
    await examiner.ask("GET", f"/Quotes/{id_}")
    await examiner.ask("GET", "/Quotes", page="1")
    await examiner.ask("POST", f"/Quotes/{id_}", {"Quotes": [{"QuoteID": id_, "Status": "SENT"}]})


@pytest.mark.parametrize(
    "wrong", [{"Status": "LOST"}, {"Total": "ten"}, {"LineItems": [{"Quantity": "two"}]}, {"InvoiceID": 5}]
)
def test_the_document_catches_wrong_answers(spec: OpenAPI, wrong: dict[str, object]) -> None:
    question = MockRequest(HOST, "get", f"{PREFIX}/Invoices", headers={"xero-tenant-id": "t"})
    right = MockResponse(b'{"Invoices":[{"Status":"PAID","Total":10.00}]}', 200, content_type="application/json")
    spec.validate_response(question, right)
    answer = MockResponse(encode({"Invoices": [wrong]}), 200, content_type="application/json")
    with pytest.raises(OpenAPIError):
        spec.validate_response(question, answer)
