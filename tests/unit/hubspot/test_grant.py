"""HubSpot's OAuth grant over restarts: the refresh token that came back newest is kept sealed, and wins."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import VirtualClock
from sandbox.server import serving
from schemas.contract import load_contract, template
from schemas.errors import Parked, SettingsError, Transient
from streams.platforms.hubspot.auth import OAuthGrant
from streams.platforms.registry import client, hubspot_auth
from streams.settings import Settings
from tests.support.desk import Desk
from tests.unit.hubspot.vendor import Vendor

KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


@dataclass
class Identity:
    """HubSpot's token endpoint, should it rotate: each refresh token is taken once."""

    good: str = "refresh-0"
    used: list[str] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: Request) -> Response:
        if not request.url.path.startswith("/oauth/"):
            return JSONResponse({"results": []})
        token = (await request.body()).decode().rpartition("refresh_token=")[2]
        self.used.append(token)
        if token != self.good:
            return JSONResponse({"status": "BAD_REFRESH_TOKEN", "error": "invalid_grant"}, 400)
        name, _, number = token.partition("-")
        self.good = f"{name}-{int(number) + 1}"
        return JSONResponse({"access_token": f"for-{token}", "refresh_token": self.good, "expires_in": 1800})


@pytest.fixture
def identity() -> Iterator[Identity]:
    made = Identity()
    with serving(Starlette(routes=[Route("/{path:path}", made.answer, methods=["GET", "POST"])])) as made.url:
        yield made


def settings(identity: Identity, first: str = "refresh-0", **more: Any) -> Settings:
    return Settings(hubspot_url=identity.url, hubspot_refresh_token=first, secret_key=KEY, **more)  # type: ignore[arg-type]


async def token(identity: Identity, desk: Desk, first: str = "refresh-0") -> str:
    """What a worker that has just got the lane calls with."""
    auth = hubspot_auth(settings(identity, first), lambda: desk)
    try:
        return await auth.token()
    finally:
        await auth.close()


async def test_the_next_owner_of_the_lane_goes_on_with_the_newest_refresh_token(identity: Identity):
    desk = Desk()
    assert [await token(identity, desk) for _ in range(3)] == ["for-refresh-0", "for-refresh-1", "for-refresh-2"]
    assert identity.used == ["refresh-0", "refresh-1", "refresh-2"]
    assert desk.writes == 3


async def test_it_is_kept_sealed_under_the_connections_key(identity: Identity):
    desk = Desk()
    await token(identity, desk)
    assert list(desk.cursors.rows) == ["main.hubspot|grant"]
    assert "refresh-1" not in str(desk.cursors.rows)


async def test_a_dead_one_that_was_kept_gives_way_to_one_that_a_person_set(identity: Identity):
    desk = Desk()
    await token(identity, desk)
    identity.good, identity.used = "fresh-0", []
    assert await token(identity, desk, first="fresh-0") == "for-fresh-0"
    assert await token(identity, desk, first="fresh-0") == "for-fresh-1"
    assert identity.used == ["refresh-1", "fresh-0", "fresh-1"]


async def test_when_none_is_taken_the_connection_is_parked_after_each_was_tried_once(identity: Identity):
    desk = Desk()
    await token(identity, desk)
    identity.good, identity.used = "elsewhere-0", []
    with pytest.raises(Parked, match="Run: revmark connect hubspot"):
        await token(identity, desk)
    assert identity.used == ["refresh-1", "refresh-0"]


async def test_the_client_of_a_lane_keeps_its_grant_on_the_lanes_desk(identity: Identity, tmp_path: Path):
    (tmp_path / "contract.yaml").write_text(template())
    contract, desk = load_contract(tmp_path / "contract.yaml"), Desk()
    made = client("hubspot", settings(identity), contract, lambda: desk)
    await made.read("product", ["5"])
    await made.close()
    assert list(desk.cursors.rows) == ["main.hubspot|grant"]


def test_a_grant_that_could_not_be_sealed_is_not_begun_with(identity: Identity):
    bare = Settings(hubspot_url=identity.url, hubspot_refresh_token="refresh-0")  # type: ignore[arg-type]  # pydantic makes the secret
    with pytest.raises(SettingsError, match="no key"):
        hubspot_auth(bare, Desk)


async def test_a_refresh_token_whose_keeping_failed_is_kept_before_it_is_used():
    kept: list[str] = []
    failures = [True]

    async def keep(fresh: str) -> None:
        if failures:
            failures.pop()
            raise Transient("the store is away")
        kept.append(fresh)

    clock, identity = VirtualClock(automatic=True), Identity()
    vendor = Vendor(lambda _request, _body: JSONResponse({}), clock=clock)

    def answer(_request: Request, body: str) -> Response:
        number = len(identity.used)
        identity.used.append(body.rpartition("refresh_token=")[2])
        return JSONResponse({"access_token": "a", "refresh_token": f"refresh-{number + 1}", "expires_in": "soon"})

    vendor.answer = answer
    grant = OAuthGrant(
        "id", "secret", "refresh-0", base_url="https://api.hubapi.com", version="2026-09", clock=clock.now,
        transport=vendor.transport, keep=keep,
    )  # fmt: skip
    with pytest.raises(Transient):
        await grant.token()
    await grant.token()
    assert identity.used == ["refresh-0", "refresh-1"]
    assert kept == ["refresh-1", "refresh-2"]
    await grant.close()
