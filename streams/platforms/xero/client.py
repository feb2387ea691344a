"""Xero as a platform: read, poll, write and look up for one organisation.

In: commands, ids, cursors. Out: records as Xero showed them and what became of each command. The parts are beside this
file; this one puts them together. Invariant: it holds no state that must survive; a restart loses counts that the next
reply's headers restore, and the last look at the hold group, which the contact poll's cursor keeps.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Unpack

import httpx

from schemas.command import Command
from schemas.names import Platform, Side
from streams.platforms.interface import Asks, Manner, Page, PlatformClient, Seen, Written
from streams.platforms.xero.connection import Auth, Connection
from streams.platforms.xero.holds import Holds
from streams.platforms.xero.kinds import KINDS, PAGE_SIZE
from streams.platforms.xero.lookup import Finder
from streams.platforms.xero.polling import Poller
from streams.platforms.xero.quota import MINUTE_CALLS, Clock, Quota, Sleep
from streams.platforms.xero.reading import Reader
from streams.platforms.xero.translation import HOLD_GROUP, NONE, Own
from streams.platforms.xero.writing import Writer


class XeroClient:
    """One organisation's client."""

    platform: Platform = "xero"
    side: Side = Side.ERP
    kinds: tuple[str, ...] = tuple(KINDS)

    def __init__(
        self,
        url: str,
        organisation: str,
        auth: Auth,
        *,
        clock: Clock,
        sleep: Sleep,
        transport: httpx.AsyncBaseTransport | None = None,
        http: type[httpx.AsyncClient] = httpx.AsyncClient,
        hold_group: str = HOLD_GROUP,
        page_size: int = PAGE_SIZE,
        minute_calls: int = MINUTE_CALLS,
        own: Own = NONE,
        ours: Callable[[], None] = lambda: None,
    ) -> None:
        """Put the parts together. Nothing is called yet.

        Args:
            url: of the API's host, as https://api.xero.com.
            organisation: Xero's tenant id.
            auth: gives access tokens; closed with the client.
            clock: aware UTC now.
            sleep: waits that many seconds, for waits of up to five.
            transport: the guarded network unless given.
            http: the client that sends through it.
            hold_group: name of the contact group that means credit hold.
            page_size: records a page of a poll, 1 to 1000.
            minute_calls: Xero's limit of calls a minute.
            own: the fields of the customer's own, as the contract maps them.
            ours: raises when the connection may be another worker's by now; asked before each write.
        """
        self.quota = Quota(clock, sleep, minute_calls=minute_calls)
        self.connection = Connection(
            url, organisation, auth, self.quota, clock=clock, transport=transport, http=http, ours=ours
        )
        holds = Holds(self.connection, hold_group)
        self._reader = Reader(self.connection, holds)
        self._poller = Poller(self.connection, self._reader, holds, self.quota, clock, page_size=page_size)
        self._finder = Finder(self.connection, self._reader, own)
        self._writer = Writer(self.connection, self._reader, holds, self._finder, clock, own)

    async def read(self, kind: str, record_ids: Sequence[str]) -> list[Seen]:
        """Read records now; of invoices and credit notes also what moved with them."""
        return await self._reader.read(kind, record_ids)

    def poll(self, kind: str, cursor: str | None, **manner: Unpack[Manner]) -> AsyncIterator[Page]:
        """Read what changed since `cursor`."""
        return self._poller.poll(kind, cursor, **manner)

    def since(self, kind: str, at: datetime) -> str:
        """The cursor of a poll that reads what was modified from `at` on."""
        return self._poller.since(kind, at)

    async def write(self, commands: Sequence[Command]) -> list[Written]:
        """Write, one answer per command."""
        return await self._writer.write(commands)

    async def look_up(self, command: Command) -> Written | None:
        """Find out whether a command whose answer was lost has been applied; None: it has not."""
        return await self._finder.look_up(command)

    def look_up_many(self, commands: Sequence[Command]) -> AsyncIterator[Mapping[str, Written | None]]:
        """Find out about many, by lists of what they were named."""
        return self._finder.look_up_many(commands)

    def spent(self) -> list[int]:
        """The calls that Xero's minute still holds."""
        return self.quota.spent()

    def resume(self, spent: Sequence[int]) -> None:
        """Go on where another worker's minute stands."""
        self.quota.resume(spent)

    async def close(self) -> None:
        """Release connections."""
        await self.connection.close()


def _fulfils(client: XeroClient) -> tuple[PlatformClient, Asks]:
    """Held by the type checker: this is what a platform must offer, and what this one can besides."""
    return client, client
