import random  # noqa: TID251 - a seeded generator of mutations
import re
from datetime import timedelta

import httpx
import pytest

from schemas.instants import from_millis, to_millis
from streams.gateway.signatures import HUBSPOT_WINDOW, hubspot_signature, refuse_hubspot, refuse_xero, signed_uri
from tests.unit.gateway.callers import HUBSPOT, SECRET, URL, XERO, Callers

VECTOR_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
VECTOR_URI = "https://www.example.com/webhook_uri"
VECTOR_BODY = b"{'example_field':'example_value'}"
VECTOR_TIMESTAMP = "1693657560000"
VECTOR_SIGNATURE = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
MUTATIONS = 1_000
TOKEN = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")


def test_hubspots_published_vector_holds():
    now = from_millis(int(VECTOR_TIMESTAMP))
    made = hubspot_signature(VECTOR_SECRET, "POST", VECTOR_URI, VECTOR_BODY, VECTOR_TIMESTAMP)
    assert made == VECTOR_SIGNATURE
    given = (VECTOR_SECRET, "POST", VECTOR_URI, VECTOR_BODY, [VECTOR_SIGNATURE], [VECTOR_TIMESTAMP])
    assert refuse_hubspot(*given, now) is None


@pytest.mark.parametrize(
    ("skew", "reason"),
    [(0, None), (300_000, None), (-300_000, None), (300_001, "expired"), (-300_001, "expired")],
)
def test_the_window_is_five_minutes_in_both_directions(skew: int, reason: str | None):
    now = from_millis(int(VECTOR_TIMESTAMP) + skew)
    given = (VECTOR_SECRET, "POST", VECTOR_URI, VECTOR_BODY, [VECTOR_SIGNATURE], [VECTOR_TIMESTAMP])
    assert refuse_hubspot(*given, now) == reason
    assert timedelta(minutes=5) == HUBSPOT_WINDOW


def test_the_uri_is_decoded_as_hubspot_decodes_it():
    assert signed_uri("https://x.example/a%3Ab%2fc?d=%40%21%24%27%28%29%2A%2C%3B&e=%20%25") == (
        "https://x.example/a:b/c?d=@!$'()*,;&e=%20%25"
    )


def test_no_secret_verifies_nothing():
    now = from_millis(int(VECTOR_TIMESTAMP))
    forged = hubspot_signature("", "POST", VECTOR_URI, VECTOR_BODY, VECTOR_TIMESTAMP)
    assert refuse_hubspot("", "POST", VECTOR_URI, VECTOR_BODY, [forged], [VECTOR_TIMESTAMP], now) == "no_secret"
    assert refuse_xero(["", ""], b"{}", ["x"]) == "no_secret"


def test_both_keys_of_xero_hold_while_they_are_rotated():
    callers = Callers()
    for key in ("xero-key-one", "xero-key-two"):
        headers = callers.xero_headers(b"{}", key)
        assert refuse_xero(["xero-key-one", "xero-key-two"], b"{}", [headers[1][1]]) is None
    assert refuse_xero(["xero-key-one"], b"{}", [callers.xero_headers(b"{}", "other")[1][1]]) == "signature"


async def test_the_address_is_the_configured_one_whatever_a_proxy_says():
    callers = Callers()
    headers = callers.hubspot_headers(b"[]")
    proxied = [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http"), ("host", "10.0.0.1")]
    assert (await callers.send(HUBSPOT, b"[]", headers + proxied)).status_code == 200
    signed_for_proxy = callers.hubspot_headers(b"[]", "https://evil.example" + HUBSPOT)
    assert (await callers.send(HUBSPOT, b"[]", signed_for_proxy + proxied)).status_code == 401


async def test_a_query_is_part_of_what_is_signed():
    callers = Callers()
    headers = callers.hubspot_headers(b"[]", f"{URL}{HUBSPOT}?a=1")
    assert (await callers.send(f"{HUBSPOT}?a=1", b"[]", headers)).status_code == 200
    assert (await callers.send(f"{HUBSPOT}?a=2", b"[]", headers)).status_code == 401


def _mutate(draw: random.Random, text: bytes) -> bytes:
    place = draw.randrange(len(text))
    changed = bytes([text[place] ^ (1 << draw.randrange(8))])
    return draw.choice(
        [
            text[:place] + changed + text[place + 1 :],
            text[:place] + text[place + 1 :],
            text[:place] + bytes([draw.randrange(256)]) + text[place:],
            text[:place],
            text + text[place:],
        ]
    )


def _header(draw: random.Random, value: str) -> str | None:
    changed = _mutate(draw, value.encode()).decode("latin-1")
    usable = changed.isprintable() and changed == changed.strip() and changed.isascii()
    return changed if usable and changed != value else None


@pytest.mark.parametrize("platform", ["hubspot", "xero"])
async def test_of_a_thousand_mutated_requests_none_is_accepted(platform: str):
    draw = random.Random(20260901)  # noqa: S311 - repeatable, not secret
    callers = Callers()
    path = f"/webhooks/{platform}"
    body = b'[{"subscriptionType":"company.creation","portalId":62515,"objectId":1}]' if platform == "hubspot" else (
        b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"abc"}'
    )  # fmt: skip
    good = callers.hubspot_headers(body) if platform == "hubspot" else callers.xero_headers(body)
    accepted = sent = 0
    async with callers.client() as client:
        while sent < MUTATIONS:
            headers, content, target, method = list(good), body, path, "POST"
            match draw.choice(["body", "query", "method", "header", "drop", "double"]):
                case "body":
                    content = _mutate(draw, body)
                    if content == body:
                        continue
                case "query" if platform == "hubspot":  # Xero signs the body alone
                    target = f"{path}?{draw.randrange(1000)}"
                case "method":
                    method = draw.choice(["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
                case "header":
                    place = draw.randrange(1, len(headers))
                    if (changed := _header(draw, headers[place][1])) is None:
                        continue
                    headers[place] = (headers[place][0], changed)
                case "drop":
                    del headers[draw.randrange(1, len(headers))]
                case "double":
                    headers.append(headers[draw.randrange(1, len(headers))])
                case _:
                    continue
            sent += 1
            answer = await client.request(method, target, content=content, headers=headers)
            accepted += answer.status_code < 400
        assert (await client.request("POST", path, content=body, headers=good)).status_code == 200
    assert accepted == 0
    assert len(callers.log.records) == (1 if platform == "hubspot" else 0)


async def test_a_refusal_is_counted_by_reason_and_logged_without_the_body(caplog: pytest.LogCaptureFixture):
    callers = Callers()
    body = b'[{"secret":"sentinel-value"}]'
    headers = callers.hubspot_headers(b"[]")
    assert (await callers.send(HUBSPOT, body, headers)).status_code == 401
    assert callers.gateway.counts.of("requests", "hubspot", "refused_signature") == 1
    assert "refused: signature" in caplog.text
    assert "sentinel" not in caplog.text
    old = [
        (name, str(to_millis(callers.clock.now) - 10**6) if "timestamp" in name else value) for name, value in headers
    ]
    assert (await callers.send(HUBSPOT, b"[]", old)).status_code == 401
    assert callers.gateway.counts.of("requests", "hubspot", "refused_expired") == 1


async def test_xeros_intent_to_receive_is_answered_for_every_probe():
    callers = Callers()
    body = b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"KLQKQ"}'
    for probe in range(10):
        right = probe % 3 == 0
        headers = callers.xero_headers(body, "xero-key-one" if right else f"wrong-{probe}")
        answer = await callers.send(XERO, body, headers)
        assert (answer.status_code, answer.content) == (200 if right else 401, b"")
        assert "set-cookie" not in answer.headers
    assert callers.log.records == []


async def test_without_secrets_every_request_is_refused():
    callers = Callers(secret="", keys="")
    assert (await callers.send(HUBSPOT, b"[]", callers.hubspot_headers(b"[]"))).status_code == 401
    assert (await callers.send(XERO, b"{}", callers.xero_headers(b"{}"))).status_code == 401
    assert isinstance(await callers.send("/healthz", b"", [], "GET"), httpx.Response)
    assert SECRET not in callers.gateway.counts.text()
