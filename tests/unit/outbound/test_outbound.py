# ruff: noqa: S104 - 0.0.0.0 is an address that is not called
import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from schemas.errors import Refused, SettingsError, Transient
from streams.platforms.door import Door
from streams.platforms.hubspot import doors as hubspot
from streams.platforms.outbound import Outbound
from streams.platforms.xero import doors as xero
from tests.unit.outbound.canary import Canary
from tests.unit.outbound.hostile import hostile

HUBSPOT = "https://api.hubapi.com"
XERO = "https://api.xero.com"
LOOK_ALIKE = "8.8.8.8"  # a public address, which nobody here connects to


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    async with Canary() as made:
        yield made


class Inner(httpx.AsyncBaseTransport):
    """What a request that got through would have met."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return httpx.Response(200)


async def _stopped(door: Door, url: str, inner: httpx.AsyncBaseTransport | None, lookups: list[str]) -> bool:
    async def resolve(host: str, _port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"]

    outbound = Outbound(door, inner, resolve=resolve)
    async with httpx.AsyncClient(transport=outbound) as client:
        try:
            await client.get(url)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, Refused):
            return True
    return False


@pytest.mark.parametrize(
    ("door", "good"),
    [
        (hubspot.api_door(HUBSPOT), f"{HUBSPOT}/crm/objects/2026-09/companies"),
        (xero.api_door(XERO), f"{XERO}/api.xro/2.0/Invoices"),
        (hubspot.api_door("http://127.0.0.1:2"), "http://127.0.0.1:2/crm/objects/2026-09/companies"),
    ],
    ids=["hubspot", "xero", "sandbox"],
)
async def test_of_two_hundred_hostile_addresses_none_is_called(canary: Canary, door: Door, good: str):
    urls = list(dict.fromkeys(hostile(good, door.host, canary.port)))
    inner, lookups = Inner(), list[str]()
    assert len(urls) >= 200
    for url in urls:
        assert await _stopped(door, url, None, lookups), url
        assert await _stopped(door, url, inner, lookups), url
    assert (canary.heard, inner.asked, lookups) == ([], [], [])
    assert not await _stopped(door, good, inner, lookups)
    assert inner.asked == [good]


async def test_the_canary_hears_a_call_that_is_let_through(canary: Canary):
    door = hubspot.api_door(f"http://sandbox.test:{canary.port}")
    assert not await _stopped(door, f"http://sandbox.test:{canary.port}/crm/x?y=1", None, [])
    assert canary.heard[0].startswith(b"GET /crm/x?y=1 HTTP/1.1\r\nHost: sandbox.test")


async def test_what_is_stopped_says_what_may_be_called_and_shows_no_password():
    client = httpx.AsyncClient(transport=Outbound(hubspot.token_door(HUBSPOT)))
    with pytest.raises(Refused) as stopped:
        await client.get("https://name:secret@evil.example/oauth?code=secret")
    assert "Only https://api.hubapi.com is called, under /oauth. Nothing was sent." in stopped.value.message
    assert "secret" not in stopped.value.message


NOT_THE_VENDORS = (
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.31.0.1", "192.168.0.1", "100.64.0.1", "0.0.0.0", "169.254.169.254",
    "168.63.129.16", "100.100.100.200", "192.0.0.192", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1",
    "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "sandbox",
)  # fmt: skip
NOT_A_SANDBOXES = (
    LOOK_ALIKE, "169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::", "fe80::1", "fd00:ec2::254", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808",
)  # fmt: skip


@pytest.mark.parametrize("address", NOT_THE_VENDORS)
@pytest.mark.parametrize("beside", [[], [LOOK_ALIKE]], ids=["alone", "beside a good one"])
async def test_a_vendor_is_not_called_at_an_address_that_is_not_public(address: str, beside: list[str]):
    await _lied_to(hubspot.api_door(HUBSPOT), f"{HUBSPOT}/crm/x", [*beside, address])


@pytest.mark.parametrize("address", NOT_A_SANDBOXES)
async def test_a_sandbox_is_called_in_its_own_network_alone(address: str):
    await _lied_to(xero.api_door("http://sandbox.test"), "http://sandbox.test/connections", ["127.0.0.1", address])


async def _lied_to(door: Door, url: str, answers: list[str]) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return answers

    async with httpx.AsyncClient(transport=Outbound(door, resolve=resolve)) as client:
        with pytest.raises(Transient, match="name server") as stopped:
            await client.get(url)
    assert stopped.value.code == "address"


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_vendors_public_address_is_called(address: str):
    assert hubspot.api_door(HUBSPOT).shuns(address) is None


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.8", "172.18.0.3", "192.168.1.9", "100.64.0.1", "::1", "fd12::1"]
)
def test_a_sandboxes_own_address_is_called(address: str):
    assert hubspot.api_door("http://sandbox:4010").shuns(address) is None


async def test_a_name_that_is_bound_anew_between_two_calls_leads_nowhere(canary: Canary):
    """One look-up per connection: the address that was judged is the one that is connected to."""
    answers = [["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"], ["8.8.8.8"]]
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers.pop(0)

    url = f"http://sandbox.test:{canary.port}"
    async with httpx.AsyncClient(transport=Outbound(hubspot.api_door(url), resolve=resolve)) as client:
        assert [(await client.get(f"{url}/crm/x")).status_code for _ in range(2)] == [200, 200]
        for _ in range(2):
            with pytest.raises(Transient):
                await client.get(f"{url}/crm/x")
    assert (len(asked), len(canary.heard), answers) == (4, 2, [])


async def test_an_address_that_does_not_answer_gives_way_to_the_next(canary: Canary):
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]  # the canary listens at the second

    url = f"http://sandbox.test:{canary.port}"
    async with httpx.AsyncClient(transport=Outbound(hubspot.api_door(url), resolve=resolve)) as client:
        assert (await client.get(f"{url}/crm/x")).status_code == 200


async def test_a_name_server_that_fails_or_hangs_is_a_line_that_is_down():
    async def fails(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    async def hangs(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async def knows_nothing(_host: str, _port: int) -> list[str]:
        return []

    cases = [(fails, httpx.ConnectError), (hangs, httpx.ConnectTimeout), (knows_nothing, httpx.ConnectError)]
    for resolve, error in cases:
        outbound = Outbound(hubspot.api_door(HUBSPOT), resolve=resolve)
        async with httpx.AsyncClient(transport=outbound, timeout=0.05) as client:
            with pytest.raises(error):
                await client.get(f"{HUBSPOT}/crm/x")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.hubapi.com", "https://api.hubapi.com:8443", "ftp://sandbox", "sandbox", "", "https://", "file:///x",
        "https://name:secret@sandbox", "http://sandbox?x=1", "http://sandbox#x", "http://[::1", "http://sand box",
    ],
)  # fmt: skip
def test_an_address_in_the_settings_that_cannot_be_called_is_told(url: str):
    with pytest.raises(SettingsError, match="Mend the address in the settings, then run: revmark check") as told:
        hubspot.api_door(url)
    assert "secret" not in told.value.message


@pytest.mark.parametrize(
    ("url", "door"),
    [
        ("https://api.hubapi.com/", "https://api.hubapi.com"),
        ("https://API.hubapi.com:443", "https://api.hubapi.com"),
        ("http://127.0.0.1:4010/", "http://127.0.0.1:4010"),
        ("https://api.hubapi.com.", "https://api.hubapi.com."),  # not the vendor's: then its address may not be public
    ],
)
def test_a_door_is_named_by_its_origin(url: str, door: str):
    made = hubspot.api_door(url)
    assert str(made) == door
    assert made.public == (door == HUBSPOT)


def test_a_sandbox_may_have_a_path_of_its_own():
    door = hubspot.api_door("http://sandbox:4010/hubspot/")
    assert door.refuses(httpx.URL("http://sandbox:4010/hubspot/crm/objects")) is None
    assert door.refuses(httpx.URL("http://sandbox:4010/crm/objects")) == "another path"
