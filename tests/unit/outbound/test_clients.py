"""The clients that are made of it: all of them behind their doors, whatever an answer says."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.server import serving
from schemas.contract import parse_contract, template
from schemas.errors import RevmarkError, SettingsError, Transient
from streams.checkup import checkup
from streams.platforms.consent import Consent, Question, exchange, organisations
from streams.platforms.hubspot.auth import OAuthGrant, StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.doors import api_door
from streams.platforms.outbound import Outbound
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants
from streams.settings import Settings
from streams.survey import onlooker as observed
from tests.unit.outbound.canary import Canary

ROOT = Path(__file__).parents[3]
ROOMS = ("schemas", "tables", "streams", "agents", "console")
SANDBOX_CONTROLS = {"console/sandboxes.py", "console/demo/people.py", "console/demo/stage.py"}  # no platform, no grant


def _now() -> datetime:
    return datetime.now(UTC)


class Closes(Protocol):
    """What holds connections."""

    async def close(self) -> None:
        """Release them."""
        ...


Held = TypeVar("Held", bound=Closes)


@asynccontextmanager
async def closing(held: Held) -> AsyncIterator[Held]:
    try:
        yield held
    finally:
        await held.close()


async def _keep(_grant: Grant) -> None:
    pass


class Bearer:
    """A token for Xero."""

    async def token(self, *, refused: str = "") -> str:
        return f"access{refused and '-2'}"

    async def close(self) -> None:
        pass


async def _hubspot(url: str) -> object:
    async with closing(HubSpotClient(url, "2026-09", StaticToken("pat"))) as client:
        return [page async for page in client.poll("company", None)]


async def _xero(url: str) -> object:
    async with closing(XeroClient(url, "organisation", Bearer(), clock=_now, sleep=asyncio.sleep)) as client:
        return [page async for page in client.poll("item", None)]


async def _hubspot_grant(url: str) -> object:
    async with closing(OAuthGrant("id", "secret", "refresh", base_url=url, version="2026-09", clock=_now)) as grant:
        return await grant.token()


async def _xero_grant(url: str) -> object:
    async def nothing() -> Grant | None:
        return None

    async with closing(Grants(url, "id", "secret", load=nothing, save=_keep, clock=_now, first="refresh")) as grants:
        return await grants.token()


async def _consent(url: str) -> object:
    question = Question("hubspot", "", "http://localhost/callback", "state", "verifier", ())
    return await exchange(_settings(url), question, "code")


async def _organisations(url: str) -> object:
    return await organisations(_settings(url), Consent("refresh", "access", ()))


def _settings(url: str) -> Settings:
    return Settings(hubspot_url=url, xero_url=url, xero_identity_url=url, hubspot_token="pat")  # type: ignore[arg-type]  # pydantic makes the secret


CLIENTS: dict[str, Callable[[str], Awaitable[object]]] = {
    "hubspot": _hubspot, "xero": _xero, "hubspot grant": _hubspot_grant, "xero grant": _xero_grant,
    "consent": _consent, "organisations": _organisations,
}  # fmt: skip


class Host:
    """Answers everything with links and redirects to the canary; says where it was asked."""

    def __init__(self, canary: Canary, answer: Callable[[str], Response]) -> None:
        self.elsewhere = f"http://127.0.0.1:{canary.port}/crm/x?after=1"
        self.answer = answer
        self.asked: list[str] = []

    async def take(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        return self.answer(self.elsewhere)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.take, methods=["GET", "POST", "PUT"])])


def _links(url: str) -> Response:
    """Everything that a page, a token or an error could name another address with."""
    headers = {"link": f'<{url}>; rel="next"', "location": url, "refresh": f"0; url={url}", "content-location": url}
    body: dict[str, Any] = {
        "results": [], "paging": {"next": {"link": url}}, "links": {"next": url}, "Items": [], "url": url, "next": url,
        "pagination": {"next": url}, "instance_url": url, "token_endpoint": url, "access_token": "a",
        "expires_in": 1800, "refresh_token": "r", "total": 0,
    }  # fmt: skip
    return JSONResponse(body, headers=headers)


ANSWERS: dict[str, Callable[[str], Response]] = {
    "links": _links,
    **{str(code): lambda url, code=code: RedirectResponse(url, code) for code in (301, 302, 303, 307, 308)},  # type: ignore[misc]  # the default binds
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_no_client_goes_where_an_answer_sends_it(answer: str):
    async with Canary() as canary:
        host = Host(canary, ANSWERS[answer])
        with serving(host.app) as url:
            for call in CLIENTS.values():
                before = len(host.asked)
                with suppress(RevmarkError):
                    await call(url)
                assert len(host.asked) > before
        assert canary.heard == []


async def test_a_redirect_that_stays_behind_the_door_is_not_followed_either():
    async with Canary() as canary:
        host = Host(canary, lambda _url: RedirectResponse("/crm/elsewhere", 307))
        with serving(host.app) as url, pytest.raises(Transient, match="redirected"):
            await _hubspot(url)
    assert "/crm/elsewhere" not in host.asked


@pytest.mark.parametrize("name", CLIENTS)
async def test_every_client_judges_addresses_unless_a_test_gives_it_a_transport(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []

    async def rebound(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr("streams.platforms.outbound.addresses", rebound)
    own = {
        "xero": "https://api.xero.com",
        "organisations": "https://api.xero.com",
        "xero grant": "https://identity.xero.com",
    }
    with pytest.raises(Transient, match="not a public address"):
        await CLIENTS[name](own.get(name, "https://api.hubapi.com"))
    assert len(asked) == 1


@pytest.mark.parametrize("name", CLIENTS)
async def test_no_client_is_made_for_an_address_that_is_unsafe(name: str):
    own = {
        "xero": "http://api.xero.com",
        "organisations": "http://api.xero.com",
        "xero grant": "http://identity.xero.com",
    }
    with pytest.raises(SettingsError, match="called over TLS"):
        await CLIENTS[name](own.get(name, "http://api.hubapi.com"))


async def test_a_check_names_an_address_that_is_unsafe_and_looks_at_the_rest(tmp_path: Path):
    settings = _settings("").model_copy(
        update={
            "hubspot_url": "http://api.hubapi.com",
            "xero_url": "http://api.xero.com",
            "contract": tmp_path / "none",
            "broker": "127.0.0.1:1",
        }
    )
    found = {each.name: each async for each in checkup(settings)}
    for platform in ("hubspot", "xero"):
        assert "is called over TLS" in found[f"{platform} address"].detail
        assert f"REVMARK_{platform.upper()}_URL" in found[f"{platform} address"].next_step


async def test_a_proxy_of_the_environment_is_used_for_vendors_and_not_for_a_sandbox(monkeypatch: pytest.MonkeyPatch):
    async with Canary(answer=b"HTTP/1.1 403 Forbidden\r\n\r\n") as proxy, Canary() as sandbox:
        for variable in ("HTTPS_PROXY", "HTTP_PROXY"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        for variable in ("NO_PROXY", "no_proxy", "https_proxy", "http_proxy"):
            monkeypatch.delenv(variable, raising=False)
        async with httpx.AsyncClient(transport=Outbound(api_door("https://api.hubapi.com"))) as client:
            with pytest.raises(httpx.ProxyError):
                await client.get("https://api.hubapi.com/crm/x")
        assert proxy.heard[0].startswith(b"CONNECT api.hubapi.com:443 HTTP/1.1")
        near = f"http://127.0.0.1:{sandbox.port}"
        async with httpx.AsyncClient(transport=Outbound(api_door(near))) as client:
            assert (await client.get(f"{near}/crm/x")).status_code == 200
        assert len(proxy.heard) == 1


FORBIDDEN = re.compile(r"CERT_NONE|check_hostname\s*=|verify\s*=\s*(False|None)|follow_redirects\s*=\s*True|urlopen\(")
MAKES = re.compile(
    r"httpx\.(Async)?(Client|HTTPTransport|request|get|post|put|patch|delete|head|options|stream)\(|httpcore\.\w+Pool\("
)


def test_there_is_one_place_that_makes_clients_and_nowhere_is_verification_off():
    sources = {str(file.relative_to(ROOT)): file.read_text() for room in ROOMS for file in (ROOT / room).rglob("*.py")}
    assert [name for name, text in sources.items() if FORBIDDEN.search(text)] == []
    makers = {name for name, text in sources.items() if MAKES.search(text)}
    assert makers == {"streams/platforms/outbound.py", *SANDBOX_CONTROLS}


async def test_an_onlooker_reads_through_the_door_as_well(monkeypatch: pytest.MonkeyPatch):
    async def rebound(_host: str, _port: int) -> list[str]:
        return ["10.0.0.1"]

    monkeypatch.setattr("streams.platforms.outbound.addresses", rebound)
    made = observed("hubspot", Settings(hubspot_token="pat"), parse_contract(template()))  # type: ignore[arg-type]  # pydantic makes the secret
    with pytest.raises(Transient, match="not a public address"):
        await made.read("company", ["1"])
    await made.close()
