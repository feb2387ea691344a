"""Every call that our client can make of Xero, and every reply of the pretend Xero to it, by Xero's own document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.clock import VirtualClock
from sandbox.wire import decode, encode
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from schemas.command import Command
from schemas.names import Entity, Side, record_id
from streams.platforms.interface import Written
from streams.platforms.xero.checkup import accounts, organisation, reached, tax_types
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants
from tests.support.examiner import Examiner, document

URL = "http://xero.test"
NOWHERE = "99999999-9999-4999-8999-999999999999"
ADDRESS = {"street": "1 High St", "city": "Leeds", "region": "W", "postal_code": "LS1", "country": "UK"}
COMPANY = {
    "name": "Acme", "phone": "123", "tax_number": "77", "currency": "NZD", "shipping_address": ADDRESS,
    "payment_terms": "30 DAYSAFTERBILLDATE", "crm_id": "9001",
}  # fmt: skip
PERSON = {"email": "ada@acme.example", "first_name": "Ada", "last_name": "Byron"}
ITEM = {"sku": "W-1", "name": "Widget", "description": "A widget", "price": "12.50"}
LINES = [
    {"description": "Widget", "quantity": "2", "unit_price": "0.0125", "account": "200", "tax_type": "OUTPUT2"},
    {
        "item_code": "W-1",
        "description": "W",
        "quantity": "1.5",
        "unit_price": "3",
        "discount_percent": "10",
        "account": "200",
    },
]
INVOICE = {"status": "posted", "date": "2026-09-01", "due_date": "2026-10-01", "currency": "NZD", "lines": LINES}
# What the client can ask at all; a new call has to be played below before it is added here.
CALLS = {
    "GET Accounts", "GET ContactGroups", "GET ContactGroups/*", "GET Contacts", "GET Contacts/*", "GET CreditNotes",
    "GET CreditNotes/*", "GET Invoices", "GET Items", "GET Items/*", "GET Organisation",
    "GET Overpayments", "GET Overpayments/*", "GET Payments", "GET Payments/*", "GET Prepayments", "GET Prepayments/*",
    "GET TaxRates", "POST Contacts", "POST Invoices", "POST Items", "PUT Contacts",
    "PUT Invoices", "PUT Items",
}  # fmt: skip


@dataclass
class Play:
    """The client, with an examiner on the line, and people at Xero's screen."""

    client: XeroClient
    examiner: Examiner
    people: httpx.AsyncClient
    made: int = 0

    async def person(self, path: str, body: object, method: str = "PUT") -> dict[str, Any]:
        reply = await self.people.request(method, f"/_sandbox/people/{path}", content=encode(body))
        assert reply.is_success, reply.text
        return next(value for value in decode(reply.content).values() if isinstance(value, list))[0]

    def command(self, entity: Entity, kind: str, key: str | None = None, **more: Any) -> Command:
        self.made += 1
        return Command.model_validate(
            {
                "id": f"c{self.made}", "tenant": "acme", "connection": "acme.xero", "platform": "xero", "kind": kind,
                "side": Side.ERP, "entity": entity, "customer": "company:1", "record": "x", "natural_key": key,
                "at": datetime(2026, 9, 1, tzinfo=UTC), **more,
            }
        )  # fmt: skip

    async def write(self, *commands: Command) -> list[Written]:
        written = await self.client.write(commands)
        for each in commands:
            await self.client.look_up(each)
        assert [some async for some in self.client.look_up_many(commands)]
        return written


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    clock = VirtualClock(automatic=True)
    books = Organisation(clock=clock, minute_limit=10_000)
    books.seed_defaults()
    app: Starlette = create_app(books, clock=clock)
    examiner = Examiner(httpx.ASGITransport(app=app))
    given, kept = books.credentials(), list[Grant]()

    async def load() -> Grant | None:
        return kept[-1] if kept else None

    async def save(grant: Grant) -> None:
        kept.append(grant)

    grants = Grants(
        URL, str(given["client_id"]), str(given["client_secret"]), load=load, save=save, clock=clock.now,
        first=str(given["refresh_token"]), transport=examiner,
    )  # fmt: skip
    client = XeroClient(
        URL,
        books.tenant_id,
        grants,
        clock=clock.now,
        sleep=clock.sleep,
        transport=examiner,
        page_size=2,
        minute_calls=10_000,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL) as people:
        yield Play(client, examiner, people)
    await client.close()


async def _companies(play: Play) -> str:
    company, person = await play.write(
        play.command(Entity.COMPANY, "create", "9001", fields=COMPANY),
        play.command(Entity.COMPANY, "create", "9002", fields={"name": "Beta"}),
    )
    assert (company.state, person.state) == ("applied", "applied")
    ref = str(company.ref)
    fields = {"phone": None, "payment_terms": "20 OFFOLLOWINGMONTH", "shipping_address": None, "name": "Acme Limited"}
    await play.write(
        play.command(Entity.COMPANY, "update", ref=ref, fields=fields),
        play.command(Entity.CONTACT, "create", fields=PERSON, links={"company": ref}),
        play.command(Entity.COMPANY, "update", ref=f"xero/contact/{NOWHERE}", fields={"name": "Nobody"}),
        play.command(Entity.COMPANY, "create", "9003", fields={"name": "Beta"}),
    )
    return ref


async def _items(play: Play) -> None:
    made, _ = await play.write(
        play.command(Entity.PRODUCT, "create", "W-1", fields=ITEM),
        play.command(Entity.PRODUCT, "create", "W-2", fields={"sku": "W-2", "name": "Other"}),
    )
    await play.write(
        play.command(Entity.PRODUCT, "update", ref=made.ref, fields={"price": "13.25", "description": None})
    )


async def _invoices(play: Play, company: str) -> str:
    links = {"company": company}
    first, second, _ = await play.write(
        play.command(Entity.INVOICE, "create", "RM-1", fields=INVOICE, links=links),
        play.command(Entity.INVOICE, "create", "RM-2", fields={**INVOICE, "reference": "deal 7"}, links=links),
        play.command(Entity.INVOICE, "create", "RM-3", fields=INVOICE, links={"company": f"xero/contact/{NOWHERE}"}),
    )
    assert (first.state, second.state) == ("applied", "applied"), (first, second)
    await play.write(play.command(Entity.INVOICE, "create", "RM-1", fields=INVOICE, links=links))
    await play.write(play.command(Entity.INVOICE, "update", ref=first.ref, fields={"due_date": "2026-11-01"}))
    await play.write(play.command(Entity.INVOICE, "update", ref=second.ref, fields={"status": "voided"}))
    return record_id(str(first.ref))


async def _money(play: Play, invoice: str, contact: str) -> dict[str, list[str]]:
    paid = {"Invoice": {"InvoiceID": invoice}, "Account": {"Code": "090"}, "Amount": 1}
    payment = await play.person("Payments", paid)
    line = {"Description": "Back", "Quantity": 1, "UnitAmount": 2, "AccountCode": "200"}
    note = {"Type": "ACCRECCREDIT", "Contact": {"ContactID": contact}, "LineItems": [line], "Status": "AUTHORISED"}
    credit = await play.person("CreditNotes", {**note, "Date": "2026-09-02"})
    refund = {"CreditNote": {"CreditNoteID": credit["CreditNoteID"]}, "Account": {"Code": "090"}, "Amount": 1}
    refunded = await play.person("Payments", refund)
    advances: dict[str, list[str]] = {}
    for kind in ("Prepayment", "Overpayment"):
        banked = await play.person("BankTransactions", {
            "Type": f"RECEIVE-{kind.upper()}", "Contact": {"ContactID": contact}, "BankAccount": {"Code": "090"},
            "LineItems": [{**line, "Description": "Early"}], "Date": "2026-09-02",
        })  # fmt: skip
        advances[kind.lower()] = [banked[f"{kind}ID"]]
        part = {"Amount": 1, "Date": "2026-09-02", "Invoice": {"InvoiceID": invoice}}
        await play.person(f"{kind}s/{banked[f'{kind}ID']}/Allocations", {"Allocations": [part]})
    (group,) = decode((await play.people.get("/_sandbox/people/ContactGroups")).content)["ContactGroups"]
    await play.person(f"ContactGroups/{group['ContactGroupID']}/Contacts", {"Contacts": [{"ContactID": contact}]})
    return {
        "invoice": [invoice], "credit_note": [credit["CreditNoteID"]],
        "payment": [payment["PaymentID"], refunded["PaymentID"]], "contact": [contact], **advances,
    }  # fmt: skip


async def test_every_call_and_every_reply_is_of_the_published_form(play: Play):
    company = await _companies(play)
    await _items(play)
    invoice = await _invoices(play, company)
    known = await _money(play, invoice, record_id(company))
    cursors: dict[str, str] = {}
    for kind in play.client.kinds:
        async for page in play.client.poll(kind, None):
            cursors[kind] = page.cursor
            known.setdefault(kind, []).extend(each.record_id for each in page.records)
        for again in (False, True):
            assert [page.complete async for page in play.client.poll(kind, cursors[kind], sweep=again)][-1]
        ids = list(dict.fromkeys(known[kind]))
        for some in (ids[:1], ids, [*ids, NOWHERE]):
            assert len(await play.client.read(kind, some)) >= len(some)
    line = play.client.connection
    assert (await reached(line))[0].organisation
    assert (await organisation(line)).base_currency == "NZD"
    assert await accounts(line)
    assert await tax_types(line)
    assert play.examiner.found == []
    assert set(play.examiner.asked) == CALLS
    assert play.examiner.asked.total() >= 60


@pytest.mark.parametrize(
    ("method", "path", "body", "reply"),
    [
        ("PUT", "Invoices", {"Invoices": [{"Type": "SALE"}]}, {"Invoices": []}),
        ("POST", "Contacts", {"Contacts": [{"Phones": [{"PhoneType": "HOME"}]}]}, {"Contacts": []}),
        ("POST", "Items", {"Items": [{"Name": "no code"}]}, {"Items": []}),
        ("GET", "Invoices", None, {"Invoices": [{"Total": "ten"}]}),
        ("GET", "Payments", None, {"Payments": [{"Status": "GONE"}]}),
        ("GET", "Contacts", None, {"Contacts": "none"}),
    ],
)
async def test_what_is_not_of_that_form_is_found(method: str, path: str, body: object, reply: object):
    examiner = Examiner(httpx.MockTransport(lambda _request: httpx.Response(200, json=reply)))
    async with httpx.AsyncClient(transport=examiner, base_url=f"{URL}/api.xro/2.0") as client:
        content = None if body is None else encode(body)
        await client.request(method, f"/{path}", content=content, headers={"xero-tenant-id": "t"})
    assert len(examiner.found) == 1, examiner.found


def test_the_document_is_the_one_that_is_kept():
    assert document() is document()
