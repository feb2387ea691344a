"""What goes wrong, drawn from lots: which trouble, when, how long, how hard.

Flows in: lots and the length of a story. Flows out: scenes. `TROUBLES` names every kind with the faults of the list
that defines correct (F1 to F40); docs/simulation.md says where the others are tested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.scenes import Scene

More = dict[str, Any]
PLATFORMS = ("hubspot", "xero")
RATES = (0.1, 0.3, 1.0)
MOST = 9  # troubles of one story, at most
SKEW = 90.0  # seconds that a clock is wrong by, at most
TOKENS = "/connect/token"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of trouble: how often it is drawn, which faults of the list it is, and what is drawn of it."""

    weight: int
    faults: tuple[str, ...]
    more: Callable[[Random], More]


def _call(kind: str, **params: Any) -> Callable[[Random], More]:
    """A fault of a platform's calls or webhooks, for up to 40 seconds."""

    def more(lots: Random) -> More:
        given = {"params": params} if params else {}
        seconds = round(lots.random() * 40, 3)
        return {
            "platform": lots.choice(PLATFORMS),
            "kind": kind,
            "rate": lots.choice(RATES),
            "seconds": seconds,
            **given,
        }

    return more


def _late(lots: Random) -> More:
    """Writes arrive long after they were sent: whoever sent them has given up, or has died."""
    given = _call("latency", seconds=lots.choice((15.0, 50.0, 100.0)))(lots)
    return {**given, "path": r"/batch/(upsert|update)|/api\.xro/"}


def _outage(lots: Random) -> More:
    """Nobody answers, or everybody is sent away, for minutes."""
    kind, params = lots.choice((("drop_before", {}), ("status", {"status": 503}), ("status", {"status": 500})))
    seconds = round(60 + lots.random() * 240, 3)
    return {"platform": lots.choice(PLATFORMS), "kind": kind, "rate": 1.0, "seconds": seconds, "params": params}


def _throttled(lots: Random) -> More:
    """Every call is told to wait, for a minute or two, with and without a word of how long."""
    params = lots.choice(({"status": 429}, {"status": 429, "problem": "concurrent"}, {"status": 429, "retry_after": 3}))
    seconds = round(20 + lots.random() * 100, 3)
    return {"platform": lots.choice(PLATFORMS), "kind": "status", "rate": 1.0, "seconds": seconds, "params": params}


def _worker(least: float, most: float, **more: Any) -> Callable[[Random], More]:
    def drawn_worker(lots: Random) -> More:
        return {"worker": lots.randrange(2), "seconds": round(least + lots.random() * (most - least), 3), **more}

    return drawn_worker


def _seconds(least: float, most: float) -> Callable[[Random], More]:
    return lambda lots: {"seconds": round(least + lots.random() * (most - least), 3)}


def _skew(lots: Random) -> More:
    """Clocks of both platforms and both workers, each wrong by itself, from the beginning on."""
    wrong = {who: round((lots.random() * 2 - 1) * SKEW, 3) for who in ("hubspot", "xero", "worker0", "worker1")}
    return {"ahead": wrong, "first": True}


def _replay(lots: Random) -> More:
    topic = lots.choice(("changes", "facts", "lanes.hubspot", "lanes.xero", "documents", "occurrences"))
    return {"topic": topic, "records": lots.choice((5, 50, 500))}


def _poison(lots: Random) -> More:
    return {"topic": lots.choice(("changes", "facts", "lanes.hubspot", "lanes.xero")), "sort": lots.randrange(10**6)}


TROUBLES: dict[str, Trouble] = {
    "slow": Trouble(2, ("F11",), _call("latency", seconds=3.0)),
    "answer_late": Trouble(3, ("F7",), _call("latency", seconds=40.0, after=True)),
    "answer_lost": Trouble(6, ("F7",), _call("drop_after")),
    "request_lost": Trouble(3, ("F8",), _call("drop_before")),
    "refused_429": Trouble(2, ("F9",), _call("status", status=429)),
    "refused_500": Trouble(2, ("F11",), _call("status", status=500)),
    "refused_503": Trouble(2, ("F11",), _call("status", status=503)),
    "throttled": Trouble(2, ("F9",), _throttled),
    "outage": Trouble(2, ("F11",), _outage),
    "hook_lost": Trouble(3, ("F14",), _call("webhook_lose")),
    "hook_twice": Trouble(2, ("F12",), _call("webhook_duplicate", copies=3)),
    "hook_shuffled": Trouble(2, ("F13",), _call("webhook_reorder", window_seconds=5.0)),
    "hook_late": Trouble(2, ("F13",), _call("webhook_delay", seconds=60.0)),
    "gateway_down": Trouble(1, ("F5", "F6", "F15"), _seconds(5, 30)),
    "search_lag": Trouble(3, ("F17", "F18"), lambda lots: {"lag": lots.choice((5, 20, 60)), **_seconds(60, 300)(lots)}),
    "token_lost": Trouble(3, ("F22", "F23"), _seconds(1, 20)),
    "crash": Trouble(8, ("F1",), _worker(1, 20)),
    "move": Trouble(5, ("F3",), lambda lots: {"partition": lots.randrange(2), **_seconds(0, 25)(lots)}),
    "frozen": Trouble(3, ("F4",), _worker(12, 40)),
    "unheard": Trouble(3, ("F4",), _worker(12, 40)),
    "skew": Trouble(3, ("F19",), _skew),
    "replay": Trouble(3, ("F12", "F29"), _replay),
    "written_twice": Trouble(2, ("F12",), lambda lots: {"share": lots.choice((0.1, 0.5)), **_seconds(5, 60)(lots)}),
    "poison": Trouble(2, ("F20", "F21"), _poison),
    "arrives_late": Trouble(0, ("F1", "F8"), _late),  # drawn apart, in `lost_on_the_way`
}
LATE = 0.12  # share of stories in which writes arrive late
# Deeds of people, and what every story does anyhow.
ALWAYS = {
    "merge_delete_restore": ("F32",),
    "first reading beside live edits": ("F30",),
    "replay into nothing": ("F29",),
}


def drawn(lots: Random, end: float) -> list[Scene]:
    """The troubles of one story that is `end` seconds long."""
    names, weights = list(TROUBLES), [trouble.weight for trouble in TROUBLES.values()]
    scenes = []
    for name in lots.choices(names, weights, k=lots.randrange(1, MOST + 1)):
        more = TROUBLES[name].more(lots)
        at = 0.0 if more.pop("first", False) else round(lots.random() * end, 3)
        scenes.append(Scene(at, name, lots.getrandbits(32), more))
    return scenes


def lost_on_the_way(lots: Random, end: float) -> list[Scene]:
    """Writes that arrive long after they were sent, and a worker that dies meanwhile; in most stories there are none.

    Drawn apart from the others, so that whatever else befalls a seed stays the same.
    """
    if lots.random() >= LATE:
        return []
    more, at = _late(lots), lots.random() * end
    scenes = [Scene(round(at, 3), "arrives_late", lots.getrandbits(32), more)]
    for _ in range(lots.randrange(3)):
        dies = round(at + lots.random() * more["seconds"], 3)
        scenes.append(Scene(dies, "crash", lots.getrandbits(32), TROUBLES["crash"].more(lots)))
    return scenes
