"""A story: what people do and what goes wrong, drawn from a seed before it begins.

Flows in: a seed, or a story to leave things out of. Flows out: scenes in order of time. Invariant: a story is data; the
same one is always played the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.simulation.people import DEEDS

PAUSE = 12.0  # seconds between two deeds, at most; mostly much less, so that they meet
CALM = 0.1  # share of stories in which nothing goes wrong


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens: a deed of people, a fault of a platform, or the end of a worker."""

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
    """All scenes of one seed."""

    seed: int
    scenes: tuple[Scene, ...]

    @property
    def end(self) -> float:
        """When the last of them is over, in seconds."""
        return max((scene.at + scene.more.get("seconds", 0) for scene in self.scenes), default=0.0)

    def without(self, gone: set[int]) -> Story:
        """The same story with some scenes left out, by place."""
        return replace(self, scenes=tuple(scene for place, scene in enumerate(self.scenes) if place not in gone))


FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"params": {"status": 429}}),
    ("status", {"params": {"status": 503}}),
    ("status", {"params": {"status": 500}}),
    ("drop_before", {}),
    ("drop_after", {}),
    ("latency", {"params": {"seconds": 3.0}}),
    ("latency", {"params": {"seconds": 40.0, "after": True}}),
    ("webhook_lose", {}),
    ("webhook_duplicate", {"params": {"copies": 3}}),
    ("webhook_reorder", {"params": {"window_seconds": 5.0}}),
    ("webhook_delay", {"params": {"seconds": 60.0}}),
)


def draw(seed: int, operations: int) -> Story:
    """The story of a seed."""
    lots = Random(seed)
    scenes: list[Scene] = []
    names, weights = list(DEEDS), [weight for weight, _ in DEEDS.values()]
    at = 0.0
    for number in range(operations):
        at += lots.random() ** 3 * PAUSE
        kind = "crm_company" if number < 2 else "erp_contact" if number < 4 else lots.choices(names, weights)[0]
        scenes.append(Scene(round(at, 3), kind, lots.getrandbits(32)))
    if lots.random() >= CALM:
        for _ in range(lots.randrange(1, 7)):
            kind, more = lots.choice(FAULTS)
            scenes.append(Scene(round(lots.random() * at, 3), "fault", lots.getrandbits(32), {
                "platform": lots.choice(("hubspot", "xero")), "kind": kind, "rate": lots.choice((0.1, 0.3, 1.0)),
                "seconds": round(lots.random() * 40, 3), **more,
            }))  # fmt: skip
        scenes.extend(
            Scene(round(lots.random() * at, 3), "crash", 0, {
                "worker": lots.randrange(2), "seconds": round(1 + lots.random() * 20, 3),
            })
            for _ in range(lots.randrange(0, 6))
        )  # fmt: skip
    return Story(seed, tuple(sorted(scenes, key=lambda scene: scene.at)))
