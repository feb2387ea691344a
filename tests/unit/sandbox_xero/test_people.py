import json
import re
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from sandbox.xero.people import LIMITS, LOCKS, SWITCHES
from tests.unit.sandbox_xero.conftest import BASE, Xero

PEOPLE = f"{BASE}/_sandbox/people/"
README = Path(__file__).parents[3] / "sandbox" / "README.md"


async def test_a_merge_archives_the_loser_and_moves_its_documents(xero: Xero) -> None:
    loser, winner = await xero.contact("Acme"), await xero.contact("Acme Limited")
    made = await xero.invoice(loser)
    reply = await xero.call("POST", PEOPLE + "merge", {"loser": loser, "winner": winner})
    assert reply.json() == {"merged": loser, "into": winner}
    assert [each["ContactID"] for each in (await xero.get("Contacts"))["Contacts"]] == [winner]
    listed = (await xero.get("Contacts?includeArchived=true&page=1"))["Contacts"]
    gone = next(each for each in listed if each["ContactID"] == loser)
    assert (gone["ContactStatus"], gone["MergedToContactID"]) == ("ARCHIVED", winner)
    plain = (await xero.get("Contacts?includeArchived=true"))["Contacts"]
    assert all("MergedToContactID" not in each for each in plain), "only on paged reads and reads by id"
    moved = (await xero.get(f"Invoices/{made['InvoiceID']}"))["Invoices"][0]
    assert moved["Contact"]["ContactID"] == winner
    writes = (await xero.call("GET", f"{BASE}/_sandbox/writes?actor=person")).json()
    assert [(write["resource"], write["body"]) for write in writes] == [("Contacts", {"MergedToContactID": winner})]
    assert (await xero.call("POST", PEOPLE + "merge", {"loser": loser, "winner": loser})).status_code == 404


async def test_tampering_is_silent(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10)
    before = (await xero.get(f"Invoices/{made['InvoiceID']}"))["Invoices"][0]
    wanted = {"Total": "12.50", "DueDate": "2027-01-01", "LineItems.0.Description": "Nothing", "Reference": "R"}
    reply = await xero.call("POST", f"{BASE}/_sandbox/tamper/Invoices/{made['InvoiceID']}", wanted)
    assert reply.status_code == 200
    after = (await xero.get(f"Invoices/{made['InvoiceID']}"))["Invoices"][0]
    assert after["UpdatedDateUTC"] == before["UpdatedDateUTC"]
    assert (after["Total"], after["AmountDue"], after["Reference"]) == (Decimal("12.50"), Decimal("12.50"), "R")
    assert (after["DueDateString"], after["LineItems"][0]["Description"]) == ("2027-01-01T00:00:00", "Nothing")
    writes = (await xero.call("GET", f"{BASE}/_sandbox/writes?actor=tamper")).json()
    assert [write["body"] for write in writes] == [wanted]
    assert (await xero.call("POST", f"{BASE}/_sandbox/tamper/Invoices/none", {})).status_code == 404
    assert (await xero.call("POST", f"{BASE}/_sandbox/tamper/Nothing/none", {})).status_code == 404


async def test_people_need_no_token(xero: Xero) -> None:
    reply = await xero.http.put(PEOPLE + "api.xro/2.0/Contacts", json={"Name": "By hand"})
    assert reply.status_code == 200
    writes = (await xero.call("GET", f"{BASE}/_sandbox/writes")).json()
    assert [write["actor"] for write in writes] == ["person"]
    assert (await xero.call("GET", f"{BASE}/_sandbox/calls")).json() == [], "people are not calls of the app"


async def test_state_counts_what_is_owed(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10)
    await xero.pay(made["InvoiceID"], 4)
    state = (await xero.call("GET", f"{BASE}/_sandbox/state")).json()
    held = state["tenants"][xero.organisation.tenant_id]
    assert (held["Invoices"][0]["AmountDue"], held["Invoices"][0]["AmountPaid"]) == (6, 4)
    assert held["CreditNotes"] == []
    assert held["Payments"][0]["Amount"] == 4


async def test_grants_and_expiry_on_request(xero: Xero) -> None:
    narrow = (await xero.call("POST", f"{BASE}/_sandbox/grant", {"scope": "accounting.contacts"})).json()
    assert narrow["scope"] == "accounting.contacts"
    whole = (await xero.call("POST", f"{BASE}/_sandbox/grant")).json()
    assert "refresh_token" in whole
    assert (await xero.call("POST", f"{BASE}/_sandbox/expire")).status_code == 204
    assert "TokenExpired" in (await xero.call("GET", "Organisation")).json()["Detail"]


async def test_settings(xero: Xero) -> None:
    wanted = {"period_lock_date": "2026-03-31", "day_limit": 7, "membership_bumps_contact": True}
    shown = (await xero.call("POST", f"{BASE}/_sandbox/settings", wanted)).json()
    assert {name: shown[name] for name in wanted} == wanted
    assert (await xero.call("POST", f"{BASE}/_sandbox/settings", {"period_lock_date": None})).status_code == 200
    assert xero.organisation.period_lock_date is None
    assert (await xero.call("POST", f"{BASE}/_sandbox/settings", {"colour": 1})).status_code == 400


async def fault(xero: Xero, **fault: object) -> None:
    assert (await xero.call("POST", f"{BASE}/_sandbox/faults", {"times": 1, **fault})).status_code == 201


@pytest.mark.parametrize(
    ("params", "status", "headers", "body"),
    [
        ({}, 503, {"content-type": "text/html; charset=utf-8"}, b"<html>"),
        ({"status": 429}, 429, {"x-rate-limit-problem": "minute", "retry-after": "30"}, b""),
        ({"status": 429, "problem": "concurrent"}, 429, {"x-rate-limit-problem": "concurrent"}, b""),
        ({"status": 401}, 401, {}, b'{"Type":null,"Title":"Unauthorized"'),
        ({"status": 403}, 403, {}, b'{"Type":null,"Title":"Forbidden"'),
        ({"status": 404}, 404, {"content-type": "text/html; charset=utf-8"}, b""),
        ({"status": 400, "body": {"a": 1}, "headers": {"x-b": "c"}}, 400, {"x-b": "c"}, b'{"a":1}'),
    ],
)
async def test_faults_in_xeros_manner(
    xero: Xero, params: dict[str, object], status: int, headers: dict[str, str], body: bytes
) -> None:
    await fault(xero, kind="status", path="Organisation", params=params)
    reply = await xero.call("GET", "Organisation")
    assert reply.status_code == status
    assert {name: reply.headers[name] for name in headers} == headers
    assert reply.content.startswith(body)
    assert (await xero.call("GET", "Organisation")).status_code == 200


async def test_an_answer_lost_after_the_write(xero: Xero) -> None:
    await fault(xero, kind="drop_after", method="PUT")
    with pytest.raises(httpx.RemoteProtocolError):
        await xero.call("PUT", "Contacts", {"Name": "A"})
    assert [each["Name"] for each in (await xero.get("Contacts"))["Contacts"]] == ["A"]


async def test_a_write_lost_before_it_was_applied(xero: Xero) -> None:
    await fault(xero, kind="drop_before", method="PUT")
    with pytest.raises(httpx.RemoteProtocolError):
        await xero.call("PUT", "Contacts", {"Name": "A"})
    assert (await xero.get("Contacts"))["Contacts"] == []


async def test_what_the_readme_says_that_people_do_can_be_done(xero: Xero) -> None:
    told = README.read_text(encoding="utf-8").partition("## Xero's own")[2]
    lines = [row for row in told.splitlines() if row[:3] == "| `"]
    rows = {row.split("`")[1]: re.findall(r"`(\{.*?\})`(?= \||;)", row) for row in lines}
    made = await xero.invoice(await xero.contact(), 60, Status="DRAFT")

    async def done(call: str, body: str) -> httpx.Response:
        verb, _, path = call.partition(" ")
        where = path.replace("{id}", made["InvoiceID"]).replace("{resource}", "Invoices")
        filled = body.replace('"InvoiceID": ...', f'"InvoiceID": "{made["InvoiceID"]}"')
        return await xero.call(verb, BASE + where, json.loads(filled))

    post, pay = "POST /_sandbox/people/Invoices/{id}", "PUT /_sandbox/people/Payments"
    tamper = "POST /_sandbox/tamper/{resource}/{id}"
    posted, voided = rows[post]
    for call, body in ((post, posted), (pay, rows[pay][0]), (tamper, rows[tamper][0])):
        reply = await done(call, body)
        assert reply.status_code == 200, reply.text
    after = (await xero.get(f"Invoices/{made['InvoiceID']}"))["Invoices"][0]
    assert (after["Status"], after["AmountPaid"], after["Reference"]) == ("AUTHORISED", Decimal("20.00"), "R")
    assert voided == '{"Status": "VOIDED"}'
    assert set(re.findall(r"`(\w+)`", told.partition("/_sandbox/settings`")[2])) == SWITCHES | LOCKS | LIMITS
