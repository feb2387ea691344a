"""The account: what each step expected and saw, in what time, and what it all came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

LOOK_EVERY = 0.15  # seconds between two looks at the two systems
PATIENCE = 45.0  # seconds a step may take; a worker that was killed is replaced within about fifteen


@dataclass
class Entry:
    """One checked step."""

    name: str
    ok: bool
    expected: Any
    seen: Any
    seconds: float


@dataclass
class Account:
    """All steps so far. `tell` hears of each as it ends; `alarm` returns words when something has died."""

    tell: Callable[[Entry], None]
    alarm: Callable[[], str]
    patience: float = PATIENCE
    entries: list[Entry] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    since: float = field(default_factory=time.monotonic)

    @property
    def ok(self) -> bool:
        """Whether every step saw what it expected."""
        return bool(self.entries) and all(entry.ok for entry in self.entries)

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return round(time.monotonic() - self.started, 1)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Count the time from here, for what is done before it is looked at."""
        self.since = time.monotonic()
        yield

    def expect(self, name: str, expected: Any, look: Callable[[], Any], *, patience: float | None = None) -> bool:
        """Look until `expected` is seen, or patience or a process has ended; note what was seen last."""
        began, self.since = self.since, time.monotonic()
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        seen: Any = None
        while True:
            try:
                seen = look()
            except (LookupError, StopIteration, RuntimeError) as error:
                seen = f"not there yet ({error})"
            if seen == expected:
                break
            dead = self.alarm()
            if dead:
                seen = dead
                break
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_EVERY)
        entry = Entry(name, seen == expected, expected, seen, round(time.monotonic() - began, 1))
        self.since = time.monotonic()
        self.entries.append(entry)
        self.tell(entry)
        return entry.ok

    def as_json(self, totals: Any, writes: dict[str, int]) -> dict[str, Any]:
        """The whole account as one document."""
        return {
            "ok": self.ok,
            "seconds": self.seconds,
            "steps": [asdict(entry) for entry in self.entries],
            "totals": totals,
            "writes": writes,
        }
