"""Onlookers: the platforms' clients, without the means to write.

In: settings. Out: a client and a count of its calls. Invariant: held twice, for it is what a plan promises: the client
refuses to write, and the transport lets no request pass that is no reading.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Never, Unpack

import httpx

from schemas.command import Command
from schemas.contract import Contract
from schemas.errors import Fatal
from schemas.names import Entity, Platform
from streams.checkup.grant import Keeper
from streams.platforms.hubspot import doors as hubspot
from streams.platforms.interface import Knows, Manner, Page, PlatformClient, Seen, Written
from streams.platforms.outbound import Outbound
from streams.platforms.registry import hubspot_auth, hubspot_client, xero_client, xero_grants
from streams.platforms.xero import doors as xero
from streams.settings import Settings

READS_BY_POST = ("/search", "/batch/read")  # what HubSpot is asked with a body
NOTHING_WRITTEN = "a plan writes nothing; this call was stopped before it left"


class Watched(httpx.AsyncBaseTransport):
    """Counts requests, and stops those that are no readings."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        """Pass on to `inner`."""
        self._inner = inner
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a reading on.

        Raises:
            Fatal: it is none.
        """
        by_post = request.method == "POST" and request.url.path.endswith(READS_BY_POST)
        if request.method != "GET" and not by_post:
            raise Fatal(f"{NOTHING_WRITTEN}: {request.method} {request.url.path}")
        self.calls += 1
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Release connections."""
        await self._inner.aclose()


class Onlooker:
    """A client that reads."""

    def __init__(self, client: PlatformClient, watched: Watched) -> None:
        """Read through `client`, whose transport is `watched`."""
        self._client = client
        self._watched = watched
        self.platform = client.platform
        self.side = client.side
        self.kinds = client.kinds

    @property
    def calls(self) -> int:
        """How many calls it has made."""
        return self._watched.calls

    async def read(self, kind: str, record_ids: Sequence[str]) -> list[Seen]:
        """Read records now."""
        return await self._client.read(kind, record_ids)

    def poll(self, kind: str, cursor: str | None, **manner: Unpack[Manner]) -> AsyncIterator[Page]:
        """Read what changed since `cursor`."""
        return self._client.poll(kind, cursor, **manner)

    def since(self, kind: str, at: datetime) -> str:
        """The cursor of a poll that reads what was modified from `at` on."""
        return self._client.since(kind, at)

    async def write(self, commands: Sequence[Command]) -> Never:
        """Refuse.

        Raises:
            Fatal: always.
        """
        raise Fatal(f"{NOTHING_WRITTEN}: {len(commands)} commands")

    async def look_up(self, command: Command) -> Written | None:
        """Find out whether a command has been applied."""
        return await self._client.look_up(command.model_copy(update={"compare": False}))  # it would put edits back

    async def known_by(self, entity: Entity, values: Sequence[str]) -> Mapping[str, str]:
        """Those of the values by which the platform finds a record that shows another one: value -> reference."""
        return await self._client.known_by(entity, values) if isinstance(self._client, Knows) else {}

    def spent(self) -> list[int]:
        """The calls that still count."""
        return self._client.spent()

    def resume(self, spent: Sequence[int]) -> None:
        """Count others' calls as well."""
        self._client.resume(spent)

    async def close(self) -> None:
        """Release connections."""
        await self._client.close()


def _fulfils(client: Onlooker) -> PlatformClient:
    """Held by the type checker: this is what a lane works with."""
    return client


def onlooker(
    platform: Platform,
    settings: Settings,
    contract: Contract,
    *,
    keep: Callable[[str], None] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Onlooker:
    """The onlooker of the deployment's connection on a platform.

    Args:
        platform: which.
        settings: the deployment's.
        contract: for the portal's time zone and the name of the hold group.
        keep: stores Xero's next refresh token where settings are read from, as for `revmark check`.
        transport: the guarded network unless given.

    Raises:
        SettingsError: its credentials are not complete.
    """
    door = hubspot.api_door(settings.hubspot_url) if platform == "hubspot" else xero.api_door(settings.xero_url)
    watched = Watched(transport or Outbound(door))
    if platform == "hubspot":
        return Onlooker(hubspot_client(settings, contract, hubspot_auth(settings), transport=watched), watched)
    keeper = Keeper(settings, keep)
    grants = xero_grants(settings, keeper.load, keeper.save, transport=transport)
    return Onlooker(xero_client(settings, contract, grants, transport=watched), watched)
