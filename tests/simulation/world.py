"""A world: both platforms, a gateway, workers and people, in one process and in no time.

Flows in: a story. Flows out: the world as it is once everything has come to rest. Invariant: the same story leads to
the same trace.
"""

from __future__ import annotations

import asyncio
import base64
import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from sandbox.faults import Fault, FaultKind
from schemas.contract import Contract
from schemas.names import Platform
from streams.gateway.app import create_app as gateway_app
from streams.lanes.desk import Desk
from streams.platforms.hubspot.auth import StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.properties import create_properties
from streams.platforms.interface import PlatformClient
from streams.platforms.registry import GrantSafe
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants
from streams.settings import Settings
from streams.topics import Topics
from streams.vault import Vault
from tests.simulation.broker import Broker
from tests.simulation.clockwork import Hours, VirtualLoop
from tests.simulation.people import DEEDS
from tests.simulation.platforms import GATEWAY, SECRET, TOKEN, Declined, Platforms
from tests.simulation.story import Scene, Story
from tests.simulation.wire import Wire
from tests.simulation.worker import Worker
from tests.support.contracts import shipped

PARTITIONS = 2
WORKERS = 2
POLL = 120.0  # seconds between polls
QUIET = 2  # rounds of polls without a write after which a world is at rest
PATIENCE = 40  # rounds of polls in which it has to come to rest
URL = "http://{}.sim"
KEY = b"0" * 32


@dataclass
class World:
    """Everything there is."""

    story: Story
    contract: Contract = field(default_factory=shipped)
    failures: list[str] = field(default_factory=list)
    restless: bool = False
    declined: int = 0
    deaths: int = 0
    hours: Hours = field(init=False)
    platforms: Platforms = field(init=False)
    broker: Broker = field(init=False)
    settings: Settings = field(init=False)
    topics: Topics = field(init=False)
    workers: dict[int, Worker] = field(default_factory=dict)

    async def play(self) -> None:
        """Play the story to its end, and wait until nothing moves."""
        self._build()
        await self._prepare()
        for number in range(WORKERS):
            self._hire(number)
        others = set[asyncio.Task[None]]()
        loop = asyncio.get_running_loop()
        start = loop.time()
        for scene in self.story.scenes:
            await asyncio.sleep(max(0.0, start + scene.at - loop.time()))
            task = loop.create_task(self._scene(scene))
            if scene.what in DEEDS:
                await task
            else:
                others.add(task)
            if self.failures:
                break
        await asyncio.gather(*others)
        for faults in self.platforms.faults.values():
            faults.clear()
        if not self.failures:
            await self._rest()
        for worker in self.workers.values():
            worker.die()
            await worker.buried()
        await self.platforms.close()

    @property
    def _plenty(self) -> int:
        """Records that no story of this length makes: three times what is usual, at least."""
        return 2_000 + 150 * len(self.story.scenes)

    def _build(self) -> None:
        seed = self.story.seed
        self.hours = Hours(asyncio.get_running_loop())
        self.platforms = Platforms(self.hours, seed)
        self.broker = Broker(PARTITIONS, self.hours, Random(f"broker/{seed}"), limit=self._plenty)
        given = self.platforms.credentials
        self.settings = Settings(
            topic_prefix="", partitions=PARTITIONS, poll_every=POLL, gateway_url=GATEWAY, hubspot_client_secret=SECRET,
            hubspot_portal=str(self.platforms.portal.portal_id), xero_tenant=str(given["tenant_id"]),
            xero_webhook_key=str(given["webhook_key"]), xero_client_id=str(given["client_id"]),
            xero_client_secret=str(given["client_secret"]), xero_refresh_token=str(given["refresh_token"]),
            secret_key=base64.b64encode(KEY).decode(),
        )  # fmt: skip
        self.topics = Topics("", PARTITIONS)
        self._lots = Random(f"world/{seed}")
        self._seals = Random(f"seals/{seed}")

    async def _prepare(self) -> None:
        client = self._hubspot()
        await create_properties(client)
        await client.close()
        gateway = gateway_app(self.settings, self.broker.produce, self.hours)
        await self.platforms.subscribe(gateway, self._lots)

    def _hire(self, number: int) -> None:
        self.workers[number] = Worker(
            self.broker, self.settings, self.contract, [p for p in range(PARTITIONS) if p % WORKERS == number],
            make=self._client, clock=self.hours, lots=self._lots, failed=self._failed,
        )  # fmt: skip

    def _failed(self, error: BaseException) -> None:
        self.failures.append(f"a worker ends: {type(error).__name__}: {error}")

    # scenes

    async def _scene(self, scene: Scene) -> None:
        if scene.what == "fault":
            await self._fault(scene)
        elif scene.what == "crash":
            await self._crash(scene)
        else:
            try:
                await DEEDS[scene.what][1](self.platforms, Random(scene.draw))
            except Declined:
                self.declined += 1

    async def _fault(self, scene: Scene) -> None:
        more = scene.more
        faults = self.platforms.faults[more["platform"]]
        fault = faults.add(
            Fault(FaultKind(more["kind"]), rate=more["rate"], seed=scene.draw, params=more.get("params", {}))
        )
        await asyncio.sleep(more["seconds"])
        faults.remove(fault.id)

    async def _crash(self, scene: Scene) -> None:
        """A worker dies, at whatever it was waiting for, and comes back with nothing but what is durable."""
        worker = self.workers[scene.more["worker"] % WORKERS]
        if worker.dead:
            return
        self.deaths += 1
        worker.die()
        await worker.buried()
        await asyncio.sleep(scene.more["seconds"])
        self._hire(scene.more["worker"] % WORKERS)

    # rest

    async def _rest(self) -> None:
        """Wait for rounds of polls in which nothing is written."""
        quiet, seen = 0, (-1, -1)
        for _ in range(PATIENCE):
            await asyncio.sleep(POLL)
            now = (len(self.platforms.writes("hubspot")), len(self.platforms.writes("xero")))
            still = now == seen and not self.platforms.pending
            quiet, seen = quiet + 1 if still else 0, now
            if quiet >= QUIET or self.failures:
                return
        self.restless = True

    # clients, as streams.platforms.registry makes them, over our wires

    def _client(
        self, platform: Platform, settings: Settings, contract: Contract, desk: Callable[[], Desk]
    ) -> PlatformClient:
        return self._hubspot() if platform == "hubspot" else self._xero(settings, contract, desk)

    def _hubspot(self) -> HubSpotClient:
        wire = Wire(self.platforms.hubspot, self._lots)
        return HubSpotClient(
            URL.format("hubspot"), "2026-09", StaticToken(TOKEN), transport=wire, clock=self.hours,
            timezone=self.contract.timezone,
        )  # fmt: skip

    def _xero(self, settings: Settings, contract: Contract, desk: Callable[[], Desk]) -> XeroClient:
        wire = Wire(self.platforms.xero, self._lots)
        vault = Vault([KEY], randomness=self._seals.randbytes)
        safe = GrantSafe(vault, settings.tenant, "xero", str(settings.connection("xero")), desk)

        async def load() -> Grant | None:
            kept = await safe.load()
            return None if kept is None else Grant.from_bytes(kept.encode())

        async def save(grant: Grant) -> None:
            await safe.save(grant.to_bytes().decode())

        grants = Grants(
            URL.format("xero"), settings.xero_client_id, settings.xero_client_secret.get_secret_value(), load=load,
            save=save, clock=self.hours, first=settings.xero_refresh_token.get_secret_value(), transport=wire,
        )  # fmt: skip
        return XeroClient(
            URL.format("xero"), settings.xero_tenant, grants, clock=self.hours, sleep=asyncio.sleep, transport=wire,
            hold_group=contract.credit_hold_group, minute_calls=settings.xero_minute_calls,
        )  # fmt: skip


def run(story: Story) -> World:
    """Play a story on a loop of its own."""
    world = World(story)
    loop = VirtualLoop()
    collecting = gc.isenabled()
    gc.disable()
    try:
        loop.run_until_complete(world.play())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        if collecting:
            gc.enable()
    return world
