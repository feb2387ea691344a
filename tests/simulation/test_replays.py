"""Captured webhooks that somebody plays again: as hints they lead to readings, and readings of the same to nothing."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.types import Receive, Scope, Send

from tests.simulation.broker import Broker
from tests.simulation.scenes import Scene
from tests.simulation.story import draw
from tests.simulation.wire import call
from tests.simulation.world import World, looped

TIMES = 100
SETTLED = 150.0  # seconds in which everything that a person did has had its effect, and a poll has seen it
WINDOW = 301.0  # seconds, one more than HubSpot's signature holds


@dataclass
class Replayed(World):
    """A world whose webhooks are written down on their way, and sent again once all is done."""

    captured: list[tuple[bytes, list[tuple[bytes, bytes]], bytes]] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)

    async def _prepare(self) -> None:
        await super()._prepare()
        through = self.gateway

        async def tap(scope: Scope, receive: Receive, send: Send) -> None:
            message = await receive()
            self.captured.append((scope["raw_path"], list(scope["headers"]), message["body"]))

            async def again() -> Any:
                return message

            await through(scope, again, send)

        self.tapped, self.gateway = through, tap
        await self.platforms.subscribe(tap, self._lots)
        self.captured.clear()  # Xero's probes

    async def _rest(self) -> None:
        await super()._rest()
        self.captured.clear()
        for deed in ("crm_phone", "erp_phone", "crm_company"):
            await self._deed(Scene(self.now, deed, 1))
        await asyncio.sleep(SETTLED)
        self.before = counted(self.broker) | {"writes": self._writes()}
        newest = list(self.captured)
        await self._replay("within", newest)
        await asyncio.sleep(WINDOW)
        await self._replay("after", newest)
        await super()._rest()
        self.after = counted(self.broker) | {"writes": self._writes()}

    async def _replay(self, when: str, requests: list[Any]) -> None:
        self.answers[when] = [
            (await call(self.tapped, "POST", path, headers, body))[0]
            for path, headers, body in requests
            for _ in range(TIMES)
        ]

    def _writes(self) -> int:
        return sum(len(self.platforms.writes(name)) for name in ("hubspot", "xero"))


def counted(broker: Broker) -> dict[str, int]:
    """Records of the topics that say what was learnt, decided and told."""
    told = ("facts", "decisions", "revenue", "documents", "variances", "quarantine", "occurrences")
    return {name: sum(len(rows) for (topic, _), rows in broker.records.items() if topic == name) for name in told}


def test_captured_webhooks_have_one_effect_however_often_they_are_played():
    story = draw(2, 15)
    deeds = tuple(scene for scene in story.scenes if scene.what.startswith(("crm_", "erp_")))
    world = looped(Replayed(replace(story, scenes=deeds)))
    assert (world.failures, world.restless) == ([], False)
    assert world.answers["within"].count(200) == len(world.answers["within"]) >= 3 * TIMES
    assert {200, 401} == set(world.answers["after"])  # Xero signs no time
    assert world.before["decisions"] > 0
    assert world.after == world.before
