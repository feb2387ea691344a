import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import VirtualClock
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from tests.unit.sandbox_xero.conftest import BASE, Xero

TARGET = "http://me.test/hook"


class Receiver:
    """A receiver that checks signatures, and fails when told."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, object]] = []
        self.status = 200
        self.careless = False

    async def hook(self, request: Request) -> Response:
        body = await request.body()
        digest = hmac.new(b"sandbox-xero-webhook-key", body, hashlib.sha256).digest()
        right = request.headers["x-xero-signature"] == base64.b64encode(digest).decode()
        if not right and not self.careless:
            return Response(status_code=401)
        if self.status == 200 and json.loads(body)["events"]:
            self.bodies.append(json.loads(body))
        return Response(status_code=self.status)

    @property
    def events(self) -> list[dict[str, object]]:
        return [event for body in self.bodies for event in body["events"]]  # type: ignore[attr-defined]


@pytest.fixture
async def receiver(xero: Xero) -> AsyncIterator[Receiver]:
    made = Receiver()
    app = Starlette(routes=[Route("/hook", made.hook, methods=["POST"])])
    xero.app.state.hooks.use(httpx.AsyncClient(transport=httpx.ASGITransport(app=app)))
    yield made
    await xero.app.state.hooks.close()


async def aim(xero: Xero, url: str | None = TARGET) -> dict[str, object]:
    reply = await xero.http.post(f"{BASE}/_sandbox/webhooks", json={"target_url": url})
    return reply.json()


async def drain(xero: Xero) -> None:
    assert (await xero.http.post(f"{BASE}/_sandbox/drain", json={})).json()["drained"]


async def test_the_handshake_is_passed_by_checking_signatures(xero: Xero, receiver: Receiver) -> None:
    outcome = (await aim(xero))["outcome"]
    assert outcome["intent_to_receive"] == "ok"  # type: ignore[index]
    assert {step["signed"]: step["status"] for step in outcome["requests"]} == {True: 200, False: 401}  # type: ignore[index]
    assert receiver.events == []


async def test_a_receiver_that_accepts_anything_gets_nothing(xero: Xero, receiver: Receiver) -> None:
    receiver.careless = True
    answer = await aim(xero)
    assert (answer["outcome"]["intent_to_receive"], answer["target_url"]) == ("failed", None)  # type: ignore[index]
    await xero.contact()
    await drain(xero)
    assert receiver.events == []
    assert (await xero.http.get(f"{BASE}/_sandbox/state")).json()["webhooks"]["status"] == "intent required"


async def test_events_name_the_record_and_nothing_of_its_content(xero: Xero, receiver: Receiver) -> None:
    await aim(xero)
    id_ = await xero.contact()
    await drain(xero)
    assert receiver.bodies == [
        {
            "events": [
                {
                    "resourceUrl": f"https://api.xero.com/api.xro/2.0/Contacts/{id_}",
                    "resourceId": id_,
                    "tenantId": xero.organisation.tenant_id,
                    "tenantType": "ORGANISATION",
                    "eventCategory": "CONTACT",
                    "eventType": "CREATE",
                    "eventDateUtc": "2026-09-01T09:00:00.000",
                }
            ],
            "firstEventSequence": 1,
            "lastEventSequence": 1,
            "entropy": receiver.bodies[0]["entropy"],
        }
    ]


async def test_what_fires_and_what_does_not(xero: Xero, receiver: Receiver) -> None:
    await aim(xero)
    id_ = await xero.contact()
    made = await xero.invoice(id_, 10)
    await xero.pay(made["InvoiceID"], 4)
    await xero.save("PUT", "Items", {"Code": "X"})
    line = [{"Description": "Sorry", "UnitAmount": 2, "AccountCode": "200", "TaxType": "NONE"}]
    body = {"Type": "ACCRECCREDIT", "Contact": {"ContactID": id_}, "LineItems": line, "Status": "AUTHORISED"}
    note = await xero.save("PUT", "CreditNotes", body)
    applied = {"Invoice": {"InvoiceID": made["InvoiceID"]}, "Amount": 2, "Date": "2026-09-02"}
    await xero.save("PUT", f"CreditNotes/{note['CreditNoteID']}/Allocations", applied)
    await xero.save("PUT", f"Invoices/{made['InvoiceID']}/History", {"Details": "hello"})
    await drain(xero)
    assert [(each["eventCategory"], each["eventType"]) for each in receiver.events] == [
        ("CONTACT", "CREATE"), ("INVOICE", "CREATE"), ("INVOICE", "UPDATE"), ("CREDITNOTE", "CREATE"),
        ("INVOICE", "UPDATE"), ("CREDITNOTE", "UPDATE"),
    ]  # fmt: skip
    assert receiver.events[-1]["data"] == {"Type": "ACCRECCREDIT", "Status": "PAID"}
    sequences = [(body["firstEventSequence"], body["lastEventSequence"]) for body in receiver.bodies]
    assert (sequences[0][0], sequences[-1][1]) == (1, 6)


@pytest.mark.parametrize("kind", ["PREPAYMENT", "OVERPAYMENT"])
async def test_money_in_advance_fires_its_own_webhooks(xero: Xero, receiver: Receiver, kind: str) -> None:
    await aim(xero)
    id_, key = await xero.contact(), f"{kind.capitalize()}ID"
    bill = await xero.invoice(id_, 50)
    banked = await xero.save("PUT", "BankTransactions", {
        "Type": f"RECEIVE-{kind}", "Contact": {"ContactID": id_}, "BankAccount": {"Code": "090"},
        "LineItems": [{"Description": "Ahead", "UnitAmount": 100, "AccountCode": "200", "TaxType": "NONE"}],
    })  # fmt: skip
    applied = {"Invoice": {"InvoiceID": bill["InvoiceID"]}, "Amount": 20, "Date": "2026-09-02"}
    made = await xero.save("PUT", f"{kind.capitalize()}s/{banked[key]}/Allocations", applied)
    await xero.call("DELETE", f"{kind.capitalize()}s/{banked[key]}/Allocations/{made['AllocationID']}")
    await xero.save("POST", "BankTransactions", {"BankTransactionID": banked["BankTransactionID"], "Status": "DELETED"})
    await drain(xero)
    told = [each for each in receiver.events if each["eventCategory"] == kind]
    assert [each["eventType"] for each in told] == ["CREATE", "UPDATE", "UPDATE", "UPDATE"]
    assert {each["resourceId"] for each in told} == {banked[key]}
    assert {*told[-1]["data"]} == {"Type", "Status", "UpdatedDateUTCString"}
    assert told[-1]["data"]["Status"] == "VOIDED"


async def test_a_person_fires_and_a_vandal_does_not(xero: Xero, receiver: Receiver) -> None:
    await aim(xero)
    id_ = await xero.contact()
    await xero.save("POST", f"{BASE}/_sandbox/people/api.xro/2.0/Contacts/{id_}", {"FirstName": "Bo"})
    await xero.call("POST", f"{BASE}/_sandbox/tamper/contacts/{id_}", {"FirstName": "Xy"})
    await drain(xero)
    assert [each["eventType"] for each in receiver.events] == ["CREATE", "UPDATE"]
    assert (await xero.get(f"Contacts/{id_}"))["Contacts"][0]["FirstName"] == "Xy"


async def test_faults_can_lose_an_event(xero: Xero, receiver: Receiver) -> None:
    await aim(xero)
    await xero.http.post(f"{BASE}/_sandbox/faults", json={"kind": "webhook_lose", "path": "CONTACT.CREATE", "times": 1})
    await xero.contact("A")
    await xero.contact("B")
    await drain(xero)
    assert [body["firstEventSequence"] for body in receiver.bodies] == [2], "the gap shows in the sequence"


async def test_a_failure_is_repeated_at_once_then_every_quarter_of_an_hour(xero: Xero, receiver: Receiver) -> None:
    await aim(xero)
    receiver.status = 500
    await xero.contact()
    await xero.clock.advance(0.1)
    deliveries = xero.app.state.hooks.history
    assert [each.attempt for each in deliveries][-2:] == [0, 1]
    await xero.clock.advance(900)
    assert deliveries[-1].attempt == 2
    receiver.status = 200
    await xero.clock.advance(900)
    assert [each["eventType"] for each in receiver.events] == ["CREATE"]
    assert xero.app.state.hooks.status == "ok"


async def test_a_day_of_failures_disables_and_what_was_missed_comes_later() -> None:
    clock = VirtualClock(automatic=True)
    organisation = Organisation(clock=clock)
    app = create_app(organisation, clock=clock)
    receiver = Receiver()
    hooks = app.state.hooks
    hooks.use(httpx.AsyncClient(transport=httpx.ASGITransport(app=Starlette(
        routes=[Route("/hook", receiver.hook, methods=["POST"])]))))  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as http:
        await http.post("/_sandbox/webhooks", json={"target_url": TARGET})
        receiver.status = 204  # only 200 will do
        people = "/_sandbox/people/api.xro/2.0/Contacts"
        await http.put(people, json={"Name": "A"})
        await http.put(people, json={"Name": "B"})
        await hooks.drain()
        assert hooks.status == "disabled"
        await http.put(people, json={"Name": "C"})
        receiver.status = 200
        await http.post("/_sandbox/webhooks", json={"target_url": TARGET})
        await hooks.drain()
        assert [each["eventCategory"] for each in receiver.events] == ["CONTACT"] * 3
        assert (receiver.bodies[0]["firstEventSequence"], receiver.bodies[-1]["lastEventSequence"]) == (1, 3)
        await http.post("/_sandbox/webhooks", json={"target_url": None})
        assert hooks.state()["status"] == "none"
    await hooks.close()
