"""Feeding: a platform's feed, told on as hints are, a few stretches at a time.

In: a feed. Out: changes, erasures, the moved place. Invariants: the place is written in the same breath as what was
told up to it, and that is acknowledged first, so that a crash tells again and passes over nothing; a feed that has lost
what it would have told has everything read; a feed that fails holds up nothing, for polls go on beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.change import Erasure
from schemas.errors import Fatal, Parked, Refused, RevmarkError, Throttled
from schemas.instants import parse_instant
from streams.lanes import status
from streams.lanes.desk import Desk
from streams.lanes.hinted import mentioned
from streams.lanes.patience import patience
from streams.lanes.rounds import TURN, Rounds, Turn
from streams.platforms.interface import Feed, Stretch

HEAR_EVERY = timedelta(seconds=10)  # a twelfth of the time between polls, by calls that no limit counts


@dataclass(slots=True)
class Feeding:
    """The feed of one connection. `heard` counts its entries since the lane was made, by what became of them."""

    feed: Feed
    rounds: Rounds
    clock: Callable[[], datetime]
    heard: Counter[str] = field(default_factory=Counter)

    async def go(self, desk: Desk) -> bool:
        """Tell on for one turn; whether more could be told at once.

        Raises:
            Throttled, Parked: reads have to wait; the place stands before what could not be read.
        """
        reader = self.rounds.reader
        place = status.following(desk.cursors, reader.connection)
        if place.rests_at(self.clock()):
            return False
        turn = Turn(self.clock() + TURN)
        async with aclosing(self._stretches(desk, place)) as stretches:
            async for stretch in stretches:
                if not await self._told(desk, place, stretch) or reader.line.dead:
                    return False
                turn.pages += 1
                if turn.over(self.clock()):
                    return not stretch.complete
        return False

    def due(self, desk: Desk) -> datetime | None:
        """When the feed is asked next."""
        again = status.following(desk.cursors, self.rounds.reader.connection).again
        return parse_instant(again) if again else None

    async def _stretches(self, desk: Desk, place: status.Following) -> AsyncGenerator[Stretch, None]:
        """The feed, until it fails: then it is put off, alone."""
        async with aclosing(self.rounds.reader.line.follow(self.feed, place.text)) as stretches:
            try:
                async for stretch in stretches:
                    yield stretch
            except Fatal:
                raise
            except (Throttled, Parked) as error:
                self._put_off(desk, place, error, error.until)
            except RevmarkError as error:
                self._put_off(desk, place, error)

    async def _told(self, desk: Desk, place: status.Following, stretch: Stretch) -> bool:
        """Whether a stretch could be told; if not, it is told again, from its beginning."""
        try:
            await self._tell(desk, stretch)
        except (Fatal, Throttled, Parked):
            raise
        except RevmarkError as error:
            self._put_off(desk, place, error)
            return False
        await self._move(desk, place, stretch)
        return True

    async def _tell(self, desk: Desk, stretch: Stretch) -> None:
        reader = self.rounds.reader
        if stretch.anew:
            self.rounds.begin_anew(desk)
        for kind, hints in mentioned(stretch.mentions).items():
            try:
                await reader.follow(desk, kind, hints)
            except Refused:  # and would be again; its polls tell what may be told
                self.rounds.make_up(desk, [kind])
        for each in stretch.mentions:
            if each.erased:
                erasure = Erasure(
                    tenant=reader.tenant,
                    platform=reader.line.platform,
                    side=reader.line.side,
                    kind=each.kind,
                    record_id=each.record_id,
                    seen_at=self.clock(),
                )
                desk.send("changes", reader.tenant, erasure)

    async def _move(self, desk: Desk, place: status.Following, stretch: Stretch) -> None:
        place.text, place.failures, place.why = stretch.cursor, 0, ""
        place.again = (self.clock() + HEAR_EVERY).isoformat() if stretch.complete else None
        self.heard.update(stretch.results)
        self._save(desk, place)
        await desk.write()

    def _put_off(self, desk: Desk, place: status.Following, error: RevmarkError, until: datetime | None = None) -> None:
        place.failures += 1
        place.again = (until or self.clock() + patience(place.failures)).isoformat()
        place.why = error.message
        self._save(desk, place)

    def _save(self, desk: Desk, place: status.Following) -> None:
        status.save_following(desk.cursors, self.rounds.reader.connection, place)
