from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.clock import VirtualClock
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from schemas.errors import Parked, Refused, Stale, Transient
from streams.platforms.xero.grants import Grant, Grants
from streams.vault import Vault

URL = "http://xero.test"
AT = datetime(2026, 9, 1, tzinfo=UTC)


@dataclass
class Store:
    """Grants as they were saved, newest last; may fail a number of times."""

    grants: list[Grant] = field(default_factory=list)
    failures: int = 0

    async def load(self) -> Grant | None:
        return self.grants[-1] if self.grants else None

    async def save(self, grant: Grant) -> None:
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise Transient("the store is away")
        self.grants.append(grant)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def organisation(clock: VirtualClock) -> Organisation:
    return Organisation(clock=clock)


Make = Callable[..., Grants]


@pytest.fixture
def make(organisation: Organisation, clock: VirtualClock) -> Make:
    transport = httpx.ASGITransport(app=create_app(organisation, clock=clock))

    def made(store: Store, first: str | None = None, secret: str = "", **more: Any) -> Grants:
        identity = organisation.identity
        if first is None:
            first = str(identity.grant()["refresh_token"])
        return Grants(
            URL, identity.client_id, secret or identity.client_secret, load=store.load, save=store.save,
            clock=clock.now, first=first, transport=transport, **more,
        )  # fmt: skip

    return made


def identity_that(*replies: tuple[int, Any]) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """An identity service that gives these replies, one after the other, and then the last for ever."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        status, body = replies[min(len(asked), len(replies)) - 1]
        if status == 0:
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(status, json=body) if isinstance(body, dict) else httpx.Response(status, text=body)

    return httpx.MockTransport(answer), asked


def grants(store: Store, transport: httpx.MockTransport, clock: VirtualClock, first: str = "first") -> Grants:
    return Grants(
        URL, "id", "secret", load=store.load, save=store.save, clock=clock.now, first=first, transport=transport
    )


FRESH = {"access_token": "a2", "refresh_token": "r2", "expires_in": 1800, "scope": "offline_access accounting.contacts"}


async def test_the_first_grant_is_stored_before_it_is_used(make: Make, organisation: Organisation):
    store = Store()
    token = await make(store).token()
    assert [grant.access_token for grant in store.grants] == [token]
    assert organisation.identity.access(token)
    assert "accounting.contacts" in store.grants[0].scopes


async def test_a_good_token_is_used_again_and_an_old_one_renewed_in_time(
    make: Make, clock: VirtualClock, organisation: Organisation
):
    store = Store()
    held = make(store)
    first = await held.token()
    clock.move(20 * 60)
    assert await held.token() == first
    clock.move(9 * 60)  # a minute before it dies
    second = await held.token()
    assert second != first
    assert organisation.identity.refreshes == 2


async def test_a_hundred_calls_at_once_refresh_once(make: Make, organisation: Organisation):
    held = make(Store())
    tokens = await asyncio.gather(*(held.token() for _ in range(100)))
    assert len(set(tokens)) == 1
    assert organisation.identity.refreshes == 1
    await asyncio.gather(*(held.token(refused=tokens[0]) for _ in range(100)))
    assert organisation.identity.refreshes == 2


async def test_what_cannot_be_stored_is_not_used_and_not_lost(make: Make, organisation: Organisation):
    store = Store(failures=1)
    held = make(store)
    with pytest.raises(Transient, match="store is away"):
        await held.token()
    assert await held.token() == store.grants[0].access_token
    assert organisation.identity.refreshes == 1


async def test_a_crash_between_refresh_and_store_is_survived_within_the_grace(make: Make, clock: VirtualClock):
    store = Store()
    await make(store).token()
    clock.move(31 * 60)
    store.failures = 1
    with pytest.raises(Transient):
        await make(store).token()  # this process dies with the newest token unsaved
    clock.move(20 * 60)
    assert await make(store).token() == store.grants[-1].access_token


async def test_a_grant_renewed_by_another_process_is_found_in_the_store(
    make: Make, clock: VirtualClock, organisation: Organisation
):
    store = Store()
    ours, theirs = make(store), make(store, first="")
    await ours.token()
    for _ in range(3):  # ours holds a token that is older than any grace
        clock.move(31 * 60)
        await theirs.token()
    token = await ours.token()
    assert organisation.identity.access(token)
    assert store.grants[-1].access_token == token


async def test_a_dead_grant_parks_and_is_kept(make: Make, clock: VirtualClock, organisation: Organisation):
    store = Store()
    held = make(store)
    await held.token()
    kept = list(store.grants)
    organisation.identity.revoke(kept[-1].refresh_token)
    clock.move(31 * 60)
    with pytest.raises(
        Parked, match=r"no longer accepts the grant.*run `revmark connect xero`.*start the workers again"
    ) as error:
        await held.token()
    assert error.value.until == clock.now() + timedelta(hours=1)
    assert store.grants == kept


async def test_of_two_workers_that_refresh_at_once_the_first_goes_on(
    make: Make, clock: VirtualClock, organisation: Organisation
):
    store = Store()
    held = make(store)
    await held.token()
    clock.move(29 * 60)
    previous = store.grants[-1].refresh_token
    refused = await held.token()
    organisation.identity.refresh(previous)  # the other's: for Xero, what `held` got never existed
    assert await held.token(refused=refused) == store.grants[-1].access_token


async def test_a_grant_that_another_worker_could_not_store_is_asked_for_again_with_the_one_before(
    make: Make, clock: VirtualClock, organisation: Organisation
):
    store = Store()
    held = make(store, first="")
    store.grants.append(Grant("a", organisation.identity.grant()["refresh_token"], clock.now()))
    await held.token()
    organisation.identity.refresh(store.grants[0].refresh_token)  # a late worker's: its save was refused
    clock.move(28 * 60)
    again = make(store, first="")  # as after a restart: only what is stored is known
    assert await again.token() == store.grants[-1].access_token
    assert len(store.grants) == 3


async def test_whoever_has_lost_the_connection_refreshes_nothing(make: Make, organisation: Organisation):
    def lost() -> None:
        raise Stale("another worker has it")

    store = Store()
    held = make(store, ours=lost)
    with pytest.raises(Stale):
        await held.token()
    assert (organisation.identity.refreshes, store.grants) == (0, [])


async def test_connecting_again_mends_a_dead_grant(make: Make, clock: VirtualClock, organisation: Organisation):
    store = Store()
    held = make(store)
    await held.token()
    organisation.identity.revoke(store.grants[-1].refresh_token)
    clock.move(31 * 60)
    with pytest.raises(Parked):
        await held.token()
    new = organisation.identity.grant()
    store.grants.append(Grant("old", str(new["refresh_token"]), clock.now()))
    assert await held.token() == store.grants[-1].access_token


async def test_without_any_grant_a_person_is_asked_to_connect(make: Make):
    with pytest.raises(Parked, match="there is no grant for Xero yet"):
        await make(Store(), first="").token()


async def test_a_wrong_app_is_told_apart_from_a_dead_grant(clock: VirtualClock):
    transport, asked = identity_that((400, {"error": "invalid_client"}))
    with pytest.raises(Parked, match="REVMARK_XERO_CLIENT_ID"):
        await grants(Store(), transport, clock).token()
    assert len(asked) == 1


@pytest.mark.parametrize("reply", [(503, "<html>"), (500, {}), (429, ""), (0, ""), (200, "no json"), (200, {})])
async def test_an_identity_service_that_is_away_costs_nothing(reply: tuple[int, Any], clock: VirtualClock):
    store = Store([Grant("a1", "r1", clock.now())])
    transport, asked = identity_that(reply, (200, FRESH))
    held = grants(store, transport, clock)
    with pytest.raises(Transient):
        await held.token()
    assert await held.token() == "a2"
    assert all(b"refresh_token=r1" in request.content for request in asked)


async def test_one_invalid_grant_is_met_with_what_the_store_holds_now(clock: VirtualClock):
    store = Store([Grant("a1", "r1", clock.now() + timedelta(hours=1))])
    transport, asked = identity_that((400, {"error": "invalid_grant"}), (200, FRESH))
    held = grants(store, transport, clock)
    assert await held.token() == "a1"
    clock.move(2 * 60 * 60)
    store.grants.append(Grant("a9", "r9", clock.now()))
    assert await held.token() == "a2"
    assert [b"r1" in asked[0].content, b"r9" in asked[1].content] == [True, True]


async def test_credentials_travel_in_the_header_and_redirects_are_not_followed(clock: VirtualClock):
    transport, asked = identity_that((302, ""), (200, FRESH))
    held = grants(Store(), transport, clock)
    with pytest.raises(Transient):
        await held.token()
    await held.token()
    assert asked[1].headers["Authorization"].startswith("Basic ")
    assert b"secret" not in asked[1].content


def test_a_grant_survives_the_vault_and_shows_nothing():
    grant = Grant("access-sentinel", "refresh-sentinel", AT, ("offline_access",))
    vault, owner = Vault([b"k" * 32]), {"tenant": "acme", "platform": "xero", "purpose": "grant"}
    assert Grant.from_bytes(vault.open(vault.seal(grant.to_bytes(), **owner), **owner)) == grant
    assert "sentinel" not in repr(grant)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"access_token":"a-sentinel","refresh_token":"r"}'])
def test_what_is_no_grant_is_refused_without_showing_it(data: bytes):
    with pytest.raises(Refused, match="cannot be read") as error:
        Grant.from_bytes(data)
    assert "sentinel" not in error.value.message


async def test_who_connects_again_has_the_new_grant_used_before_the_kept_one(make: Make, organisation: Organisation):
    store = Store()
    before = await make(store).token()
    again = str(organisation.identity.grant("offline_access accounting.contacts accounting.payments")["refresh_token"])
    held = make(store, again)
    token = await held.token()
    assert token != before
    assert "accounting.payments" in store.grants[-1].scopes
    assert await held.token() == token
    assert await make(store, again).token() == token, "the next start has nothing new"


async def test_a_new_token_that_is_refused_leaves_the_kept_grant_in_use(make: Make, organisation: Organisation):
    store = Store()
    first = str(organisation.identity.grant()["refresh_token"])
    await make(store, first).token()
    held = make(store, "mistyped")
    assert organisation.identity.access(await held.token())
    refreshes = organisation.identity.refreshes
    await held.token()
    assert organisation.identity.refreshes == refreshes, "it is tried once"


async def test_a_grant_kept_by_an_earlier_version_is_used_as_it_is(clock: VirtualClock):
    transport, asked = identity_that((200, FRESH))
    kept = Grant("a1", "r1", AT + timedelta(days=400))
    assert await grants(Store([kept]), transport, clock, first="another").token() == "a1"
    assert not asked
