"""How far a recovery has come, at what rate, and whether it stands still.

Flows in: what is left of each changelog partition, and the time. Flows out: a line every two seconds, and an alarm.
Invariants: nothing here reads a clock. Standing still counts only up to the last heartbeat the group answered: a broker
that is away is waited for, and a process that was frozen did not stand still. Whatever moves at all never alarms.
"""

from collections.abc import Mapping

from faust.types import TP

__all__ = ["LOOK_EVERY", "PATIENCE", "Progress", "Remaining"]

PATIENCE = 30.0  # seconds without a record: a broker that answers sends the next ones within one
SAY_EVERY = 2.0  # seconds between two lines: often enough to see that it moves
LOOK_EVERY = 0.5  # seconds between two looks
LONGEST_LOOK = 2.0  # seconds that count between two looks: more of them is a process that was frozen

Remaining = Mapping[TP, int]


class Progress:
    """One recovery, from its beginning to its end."""

    def __init__(self, now: float, patience: float = PATIENCE) -> None:
        self.began = now
        self.applied = 0  # records
        self.rate = 0.0  # offsets a second, lately
        self._patience = patience
        self._standing = 0.0  # seconds without a record up to the last answer
        self._unanswered = 0.0  # seconds since then
        self._answer = 0.0  # when what was answered last was asked
        self._moved = True
        self._left: dict[TP, int] = {}
        self._looked = now
        self._said = now
        self._said_left: int | None = None

    def note(self, records: int) -> None:
        """Take note that something was read: so many records, or none where compaction left none."""
        self.applied += records
        self._moved = True

    def look(self, now: float, left: Remaining, answer: float) -> None:
        """Take note of the time, of what is left, and of when the group was asked what it answered last.

        The latter on any clock that goes on. No more counts than lies between two questions that were answered: while
        the broker is away an answer waits as well, and may come before the records do.
        """
        passed, self._looked = min(now - self._looked, LONGEST_LOOK), now
        if self._moved or dict(left) != self._left:
            self._standing = self._unanswered = 0.0
        else:
            self._unanswered += passed
        if answer != self._answer:
            self._standing += min(self._unanswered, answer - self._answer)
            self._unanswered = 0.0
        self._moved, self._answer, self._left = False, answer, dict(left)

    @property
    def stands_still(self) -> bool:
        """Whether nothing has moved for too long."""
        return self._standing >= self._patience

    def line(self, now: float, *, answered: bool) -> str | None:
        """Return what to say now, if it is time to say something."""
        if now - self._said < SAY_EVERY:
            return None
        left = sum(self._left.values())
        before = left if self._said_left is None else self._said_left
        self.rate = max(0, before - left) / (now - self._said)
        self._said, self._said_left = now, left
        behind = sum(1 for each in self._left.values() if each > 0)
        if self.rate:
            how = f"{self.rate:,.0f} a second, about {left / self.rate:,.0f} s"
        elif answered:
            how = f"nothing came for {self._standing + self._unanswered:.0f} s"
        else:
            how = "the broker does not answer and is waited for"
        return f"tables recover: {left:,} changelog records to go in {behind} partition{'s' * (behind != 1)}, {how}"

    def seconds(self, now: float) -> float:
        """Return how long it has taken so far."""
        return now - self.began

    def alarm(self, offsets: Mapping[TP, int | None]) -> str:
        """Return what stands still, where, and what to do about it."""
        behind = [tp for tp, each in sorted(self._left.items()) if each > 0]
        if not behind:
            what = "the tables' changelogs were read, or their ends could not be asked for, and recovery does not end"
        else:
            what = "nothing more comes of " + ", ".join(
                f"{tp.topic}[{tp.partition}] ({self._left[tp]:,} records to go after offset {offsets.get(tp)})"
                for tp in behind
            )
        return (
            f"For {self._patience:g} seconds {what}, though the broker answers. "
            "What was applied is kept, and the next start goes on from there. "
            "See that these partitions have a leader (kafka-topics.sh --describe), and what the broker's log says."
        )
