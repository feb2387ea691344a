"""Whose name the calls are made in: a static token, or an OAuth grant that renews itself.

In: credentials, and the refresh token as last kept. Out: bearer tokens. Invariant: one renewal at a time, however many
calls wait for it; a refresh token that comes back is kept before the access token beside it is used, and the newest one
that was kept wins over the one in the settings.
Source: HubSpot, "manage OAuth tokens" (access tokens last 30 minutes; refresh tokens are said not to rotate).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx

from schemas.errors import Parked, Throttled, Transient
from schemas.wire import decode_answer
from streams.platforms.hubspot.doors import token_door
from streams.platforms.hubspot.limits import ANSWER_SECONDS, CONNECT_SECONDS, INTERVAL, PROBE, TOKEN_MARGIN
from streams.platforms.outbound import client

TOO_MANY = 429
SERVER_ERROR = 500


class Auth(Protocol):
    """Gives tokens."""

    async def token(self) -> str:
        """A token that should be valid now.

        Raises:
            Parked, Throttled, Transient: there is none to be had; nothing was sent with an old one.
        """
        ...

    async def renew(self, refused: str) -> bool:
        """HubSpot refused this token. True when there is another one to try."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class StaticToken:
    """The token of a private app or a service key. It cannot be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        """The token."""
        return self._token

    async def renew(self, refused: str) -> bool:  # noqa: ARG002 - there is only one
        """Never."""
        return False

    async def close(self) -> None:
        """Nothing is held."""


class OAuthGrant:
    """An OAuth grant: renews its access token before it ends, or when HubSpot refuses it."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        *,
        base_url: str,
        version: str,
        clock: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None = None,
        load: Callable[[], Awaitable[str | None]] | None = None,
        keep: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """`refresh_token` is the first one; `keep` stores one that differs, and `load` gives the one last stored."""
        self._form = {"grant_type": "refresh_token", "client_id": client_id, "client_secret": client_secret}
        self._first = refresh_token
        self._path = f"/oauth/{version}/token"
        self._clock = clock
        self._load = load
        self._keep = keep
        self._lock = asyncio.Lock()
        self._newest: str | None = None
        self._unkept: str | None = None
        self._access: str | None = None
        self._ends: datetime | None = None
        self._http = client(
            token_door(base_url),
            transport,
            base_url=base_url,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )

    async def token(self) -> str:
        """The access token, renewed first when it ends within a minute."""
        async with self._lock:
            if self._access is None or self._ends is None or self._clock() >= self._ends - TOKEN_MARGIN:
                await self._renew()
            return str(self._access)

    async def renew(self, refused: str) -> bool:
        """Renew, unless another call has done so since."""
        async with self._lock:
            if self._access == refused:
                await self._renew()
            return True

    async def close(self) -> None:
        """Release connections."""
        await self._http.aclose()

    async def _renew(self) -> None:
        # Renewing is harmless to repeat, so a lost answer is only a hiccup.
        why, tried = "", set[str]()
        while (candidate := await self._candidate(tried)) is not None:
            tried.add(candidate)
            body, why = await self._ask(candidate)
            if body is None:
                continue  # somebody may have connected again, or another worker has renewed it
            fresh = body.get("refresh_token")
            await self._store(fresh if isinstance(fresh, str) and fresh else candidate)
            life = body.get("expires_in")
            self._access = str(body["access_token"])
            self._ends = self._clock() + timedelta(seconds=life if isinstance(life, int) else 0)
            return
        raise Parked(
            f"hubspot: the grant is refused ({why}). Nothing was sent. Run: revmark connect hubspot, "
            "then: revmark check, and start the workers again",
            until=self._clock() + PROBE,
            code="grant_refused",
        )

    async def _candidate(self, tried: set[str]) -> str | None:
        """The refresh token to try next: ours, the one last kept, the one in the settings."""
        if self._unkept is not None:  # keeping it failed; until it is kept it is used by nobody
            await self._store(self._unkept)
        if self._newest is not None and self._newest not in tried:
            return self._newest
        kept = await self._load() if self._load is not None else None
        return next((each for each in (kept, self._first) if each and each not in tried), None)

    async def _store(self, fresh: str) -> None:
        if fresh not in {self._newest, self._first} and self._keep is not None:
            self._unkept = fresh
            await self._keep(fresh)
        self._newest, self._unkept = fresh, None

    async def _ask(self, refresh_token: str) -> tuple[dict[str, Any] | None, str]:
        """The answer that holds an access token; None, and why, when this refresh token is refused."""
        return await asked(self._http, self._path, {**self._form, "refresh_token": refresh_token}, self._clock)


async def asked(
    http: httpx.AsyncClient, path: str, form: Mapping[str, str], clock: Callable[[], datetime]
) -> tuple[dict[str, Any] | None, str]:
    """The answer to a token request; None, and why, when it is refused.

    Raises:
        Throttled, Transient: it may be asked again.
    """
    try:
        reply = await http.post(path, data=dict(form))
    except httpx.HTTPError as error:
        raise Transient(f"hubspot: the token could not be renewed ({type(error).__name__})", code="oauth") from error
    body = decode_answer(reply.content)
    if reply.status_code == TOO_MANY:
        raise Throttled("hubspot: too many token renewals", until=clock() + INTERVAL, code="429")
    if reply.status_code >= SERVER_ERROR:
        raise Transient(f"hubspot: the token could not be renewed ({reply.status_code})", code="oauth")
    if reply.is_success and isinstance(body.get("access_token"), str):
        return body, ""
    return None, str(body.get("status") or body.get("error") or reply.status_code)
