import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.clock import VirtualClock
from schemas.errors import Parked, RevmarkError, Throttled, Transient
from streams.platforms.hubspot.auth import OAuthGrant, StaticToken
from tests.unit.hubspot.vendor import Vendor, refusal, results


class Tokens:
    """A token endpoint that hands out numbered tokens, and an API that takes only the newest."""

    def __init__(self, **more: Any) -> None:
        self.more = more
        self.issued = 0
        self.kept: list[str] = []
        self.taken = 1
        self.clock = VirtualClock(automatic=True)
        self.vendor = Vendor(self.answer, auth=self.give, clock=self.clock)

    def give(self, vendor: Vendor) -> OAuthGrant:
        self.grant = OAuthGrant(
            "id",
            "secret",
            "refresh-0",
            base_url="https://api.hubapi.com",
            version="2026-09",
            clock=self.clock.now,
            transport=vendor.transport,
            keep=self.keep,
        )
        return self.grant

    async def keep(self, token: str) -> None:
        self.kept.append(token)

    def answer(self, request: Request, _body: Any) -> Response:
        if request.url.path == "/oauth/2026-09/token":
            self.issued += 1
            return JSONResponse({"access_token": f"access-{self.issued}", "expires_in": 1800, **self.more})
        if request.headers["authorization"] != f"Bearer access-{self.taken}":
            return refusal(401, "expired", "EXPIRED_AUTHENTICATION")
        return results()


async def test_one_renewal_serves_all_calls_that_wait():
    tokens = Tokens()
    await asyncio.gather(*(tokens.vendor.client.read("product", ["5"]) for _ in range(20)))
    assert tokens.issued == 1
    form = tokens.vendor.bodies[0][1]
    assert form == "grant_type=refresh_token&client_id=id&client_secret=secret&refresh_token=refresh-0"


async def test_a_refused_token_is_renewed_once_for_all_and_the_calls_are_made_again():
    tokens = Tokens()
    await tokens.vendor.client.read("product", ["5"])
    tokens.taken = 2
    await asyncio.gather(*(tokens.vendor.client.read("product", ["5"]) for _ in range(20)))
    assert tokens.issued == 2


async def test_a_token_that_is_refused_though_it_is_new_parks():
    tokens = Tokens()
    tokens.taken = 0
    with pytest.raises(Parked):
        await tokens.vendor.client.read("product", ["5"])
    assert tokens.issued == 2


async def test_a_token_is_renewed_a_minute_before_it_ends():
    tokens = Tokens()
    await tokens.grant.token()
    tokens.clock.move(1_739)
    assert await tokens.grant.token() == "access-1"
    tokens.clock.move(1)
    assert await tokens.grant.token() == "access-2"


async def test_a_refresh_token_that_comes_back_is_kept_and_used():
    tokens = Tokens(refresh_token="refresh-1")
    await tokens.grant.token()
    assert tokens.kept == ["refresh-1"]
    tokens.clock.move(1_800)
    await tokens.grant.token()
    assert tokens.vendor.bodies[-1][1].endswith("refresh_token=refresh-1")
    assert tokens.kept == ["refresh-1"]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (JSONResponse({"error": "invalid_grant", "status": "BAD_REFRESH_TOKEN"}, 400), Parked),
        (JSONResponse({"token_type": "bearer"}, 200), Parked),
        (PlainTextResponse("", 429), Throttled),
        (PlainTextResponse("<html>", 502), Transient),
    ],
)
async def test_a_renewal_that_fails_says_what_to_do(response: Response, error: type[RevmarkError]):
    tokens = Tokens()
    tokens.vendor.answer = lambda _request, _body: response
    with pytest.raises(error):
        await tokens.vendor.client.read("product", ["5"])


async def test_a_static_token_is_what_it_is():
    assert await StaticToken("x").token() == "x"
    assert await StaticToken("x").renew("x") is False
    await StaticToken("x").close()
    await Tokens().vendor.client.close()
