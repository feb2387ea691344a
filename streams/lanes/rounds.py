"""Rounds: polls and sweeps, a few pages at a time, so that commands and hints never wait for the last page.

In: what was asked for. Out: changes, marks, moved cursors. What is asked for and how far it has come are in the cursor
rows alone, so another worker, or the next batch, goes on where this one stopped. Invariant: a cursor is written in the
same breath as the changes it covers, and those are acknowledged first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.errors import Fatal, Parked, RevmarkError, Throttled
from schemas.instants import parse_instant
from schemas.reading import ReadingState
from streams.lanes import status
from streams.lanes.desk import Desk
from streams.lanes.hinted import Hinted
from streams.lanes.patience import patience
from streams.lanes.reading import Reader
from streams.platforms.interface import Page

TURN = timedelta(seconds=2)  # a command that arrives meanwhile waits no longer than this and one page
PAGES = 50  # a turn, whatever the clock says


@dataclass(slots=True)
class Rounds:
    """The polls of one connection. Every kind is swept when its last sweep is `sweep_every` old; None: when asked."""

    reader: Reader
    clock: Callable[[], datetime]
    sweep_every: timedelta | None = None
    _desk: Desk | None = None
    _places: dict[str, status.Cursor] = field(default_factory=dict)

    def ask(
        self, desk: Desk, kinds: Iterable[str], *, sweep: bool = False, missed: bool = False, poll: bool = False
    ) -> None:
        """Note that kinds are to be read; of one that is none of the platform's records, any may have changed.

        A `poll` asks for a sweep where one is due.
        """
        wanted = set(kinds)
        every = not wanted or (not poll and bool(wanted - set(self.reader.line.kinds)))
        for kind in self.reader.line.kinds:
            if not every and kind not in wanted:
                continue
            place = self._place(desk, kind)
            place.open, place.missed = True, place.missed or missed
            if (sweep or (poll and self._overdue(place))) and not place.sweep:
                place.sweep = "wanted"
            self._save(desk, kind, place)

    def begin_anew(self, desk: Desk) -> None:
        """Read everything, also where that is under way: a feed has lost what it would have told meanwhile."""
        for kind in self.reader.line.kinds:
            place = self._place(desk, kind)
            place.text, place.open, place.sweep = None, True, "wanted"
            self._save(desk, kind, place)

    def make_up(self, desk: Desk, kinds: Iterable[str]) -> None:
        """Readings that were asked for could not be made: polls make up for them, and tell whatever they see."""
        self.reader.told.forget()
        self.ask(desk, kinds, missed=True)

    async def hints(self, desk: Desk, wanted: Hinted) -> None:
        """Read hinted records; a kind that cannot be read is made up for by its next poll, and holds up no other.

        Raises:
            Throttled, Parked: reads have to wait; every hint is made up for.
        """
        for kind, hints in wanted.items():
            place = self._place(desk, kind)
            if place.rests_at(self.clock()) or self.reader.line.dead:
                self.make_up(desk, [kind])
                continue
            try:
                await self.reader.follow(desk, kind, hints)
            except (Fatal, Throttled, Parked):
                self.make_up(desk, wanted)
                raise
            except RevmarkError:
                self.make_up(desk, [kind])
                for each in [kind] if kind in self.reader.line.kinds else self.reader.line.kinds:
                    self._put_off(desk, each)
        await desk.write()

    async def go(self, desk: Desk) -> bool:
        """Read on in every open kind for one turn; whether something is left that could be read now.

        Raises:
            Throttled, Parked: reads have to wait; what was read so far is kept.
        """
        turn = Turn(self.clock() + TURN)
        for kind in self._order(desk):
            if self._place(desk, kind).rests_at(self.clock()):
                continue
            try:
                await self._read(desk, kind, turn)
            except (Fatal, Throttled, Parked):
                raise
            except RevmarkError:
                self._put_off(desk, kind)
            if turn.over(self.clock()) or self.reader.line.dead:
                break
        return any(not self._place(desk, kind).rests_at(self.clock()) for kind in self._order(desk))

    def due(self, desk: Desk) -> datetime | None:
        """When the first of the open kinds that failed is tried again."""
        times = [parse_instant(text) for kind in self._order(desk) if (text := self._place(desk, kind).again)]
        return min(times, default=None)

    def times(self, desk: Desk) -> tuple[dict[str, datetime | None], dict[str, datetime | None]]:
        """When the last poll and the last sweep of each kind ended."""
        places = {kind: self._place(desk, kind) for kind in self.reader.line.kinds}
        return (
            {kind: parse_instant(place.polled) if place.polled else None for kind, place in places.items()},
            {kind: parse_instant(place.swept) if place.swept else None for kind, place in places.items()},
        )

    async def _read(self, desk: Desk, kind: str, turn: Turn) -> None:
        place = self._place(desk, kind)
        # A sweep that has begun goes on like any poll: its cursor knows where it stands.
        asked = self.reader.line.poll(kind, place.text, sweep=place.sweep == "wanted", missed=place.missed)
        async with aclosing(asked) as pages:
            async for page in pages:
                await self._page(desk, kind, place, page)
                turn.pages += 1
                if page.complete or turn.over(self.clock()):
                    return
        self._end(place)  # the platform had no page to show
        self._save(desk, kind, place)

    async def _page(self, desk: Desk, kind: str, place: status.Cursor, page: Page) -> None:
        whole = place.sweep != "" or not place.complete
        for seen in page.records:
            self.reader.show(desk, seen, again=whole)
        reading = not place.complete
        first = page.complete and reading
        if first:
            self.reader.mark(desk, kind)
        place.missed = place.missed and not (page.complete and page.asked)
        place.text, place.failures, place.again = page.cursor, 0, None
        if place.sweep == "wanted":
            place.seen = 0  # begun anew
        place.seen += sum(not seen.deleted for seen in page.records) if whole else 0
        place.sweep = "running" if place.sweep else ""
        if page.complete:
            place.swept = self.clock().isoformat() if first or place.sweep else place.swept
            place.complete = True
            if whole:
                place.population, place.seen = place.seen, 0
            self._end(place)
        if reading:
            place.left = 0 if page.complete else page.left_of(place.left)
            self._tell(desk, kind, place)
        self._save(desk, kind, place)
        await desk.write()

    def _tell(self, desk: Desk, kind: str, place: status.Cursor, why: str = "") -> None:
        """Say how far a first reading is."""
        now, reader = self.clock(), self.reader
        place.began = place.began or now.isoformat()
        state = ReadingState(
            tenant=reader.tenant,
            connection=reader.connection,
            platform=reader.line.platform,
            kind=kind,
            what="first",
            state="done" if place.complete else "running",
            read=(place.population or 0) if place.complete else place.seen,
            left=place.left,
            asked_at=parse_instant(place.began),
            from_at=parse_instant(place.began),
            failures=place.failures,
            until=parse_instant(place.again) if place.again else None,
            why=why,
            at=now,
        )
        reader.tell(desk, state)

    def _end(self, place: status.Cursor) -> None:
        place.open, place.sweep, place.polled = False, "", self.clock().isoformat()

    def _put_off(self, desk: Desk, kind: str) -> None:
        """The kind failed: not again before a wait that doubles, and behind those that did not."""
        place = self._place(desk, kind)
        place.failures += 1
        place.again = (self.clock() + patience(place.failures)).isoformat()
        if not place.complete:
            self._tell(desk, kind, place, self.reader.line.why)
        self._save(desk, kind, place)

    def _order(self, desk: Desk) -> list[str]:
        """The open kinds: those that failed least, then short polls before first readings before sweeps."""
        places = {kind: self._place(desk, kind) for kind in self.reader.line.kinds}
        opened = [kind for kind, place in places.items() if place.open]
        return sorted(opened, key=lambda kind: (places[kind].failures, _length(places[kind])))

    def _overdue(self, place: status.Cursor) -> bool:
        if self.sweep_every is None or not place.complete:
            return False
        return place.swept is None or self.clock() - parse_instant(place.swept) >= self.sweep_every

    def _place(self, desk: Desk, kind: str) -> status.Cursor:
        """A kind's cursor, read once a batch: it is asked for some twenty times, and nobody else writes it."""
        if desk is not self._desk:
            self._desk, self._places = desk, {}
        place = self._places.get(kind)
        if place is None:
            place = self._places[kind] = status.cursor(desk.cursors, self.reader.connection, kind)
        return place

    def _save(self, desk: Desk, kind: str, place: status.Cursor) -> None:
        status.save_cursor(desk.cursors, self.reader.connection, kind, place)


@dataclass(slots=True)
class Turn:
    """One batch's share of reading."""

    end: datetime
    pages: int = 0

    def over(self, now: datetime) -> bool:
        """Whether it is somebody else's turn."""
        return now >= self.end or self.pages >= PAGES


def _length(place: status.Cursor) -> int:
    if place.sweep:
        return 2
    return 0 if place.complete else 1
