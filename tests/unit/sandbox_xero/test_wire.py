from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from sandbox.xero.wire import Bare, encode, parse_day
from tests.unit.sandbox_xero.conftest import Xero


def test_numbers_keep_their_digits() -> None:
    assert encode({"a": Decimal("10.10"), "b": Decimal("1E+2"), "c": Decimal("0.000001")}) == (
        b'{"a":10.10,"b":100,"c":0.000001}'
    )


def test_days_and_instants_are_ticks() -> None:
    moment = datetime(2026, 9, 1, 9, 0, 0, 123_000, tzinfo=UTC)
    assert encode([moment, date(2026, 9, 1), Bare(moment)]) == (
        b'["/Date(1788253200123+0000)/","/Date(1788220800000+0000)/","/Date(1788253200123)/"]'
    )


@pytest.mark.parametrize("text", ["2026-09-01", "2026-09-01T13:00:00", "/Date(1788220800000+0000)/"])
def test_days_are_read_in_three_spellings(text: str) -> None:
    assert parse_day(text) == date(2026, 9, 1)


@pytest.mark.parametrize("text", ["1/9/2026", "2026-02-30", "tomorrow"])
def test_other_days_are_not(text: str) -> None:
    assert parse_day(text) is None


async def test_xml_is_what_you_get_without_asking_for_json(xero: Xero) -> None:
    reply = await xero.call("GET", "Accounts", Accept="*/*")
    assert reply.headers["content-type"].startswith("text/xml")
    root = ET.fromstring(reply.content)  # noqa: S314 - our own document
    assert root.findtext("Accounts/Account/Code") == "090"


async def test_paths_have_no_case(xero: Xero) -> None:
    reply = await xero.call("GET", "http://xero.test/API.XRO/2.0/organisation")
    assert reply.json()["Organisations"][0]["BaseCurrency"] == "NZD"
    assert (await xero.call("GET", "http://xero.test/Connections")).json()[0]["tenantType"] == "ORGANISATION"


@pytest.mark.parametrize("path", ["Invoices/nope", "Nonsense", "Contacts/x/Nonsense", ""])
async def test_not_found_is_empty_html(xero: Xero, path: str) -> None:
    reply = await xero.call("GET", path)
    assert (reply.status_code, reply.content) == (404, b"")
    assert reply.headers["content-type"].startswith("text/html")


async def test_the_envelope_has_a_bare_date_and_no_pagination_unless_paged(xero: Xero) -> None:
    plain = await xero.get("Contacts")
    assert plain["Status"] == "OK"
    assert plain["DateTimeUTC"] == "/Date(1788253200000)/"
    assert "pagination" not in plain
    assert (await xero.get("Contacts?page=1"))["pagination"] == {
        "page": 1, "pageSize": 100, "pageCount": 0, "itemCount": 0,
    }  # fmt: skip


@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b"[]", b'"x"', b"[1]", b"\xff"])
async def test_a_body_that_cannot_be_read_is_error_14(xero: Xero, body: bytes) -> None:
    reply = await xero.http.put("http://xero.test/api.xro/2.0/Contacts", content=body, headers=xero.headers)
    assert (reply.status_code, reply.json()["ErrorNumber"]) == (400, 14)


async def test_a_wrong_type_spoils_the_request(xero: Xero) -> None:
    for bad in ({"Name": 5}, {"Name": "A", "Phones": "none"}, {"Name": "A", "PaymentTerms": []}):
        reply = await xero.call("PUT", "Contacts", bad)
        assert reply.json()["Type"] == "PostDataInvalidException"
    contact_id = await xero.contact()
    for bad in ({"Date": "soon"}, {"SentToContact": "maybe"}, {"BrandingThemeID": "x"}, {"CurrencyRate": "abc"}):
        body = {"Type": "ACCREC", "Contact": {"ContactID": contact_id}, **bad}
        assert (await xero.call("PUT", "Invoices", body)).json()["ErrorNumber"] == 14


async def test_amounts_never_pass_through_a_float(xero: Xero) -> None:
    contact_id = await xero.contact()
    made = await xero.invoice(contact_id, Decimal("90071992547409.93"))
    reply = await xero.call("GET", f"Invoices/{made['InvoiceID']}")
    assert b'"Total":90071992547409.93' in reply.content


async def test_what_cannot_stand_in_an_answer_does_not_break_it(xero: Xero) -> None:
    """Keys that are no names in XML, controls, whole numbers of a hundred digits, amounts beyond arithmetic."""
    wrong = {"Name": "bell \a", "EmailAddress": "@", "{": 1, "a b": {"}": []}, "Whole": Decimal(10**100)}
    for accept in ("application/json", "text/xml"):
        reply = await xero.call("PUT", "Contacts", {"Contacts": [wrong]}, Accept=accept)
        assert reply.status_code == 400, reply.text
        assert "bell" in reply.text
    assert ET.fromstring(reply.content).tag == "ApiException"  # noqa: S314 - our own
    for amount in (Decimal(10**40), "1e400", Decimal(10**14)):
        line = {"Description": "x", "Quantity": amount, "UnitAmount": amount, "AccountCode": "200"}
        invoice = {"Type": "ACCREC", "Contact": {"Name": "Acme"}, "LineItems": [line]}
        assert (await xero.call("PUT", "Invoices", {"Invoices": [invoice]})).status_code == 400
