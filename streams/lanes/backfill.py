"""Backfill: everything is read once more, beside the polls and behind everything else.

In: a person's word, pages. Out: changes, moved rows, how far it is. Each kind has a row of its own beside its cursor,
so that polls go on meanwhile and neither knows of the other. Invariants: a row is written in the same breath as the
changes it covers, and those are acknowledged first; one page at a time, and only while nothing else could be done; a
word that is delivered twice counts once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from schemas.command import Backfill
from schemas.errors import Fatal, Parked, RevmarkError, Throttled
from schemas.instants import parse_instant
from schemas.reading import ReadingState
from streams.lanes import status
from streams.lanes.desk import Desk
from streams.lanes.patience import patience
from streams.lanes.reading import Reader
from streams.platforms.interface import Page

STATES: dict[str, Literal["running", "stopped", "dropped"]] = {
    "resume": "running", "stop": "stopped", "drop": "dropped",
}  # fmt: skip
TURN = timedelta(seconds=1)  # half of what polls get: what arrives meanwhile waits no longer than this and one page


@dataclass(slots=True)
class Backfills:
    """The backfills of one connection, by kind."""

    reader: Reader
    clock: Callable[[], datetime]

    def hear(self, desk: Desk, word: Backfill) -> None:
        """Begin, stop, go on or give up. A kind whose first reading has not ended is being read whole already."""
        for kind in self.reader.line.kinds:
            if word.kinds and kind not in word.kinds:
                continue
            row = self._row(desk, kind)
            if row is not None and parse_instant(row.heard) >= word.at:
                continue  # the word was delivered before
            if word.act == "start":
                cursor = status.cursor(desk.cursors, self.reader.connection, kind)
                if cursor.complete:
                    self._begin(desk, kind, word, cursor.population)
            elif row is not None and row.state in {"running", "stopped"}:
                row.heard, row.state = word.at.isoformat(), STATES[word.act]
                if word.act == "drop":
                    row.text = None
                self._go_on(desk, kind, row)

    async def go(self, desk: Desk, *, busy: bool = False) -> bool:
        """Read on for one turn, which is one page while it is `busy`; whether something is left to be read now.

        Raises:
            Parked: the connection has to stand still.
        """
        end = self.clock() + TURN
        while (kind := self._next(desk)) is not None:
            row = self._row(desk, kind)
            if row is None:
                break
            try:
                await self._page(desk, kind, row)
            except Throttled as error:
                self._wait(desk, error.until, error.message)  # what is spent is the connection's, not the kind's
            except (Fatal, Parked):
                raise
            except RevmarkError as error:
                row.failures += 1
                row.again, row.why = (self.clock() + patience(row.failures)).isoformat(), error.message
                self._save(desk, kind, row)
            if busy or self.reader.line.dead or self.clock() >= end:
                break
        return self._next(desk) is not None and not self.reader.line.dead

    def due(self, desk: Desk) -> datetime | None:
        """When the first of those that wait goes on."""
        return min((parse_instant(row.again) for _, row in self._running(desk) if row.again), default=None)

    def open(self, desk: Desk) -> dict[str, status.Filling]:
        """Those that have not ended, by kind, as they stand."""
        rows = {kind: self._row(desk, kind) for kind in self.reader.line.kinds}
        return {kind: row for kind, row in rows.items() if row is not None and row.state in {"running", "stopped"}}

    async def _page(self, desk: Desk, kind: str, row: status.Filling) -> None:
        line = self.reader.line
        text = row.text
        if text is None and row.since is not None:
            text = line.client.since(kind, parse_instant(row.since))
        async with aclosing(line.poll(kind, text, spare=True, anew=row.anew)) as pages:
            page = await anext(pages, None)
        for seen in page.records if page is not None else ():
            self.reader.change(desk, seen, anew=row.anew)
        self._move(row, page)
        self._save(desk, kind, row)
        await desk.write()

    def _move(self, row: status.Filling, page: Page | None) -> None:
        row.failures, row.again, row.why = 0, None, ""
        if page is None or page.complete:
            row.state, row.text, row.left = "done", None, 0
        if page is not None:
            row.read += page.count
            if not page.complete:
                row.text = page.cursor
                row.left = page.left_of(row.left)

    def _begin(self, desk: Desk, kind: str, word: Backfill, population: int | None) -> None:
        row = status.Filling(
            heard=word.at.isoformat(),
            since=word.since.isoformat() if word.since else None,
            anew=word.anew,
            left=population if word.since is None else None,
            asked_at=word.at.isoformat(),  # one time for all kinds of one word
            from_at=self.clock().isoformat(),
        )
        self._save(desk, kind, row)

    def _go_on(self, desk: Desk, kind: str, row: status.Filling) -> None:
        row.from_at, row.from_read, row.again, row.why, row.failures = self.clock().isoformat(), row.read, None, "", 0
        self._save(desk, kind, row)

    def _wait(self, desk: Desk, until: datetime, why: str) -> None:
        for kind, row in self._running(desk):
            row.again, row.why = until.isoformat(), why
            self._save(desk, kind, row)

    def _next(self, desk: Desk) -> str | None:
        """The kind to read on in: those that failed least, then those not begun, so that all soon say how many."""
        now = self.clock()
        ready = [(kind, row) for kind, row in self._running(desk) if not row.again or parse_instant(row.again) <= now]
        return min(ready, key=lambda each: (each[1].failures, each[1].text is not None), default=(None, None))[0]

    def _running(self, desk: Desk) -> list[tuple[str, status.Filling]]:
        """The kinds that are not at their end, in the platform's order."""
        rows = ((kind, self._row(desk, kind)) for kind in self.reader.line.kinds)
        return [(kind, row) for kind, row in rows if row is not None and row.state == "running"]

    def _row(self, desk: Desk, kind: str) -> status.Filling | None:
        return status.filling(desk.cursors, self.reader.connection, kind)

    def _save(self, desk: Desk, kind: str, row: status.Filling) -> None:
        """Keep the row, and tell how far it is."""
        status.save_filling(desk.cursors, self.reader.connection, kind, row)
        reader = self.reader
        state = ReadingState(
            tenant=reader.tenant,
            connection=reader.connection,
            platform=reader.line.platform,
            kind=kind,
            what="backfill",
            state=row.state,
            since=parse_instant(row.since) if row.since else None,
            anew=row.anew,
            read=row.read,
            left=row.left,
            asked_at=parse_instant(row.asked_at),
            from_at=parse_instant(row.from_at),
            from_read=row.from_read,
            failures=row.failures,
            until=parse_instant(row.again) if row.again else None,
            why=row.why,
            at=self.clock(),
        )
        reader.tell(desk, state)
