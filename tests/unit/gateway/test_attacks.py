"""The gateway under attack: every bit of a signed request, replays, strange bodies, callers that dawdle."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from schemas.instants import to_millis
from schemas.wire import encode
from streams.gateway import patience
from streams.gateway.bodies import MAX_BODY
from streams.gateway.hubspot import hubspot_hints
from streams.gateway.serve import config
from streams.gateway.signatures import hubspot_signature, refuse_hubspot, refuse_xero, xero_signature
from streams.gateway.xero import xero_hints
from tests.unit.gateway.callers import HUBSPOT, KEYS, ORGANISATION, PORTAL, SECRET, START, URL, XERO, Callers

EVENT = {"subscriptionType": "contact.privacyDeletion", "objectId": 8, "portalId": int(PORTAL)}
BODY = encode([EVENT])
CONTACT = "d3b1a6e0-0f3b-4b0e-9a55-2f7f0c1b7a11"
XERO_BODY = encode(
    {
        "events": [{"tenantId": ORGANISATION, "eventCategory": "CONTACT", "resourceId": CONTACT}],
        "firstEventSequence": 1,
        "lastEventSequence": 1,
        "entropy": "abc",
    }
)
KEY = KEYS.partition(",")[0]
URI = URL + HUBSPOT


def bits(text: bytes) -> Iterator[bytes]:
    """The text with one bit turned, for each of its bits."""
    for place in range(len(text)):
        for bit in range(8):
            yield text[:place] + bytes([text[place] ^ (1 << bit)]) + text[place + 1 :]


def shorter(text: bytes) -> Iterator[bytes]:
    """The text without one of its bytes, and with one of them doubled."""
    for place in range(len(text)):
        yield text[:place] + text[place + 1 :]
        yield text[: place + 1] + text[place:]


def changed(text: bytes) -> Iterator[bytes]:
    yield from (each for each in dict.fromkeys((*bits(text), *shorter(text))) if each != text)


def test_of_every_bit_of_a_hubspot_request_none_may_be_turned():
    timestamp = str(to_millis(START))
    signature = hubspot_signature(SECRET, "POST", URI, BODY, timestamp)
    good = {"secret": SECRET, "method": "POST", "uri": URI, "timestamp": timestamp, "signature": signature}
    tried: Counter[str] = Counter()
    for name, text in {**good, "body": ""}.items():
        for mutant in changed(BODY if name == "body" else text.encode()):
            said = good if name == "body" else {**good, name: mutant.decode("latin-1")}
            body = mutant if name == "body" else BODY
            tried[name] += 1
            assert refuse_hubspot(
                said["secret"], said["method"], said["uri"], body, [said["signature"]], [said["timestamp"]], START
            ), (name, mutant)
    assert tried.total() >= 1_000
    assert min(tried.values()) >= 30
    assert refuse_hubspot(SECRET, "POST", URI, BODY, [signature], [timestamp], START) is None


def test_of_every_bit_of_a_xero_request_none_may_be_turned():
    signature = xero_signature(KEY, XERO_BODY)
    tried = 0
    for mutant in changed(XERO_BODY):
        tried += 1
        assert refuse_xero([KEY], mutant, [signature])
    for mutant in changed(signature.encode()):
        tried += 1
        assert refuse_xero([KEY], XERO_BODY, [mutant.decode("latin-1")])
    for mutant in changed(KEY.encode()):
        tried += 1
        assert refuse_xero([mutant.decode("latin-1")], XERO_BODY, [signature])
    assert tried >= 1_000
    assert refuse_xero([KEY], XERO_BODY, [signature]) is None


@pytest.mark.parametrize("header", ["x-hubspot-signature-v3", "x-hubspot-request-timestamp"])
@pytest.mark.parametrize("times", [0, 2, 3])
async def test_a_header_that_is_missing_or_doubled_is_refused(header: str, times: int):
    callers = Callers()
    headers = callers.hubspot_headers(BODY)
    (right,) = [each for each in headers if each[0] == header]
    others = [each for each in headers if each != right]
    assert (await callers.send(HUBSPOT, BODY, others + [right] * times)).status_code == 401
    assert (await callers.send(HUBSPOT, BODY, [*others, right, (header, "x")])).status_code == 401
    assert callers.log.records == []


@pytest.mark.parametrize(("late", "status"), [(0, 200), (300, 200), (300.001, 401), (301, 401), (86_400, 401)])
async def test_a_captured_request_holds_for_five_minutes(late: float, status: int):
    callers = Callers()
    headers = callers.hubspot_headers(BODY)
    callers.clock.move(late)
    assert (await callers.send(HUBSPOT, BODY, headers)).status_code == status
    assert bool(callers.log.records) == (status == 200)


async def test_a_captured_request_that_is_played_a_hundred_times_asks_for_nothing_new():
    """What it asks for is the same reading of the same record each time; `test_replays.py` shows what comes of that."""
    callers = Callers()
    hubspot, xero = callers.hubspot_headers(BODY), callers.xero_headers(XERO_BODY)
    for _ in range(100):
        assert (await callers.send(HUBSPOT, BODY, hubspot)).status_code == 200
        assert (await callers.send(XERO, XERO_BODY, xero)).status_code == 200
    callers.clock.move(301)
    for _ in range(100):
        assert (await callers.send(HUBSPOT, BODY, hubspot)).status_code == 401
        assert (await callers.send(XERO, XERO_BODY, xero)).status_code == 200  # Xero signs no time
    asked = {(topic, key) for topic, key, _ in callers.log.records}
    lanes = {("revmark.lanes.hubspot", b"main.hubspot"), ("revmark.lanes.xero", b"main.xero")}
    assert asked == lanes | {("revmark.changes", b"main")}
    assert callers.log.reads() == {"contact": [CONTACT]}  # by kind, the last one heard
    assert [each.type for each in callers.log.work() if each.type != "read"] == []


@pytest.mark.parametrize("key", KEYS.split(","))
async def test_while_xeros_key_is_rotated_both_hold_and_a_third_does_not(key: str):
    callers = Callers()
    assert (await callers.send(XERO, XERO_BODY, callers.xero_headers(XERO_BODY, key))).status_code == 200
    assert (await callers.send(XERO, XERO_BODY, callers.xero_headers(XERO_BODY, f"{key}x"))).status_code == 401
    assert (await callers.send(XERO, XERO_BODY, callers.xero_headers(XERO_BODY, KEYS))).status_code == 401
    retired = Callers(keys="xero-key-two")
    status = (await retired.send(XERO, XERO_BODY, callers.xero_headers(XERO_BODY, key))).status_code
    assert status == (200 if key == "xero-key-two" else 401)


TYPES = (
    "", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "*/*",
    "application/jsonp", "application/json+x", "application/ json", "json", "application/xml",
    "application/json,text/xml",
)  # fmt: skip


@pytest.mark.parametrize("platform", ["hubspot", "xero"])
async def test_methods_and_types_are_those_of_a_webhook(platform: str):
    callers = Callers()
    path, body = (HUBSPOT, BODY) if platform == "hubspot" else (XERO, XERO_BODY)
    good = callers.hubspot_headers(body) if platform == "hubspot" else callers.xero_headers(body)
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FROB"):
        assert (await callers.send(path, body, good, method)).status_code == 405, method
    for kind in TYPES:
        answer = await callers.send(path, body, [("content-type", kind), *good[1:]])
        assert (answer.status_code, answer.content) == (415, b""), kind
    assert (await callers.send(path, body, good[1:])).status_code == 415
    assert callers.log.records == []


STRANGE = (
    b"", b" ", b"null", b"true", b'"x"', b"1", b"NaN", b"[NaN]", b"[Infinity]", b"[1e999]", b"[-1e999]",
    b"\xef\xbb\xbf[]", b"\xff\xfe", b'["\xff"]', b'["\\ud800"]', b"[" + b"9" * 5_000 + b"]",
    b'{"events":' + b"[" * 40 + b"]" * 40 + b"}",
    b"[" * MAX_BODY, b'{"a":' * 40 + b"1" + b"}" * 40, b'[{"subscriptionType":"a.b","objectId":' + b"9" * 5_000 + b"}]",
    b'"' * 1_000_001, b"[{}]", b'{"events":[[]]}', b'{"events":[null,1,"x",{}]}', b"[[],1,null]",
)  # fmt: skip


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: body[:12].decode("latin-1"))
@pytest.mark.parametrize("platform", ["hubspot", "xero"])
async def test_a_strange_body_is_answered_and_asks_for_nothing(platform: str, body: bytes):
    callers = Callers()
    path = HUBSPOT if platform == "hubspot" else XERO
    headers = callers.hubspot_headers(body) if platform == "hubspot" else callers.xero_headers(body)
    assert (await callers.send(path, body, headers)).status_code in {200, 400}
    assert callers.log.records == []


@pytest.mark.parametrize("number", ["9" * 5_000, 10**30, -1, 0, 1.5, True, "0", "٣", "1e3", " 1", None, [1], {"a": 1}])
def test_an_id_that_is_none_is_counted(number: object):
    event = {"subscriptionType": "company.merge", "primaryObjectId": number, "mergedObjectIds": [number], "portalId": 1}
    for found in (event, {**event, "subscriptionType": "company.creation", "objectId": number}):
        hints = hubspot_hints([found], "1")
        assert (dict(hints.results), hints.records) == ({"malformed": 1}, {})


FIELDS = st.sampled_from(
    ("events", "subscriptionType", "objectId", "portalId", "mergedObjectIds", "associationType", "fromObjectId",
     "tenantId", "resourceId", "eventCategory", "firstEventSequence", "lastEventSequence")
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20) | FIELDS, inner, max_size=8),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(event=st.dictionaries(FIELDS, JSON | st.sampled_from(("company.merge", "CONTACT", ORGANISATION)), max_size=8))
def test_whatever_an_event_holds_it_is_counted_and_its_neighbour_is_heard(event: dict[str, object]):
    good = {"subscriptionType": "company.creation", "objectId": 1, "portalId": int(PORTAL)}
    hints = hubspot_hints([event, good], PORTAL)
    assert hints.results.total() == 2
    assert "1" in hints.records["company"]
    told = {"tenantId": ORGANISATION, "eventCategory": "CONTACT", "resourceId": CONTACT}
    hints = xero_hints({"events": [event, told]}, ORGANISATION)
    assert hints.results.total() == 2
    assert CONTACT in hints.records["contact"]


# over TCP, as it is served


@asynccontextmanager
async def served(callers: Callers) -> AsyncIterator[int]:
    """The gateway on a port, under the protocol that `revmark gateway` has."""
    made = config(callers.app)
    made.load()
    make = made.http_protocol_class
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: make(config=made, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in list(state.connections):
            each.transport.abort()  # type: ignore[union-attr]  # a protocol that has been connected has one


HEAD = b"POST /webhooks/hubspot HTTP/1.1\r\nhost: hooks.example\r\n"
SLOW: dict[str, bytes] = {
    "nothing": b"",
    "a head that does not end": HEAD + b"x-a: b\r\n",
    "a body that does not come": HEAD + b"content-type: application/json\r\ncontent-length: 100\r\n\r\n[",
    "chunks that do not end": HEAD + b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n[\r\n",
    "a body of the wrong type": HEAD + b"content-type: text/plain\r\ncontent-length: 100\r\n\r\n[",
    "a body that is too large": HEAD + b"content-type: application/json\r\ncontent-length: 2000000\r\n\r\n[",
}


async def _drip(port: int, start: bytes) -> bytes:
    """Say a little, then a byte now and then; what was answered until the gateway hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)

    async def more() -> None:
        while True:
            writer.write(b" " if start else b"")
            await asyncio.sleep(0.01)

    dripping = asyncio.create_task(more())
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        dripping.cancel()
        writer.transport.abort()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    assert patience.HEAD_SECONDS == 5.0
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr("streams.gateway.bodies.BODY_SECONDS", 0.1)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("kind", SLOW)
async def test_a_caller_that_does_not_get_on_with_it_is_let_go(kind: str):
    callers = Callers()
    async with served(callers) as port, asyncio.timeout(60):
        said = await asyncio.gather(*(_drip(port, SLOW[kind]) for _ in range(30)))
    begun = b"\r\n\r\n" in SLOW[kind]
    # whoever still talks when the gateway hangs up may miss its answer
    statuses = {answer.partition(b"\r\n")[0].partition(b" ")[2][:3] for answer in said} - {b""}
    assert statuses <= ({b"408", b"413", b"415"} if begun else set())
    assert callers.gateway.counts.of("requests", "hubspot", "shape") == (30 if begun else 0)
    assert callers.log.records == []


async def test_two_hundred_slow_callers_do_not_keep_a_vendor_out():
    callers = Callers()
    async with served(callers) as port:
        slow = [asyncio.create_task(_drip(port, start)) for start in list(SLOW.values())[:4] for _ in range(50)]
        while callers.gateway.counts.of("requests", "hubspot", "accepted") < 20:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            headers = "".join(f"{name}: {value}\r\n" for name, value in callers.hubspot_headers(BODY))
            writer.write(HEAD + f"{headers}content-length: {len(BODY)}\r\n\r\n".encode() + BODY)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()
        assert [task for task in slow if task.done()] == []
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


def test_more_connections_than_there_may_be_are_turned_away_to_come_again():
    made = config(Callers().app)
    assert (made.limit_concurrency, made.http) == (512, patience.Impatient)
    assert isinstance(made, uvicorn.Config)
