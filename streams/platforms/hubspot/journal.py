"""The webhooks journal: HubSpot's own log of what changed, read as a feed beside polls.

In: where it was left. Out: stretches, in order. Invariants: the place moves behind what was told and never over it;
an offset that is not kept any more says so, and the feed begins anew at its newest entry, whose place is taken before
everything is read. A file is fetched from the one host that the settings name, without a token, whatever its address.
Source: HubSpot's guide to the webhooks journal and its 2026-09 specification: an entry is {url, expiresAt,
currentOffset}, an offset that has expired is a 404, entries are kept for three days. Unverified: that the end is a 204.
A 404 of the newest entry is therefore taken for the end as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import Transient
from schemas.instants import to_millis
from schemas.wire import decode_platform
from streams.gateway.objects import TYPES
from streams.platforms.door import Door
from streams.platforms.hubspot.api import Api
from streams.platforms.hubspot.entries import understood
from streams.platforms.hubspot.limits import ANEW_EVERY, ANSWER_SECONDS, CONNECT_SECONDS, FILE_BYTES, RETENTION, STRETCH
from streams.platforms.interface import Mention, Stretch
from streams.platforms.outbound import client

NOT_FOUND = 404
_OFFSET = re.compile(r"[0-9A-Za-z_-]{1,100}")  # a UUID, it is said; it goes into a path
_KEPT = RETENTION // timedelta(milliseconds=1)  # milliseconds
_ANEW = ANEW_EVERY // timedelta(milliseconds=1)  # milliseconds


class Place(BaseModel):
    """Behind which entry the feed stands, and how much of the next one's file has been told.

    Without an offset nothing was in the journal when it was `asked` (milliseconds, ours): what comes is its earliest.
    `begun` is when it last began anew (the same).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: str | None = None
    taken: int = Field(default=0, ge=0)
    asked: int = 0
    begun: int = 0

    def text(self) -> str:
        """As the lane keeps it."""
        return self.model_dump_json(exclude_defaults=True)


@dataclass(frozen=True, slots=True)
class Found:
    """An entry: its offset and where its file is."""

    offset: str
    url: str


class Journal:
    """One portal's part of the app's journal; fulfils `Feed`."""

    def __init__(
        self,
        api: Api,
        files: Door,
        portal: str,
        *,
        types: Mapping[str, str] = TYPES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Call through `api`, which has the app's own token; entries of other portals than `portal` are passed over.

        `types`: the object types that are followed under the contract.
        """
        self._types = types
        self._api = api
        self._portal = portal
        self._path = f"/webhooks-journal/journal/{api.version}"
        # another host: no header of ours goes there
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._files = client(files, transport, timeout=timeout, headers={"user-agent": "revmark"})

    async def follow(self, cursor: str | None) -> AsyncIterator[Stretch]:
        """Read on behind `cursor`; where there is none, from the newest entry on."""
        place = parse_place(cursor)
        if place is None:
            place = await self._newest()
            yield Stretch([], place.text(), complete=place.offset is None)
            if place.offset is None:
                return
        while True:
            try:
                found = await self._next(place)
            except _LostError:
                newest = await self._newest()
                if newest.offset is None or newest.offset != place.offset:
                    place = self._begun_anew(place, newest)
                    yield Stretch([], place.text(), complete=place.offset is None, anew=True)
                    if place.offset is not None:
                        continue
                    return
                found = None
            if found is None:
                yield Stretch([], self._resting(place).text(), complete=True)
                return
            entries = await self._entries(found)
            behind = Place(offset=found.offset, begun=place.begun)
            for start in range(place.taken, max(len(entries), place.taken + 1), STRETCH):
                end = start + STRETCH
                within = place.model_copy(update={"taken": end}) if end < len(entries) else behind
                yield _told(entries[start:end], within, self._portal, self._types)
            place = behind

    async def look(self) -> int | None:
        """How many events the newest file holds; None: nothing is in the journal. For `revmark check`."""
        found = await self._entry("/latest")
        return None if found is None else len(await self._entries(found))

    async def close(self) -> None:
        """Release connections."""
        await self._files.aclose()
        await self._api.close()

    async def _newest(self) -> Place:
        """Behind the newest entry."""
        found = await self._entry("/latest")
        return self._resting(Place(offset=None if found is None else found.offset))

    def _begun_anew(self, lost: Place, newest: Place) -> Place:
        """The newest place, from which the feed goes on once everything is read.

        Raises:
            Transient: it began anew a moment ago. What HubSpot does not know now is then none that expired, and who
                reads everything each time comes to no end.
        """
        now = to_millis(self._api.clock())
        if now - lost.begun < _ANEW:
            raise Transient("hubspot's journal does not know an offset that it gave within the hour", code="journal")
        return newest.model_copy(update={"begun": now})

    def _resting(self, place: Place) -> Place:
        return place if place.offset else place.model_copy(update={"asked": to_millis(self._api.clock())})

    async def _next(self, place: Place) -> Found | None:
        """The entry behind a place; None: it is the last.

        Raises:
            _LostError: what lies behind it may not be kept any more.
        """
        if place.offset is None:
            if to_millis(self._api.clock()) - place.asked > _KEPT:
                raise _LostError
            return await self._entry("/earliest")
        found = await self._entry(f"/offset/{quote(place.offset, safe='')}/next", lost=True)
        if found is not None and found.offset == place.offset:
            raise Transient("hubspot's journal stands still: its next entry is the one before", code="paging")
        return found

    async def _entry(self, path: str, *, lost: bool = False) -> Found | None:
        """An entry; None where there is none, which is `lost` where one was named that is not there."""
        params = {"installPortalId": self._portal} if self._portal else {}
        reply = await self._api.get(self._path + path, params)
        if reply.status == NOT_FOUND:
            if lost:
                raise _LostError
            return None
        body = reply.granted().body
        if not body:
            return None
        offset, url = body.get("currentOffset"), body.get("url")
        if not isinstance(offset, str) or not _OFFSET.fullmatch(offset) or not isinstance(url, str):
            raise Transient("hubspot's journal showed an entry without an offset or an address", code="malformed")
        return Found(offset, url)

    async def _entries(self, found: Found) -> list[Any]:
        """What the file of an entry holds.

        Raises:
            Transient: it is not to be had; the next attempt asks for its address anew.
            Refused: it is said to be on a host that the settings do not name.
        """
        try:
            async with self._files.stream("GET", found.url) as response:
                if not response.is_success:
                    said = f"hubspot's store of journal files answered {response.status_code}, and no file"
                    raise Transient(said, code=str(response.status_code))
                content = bytearray()
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > FILE_BYTES:
                        raise Transient("a file of hubspot's journal is beyond all measure", code="size")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Transient(
                f"a file of hubspot's journal is not reached ({type(error).__name__})", code="net"
            ) from error
        try:
            body = decode_platform(bytes(content))
        except ValueError as error:
            raise Transient("a file of hubspot's journal is no JSON", code="malformed") from error
        entries = body.get("journalEvents") if isinstance(body, dict) else None
        if not isinstance(entries, list):
            raise Transient("a file of hubspot's journal holds no events", code="malformed")
        return entries


class _LostError(Exception):
    """The offset is not kept, or not any more."""


def _told(entries: list[Any], behind: Place, portal: str, types: Mapping[str, str]) -> Stretch:
    results: Counter[str] = Counter()
    mentions: list[Mention] = []
    for entry in entries:
        found, result = understood(entry, portal, types)
        mentions += found
        results[result] += 1
    return Stretch(mentions, behind.text(), results=results)


def parse_place(text: str | None) -> Place | None:
    """A kept place; None when there is none or it is not one of ours."""
    if text is None:
        return None
    try:
        return Place.model_validate_json(text)
    except ValidationError:
        return None
