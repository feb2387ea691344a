"""Mischief: how each trouble of a story is done to its world.

Flows in: a world, scenes. Flows out: nothing, once a trouble is over. Invariant: what a trouble has changed of the
world is as it was when it ends, but for what it has done to records.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from sandbox.faults import Fault, FaultKind
from tests.simulation.scenes import Scene
from tests.simulation.troubles import TOKENS, TROUBLES

if TYPE_CHECKING:
    from tests.simulation.world import World

SENTINEL = "Rosalind Sentinel"  # a person's name inside what cannot be read: no reason may repeat it
# What nobody can read, each in its own way.
POISON = (
    b"{",
    b"\xff\xfe\x00",
    b"[]",
    b"null",
    b'{"type": "change"}',
    b'{"type": "nothing known", "name": "' + SENTINEL.encode() + b'"}',
    b'{"type": "change", "tenant": 7, "raw": "' + SENTINEL.encode() + b'"}',
    b"[" * 2_000 + b"]" * 2_000,
    b'"' + SENTINEL.encode() * 100 + b'"',
    b'{"type": "fact", "version": 1e999, "fields": {"name": "' + SENTINEL.encode() + b'"}}',
    b"",
)


class Mischief:
    """Does troubles to one world."""

    def __init__(self, world: World) -> None:
        """Of this world."""
        self._world = world
        self._lag = world.platforms.portal.index.lag_seconds
        self._done: dict[str, Callable[[Scene], Awaitable[None]]] = {
            "crash": self._crash, "move": self._move, "frozen": self._zombie, "unheard": self._zombie,
            "skew": self._skew, "search_lag": self._search_lag, "token_lost": self._token_lost,
            "gateway_down": self._gateway_down, "replay": self._replay, "written_twice": self._written_twice,
            "poison": self._poison,
        }  # fmt: skip

    async def play(self, scene: Scene) -> None:
        """Do it, and undo it when its time is over."""
        await self._done.get(scene.what, self._fault)(scene)

    async def _fault(self, scene: Scene) -> None:
        """A platform's calls, or its webhooks, go wrong."""
        more = scene.more
        faults = self._world.platforms.faults[more["platform"]]
        kind, params = FaultKind(more["kind"]), more.get("params", {})
        fault = faults.add(Fault(kind, path=more.get("path"), rate=more["rate"], seed=scene.draw, params=params))
        await asyncio.sleep(more["seconds"])
        faults.remove(fault.id)

    async def _crash(self, scene: Scene) -> None:
        await self._world.group.crash(scene.more["worker"], scene.more["seconds"])

    async def _move(self, scene: Scene) -> None:
        await self._world.group.move(scene.more["partition"], scene.more["seconds"])

    async def _zombie(self, scene: Scene) -> None:
        more = scene.more
        await self._world.group.zombie(more["worker"], more["seconds"], frozen=scene.what == "frozen")

    async def _skew(self, scene: Scene) -> None:
        """Clocks are wrong for the whole of the story; nobody sets one while it runs."""

    def skew(self, scenes: tuple[Scene, ...]) -> None:
        """Set the clocks, before anything else has looked at them."""
        for scene in scenes:
            if scene.what == "skew":
                for who, seconds in scene.more["ahead"].items():
                    self._world.clocks[who].ahead = timedelta(seconds=seconds)

    async def _search_lag(self, scene: Scene) -> None:
        """HubSpot's search shows what is new only after a while, and not in the order in which it came."""
        index = self._world.platforms.portal.index
        index.lag_seconds, index.jitter = scene.more["lag"], 0.5
        await asyncio.sleep(scene.more["seconds"])
        index.lag_seconds, index.jitter = self._lag, 0.0

    async def _token_lost(self, scene: Scene) -> None:
        """Access tokens die, and the answers to refreshes are lost: the refresh token has rotated all the same."""
        identity, faults = self._world.platforms.organisation.identity, self._world.platforms.faults["xero"]
        fault = faults.add(Fault(FaultKind.DROP_AFTER, path=TOKENS, times=1, seed=scene.draw))
        identity.expire_access()
        self._world.expiries += 1
        await asyncio.sleep(scene.more["seconds"])
        faults.remove(fault.id)

    async def _gateway_down(self, scene: Scene) -> None:
        """The gateway cannot reach the broker: it turns webhooks away."""
        self._world.broker.down = True
        await asyncio.sleep(scene.more["seconds"])
        self._world.broker.down = False

    async def _replay(self, scene: Scene) -> None:
        """A stretch of a topic is delivered again, in the middle of everything."""
        self._world.broker.back(scene.more["topic"], scene.more["records"])
        self._world.group.again()

    async def _written_twice(self, scene: Scene) -> None:
        """Retries of producers write records twice."""
        self._world.broker.twice = scene.more["share"]
        await asyncio.sleep(scene.more["seconds"])
        self._world.broker.twice = 0.0

    async def _poison(self, scene: Scene) -> None:
        """Something that nobody can read is on a topic, under a key like any."""
        lots = Random(scene.more["sort"])
        value = POISON[scene.more["sort"] % len(POISON)]
        topic = scene.more["topic"]
        tenant = self._world.settings.tenant
        key = tenant if topic == "changes" else f"{tenant}|company:{lots.randrange(5)}"
        if topic.startswith("lanes."):
            key = str(self._world.settings.connection(topic.removeprefix("lanes.")))
        await self._world.broker.produce(topic, key.encode(), value)


def known(name: str) -> bool:
    """Whether a scene is a trouble."""
    return name in TROUBLES
