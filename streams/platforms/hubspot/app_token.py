"""The app's own token, which reads the webhooks journal and nothing of any portal.

In: the app's id and secret. Out: bearer tokens. Invariant: one request at a time; nothing is kept, for it is asked for
anew with what the settings hold.
Source: HubSpot, "manage OAuth tokens" and the guide to the webhooks journal (client credentials, 30 minutes).
Unverified: whether reading asks for the scopes of the subscribed objects as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx

from schemas.errors import Parked
from streams.platforms.hubspot.auth import asked
from streams.platforms.hubspot.doors import token_door
from streams.platforms.hubspot.limits import ANSWER_SECONDS, CONNECT_SECONDS, PROBE, TOKEN_MARGIN
from streams.platforms.outbound import client

SCOPE = "developer.webhooks_journal.read"


class AppToken:
    """Fulfils `Auth` with the app's id and secret."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        base_url: str,
        version: str,
        clock: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`version` is the date-based one of the API."""
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": SCOPE,
        }
        self._path = f"/oauth/{version}/token"
        self._clock = clock
        self._lock = asyncio.Lock()
        self._access: str | None = None
        self._ends: datetime | None = None
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._http = client(token_door(base_url), transport, base_url=base_url, timeout=timeout)

    async def token(self) -> str:
        """The token, asked for anew when it ends within a minute."""
        async with self._lock:
            if self._access is None or self._ends is None or self._clock() >= self._ends - TOKEN_MARGIN:
                await self._ask()
            return str(self._access)

    async def renew(self, refused: str) -> bool:
        """Ask for another, unless another call has done so since."""
        async with self._lock:
            if self._access == refused:
                await self._ask()
            return True

    async def close(self) -> None:
        """Release connections."""
        await self._http.aclose()

    async def _ask(self) -> None:
        body, why = await asked(self._http, self._path, self._form, self._clock)
        if body is None:
            raise Parked(
                f"hubspot: the app may not read the webhooks journal ({why}). Polls go on. Set "
                f"REVMARK_HUBSPOT_CLIENT_ID and REVMARK_HUBSPOT_CLIENT_SECRET, and give the app the scope {SCOPE}",
                until=self._clock() + PROBE,
                code="grant_refused",
            )
        life = body.get("expires_in")
        self._access = str(body["access_token"])
        self._ends = self._clock() + timedelta(seconds=life if isinstance(life, int) else 0)
