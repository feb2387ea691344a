"""Polling: what changed since a cursor, page by page.

In: a kind and a cursor. Out: pages with the cursor behind each. Invariants: a pass overlaps the one before by two
minutes; it misses nothing that is written while it runs; a poll of contacts also returns those who joined or left the
hold group, because that does not move their `UpdatedDateUTC`. Where the day has few calls left, polls are fewer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

from schemas.errors import Refused
from schemas.instants import to_millis
from streams.platforms.interface import Page, Seen
from streams.platforms.xero import records, wire
from streams.platforms.xero.connection import Answer, Connection
from streams.platforms.xero.cursor import Cursor
from streams.platforms.xero.holds import Holds, Look
from streams.platforms.xero.kinds import ADVANCES, CONTACT, INVOICE, KINDS, PAGE_SIZE, PAYMENT, Kind
from streams.platforms.xero.quota import SELDOM, Clock, Purpose, Quota
from streams.platforms.xero.reading import Reader

# What a webhook tells of is listed no oftener while writes fill the minute: each listing shows all of our own writes of
# the two minutes before once more, at a page for a thousand.
PRESSED_REST = timedelta(minutes=5)
# Money in advance is rare, has webhooks, and an invoice that it is set against shows it: that is listed then, and else
# with every fifth of the rounds, so that a round still costs six calls and a bit. Where webhooks may have been missed
# (the gateway was away, a reading failed), nobody has told of it: then it is listed as often as the rest, by
# itself at most once a minute, however often a gateway starts.
ADVANCE_REST = timedelta(minutes=10)
MISSED_REST = timedelta(minutes=1)


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

    def since(self, kind_name: str, at: datetime) -> str:
        """A pass that begins at `at`, a time of Xero's.

        Raises:
            Refused: no kind of Xero's.
        """
        _kind(kind_name)
        return Cursor.since_then(to_millis(at)).text()

    async def poll(
        self,
        kind_name: str,
        cursor: str | None,
        *,
        sweep: bool = False,
        spare: bool = False,
        missed: bool = False,
        anew: bool = False,
    ) -> AsyncIterator[Page]:
        """Read what changed since `cursor`; a pass that was cut short goes on where it stood.

        A `spare` one has a cursor of its own, which may be older than what the polls know of the hold group.
        `anew`: payments have Xero's time of the reading for their version. One that was shown inside its document had
        that one's, which may be later than its own; what is modified after the reading still has a later one.

        Raises:
            Refused: no kind of Xero's.
            Throttled, Parked, Transient: the pages already given stand; go on from the last cursor.
        """
        kind = _kind(kind_name)
        purpose: Purpose = "backfill" if spare else "poll"
        known = Cursor.parse(cursor)
        place, cursor = known or Cursor(), cursor if known else None
        if sweep and not (place.page and place.since is None):
            place = replace(place, page=0)
        if not spare:
            self._holds.remember(place.hold)
        if place.resting:
            first = cursor is None
            if cursor is not None and not sweep and self._too_soon(kind, missed=missed):
                # Not an error: an error would also hold up the writes of this connection.
                yield Page([], cursor, complete=True, asked=False)
                return
            place = place.start(everything=sweep)
            self._reader.moved.discard(kind.name)  # what an invoice shows from now on may come behind this pass
            if kind is CONTACT:
                before = place.hold
                moved, look = await self._moved(before, first=first, spare=spare)
                if look.known and before is not None and not before.known:
                    place = place.start(everything=True)  # while the group was away nobody was shown as held or free
                place = replace(place, hold=look)
                if moved:
                    yield Page(moved, place.text(), complete=False)
        while not place.resting:
            place, page = await self._page(kind, place, purpose, restamped=anew and kind is PAYMENT)
            if place.resting and not spare:  # before it is given: nobody asks for more behind the last page
                self._rested[kind.name] = self._clock()
            yield page

    def _too_soon(self, kind: Kind, *, missed: bool) -> bool:
        rested = self._rested.get(kind.name)
        least = self._quota.poll_interval()
        if kind is INVOICE and self._quota.pressed:
            least = max(least, PRESSED_REST)
        if kind in ADVANCES and kind.name not in self._reader.moved:
            least = max(least, MISSED_REST) if missed else max(least * SELDOM, ADVANCE_REST)
        return rested is not None and self._clock() - rested < least

    async def _page(self, kind: Kind, place: Cursor, purpose: Purpose, *, restamped: bool) -> tuple[Cursor, Page]:
        query = {**dict(kind.query), "order": "UpdatedDateUTC ASC"}
        if kind.paged:
            query |= {"page": str(place.page), "pageSize": str(self._page_size)}
        headers = {} if place.since is None else {"If-Modified-Since": wire.modified_since(place.since)}
        answer = await self._connection.get(kind.path, query=query, headers=headers, purpose=purpose)
        rows = answer.rows(kind.path)
        stamps = [records.seen(kind, row, answer.at) for row in rows]
        behind = place.after(stamps, last_page=self._is_last(kind, answer, place, len(rows)), at=answer.at)
        # A poll of invoices leaves their payments to the poll of payments, which shows them whole.
        found = [each for each in await self._reader.shown(kind, rows, answer.at) if each.kind == kind.name]
        if restamped:
            found = records.restamped(found, answer.at)
        left = self._left(answer, place, behind)
        return behind, Page(found, behind.text(), behind.resting, left, len(rows) - len(found))

    def _is_last(self, kind: Kind, answer: Answer, place: Cursor, count: int) -> bool:
        if not kind.paged or count == 0:
            return True
        pages = _stated(answer, "pageCount")
        return count < self._page_size if pages is None else place.page >= pages

    def _left(self, answer: Answer, place: Cursor, behind: Cursor) -> int | None:
        """How many rows come behind a page, bills and all."""
        if behind.resting:
            return 0
        rows = _stated(answer, "itemCount")
        return None if rows is None else max(rows - place.page * self._page_size, 0)

    async def _moved(self, before: Look | None, *, first: bool, spare: bool) -> tuple[list[Seen], Look]:
        """Contacts that joined or left the hold group since the cursor was written, and the group as it is now.

        A spare poll goes by the last look: one of its own would fill the minute whose end its list waits for, for good.
        """
        look = await (self._holds.known() if spare else self._holds.look())
        if not look.known:
            return [], (before or look).lost()  # who is in it cannot be told, so nobody has joined or left
        if first:
            return [], look  # every contact is about to be read anyway
        moved = look.members ^ (before.members if before else frozenset())
        if not moved:
            return [], look
        return await self._reader.read(CONTACT.name, sorted(moved), "poll", restamped=True), look


def _kind(name: str) -> Kind:
    kind = KINDS.get(name)
    if kind is None:
        raise Refused(f"xero: {name} is no kind of record here; kinds are {', '.join(KINDS)}", code="kind")
    return kind


def _stated(answer: Answer, name: str) -> int | None:
    """A number of the reply's pagination, where it has one."""
    pagination = answer.value.get("pagination") if isinstance(answer.value, dict) else None
    found = pagination.get(name) if isinstance(pagination, dict) else None
    return found if isinstance(found, int) else None
