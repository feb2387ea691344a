"""The OAuth grant of one organisation: refreshed by one, stored before it is used.

In: the stored grant, or the first refresh token from the settings. Out: access tokens. Invariants: a new refresh token
is saved before the access token that came with it is used, because the old one is dead after a grace of 30 minutes
(facts B1); a grant is never deleted on one `invalid_grant`; at most one refresh is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import httpx

from schemas.errors import Parked, Refused, Transient
from schemas.instants import parse_instant
from schemas.wire import decode, decode_answer, encode
from streams.platforms.outbound import client
from streams.platforms.xero.doors import token_door

EARLY = timedelta(minutes=2)  # refresh before the 30 minutes end, so that no call starts with a dying token
PROBE = timedelta(hours=1)  # a person has to act; look again now and then
DEFAULT_LIFE = timedelta(minutes=30)  # where the reply does not say (facts B1)
ANEW = "start the workers again: they read the settings only then"
CONNECT = f"run `revmark connect xero`, then `revmark check`, and {ANEW}"
MARK_BYTES = 8  # tells the refresh tokens of one deployment's settings apart


@dataclass(frozen=True, slots=True)
class Grant:
    """What Xero gave; never shown in a repr.

    `previous` is the refresh token that it was given for. Within the grace it works again where this grant was lost to
    another worker, which had an answer to the same token later and could not store it.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...] = ()
    began: str = ""  # a mark of the refresh token in the settings when it was given
    previous: str = field(default="", repr=False)

    def to_bytes(self) -> bytes:
        """The grant as it goes into the vault."""
        return encode(
            {
                "access_token": self.access_token,
                "refresh_token": self.refresh_token,
                "expires_at": self.expires_at.isoformat(),
                "scopes": list(self.scopes),
                "began": self.began,
                "previous": self.previous,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Grant:
        """Read what `to_bytes` wrote.

        Raises:
            Refused: it is something else; the message holds none of it.
        """
        try:
            value = decode(data)
            return cls(
                access_token=str(value["access_token"]),
                refresh_token=str(value["refresh_token"]),
                expires_at=parse_instant(value["expires_at"]),
                scopes=tuple(value["scopes"]),
                began=str(value.get("began") or ""),
                previous=str(value.get("previous") or ""),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(f"the stored grant cannot be read: {CONNECT}", code="grant") from error


Load = Callable[[], Awaitable[Grant | None]]
Save = Callable[[Grant], Awaitable[None]]


class Grants:
    """Gives access tokens, and refreshes the grant when it is due."""

    def __init__(
        self,
        identity_url: str,
        client_id: str,
        client_secret: str,
        *,
        load: Load,
        save: Save,
        clock: Callable[[], datetime],
        first: str = "",
        ours: Callable[[], None] = lambda: None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Keep what a refresh needs; `first` is the refresh token to begin with when nothing is stored.

        `ours` raises where the connection is another worker's by now: what it would be given, nobody could store.
        """
        self._url = f"{identity_url.rstrip('/')}/connect/token"
        self._basic = httpx.BasicAuth(client_id, client_secret)
        self._load = load
        self._save = save
        self._clock = clock
        self._first = first
        self._ours = ours
        self._http = client(token_door(identity_url), transport, timeout=30.0)
        self._lock = asyncio.Lock()
        self._grant: Grant | None = None
        self._unsaved: Grant | None = None
        self._asked_anew = False

    async def token(self, *, refused: str = "") -> str:
        """An access token that Xero has not yet `refused`.

        Raises:
            Parked: no grant is left that works; a person has to connect again.
            Transient: Xero's identity service did not answer; the grant is as good as before.
        """
        async with self._lock:
            grant = await self._current()
            anew = grant is not None and self._connected_anew(grant)
            if grant and not anew and grant.access_token != refused and grant.expires_at - self._clock() > EARLY:
                return grant.access_token
            return (await self._refresh(grant, first=anew)).access_token

    async def close(self) -> None:
        """Release connections."""
        await self._http.aclose()

    async def _current(self) -> Grant | None:
        if self._unsaved:  # the last save failed; until it succeeds this grant is used by nobody
            await self._keep(self._unsaved)
        if self._grant is None:
            self._grant = await self._load()
        return self._grant

    async def _keep(self, grant: Grant) -> None:
        self._unsaved = grant
        await self._save(grant)
        self._grant, self._unsaved = grant, None

    def _connected_anew(self, grant: Grant) -> bool:
        """Whether the settings have got another token since, which may be granted more; asked once."""
        if self._asked_anew or not self._first or not grant.began or self._first == grant.refresh_token:
            return False
        self._asked_anew = True
        return grant.began != _mark(self._first)

    async def _refresh(self, grant: Grant | None, *, first: bool = False) -> Grant:
        candidates = [self._first if first or grant is None else grant.refresh_token]
        tried: list[str] = []
        while candidate := next((each for each in candidates if each and each not in tried), ""):
            tried.append(candidate)
            self._ours()
            if fresh := await self._ask(candidate):
                # 1. stored, 2. used: a crash between the two loses nothing.
                await self._keep(fresh)
                return fresh
            # Somebody may have connected again, or another process has refreshed: the store knows the newest.
            stored = await self._load()
            known = [stored.refresh_token, stored.previous] if stored else []
            candidates = [*known, grant.previous if grant else "", self._first]
        why = "Xero no longer accepts the grant" if tried else "there is no grant for Xero yet"
        raise Parked(f"{why}; nothing is lost, work waits: {CONNECT}", until=self._clock() + PROBE, code="grant")

    async def _ask(self, refresh_token: str) -> Grant | None:
        """A new grant; None when this token is dead."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            reply = await self._http.post(
                self._url, data=form, auth=self._basic, headers={"Accept": "application/json"}
            )
        except httpx.HTTPError as error:
            # The answer may be lost: the same token still works within the grace, so nothing is thrown away.
            raise Transient("Xero's identity service did not answer", code="identity") from error
        value = decode_answer(reply.content)
        if reply.is_success and value.get("access_token"):
            return self._granted(value, refresh_token)
        said = str(value.get("error") or reply.status_code)
        if said == "invalid_grant":
            return None
        if said in {"invalid_client", "unauthorized_client"} or reply.status_code == httpx.codes.UNAUTHORIZED:
            why = "Xero does not know this app: mend REVMARK_XERO_CLIENT_ID and REVMARK_XERO_CLIENT_SECRET"
            raise Parked(f"{why}, run `revmark check`, and {ANEW}", until=self._clock() + PROBE, code="client")
        raise Transient(f"Xero's identity service answered {said}", code="identity")

    def _granted(self, value: dict[str, Any], refresh_token: str) -> Grant:
        life = value.get("expires_in")
        seconds = timedelta(seconds=life) if isinstance(life, int) else DEFAULT_LIFE
        return Grant(
            access_token=str(value["access_token"]),
            refresh_token=str(value.get("refresh_token") or refresh_token),
            expires_at=self._clock() + seconds,
            scopes=tuple(str(value.get("scope") or "").split()),
            began=_mark(self._first),
            previous=refresh_token,
        )


def _mark(token: str) -> str:
    return blake2b(token.encode(), digest_size=MARK_BYTES, person=b"revmark-began").hexdigest() if token else ""
