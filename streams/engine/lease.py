"""How long this worker may still believe that its partitions are its own.

Flows in: the times of heartbeats the group acknowledged. Flows out: yes or no.
Invariant: it says no before the group can have given the partitions to another worker. A worker that was frozen
(SIGSTOP, a suspended machine, a long pause) and wakes up in the middle of a batch must not write into tables that
have a new owner; the broker fences its commits, but not its writes.
"""

import time

__all__ = ["Lease"]

MARGIN = 1.0  # seconds a write may be on its way


def _now() -> float:
    """Return seconds that go on while the machine sleeps, where the system has such a clock."""
    boot: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Lease:
    """Renewed by each heartbeat and assignment, from when it was asked for: the broker counts from later on."""

    def __init__(self, session: float) -> None:
        self._length = session - MARGIN
        self._since = _now()

    def asked(self) -> float:
        """Return the time of a request that may renew the lease."""
        return _now()

    def renew(self, asked: float) -> None:
        """Take note that the group answered a request sent at that time."""
        self._since = max(self._since, asked)

    @property
    def answered(self) -> float:
        """When the request was sent that the group answered last."""
        return self._since

    @property
    def holds(self) -> bool:
        """Whether no other worker can own our partitions."""
        return self.left > 0

    @property
    def left(self) -> float:
        """Seconds until it no longer holds, unless it is renewed."""
        return self._length - (_now() - self._since)
