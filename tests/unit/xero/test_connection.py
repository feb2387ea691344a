"""Replies of the vendor that the pretend Xero does not play, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.clock import VirtualClock
from schemas.command import Command
from schemas.errors import Parked, Refused, RevmarkError, Throttled, Transient, Unknown
from schemas.names import Entity, Side
from streams.platforms.xero import checkup
from streams.platforms.xero.client import XeroClient

GUID = "11111111-1111-4111-8111-111111111111"
AT = "/Date(1788253200000)/"
Reply = Callable[[httpx.Request], httpx.Response]


class Token:
    """A token that never ends; counts how often it was refused."""

    refused = 0

    async def token(self, *, refused: str = "") -> str:
        self.refused += bool(refused)
        return f"token-{self.refused}"

    async def close(self) -> None:
        return None


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(automatic=True)


def client(clock: VirtualClock, reply: Reply, asked: list[httpx.Request] | None = None) -> XeroClient:
    def answer(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        return reply(request)

    return XeroClient(
        "http://xero.test/", "org", Token(), clock=clock.now, sleep=clock.sleep, transport=httpx.MockTransport(answer)
    )


def says(status: int, body: Any = None, **headers: str) -> Reply:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    content = {"json": body} if isinstance(body, dict | list) else {"content": body or b""}
    return lambda _: httpx.Response(status, headers=more, **content)


def company(clock: VirtualClock, number: str = "9001") -> Command:
    return Command(
        id=f"c{number}", tenant="acme", connection="acme.xero", platform="xero", side=Side.ERP, kind="create",
        entity=Entity.COMPANY, customer="company:1", record="company:1", natural_key=number, fields={"name": number},
        at=clock.now(),
    )  # fmt: skip


async def test_every_call_says_who_for_whom_and_in_what_form(clock: VirtualClock):
    asked: list[httpx.Request] = []
    made = client(clock, says(200, {"Contacts": [{"ContactID": GUID, "StatusAttributeString": "OK"}]}), asked)
    await made.write([company(clock)])
    (request,) = [each for each in asked if each.method == "PUT"]
    assert request.url == "http://xero.test/api.xro/2.0/Contacts?summarizeErrors=false"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["xero-tenant-id"] == "org"
    assert request.headers["Authorization"] == "Bearer token-0"
    assert 0 < len(request.headers["Idempotency-Key"]) <= 128
    assert request.content == b'{"Contacts":[{"Name":"9001","ContactNumber":"9001"}]}'


async def test_the_same_command_has_the_same_key_and_another_one_another(clock: VirtualClock):
    asked: list[httpx.Request] = []
    made = client(clock, says(500), asked)
    for number in ("1", "1", "2"):
        await made.write([company(clock, number)])
    first, second, third = (request.headers["Idempotency-Key"] for request in asked)
    assert first == second != third


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (says(503, b"<html>maintenance</html>"), Transient),
        (says(200, b"<html>hello</html>"), Transient),
        (says(200, {"Something": []}), Transient),
        (says(200, {"Contacts": "none"}), Transient),
        (says(302, None, location="http://elsewhere.test/"), Transient),
        (says(400, {"Type": "QueryParseException", "Message": "no"}), Refused),
        (says(405), Refused),
        (says(501), Refused),
        (says(403, {"Title": "Forbidden", "Detail": "AuthenticationUnsuccessful"}), Parked),
        (says(401, {"Title": "Unauthorized"}, WWW_Authenticate="insufficient_scope"), Parked),
        (says(429, None, X_Rate_Limit_Problem="minute", Retry_After="26"), Throttled),
        (says(429, None, X_Rate_Limit_Problem="appminute"), Throttled),
        (says(429), Throttled),
        (says(429, None, X_Rate_Limit_Problem="concurrent"), Throttled),
        (says(429, None, X_Rate_Limit_Problem="day", Retry_After="100"), Parked),
    ],
)
async def test_a_read_raises_what_is_to_be_done(clock: VirtualClock, reply: Reply, error: type[RevmarkError]):
    with pytest.raises(error):
        await client(clock, reply).read("contact", [GUID])


async def test_a_token_that_died_on_the_way_is_renewed_once(clock: VirtualClock):
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] == "Bearer token-0":
            return httpx.Response(401, json={"Detail": "TokenExpired"})
        return httpx.Response(200, json={"Contacts": [], "DateTimeUTC": AT})

    assert [each.deleted for each in await client(clock, reply, asked).read("contact", [GUID])] == [True]
    assert len(asked) == 2


async def test_a_wait_beyond_reason_is_cut_to_a_day(clock: VirtualClock):
    with pytest.raises(Throttled) as error:
        await client(clock, says(429, None, Retry_After="99999999")).read("contact", [GUID])
    assert error.value.until == clock.now() + timedelta(hours=24)


@pytest.mark.parametrize(
    "failure", [httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError]
)
async def test_a_write_that_went_out_is_unknown_and_is_sent_once(clock: VirtualClock, failure: type[httpx.HTTPError]):
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        raise failure("lost", request=request)  # type: ignore[call-arg]

    (done,) = await client(clock, reply, asked).write([company(clock)])
    assert (done.state, done.code) == ("unknown", failure.__name__)
    assert len(asked) == 1


@pytest.mark.parametrize("failure", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_a_write_that_never_went_out_is_transient(clock: VirtualClock, failure: type[httpx.HTTPError]):
    def reply(request: httpx.Request) -> httpx.Response:
        raise failure("closed", request=request)  # type: ignore[call-arg]

    with pytest.raises(Transient, match="nothing was sent"):
        await client(clock, reply).write([company(clock)])


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        {"Contacts": []},
        {"Contacts": [{"ContactID": GUID}, {"ContactID": GUID}]},
        {"Contacts": [{"ContactID": "00000000-0000-0000-0000-000000000000"}]},
        {"Contacts": [{}]},
        {"Other": []},
    ],
)
async def test_an_answer_that_cannot_be_matched_is_unknown(clock: VirtualClock, body: Any):
    (done,) = await client(clock, says(200, body)).write([company(clock)])
    assert done.state == "unknown"


async def test_a_key_used_for_another_request_means_that_it_arrived(clock: VirtualClock):
    said = {"Message": "The Idempotency-Key has already been used with a different request"}
    (done,) = await client(clock, says(400, said)).write([company(clock)])
    assert (done.state, done.code) == ("unknown", "idempotency")


async def test_a_whole_refusal_is_in_xeros_words(clock: VirtualClock):
    element = {"ValidationErrors": [{"Message": "One."}, {"Message": "Two."}]}
    said = {"ErrorNumber": 10, "Message": "A validation exception occurred", "Elements": [element]}
    (done,) = await client(clock, says(400, said)).write([company(clock)])
    assert (done.state, done.code, done.message) == ("refused", "400", "One.; Two.")


async def test_a_malformed_neighbour_is_found_by_sending_each_alone(clock: VirtualClock):
    def reply(request: httpx.Request) -> httpx.Response:
        if b'"bad"' in request.content:
            return httpx.Response(400, json={"ErrorNumber": 14, "Message": "malformed"})
        return httpx.Response(200, json={"Contacts": [{"ContactID": GUID, "ContactGroups": [{"Name": "x"}]}]})

    done = await client(clock, reply).write([company(clock, number) for number in ("1", "bad", "3")])
    assert [(each.command, each.state) for each in done] == [("c1", "applied"), ("cbad", "refused"), ("c3", "applied")]


async def test_a_warning_is_no_error(clock: VirtualClock):
    row = {"ContactID": GUID, "StatusAttributeString": "WARNING", "Warnings": [{"Message": "w"}], "ContactGroups": [{}]}
    (done,) = await client(clock, says(200, {"Contacts": [row]})).write([company(clock)])
    assert done.state == "applied"


async def test_a_reply_without_groups_leaves_the_hold_unknown_when_it_cannot_be_looked_at(clock: VirtualClock):
    def reply(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(503)
        return httpx.Response(200, json={"Contacts": [{"ContactID": GUID, "ContactGroups": []}]})

    (done,) = await client(clock, reply).write([company(clock)])
    assert done.state == "applied"
    assert "ContactGroups" not in done.seen[0].raw


async def test_a_reading_without_groups_takes_them_from_the_last_look(clock: VirtualClock):
    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ContactGroups"):
            groups = [{"ContactGroupID": "other", "Name": "Other"}, {"ContactGroupID": "g", "Name": "CREDIT HOLD "}]
            return httpx.Response(200, json={"ContactGroups": groups})
        if "/ContactGroups/" in request.url.path:
            members = [{"ContactID": GUID.upper()}]
            return httpx.Response(200, json={"ContactGroups": [{"Name": "Credit hold", "Contacts": members}]})
        return httpx.Response(200, json={"Contacts": [{"ContactID": GUID}, {"ContactID": "x"}], "DateTimeUTC": AT})

    held, free = await client(clock, reply).read("contact", [GUID, "x"])
    assert [each["Name"] for each in held.raw["ContactGroups"]] == ["Credit hold"]
    assert free.raw["ContactGroups"] == []


async def test_a_payment_that_does_not_say_its_currency_has_it_looked_up(clock: VirtualClock):
    def reply(request: httpx.Request) -> httpx.Response:
        if "Payments" in request.url.path:
            row = {"PaymentID": "p", "PaymentType": "ACCRECPAYMENT", "Invoice": {"InvoiceID": GUID}}
            return httpx.Response(200, json={"Payments": [row]})
        return httpx.Response(200, json={"Invoices": [{"InvoiceID": GUID, "CurrencyCode": "JPY"}]})

    (seen,) = await client(clock, reply).read("payment", ["p"])
    assert seen.raw["Invoice"]["CurrencyCode"] == "JPY"


async def test_a_record_without_a_readable_stamp_takes_xeros_time(clock: VirtualClock):
    row = {"ItemID": "i", "Code": "W", "UpdatedDateUTC": "lately"}
    (seen,) = await client(clock, says(200, {"Items": [row], "DateTimeUTC": AT})).read("item", ["i"])
    assert seen.version == 1788253200000
    late = says(200, {"Items": [row], "DateTimeUTC": "lately"}, Date="Tue, 01 Sep 2026 09:00:01 GMT")
    (seen,) = await client(clock, late).read("item", ["i"])
    assert seen.version == 1788253201000


async def test_amounts_are_exact_from_wire_to_record(clock: VirtualClock):
    body = b'{"Items":[{"ItemID":"i","Code":"W","SalesDetails":{"UnitPrice":0.1000}}]}'
    (seen,) = await client(clock, says(200, body)).read("item", ["i"])
    assert str(seen.raw["SalesDetails"]["UnitPrice"]) == "0.1000"


async def test_checkup_of_strange_answers(clock: VirtualClock):
    with pytest.raises(Transient, match="no list"):
        await checkup.reached(client(clock, says(200, {})).connection)
    with pytest.raises(Transient, match="names no organisation"):
        await checkup.organisation(client(clock, says(200, {"Organisations": []})).connection)
    strange = {"Organisations": [{"Name": "x", "PeriodLockDate": "x"}]}
    with pytest.raises(Refused, match="PeriodLockDate"):
        await checkup.organisation(client(clock, says(200, strange)).connection)


@pytest.mark.parametrize("status", [204, 404])
async def test_what_was_deleted_or_is_gone_already_is_fine(clock: VirtualClock, status: int):
    asked: list[httpx.Request] = []
    xero = client(clock, says(status), asked)
    await xero.connection.delete("Items", "../x", purpose="backfill")
    await xero.close()
    assert [(each.method, each.url.raw_path, each.content) for each in asked] == [
        ("DELETE", b"/api.xro/2.0/Items/..%2Fx", b"")
    ]


@pytest.mark.parametrize(("reply", "error"), [(says(400, {"Message": "it is in use"}), Refused), (says(503), Unknown)])
async def test_a_deletion_that_is_refused_or_lost_is_no_deletion(
    clock: VirtualClock, reply: Reply, error: type[RevmarkError]
):
    xero = client(clock, reply)
    with pytest.raises(error):
        await xero.connection.delete("Items", GUID, purpose="backfill")
    await xero.close()
