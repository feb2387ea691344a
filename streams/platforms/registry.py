"""Which platforms there are, how their records are translated, and how a client of each is made from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import httpx

from schemas.change import Change
from schemas.command import Command
from schemas.contract import Contract
from schemas.errors import SettingsError
from schemas.names import Entity, Platform
from schemas.sighting import Sighting
from streams.gateway.objects import TYPES, types_of
from streams.lanes.desk import Desk, while_ours
from streams.platforms.hubspot import forecast as hubspot_forecast
from streams.platforms.hubspot import translation as hubspot
from streams.platforms.hubspot.api import Api
from streams.platforms.hubspot.app_token import AppToken
from streams.platforms.hubspot.auth import Auth, OAuthGrant, StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.doors import files_door, journal_door
from streams.platforms.hubspot.journal import Journal
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.interface import PlatformClient, Seen, Unique
from streams.platforms.xero import forecast as xero_forecast
from streams.platforms.xero import translation as xero
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants
from streams.platforms.xero.payloads import draft
from streams.settings import Settings
from streams.vault import Vault

PLATFORMS: tuple[Platform, ...] = ("hubspot", "xero")
PURPOSE = "grant"


def translators(contract: Contract) -> Mapping[str, Callable[[Change], list[Sighting]]]:
    """How each platform's records become sightings under a contract."""
    return {
        "hubspot": partial(
            hubspot.sightings,
            erp=contract.platforms.erp,
            base_currency=contract.base_currency,
            shapes=shapes_of(contract),
        ),
        "xero": partial(
            xero.sightings,
            crm=contract.platforms.crm,
            hold_group=contract.credit_hold_group,
            base_currency=contract.base_currency,
            own=contract.shared,
        ),
    }


@dataclass(frozen=True, slots=True)
class Forecast:
    """What can be said of a platform's writes without calling it.

    `shown` gives the record that a create makes, under an id drawn from a name, and None for an update; it raises
    Refused for what the platform cannot take. `unique` says what no two records may share. `calls` counts the calls
    that a wave of commands needs; the limits are of calls a minute, and a day's on the smallest and the largest tier.
    """

    shown: Callable[[Command, str], Seen | None]
    unique: Mapping[Entity, Unique]
    calls: Callable[[Sequence[Command]], int]
    minute_limit: int
    day_limits: tuple[int, int]


def forecasts(contract: Contract) -> Mapping[str, Forecast]:
    """What each platform would do under a contract."""
    hubspot_shown = partial(hubspot_forecast.shown, shapes=shapes_of(contract))
    xero_shown = partial(xero_forecast.shown, own=contract.shared)
    return {
        "hubspot": Forecast(hubspot_shown, hubspot_forecast.UNIQUE, hubspot_forecast.calls, *hubspot_forecast.LIMITS),
        "xero": Forecast(xero_shown, xero_forecast.UNIQUE, xero_forecast.calls, *xero_forecast.LIMITS),
    }


def payloads(contract: Contract) -> Mapping[str, Callable[[Command], object]]:
    """What each platform's client makes of a command before it calls; it raises Refused for what it would not send."""
    hubspot = partial(hubspot_forecast.payload, shapes=shapes_of(contract))
    return {"hubspot": hubspot, "xero": partial(draft, own=contract.mappings)}


def client(platform: Platform, settings: Settings, contract: Contract, desk: Callable[[], Desk]) -> PlatformClient:
    """The client of the deployment's connection on a platform.

    Raises:
        SettingsError: its credentials are not complete.
    """
    if platform == "hubspot":
        return hubspot_client(
            settings,
            contract,
            hubspot_auth(settings, desk),
            journal=hubspot_journal(settings, contract),
            ours=lambda: desk().check(),
        )
    return _xero(settings, contract, desk)


def hubspot_auth(settings: Settings, desk: Callable[[], Desk] | None = None) -> Auth:
    """A static token where one is set, else the OAuth grant, kept on the lane's desk where there is one.

    Raises:
        SettingsError: there is neither.
    """
    token = settings.hubspot_token.get_secret_value()
    if token:
        return StaticToken(token)
    refresh = settings.hubspot_refresh_token.get_secret_value()
    if not refresh:
        raise SettingsError(
            "HubSpot has no credentials. Nothing was sent. Next: set REVMARK_HUBSPOT_TOKEN, or run `revmark connect "
            "hubspot`, then: revmark check"
        )
    safe = None if desk is None else _safe(settings, "hubspot", desk)
    return OAuthGrant(
        settings.hubspot_client_id,
        settings.hubspot_client_secret.get_secret_value(),
        refresh,
        base_url=settings.hubspot_url,
        version=settings.hubspot_version,
        clock=_now,
        load=None if safe is None else safe.load,
        keep=None if safe is None else safe.save,
    )


def hubspot_client(
    settings: Settings,
    contract: Contract,
    auth: Auth,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    journal: Journal | None = None,
    ours: Callable[[], None] = lambda: None,
) -> HubSpotClient:
    """The client of the deployment's portal; `transport` is the guarded network unless given."""
    return HubSpotClient(
        settings.hubspot_url,
        settings.hubspot_version,
        auth,
        transport=transport,
        timezone=contract.timezone,
        shapes=shapes_of(contract),
        journal=journal,
        ours=ours,
    )


def hubspot_journal(
    settings: Settings,
    contract: Contract | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Journal | None:
    """The webhooks journal of the deployment's portal; None: the settings do not enable it.

    Raises:
        SettingsError: it is enabled, and the app has no credentials or the address of its files cannot be called.
    """
    if not settings.hubspot_journal:
        return None
    secret = settings.hubspot_client_secret.get_secret_value()
    if not (settings.hubspot_client_id and secret):
        raise SettingsError(
            "HubSpot's webhooks journal is read with the app's own token: set REVMARK_HUBSPOT_CLIENT_ID and "
            "REVMARK_HUBSPOT_CLIENT_SECRET, or leave REVMARK_HUBSPOT_JOURNAL empty, then run: revmark check"
        )
    url, version, clock = settings.hubspot_url, settings.hubspot_version, clock or _now
    door = files_door(settings.hubspot_journal, url)
    token = AppToken(
        settings.hubspot_client_id, secret, base_url=url, version=version, clock=clock, transport=transport
    )
    api = Api(
        url,
        version,
        token,
        clock=clock,
        sleep=sleep,
        transport=transport,
        door=journal_door(url),
        credentials="REVMARK_HUBSPOT_CLIENT_SECRET",
    )
    types = TYPES if contract is None else types_of(contract)
    return Journal(api, door, settings.hubspot_portal, types=types, transport=transport)


def _safe(settings: Settings, platform: Platform, desk: Callable[[], Desk]) -> GrantSafe:
    vault = Vault.from_text(settings.secret_key.get_secret_value())
    return GrantSafe(vault, settings.tenant, platform, str(settings.connection(platform)), desk)


def xero_grants(
    settings: Settings,
    load: Callable[[], Awaitable[Grant | None]],
    save: Callable[[Grant], Awaitable[None]],
    *,
    ours: Callable[[], None] = lambda: None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Grants:
    """The grants of the deployment's Xero app, loaded and kept as told; `transport` is guarded unless given."""
    return Grants(
        settings.xero_identity_url,
        settings.xero_client_id,
        settings.xero_client_secret.get_secret_value(),
        load=load,
        save=save,
        clock=_now,
        first=settings.xero_refresh_token.get_secret_value(),
        ours=ours,
        transport=transport,
    )


def xero_client(
    settings: Settings,
    contract: Contract,
    grants: Grants,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ours: Callable[[], None] = lambda: None,
) -> XeroClient:
    """The client of the deployment's organisation; `transport` is the guarded network unless given."""
    return XeroClient(
        settings.xero_url,
        settings.xero_tenant,
        grants,
        clock=_now,
        sleep=sleep,
        transport=transport,
        hold_group=contract.credit_hold_group,
        minute_calls=settings.xero_minute_calls,
        own=contract.shared,
        ours=ours,
    )


def _xero(settings: Settings, contract: Contract, desk: Callable[[], Desk]) -> PlatformClient:
    safe = _safe(settings, "xero", desk)

    async def load() -> Grant | None:
        kept = await safe.load()
        return None if kept is None else Grant.from_bytes(kept.encode())

    async def save(grant: Grant) -> None:
        await safe.save(grant.to_bytes().decode())

    def ours() -> None:
        desk().check()

    grants = xero_grants(settings, load, save, ours=ours)
    return xero_client(settings, contract, grants, sleep=while_ours(desk), ours=ours)


class GrantSafe:
    """Keeps a connection's grant sealed in the lane's table, so that whoever owns the lane next has the newest."""

    def __init__(
        self, vault: Vault, tenant: str, platform: Platform, connection: str, desk: Callable[[], Desk]
    ) -> None:
        """Keep the grant of `connection` on the desk that its lane works on."""
        self._vault = vault
        self._owner = {"tenant": tenant, "platform": platform, "purpose": PURPOSE}
        self._key = f"{connection}|grant"
        self._desk = desk

    async def load(self) -> str | None:
        """The grant's text as last stored; what an older key has sealed is sealed anew, so that the key can go."""
        sealed = self._desk().cursors.get(self._key)
        if not sealed:
            return None
        grant = self._vault.open(sealed, **self._owner).decode()
        if self._vault.stale(sealed):
            await self.save(grant)
        return grant

    async def save(self, grant: str) -> None:
        """Store a grant's text; when this returns, the broker has it."""
        desk = self._desk()
        desk.cursors[self._key] = self._vault.seal(grant.encode(), **self._owner)
        await desk.write()


def _now() -> datetime:
    return datetime.now(UTC)
