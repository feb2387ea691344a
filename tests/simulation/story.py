"""A story drawn from a seed before it begins: what people do, and what goes wrong meanwhile.

Flows in: a seed. Flows out: its story. Invariant: the same seed and the same number of deeds give the same story.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.simulation.cashier import TAKING_BACK
from tests.simulation.ordering import SHIPPING, SUBSCRIBING
from tests.simulation.people import CREDITING, DEEDS, ENDINGS, EVERY_DEED, LATENESS
from tests.simulation.scenes import RECURRING, Scene, Story
from tests.simulation.screens import Deed
from tests.simulation.troubles import drawn, lost_on_the_way

__all__ = ["draw"]

# Seconds between two deeds, at most, from a rush of people to a slow hour; mostly much less, so that deeds meet what
# becomes of those before them. A story has all of it.
PAUSES = (0.2, 0.5, 1.0, 4.0)
SPELL = 10  # deeds after which haste changes
CALM = 0.1  # share of stories in which nothing goes wrong
ENDING = 0.35  # share of stories in which records are merged, deleted, archived and restored
# Shares of stories in which orders are shipped and called off, and billed in parts, or with a deposit; and of those in
# which HubSpot is told of what is paid, late or on hold.
TRADES = {"parts": 0.3, "deposit": 0.1, "": 0.45, "told": 0.15}


SUBSCRIBED = 0.15  # share of the others in which deals recur
PRORATED = 0.5  # share of those in which what is amended is billed for the days that are left
CREDITED = 0.25  # share of what is left in which posted bills of orders that are called off are credited
FIGURED = 0.3  # share of all stories in which somebody edits what invoices' records in HubSpot show
FIGURES = 12  # edits of them, fewer than this
MOVED = 0.2  # share of all stories in which deals become another company's
MOVES = 12  # of them, fewer than this
MEANWHILE = 5.0  # seconds after what went wrong, at most
MIDNIGHT = 10_800.0  # seconds after the world begins: the second of September, for its customers


def draw(seed: int, operations: int) -> Story:
    """The story of a seed."""
    lots = Random(seed)
    scenes: list[Scene] = []
    deeds = {**DEEDS, **ENDINGS} if lots.random() < ENDING else DEEDS
    (trade,) = Random(f"trade/{seed}").choices(list(TRADES), list(TRADES.values()))
    if not trade and Random(f"subscriptions/{seed}").random() < SUBSCRIBED:
        trade = "prorated" if Random(f"prorated/{seed}").random() < PRORATED else "subscriptions"
    crediting = Random(f"credits/{seed}")
    if not trade and crediting.random() < CREDITED:
        trade = crediting.choice(("credits", "credits", "credits drafted", "credits in parts"))
    deeds = {**deeds, **_deeds(trade)}
    names, weights = list(deeds), [weight for weight, _ in deeds.values()]
    at = pause = 0.0
    haste = Random(f"haste/{seed}")
    for number in range(operations):
        pause = pause if number % SPELL else haste.choice(PAUSES)
        at += lots.random() ** 3 * pause
        kind = "crm_company" if number < 2 else "erp_contact" if number < 4 else lots.choices(names, weights)[0]
        scenes.append(Scene(round(at, 3), kind, lots.getrandbits(32)))
    if lots.random() >= CALM:
        scenes += drawn(lots, at)
        scenes += lost_on_the_way(Random(f"late/{seed}"), at)
    scenes += _figures(Random(f"figures/{seed}"), scenes)
    scenes += _moves(Random(f"moves/{seed}"), at)
    if trade in RECURRING:  # a day begins in the middle of it
        night = MIDNIGHT - Random(f"midnight/{seed}").random() * at
        scenes = [replace(scene, at=round(scene.at + night, 3)) for scene in scenes]
    return Story(seed, tuple(sorted(scenes, key=lambda scene: scene.at)), trade)


def _figures(lots: Random, scenes: list[Scene]) -> list[Scene]:
    """Edits of what invoices' records show, shortly after something else, as an answer that is lost or a crash.

    Drawn apart: whatever else happens under a seed stays the same.
    """
    number = lots.randrange(1, FIGURES) if lots.random() < FIGURED else 0
    times = [scene.at for scene in scenes if scene.what not in EVERY_DEED] or [scene.at for scene in scenes]
    return [
        Scene(round(lots.choice(times) + lots.random() * MEANWHILE, 3), "crm_figure", lots.getrandbits(32))
        for _ in range(number)
    ]


def _moves(lots: Random, end: float) -> list[Scene]:
    """Deals that become another company's. Drawn apart as well."""
    number = lots.randrange(1, MOVES) if lots.random() < MOVED else 0
    return [Scene(round(lots.random() * end, 3), "crm_move", lots.getrandbits(32)) for _ in range(number)]


def _deeds(trade: str) -> dict[str, tuple[int, Deed]]:
    """What people do besides, by the way in which they trade."""
    if trade.startswith("credits"):
        return {**(SHIPPING if trade == "credits in parts" else {}), **CREDITING}
    if trade == "deposit":
        return {**SHIPPING, **TAKING_BACK}
    return {"": {}, "told": LATENESS, **dict.fromkeys(RECURRING, SUBSCRIBING)}.get(trade, SHIPPING)
