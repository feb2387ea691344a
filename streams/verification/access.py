"""Access: both accounts, called as the workers call them, in their name and beside them.

In: settings, the contract. Out: the portal and the books. Invariants: while workers run Xero's grant is theirs to
renew, and what they hold is borrowed; the calls that they have made in this minute count here too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from schemas.contract import Contract
from schemas.errors import Transient
from streams.checkup.grant import Keeper, none_stored, stored
from streams.platforms.hubspot.api import Api
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.registry import hubspot_auth, xero_grants
from streams.platforms.xero.connection import Auth, Connection
from streams.platforms.xero.grants import Grant
from streams.platforms.xero.quota import Quota
from streams.settings import Settings
from streams.verification.books import Books
from streams.verification.portal import Portal


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Borrowed:
    """The access token that the workers hold. They renew it before it ends; here it is only read again."""

    settings: Settings
    clock: Callable[[], datetime] = _now
    grant: Grant | None = None

    async def token(self, *, refused: str = "") -> str:
        """The workers' token.

        Raises:
            Transient: theirs has ended, and they have not called Xero since; or Kafka does not tell it.
            SettingsError: it is sealed with a key that is not held here.
        """
        if not self._lives(refused):
            self.grant = await stored(self.settings)
        if self.grant is None or not self._lives(refused):
            raise Transient("the workers' token for Xero has ended; they renew it with their next call", code="token")
        return self.grant.access_token

    async def close(self) -> None:
        """Nothing is held."""

    def _lives(self, refused: str) -> bool:
        return self.grant is not None and self.grant.access_token != refused and self.grant.expires_at > self.clock()


def api(settings: Settings, contract: Contract, *, transport: httpx.AsyncBaseTransport | None = None) -> Api:
    """HubSpot's API, as the workers call it; `transport` is the guarded network unless given.

    Raises:
        SettingsError: its credentials are not complete.
    """
    return Api(
        settings.hubspot_url,
        settings.hubspot_version,
        hubspot_auth(settings),
        clock=_now,
        sleep=asyncio.sleep,
        timezone=contract.timezone,
        transport=transport,
    )


def connection(
    settings: Settings,
    *,
    working: bool,
    spent: Sequence[int],
    keep: Callable[[str], None] | None = None,
    alone: bool = False,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Connection:
    """Xero's API. `working`: workers run, and have `spent` calls lately; else the grant is ours, and kept with `keep`.

    `alone`: somebody says that no worker runs anywhere, so that Kafka is not asked which grant is stored.

    Raises:
        SettingsError: its credentials are not complete.
    """
    quota = Quota(_now, asyncio.sleep, minute_calls=settings.xero_minute_calls)
    quota.resume(spent)
    auth: Auth = Borrowed(settings)
    if not working:
        keeper = Keeper(settings, keep, none_stored if alone else stored)
        auth = xero_grants(settings, keeper.load, keeper.save, transport=transport)
    return Connection(settings.xero_url, settings.xero_tenant, auth, quota, clock=_now, transport=transport)


def portal(settings: Settings, contract: Contract) -> Portal:
    """HubSpot's side.

    Raises:
        SettingsError: its credentials are not complete.
    """
    return Portal(api(settings, contract), shapes_of(contract))


def books(
    settings: Settings, *, working: bool, spent: Sequence[int], keep: Callable[[str], None] | None = None
) -> Books:
    """Xero's side; see `connection`.

    Raises:
        SettingsError: its credentials are not complete.
    """
    return Books(connection(settings, working=working, spent=spent, keep=keep))
