"""What takes long to work out, kept for all readers until something that it is made of has moved.

Invariant: one reader works something out at a time, and the same wish never takes more than a tenth of the time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.projection.store import Store

T = TypeVar("T")
KEPT = 16  # wishes: what a few people look at on one day
SHARE = 10  # what took a second is worked out every ten, however much moves


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    mark: Hashable
    made: T
    until: float


class Worked(Generic[T]):
    """What was worked out, by wish."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _Kept[T]] = {}

    def kept(self, wish: Hashable) -> T | None:
        """What was worked out last for a wish, without a wait; None: nothing yet."""
        known = self._kept.get(wish)
        return None if known is None else known.made

    def get(self, wish: Hashable, mark: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives for a wish; what it gave before, where the mark stands or it was a moment ago.

        Args:
            wish: all that `make` goes by but the state of things.
            mark: moves with the state of things.
            make: works it out; what it raises is raised, and not kept.
        """
        with self._lock:
            known = self._kept.get(wish)
            started = self._clock()
            if known is None or (known.mark != mark and started >= known.until):
                made = make()
                ended = self._clock()
                known = _Kept(mark, made, ended + SHARE * (ended - started))
            self._kept.pop(wish, None)
            self._kept[wish] = known  # the newest wish is the last
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
            return known.made


def moved(store: Store, *topics: str) -> Hashable:
    """How far these topics have been read: a mark for what is made of them."""
    return frozenset((place, step) for place, step in store.offsets().items() if place[0] in topics)
