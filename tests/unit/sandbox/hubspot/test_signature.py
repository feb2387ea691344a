"""The vectors of HubSpot's "validating requests" page and of its SDK's own tests."""

from datetime import UTC, datetime

from sandbox.hubspot import signature

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URL = "https://www.example.com/webhook_uri"


def test_version_1() -> None:
    body = (
        b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
        b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
        b'"changeFlag":"NEW","appId":54321}]'
    )
    expected = "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
    assert signature.version_1(SECRET, body) == expected


def test_version_2() -> None:
    expected = "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"
    body = b'{"example_field":"example_value"}'
    assert signature.version_2(SECRET, "POST", URL, body) == expected


def test_version_3() -> None:
    expected = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
    body = b"{'example_field':'example_value'}"
    assert signature.version_3(SECRET, "POST", URL, body, "1693657560000") == expected


def test_addresses_are_decoded_before_they_are_signed() -> None:
    coded = "https://a.example.com/x%2Fy?to=%3Ab%40c&d=%2c&keep=%20%25"
    assert signature.decoded(coded) == "https://a.example.com/x/y?to=:b@c&d=,&keep=%20%25"


def test_the_headers_of_a_webhook() -> None:
    now = datetime(2026, 9, 1, tzinfo=UTC)
    headers = signature.headers(SECRET, b"[]", "POST", URL, now)
    assert headers["X-HubSpot-Request-Timestamp"] == "1788220800000"
    assert headers["X-HubSpot-Signature-Version"] == "v1"
    assert headers["X-HubSpot-Signature"] == signature.version_1(SECRET, b"[]")
    expected = signature.version_3(SECRET, "POST", URL, b"[]", "1788220800000")
    assert headers["X-HubSpot-Signature-v3"] == expected
    older = signature.headers(SECRET, b"[]", "POST", URL, now, "v2")
    assert older["X-HubSpot-Signature"] == signature.version_2(SECRET, "POST", URL, b"[]")
