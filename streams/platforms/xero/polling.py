"""Polling: what changed since a cursor, page by page.

In: a kind and a cursor. Out: pages with the cursor behind each. Invariants: a pass overlaps the one before by two
minutes; it misses nothing that is written while it runs; a poll of contacts also returns those who joined or left the
hold group, because that does not move their `UpdatedDateUTC`. Where the day has few calls left, polls are fewer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from schemas.errors import Refused
from streams.platforms.interface import Page, Seen
from streams.platforms.xero import records, wire
from streams.platforms.xero.connection import Answer, Connection
from streams.platforms.xero.cursor import Cursor
from streams.platforms.xero.holds import Holds, Look
from streams.platforms.xero.kinds import CONTACT, KINDS, Kind
from streams.platforms.xero.quota import Clock, Quota
from streams.platforms.xero.reading import Reader

PAGE_SIZE = 1000  # the most that Xero gives; calls are scarcer than bytes (facts B4)


class Poller:
    """Reads what changed in one organisation."""

    def __init__(
        self,
        connection: Connection,
        reader: Reader,
        holds: Holds,
        quota: Quota,
        clock: Clock,
        *,
        page_size: int = PAGE_SIZE,
    ) -> None:
        """Keep what to poll through."""
        self._quota = quota
        self._clock = clock
        self._rested: dict[str, datetime] = {}
        self._connection = connection
        self._reader = reader
        self._holds = holds
        self._page_size = page_size

    async def poll(self, kind_name: str, cursor: str | None, *, sweep: bool) -> AsyncIterator[Page]:
        """Read what changed since `cursor`; a pass that was cut short goes on where it stood.

        Raises:
            Refused: no kind of Xero's.
            Throttled, Parked, Transient: the pages already given stand; go on from the last cursor.
        """
        kind = KINDS.get(kind_name)
        if kind is None:
            raise Refused(f"xero: {kind_name} is no kind of record here; kinds are {', '.join(KINDS)}", code="kind")
        known = Cursor.parse(cursor)
        place, cursor = known or Cursor(), cursor if known else None
        if sweep and not (place.page and place.since is None):
            place = replace(place, page=0)
        self._holds.remember(place.hold)
        if place.resting:
            first = cursor is None
            if cursor is not None and not sweep and self._too_soon(kind):
                # Not an error: an error would also hold up the writes of this connection.
                yield Page([], cursor, complete=True)
                return
            place = place.start(everything=sweep)
            if kind is CONTACT:
                before = place.hold
                moved, look = await self._moved(before, first=first)
                if look.known and before is not None and not before.known:
                    place = place.start(everything=True)  # while the group was away nobody was shown as held or free
                place = replace(place, hold=look)
                if moved:
                    yield Page(moved, place.text(), complete=False)
        while not place.resting:
            place, found = await self._page(kind, place)
            yield Page(found, place.text(), complete=place.resting)
        self._rested[kind.name] = self._clock()

    def _too_soon(self, kind: Kind) -> bool:
        rested = self._rested.get(kind.name)
        return rested is not None and self._clock() - rested < self._quota.poll_interval()

    async def _page(self, kind: Kind, place: Cursor) -> tuple[Cursor, list[Seen]]:
        query = {**dict(kind.query), "order": "UpdatedDateUTC ASC"}
        if kind.paged:
            query |= {"page": str(place.page), "pageSize": str(self._page_size)}
        headers = {} if place.since is None else {"If-Modified-Since": wire.modified_since(place.since)}
        answer = await self._connection.get(kind.path, query=query, headers=headers, purpose="poll")
        rows = answer.rows(kind.path)
        stamps = [records.seen(kind, row, answer.at) for row in rows]
        behind = place.after(stamps, last_page=self._is_last(kind, answer, place, len(rows)), at=answer.at)
        # A poll of invoices leaves their payments to the poll of payments, which shows them whole.
        found = [each for each in await self._reader.shown(kind, rows, answer.at) if each.kind == kind.name]
        return behind, found

    def _is_last(self, kind: Kind, answer: Answer, place: Cursor, count: int) -> bool:
        if not kind.paged or count == 0:
            return True
        pagination = answer.value.get("pagination") if isinstance(answer.value, dict) else None
        if isinstance(pagination, dict) and isinstance(pagination.get("pageCount"), int):
            return place.page >= int(pagination["pageCount"])
        return count < self._page_size

    async def _moved(self, before: Look | None, *, first: bool) -> tuple[list[Seen], Look]:
        """Contacts that joined or left the hold group since the cursor was written, and the group as it is now."""
        look = await self._holds.look()
        if not look.known:
            return [], (before or look).lost()  # who is in it cannot be told, so nobody has joined or left
        if first:
            return [], look  # every contact is about to be read anyway
        moved = look.members ^ (before.members if before else frozenset())
        if not moved:
            return [], look
        return await self._reader.read(CONTACT.name, sorted(moved), "poll", restamped=True), look
