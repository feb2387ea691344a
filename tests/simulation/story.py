"""A story drawn from a seed before it begins: what people do, and what goes wrong meanwhile.

Flows in: a seed. Flows out: its story. Invariant: the same seed and the same number of deeds give the same story.
"""

from __future__ import annotations

from random import Random

from tests.simulation.people import DEEDS, ENDINGS
from tests.simulation.scenes import Scene, Story
from tests.simulation.troubles import drawn

__all__ = ["draw"]

PAUSE = 6.0  # seconds between two deeds, at most; mostly much less, so that they meet
CALM = 0.1  # share of stories in which nothing goes wrong
ENDING = 0.35  # share of stories in which records are merged, deleted, archived and restored


def draw(seed: int, operations: int) -> Story:
    """The story of a seed."""
    lots = Random(seed)
    scenes: list[Scene] = []
    deeds = {**DEEDS, **ENDINGS} if lots.random() < ENDING else DEEDS
    names, weights = list(deeds), [weight for weight, _ in deeds.values()]
    at = 0.0
    for number in range(operations):
        at += lots.random() ** 3 * PAUSE
        kind = "crm_company" if number < 2 else "erp_contact" if number < 4 else lots.choices(names, weights)[0]
        scenes.append(Scene(round(at, 3), kind, lots.getrandbits(32)))
    if lots.random() >= CALM:
        scenes += drawn(lots, at)
    return Story(seed, tuple(sorted(scenes, key=lambda scene: scene.at)))
