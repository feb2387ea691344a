import pytest

from sandbox.wire import decode
from tests.unit.sandbox_xero.conftest import Xero, sale


async def test_one_bad_element_undoes_all_by_default(xero: Xero) -> None:
    reply = await xero.call("PUT", "Contacts", {"Contacts": [{"Name": "A"}, {}, {"Name": "a"}]})
    parsed = reply.json()
    assert (reply.status_code, parsed["ErrorNumber"], len(parsed["Elements"])) == (400, 10, 2)
    assert parsed["Elements"][0]["ContactID"] == "00000000-0000-0000-0000-000000000000"
    assert parsed["Elements"][1]["Name"] == "a"
    assert (await xero.get("Contacts"))["Contacts"] == []
    assert (await xero.call("GET", "http://xero.test/_sandbox/writes")).json() == []


@pytest.mark.parametrize("word", ["false", "False", "FALSE"])
async def test_without_summary_good_elements_are_kept(xero: Xero, word: str) -> None:
    reply = await xero.call("PUT", f"Contacts?summarizeErrors={word}", {"Contacts": [{"Name": "A"}, {}, {"Name": "B"}]})
    shown = reply.json()["Contacts"]
    assert reply.status_code == 200
    assert [each["StatusAttributeString"] for each in shown] == ["OK", "ERROR", "OK"]
    assert shown[1]["HasValidationErrors"] is True
    assert [each["Name"] for each in (await xero.get("Contacts"))["Contacts"]] == ["A", "B"]


async def test_an_unknown_id_undoes_all_even_without_summary(xero: Xero) -> None:
    ghost = {"ContactID": "11111111-1111-4111-8111-111111111111"}
    reply = await xero.call("POST", "Contacts?summarizeErrors=false", {"Contacts": [{"Name": "A"}, ghost]})
    assert reply.status_code == 404
    assert (await xero.get("Contacts"))["Contacts"] == []


async def test_bodies_come_in_three_shapes(xero: Xero) -> None:
    for body in ({"Contacts": [{"Name": "A"}]}, [{"Name": "B"}], {"Name": "C"}):
        assert (await xero.call("PUT", "Contacts", body)).status_code == 200
    assert len((await xero.get("Contacts"))["Contacts"]) == 3


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("DELETE", "Contacts"), ("PATCH", "Contacts"), ("PUT", "TaxRates"), ("POST", "Organisation"),
        ("PUT", "Prepayments"), ("DELETE", "Invoices/INV-0001"),
    ],
)  # fmt: skip
async def test_verbs_that_are_not_taken(xero: Xero, verb: str, path: str) -> None:
    await xero.invoice(await xero.contact())
    assert (await xero.call(verb, path, {})).status_code == 405


async def test_a_key_repeats_the_answer_for_six_minutes(xero: Xero) -> None:
    body = sale(await xero.contact())
    first = await xero.call("PUT", "Invoices", body, Idempotency_Key="k")
    xero.clock.move(359)
    again = await xero.call("PUT", "Invoices", body, Idempotency_Key="k")
    assert again.content == first.content
    xero.clock.move(1)
    later = await xero.call("PUT", "Invoices", body, Idempotency_Key="k")
    assert later.json()["Invoices"][0]["InvoiceID"] != first.json()["Invoices"][0]["InvoiceID"], "a trap"


async def test_the_same_key_with_another_body_is_400(xero: Xero) -> None:
    body = sale(await xero.contact())
    await xero.call("PUT", "Invoices", body, Idempotency_Key="k")
    other = await xero.call("PUT", "Invoices", {**body, "Reference": "x"}, Idempotency_Key="k")
    assert other.status_code == 400
    assert len((await xero.get("Invoices"))["Invoices"]) == 1
    assert (await xero.call("PUT", "Invoices", body, Idempotency_Key="k" * 129)).status_code == 400


async def test_a_refusal_is_kept_too_and_replays_cost_quota(xero: Xero) -> None:
    first = await xero.call("PUT", "Contacts", {}, Idempotency_Key="k")
    again = await xero.call("PUT", "Contacts", {}, Idempotency_Key="k")
    assert (again.status_code, again.content) == (400, first.content)
    left = [int(reply.headers["X-MinLimit-Remaining"]) for reply in (first, again)]
    assert left[0] - left[1] == 1


async def test_the_key_means_nothing_on_reads(xero: Xero) -> None:
    await xero.call("GET", "Contacts", Idempotency_Key="k")
    await xero.contact()
    assert len((await xero.call("GET", "Contacts", Idempotency_Key="k")).json()["Contacts"]) == 1


async def test_history(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact())
    path = f"Invoices/{made['InvoiceID']}/History"
    answer = await xero.save("PUT", path, {"HistoryRecords": [{"Details": "Synced"}, {"Details": "Again"}]})
    assert answer == {"DateUTCString": "2026-09-01T09:00:00", "DateUTC": "/Date(1788253200000)/", "Details": "Synced"}
    listed = (await xero.get(path))["HistoryRecords"]
    assert [entry["Details"] for entry in listed] == ["Again", "Synced"]
    assert listed[0]["DateUTC"] == "/Date(1788253200000+0000)/"
    assert await xero.refused("PUT", path, {"HistoryRecords": [{"Details": "x" * 2501}]}) == [
        "Details must not be longer than 2500 characters"
    ]
    assert await xero.refused("PUT", path, {"HistoryRecords": [{}]}) == ["Details must be specified"]
    mixed = await xero.call("PUT", f"{path}?summarizeErrors=false", {"HistoryRecords": [{}, {"Details": "ok"}]})
    assert [each.get("StatusAttributeString") for each in mixed.json()["HistoryRecords"]] == ["ERROR", None]
    assert (await xero.call("PUT", "Invoices/none/History", {})).status_code == 404


async def test_stamps_rise_even_when_the_clock_stands_still(xero: Xero) -> None:
    id_ = await xero.contact()
    stamps = [
        decode((await xero.call("POST", f"Contacts/{id_}", {"FirstName": str(n)})).content)["Contacts"][0][
            "UpdatedDateUTC"
        ]
        for n in range(3)
    ]
    assert stamps == sorted(set(stamps))


async def test_the_write_log_tells_who_did_what(xero: Xero) -> None:
    id_ = await xero.contact("Acme", ContactNumber="hs-1")
    made = await xero.invoice(id_, 10, Reference="PO-1")
    await xero.pay(made["InvoiceID"], 10)
    writes = (await xero.call("GET", "http://xero.test/_sandbox/writes?actor=api")).json()
    assert [(write["action"], write["resource"]) for write in writes] == [
        ("create", "Contacts"), ("create", "Invoices"), ("create", "Payments"),
    ]  # fmt: skip
    assert writes[0]["keys"] == {"ContactNumber": "hs-1", "Name": "Acme"}
    assert writes[1]["keys"] == {"InvoiceNumber": "INV-0001", "Reference": "PO-1"}
    assert writes[2]["keys"] == {"target": made["InvoiceID"]}
