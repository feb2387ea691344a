"""Signing in: a browser, the page and a provider over TCP; what is wrong in one thing lets nobody in."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from console.page.app import create_app
from console.projection.store import Store
from streams.settings import Settings
from tests.support.openid import CLIENT, SECRET, Provider, provider

OWN = "http://127.0.0.1:8090"
KEY = "a" * 43 + "="


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
def oidc(running: Provider) -> Provider:
    """A provider that nobody has told to misbehave."""
    running.claims, running.header, running.forged, running.document = {}, {}, "", {}
    running.codes.clear()
    return running


class Clock:
    """Time as a test has it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


def settings(filled: Store, oidc: Provider, **given: Any) -> Settings:
    usual = {
        "page_url": OWN, "page_oidc_issuer": oidc.issuer, "page_oidc_client_id": CLIENT,
        "page_oidc_client_secret": SECRET, "page_operators": "kim@example.com", "page_viewers": "groups=staff",
        "secret_key": KEY, "page_host": "0.0.0.0",  # noqa: S104 - not bound
    }  # fmt: skip
    return Settings(state=filled.path.parent.parent, broker="127.0.0.1:1", _env_file=None, **(usual | given))


@pytest.fixture
def app(filled: Store, oidc: Provider, clock: Clock) -> Starlette:
    return create_app(settings(filled, oidc), clock=clock)


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=OWN) as client:
        yield client


async def consent(browser: httpx.AsyncClient, to: str = "/") -> str:
    """Go to the provider, and give the address that it sends the browser back to."""
    sent = await browser.get("/sign-in", params={"to": to})
    assert sent.status_code == 303
    async with httpx.AsyncClient() as outside:
        back = await outside.get(sent.headers["location"])
    assert back.status_code == 302
    return str(back.headers["location"])


async def sign_in(browser: httpx.AsyncClient, to: str = "/") -> httpx.Response:
    return await browser.get(await consent(browser, to))


async def test_whoever_signs_in_comes_back_to_where_they_were_going(browser: httpx.AsyncClient):
    first = await browser.get("/record", params={"record": "INV-1"})
    assert (first.status_code, first.headers["location"]) == (303, "/sign-in?to=/record%3Frecord%3DINV-1")
    answer = await sign_in(browser, "/record?record=INV-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/record?record=INV-1")
    me = (await browser.get("/api/me")).json()
    assert (me["who"], me["role"], me["signs_in"]) == ("kim@example.com", "operator", True)
    assert (await browser.get("/api/decisions")).status_code == 200


async def test_who_came_and_who_was_turned_away_is_told(
    browser: httpx.AsyncClient, oidc: Provider, caplog: pytest.LogCaptureFixture
):
    oidc.claims = {"email": "eve@example.com"}
    assert (await sign_in(browser)).status_code == 403
    oidc.claims = {"email": "ann@example.com", "groups": ["staff"]}
    assert (await sign_in(browser)).status_code == 303
    me = (await browser.get("/api/me")).json()
    headers = {"origin": OWN, "x-revmark-token": me["token"]}
    refused = await browser.post("/api/act/drop", json={"name": "x", "why": "so"}, headers=headers)
    assert refused.status_code == 403
    assert (await browser.post("/sign-out", json={}, headers=headers)).status_code == 204
    # No broker is here: what is not kept on the topic is told in the log.
    told = [each.getMessage() for each in caplog.records if "not kept on the topic audit" in each.getMessage()]
    assert [each.partition("audit: ")[2].partition(":")[0] for each in told] == [
        "'eve@example.com', sign in, refused (eve@example.com may see nothing here",
        "'ann@example.com', sign in, done (as viewer)",
        "'ann@example.com', act, refused (ann@example.com may look, and not act)",
        "'ann@example.com', sign out, done ()",
    ]


async def test_the_cookie_is_for_this_page_alone(browser: httpx.AsyncClient, filled: Store, oidc: Provider):
    kept = (await sign_in(browser)).headers.get_list("set-cookie")
    (session,) = [each for each in kept if each.startswith("revmark-session=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in session.split(";")}
    assert "kim" not in session
    away = httpx.ASGITransport(app=create_app(settings(filled, oidc, page_url="https://revmark.example")))
    async with httpx.AsyncClient(transport=away, base_url="https://revmark.example") as client:
        (begun,) = (await client.get("/sign-in")).headers.get_list("set-cookie")
    assert begun.startswith("__Host-revmark-signin=")
    assert "Secure" in begun


def _routes(routes: list[Any]) -> list[tuple[str, set[str]]]:
    assert all(isinstance(each, Route | Mount) for each in routes)
    return [(each.path, each.methods or {"GET"}) for each in routes if isinstance(each, Route)]


async def test_of_no_route_does_a_stranger_get_anything(app: Starlette, browser: httpx.AsyncClient):
    found = _routes(app.routes)
    assert len(found) > 15
    for path, methods in found:
        for method in methods | {"POST"}:
            answer = await browser.request(method, path)
            assert answer.status_code in {303, 401, 403, 405, 503} or path == "/signed-out", (method, path)
            assert "Acme" not in answer.text, path
            assert "variance" not in answer.text, path
            assert "127.0.0.1:1" not in answer.text, path
    assert (await browser.get("/static/page.css")).status_code == 200
    for path in ("/static/../api/decisions", "/static/%2e%2e/api/decisions", "//api/decisions", "/API/decisions"):
        assert "Acme" not in (await browser.get(path)).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {"iss": "https://evil.example"}}, {"claims": {"aud": "another"}}, {"claims": {"exp": 1}},
        {"claims": {"nonce": "another"}}, {"claims": {"nonce": None}}, {"claims": {"azp": "another"}},
        {"forged": "none"}, {"forged": "hmac"}, {"forged": "stranger"}, {"forged": "broken"},
        {"header": {"kid": "unheard"}}, {"claims": {"email_verified": False}}, {"claims": {"email": "eve@example.com"}},
    ],
    ids=str,
)  # fmt: skip
async def test_a_token_that_is_wrong_lets_nobody_in(browser: httpx.AsyncClient, oidc: Provider, wrong: dict[str, Any]):
    for name, value in wrong.items():
        setattr(oidc, name, value)
    answer = await sign_in(browser)
    assert (answer.status_code, "Sign in" in answer.text) == (403, True)
    assert "revmark-session" not in browser.cookies
    assert (await browser.get("/api/decisions")).status_code == 401


async def test_a_state_of_another_browser_is_refused(browser: httpx.AsyncClient, app: Starlette, oidc: Provider):
    back = await consent(browser)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=OWN) as victim:
        assert (await victim.get(back)).status_code == 403  # it never began to sign in
        await victim.get("/sign-in")
        assert (await victim.get(back)).status_code == 403  # it began another
    asked = len(oidc.exchanged)
    assert (await browser.get(re.sub("state=[^&]+", "state=x", back))).status_code == 403
    assert len(oidc.exchanged) == asked  # and no code of a stranger was ever used


async def test_a_code_is_good_for_one_sign_in(browser: httpx.AsyncClient, oidc: Provider):
    back = await consent(browser)
    kept = dict(browser.cookies)
    assert (await browser.get(back)).status_code == 303
    browser.cookies.clear()
    for name, value in kept.items():  # as whoever took the address and the cookie would come
        browser.cookies.set(name, value)
    assert (await browser.get(back)).status_code == 403
    code = parse_qs(urlsplit(back).query)["code"][0]
    fresh = await consent(browser)
    spent = re.sub("code=[^&]+", f"code={code}", fresh)
    refused = await browser.get(spent)
    assert (refused.status_code, "invalid_grant" in refused.text) == (403, True)
    assert oidc.exchanged.count(code) == 2


async def test_a_code_that_was_asked_for_elsewhere_has_another_verifier(browser: httpx.AsyncClient, app: Starlette):
    stolen = parse_qs(urlsplit(await consent(browser)).query)["code"][0]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=OWN) as thief:
        own = await consent(thief)
        assert (await thief.get(re.sub("code=[^&]+", f"code={stolen}", own))).status_code == 403


@pytest.mark.parametrize(
    "document",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": None}],
    ids=str,
)
async def test_a_provider_that_is_another_is_not_asked(
    filled: Store, oidc: Provider, document: dict[str, Any]
):  # fmt: skip
    oidc.document = document
    transport = httpx.ASGITransport(app=create_app(settings(filled, oidc)))
    async with httpx.AsyncClient(transport=transport, base_url=OWN) as client:
        assert (await client.get("/sign-in")).status_code == 403


async def test_strangers_do_not_have_a_provider_asked_over_and_over(
    browser: httpx.AsyncClient, oidc: Provider, clock: Clock
):
    oidc.document = {"issuer": "https://evil.example"}
    oidc.asked.clear()
    assert [(await browser.get("/sign-in")).status_code for _ in range(5)] == [403] * 5
    assert oidc.asked == ["document"]
    oidc.document = {}
    clock.ahead = timedelta(seconds=6)
    assert [(await browser.get("/sign-in")).status_code for _ in range(5)] == [303] * 5
    assert oidc.asked == ["document"] * 2


async def test_a_provider_that_is_away_is_said_to_be(filled: Store, oidc: Provider):
    transport = httpx.ASGITransport(app=create_app(settings(filled, oidc, page_oidc_issuer="http://127.0.0.1:1")))
    async with httpx.AsyncClient(transport=transport, base_url=OWN) as client:
        answer = await client.get("/sign-in")
    assert (answer.status_code, "did not answer" in answer.text) == (503, True)


async def test_what_the_provider_answers_is_shown_as_text(browser: httpx.AsyncClient, oidc: Provider):
    oidc.claims = {"email": None, "preferred_username": "<script>alert(1)</script>"}
    answer = await sign_in(browser)
    assert answer.status_code == 403
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_a_session_ends_by_itself_and_at_ones_word(browser: httpx.AsyncClient, clock: Clock):
    await sign_in(browser)
    clock.ahead = timedelta(hours=7, minutes=59)
    token = (await browser.get("/api/me")).json()["token"]
    held = dict(browser.cookies)
    clock.ahead = timedelta(hours=8)
    assert (await browser.get("/api/me")).status_code == 401
    clock.ahead = timedelta()
    said = {"origin": OWN, "x-revmark-token": token, "content-type": "application/json"}
    assert (await browser.post("/sign-out", headers=said)).status_code == 204
    assert (await browser.get("/signed-out")).status_code == 200
    for name, value in held.items():  # a copy that somebody took
        browser.cookies.set(name, value)
    assert (await browser.get("/api/me")).status_code == 401


async def test_a_session_is_not_made_up_or_changed(browser: httpx.AsyncClient):
    await sign_in(browser)
    held = browser.cookies["revmark-session"]
    for place in range(0, len(held), 7):
        changed = held[:place] + ("A" if held[place] != "A" else "B") + held[place + 1 :]
        answer = await browser.get("/api/me", headers={"cookie": f"revmark-session={changed}"})
        assert answer.status_code == 401, place
    browser.cookies.clear()
    await browser.get("/sign-in")
    begun = browser.cookies["revmark-signin"]  # sealed for another purpose
    assert (await browser.get("/api/me", headers={"cookie": f"revmark-session={begun}"})).status_code == 401


async def test_figures_for_a_machine_need_its_token(filled: Store, oidc: Provider):
    for token, given, status in (
        ("", "Bearer ", 401), ("t", "", 401), ("t", "Bearer x", 401), ("t", "Bearer t", 200),
    ):  # fmt: skip
        transport = httpx.ASGITransport(app=create_app(settings(filled, oidc, page_metrics_token=token)))
        async with httpx.AsyncClient(transport=transport, base_url=OWN) as client:
            assert (await client.get("/metrics", headers={"authorization": given})).status_code == status
