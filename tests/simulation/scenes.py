"""Scenes: what a story is made of, as data.

Flows in: nothing. Flows out: scenes in order of time. Invariant: a story is data; the same one is always played the
same, and whatever is left out of it, the rest still means something.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

RECURRING = ("subscriptions", "prorated")  # ways of trade in which deals are billed by the calendar


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens: a deed of people, a trouble of a platform, a worker or a topic."""

    at: float
    what: str
    draw: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """One line."""
        more = "".join(f" {name}={value}" for name, value in self.more.items())
        return f"{self.at:8.2f} s  {self.what}{more}"


@dataclass(frozen=True, slots=True)
class Story:
    """All scenes of one seed, and in which way its people trade (`trade.CONTRACTS`)."""

    seed: int
    scenes: tuple[Scene, ...]
    trade: str = ""

    @property
    def end(self) -> float:
        """When the last of them is over, in seconds."""
        return max((scene.at + scene.more.get("seconds", 0) for scene in self.scenes), default=0.0)

    def holds(self, *names: str) -> bool:
        """Whether any such scene is in it."""
        return any(scene.what in names for scene in self.scenes)

    def without(self, gone: set[int]) -> Story:
        """The same story with some scenes left out, by place."""
        return replace(self, scenes=tuple(scene for place, scene in enumerate(self.scenes) if place not in gone))
