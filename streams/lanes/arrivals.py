"""Arrivals: until when writes that nobody has heard the end of may still arrive at their platform.

A call that was sent goes on without whoever sent it: through a proxy, in a queue, in a slow transaction. That a
look-up does not find it proves nothing while it may be on its way: sent again it would be there twice, or land after
what came later. What is found is there at once; what is not found is believed only here.
Counted by this worker's own clock, from when it met the write, and kept in its memory alone: clocks of workers differ,
and whoever takes the connection over begins anew. The dead sent nothing later than that, nor does one that stood still
and wakes up (the lease, which is asked before each write). Only of what was claimed long ago the claim's time is taken
for it, so that workers that die again and again get through. Invariant: nothing is believed sooner than `within` after.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.ledger import LedgerEntry

# HubSpot's edge gives a call up after 100 seconds (524), and what lies behind may end it a little later. Xero states
# nothing; what load balancers hold by default is a minute.
ARRIVES_WITHIN = timedelta(seconds=120)
ON_ITS_WAY = "on_its_way"  # the code of a write that is not there yet and may still arrive
# Since a claim, by whichever worker's clock: its calls take a few minutes at most, and a clock that is wrong by more
# than five has every webhook refused.
LONG_AGO = timedelta(minutes=15)


@dataclass(slots=True)
class Arrivals:
    """The writes under way of one connection, by command, as this worker knows them."""

    clock: Callable[[], datetime]
    within: timedelta = ARRIVES_WITHIN
    _until: dict[str, datetime] = field(default_factory=dict)

    def knows(self, command: str) -> bool:
        """Whether this worker has met the write before."""
        return command in self._until

    def until(self, command: str) -> datetime:
        """When it has arrived or never will; met for the first time, it is counted from now."""
        return self._until.setdefault(command, self.clock() + self.within)

    def over(self, entry: LedgerEntry) -> bool:
        """Whether nothing of it can be under way any more: what is not found now is not there."""
        now = self.clock()
        return now >= self.until(entry.command.id) or now >= entry.claimed_at + LONG_AGO + self.within

    def end(self, command: str) -> None:
        """It is settled, or is sent anew: what is known of the last call counts no more."""
        self._until.pop(command, None)

    def forget(self) -> None:
        """Another worker may have had the connection, and sent."""
        self._until.clear()


def not_there(until: datetime) -> str:
    """What the ledger says of a write that was not found."""
    return f"it is not there yet, and may still arrive until {until:%H:%M:%S} UTC, when it is looked up again"
