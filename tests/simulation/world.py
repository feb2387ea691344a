"""A world: both platforms, a gateway, workers and people, in one process and in no time.

Flows in: a story. Flows out: the world as it is once everything has come to rest. Invariant: the same story leads to
the same trace.
"""

from __future__ import annotations

import asyncio
import base64
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random
from typing import TypeVar

from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Scope_

from schemas.contract import Contract
from schemas.errors import Transient
from schemas.names import Platform
from streams.engine.record import Headers
from streams.gateway.app import create_app as gateway_app
from streams.gateway.objects import types_of
from streams.lanes.desk import Desk, while_ours
from streams.platforms.hubspot.auth import StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.provisioning import lacking, provision
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.interface import PlatformClient
from streams.platforms.registry import GrantSafe
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants
from streams.settings import Settings
from streams.topics import Topics
from streams.tracing import Tracer
from streams.vault import Vault
from tests.simulation.broker import Broker
from tests.simulation.clockwork import START, Hours, Skewed, VirtualLoop
from tests.simulation.group import Group
from tests.simulation.mischief import Mischief
from tests.simulation.people import EVERY_DEED
from tests.simulation.platforms import GATEWAY, SECRET, TOKEN, Declined, Platforms
from tests.simulation.scenes import RECURRING, Scene, Story
from tests.simulation.trade import CONTRACTS
from tests.simulation.troubles import TROUBLES
from tests.simulation.wire import Courier, Wire
from tests.simulation.worker import Worker
from tests.support.contracts import shipped

PARTITIONS = 2
WORKERS = 2
POLL = 120.0  # seconds between polls
EARLY = 60.0  # seconds before its first scene that workers come
QUIET = 2  # rounds of polls without a write after which a world is at rest
LISTED = 7  # the same where there is money in advance: without a webhook it is listed every ten minutes
LONG_QUIET, EVERY = 10, 10  # the same for each tenth seed: that nothing begins again later either
A_LOOK = 32  # the same where something may be due by the calendar, which is looked at each hour
PATIENCE = 80  # rounds of polls in which it has to come to rest
URL = "http://{}.sim"
KEY = b"0" * 32


Played = TypeVar("Played", bound="World")


class Door:
    """A platform as one worker reaches it: while that worker stands still it sends nothing, and hears nothing."""

    def __init__(self, app: ASGIApp, awake: asyncio.Event) -> None:
        """Lead to `app`."""
        self._app, self._awake = app, awake

    async def __call__(self, scope: Scope_, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if not self._awake.is_set():
            await self._awake.wait()
        await self._app(scope, receive, send)
        if not self._awake.is_set():
            await self._awake.wait()


@dataclass
class World:
    """Everything there is."""

    story: Story
    contract: Contract = field(default_factory=shipped)
    tracer: Tracer | None = None
    failures: list[str] = field(default_factory=list)
    restless: bool = False
    declined: int = 0
    expiries: int = 0
    over: float = 0.0
    make_broker: type[Broker] = Broker
    hours: Hours = field(init=False)
    platforms: Platforms = field(init=False)
    broker: Broker = field(init=False)
    settings: Settings = field(init=False)
    topics: Topics = field(init=False)
    group: Group = field(init=False)
    clocks: dict[str, Skewed] = field(init=False)
    gateway: ASGIApp = field(init=False)

    async def play(self) -> None:
        """Play the story to its end, and wait until nothing moves."""
        self._build()
        await self._prepare()
        others = set[asyncio.Task[None]]()
        loop = asyncio.get_running_loop()
        start = loop.time()
        await asyncio.sleep(max(0.0, min((scene.at for scene in self.story.scenes), default=0.0) - EARLY))
        self.group = Group(PARTITIONS, WORKERS, self._hire)
        for scene in self.story.scenes:
            await asyncio.sleep(max(0.0, start + scene.at - loop.time()))
            if scene.what in TROUBLES:
                others.add(loop.create_task(self.mischief.play(scene)))
            else:
                await self._deed(scene)
            if self.failures:
                break
        await asyncio.gather(*others)
        self.over = self.now
        for faults in self.platforms.faults.values():
            faults.clear()
        if not self.failures:
            await self._rest()
        await self.group.end()
        await self.platforms.close()

    @property
    def now(self) -> float:
        """Seconds since the world began."""
        return (self.hours() - START).total_seconds()

    @property
    def _plenty(self) -> int:
        """Records that no story of this length makes: three times what is usual, at least."""
        return 2_000 + 150 * len(self.story.scenes)

    def _build(self) -> None:
        seed = self.story.seed
        self.hours = Hours(asyncio.get_running_loop())
        self.platforms = Platforms(self.hours, seed)
        self.clocks = {**self.platforms.clocks, **{f"worker{number}": Skewed(self.hours) for number in range(WORKERS)}}
        self.mischief = Mischief(self)
        self.mischief.skew(self.story.scenes)
        self.broker = self.make_broker(PARTITIONS, self.hours, Random(f"broker/{seed}"), limit=self._plenty)
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

    async def _prepare(self, begin: Callable[[], Awaitable[None]] | None = None) -> None:
        """Open the gateway; what is to be there before anybody listens is made by `begin`."""
        client = self._hubspot(self.hours, self.platforms.hubspot)
        await provision(client, self.contract, await lacking(client, self.contract))
        await client.close()
        if begin is not None:
            await begin()
        self.gateway = gateway_app(
            self.settings, self._produce, self.hours, types=types_of(self.contract), tracer=self.tracer
        )
        await self.platforms.subscribe(self.gateway, self._lots)

    async def _produce(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> None:
        """What the gateway writes through."""
        if self.broker.down:
            raise Transient("the broker is not there", code="broker")
        await self.broker.produce(topic, key, value, headers)

    def _hire(self, number: int, awake: asyncio.Event) -> Worker:
        clock = self.clocks[f"worker{number}"]
        return Worker(
            self.broker, self.settings, self.contract, make=partial(self._client, clock, awake), clock=clock,
            lots=self._lots, failed=self._failed, awake=awake, tracer=self.tracer,
        )  # fmt: skip

    def _failed(self, error: BaseException) -> None:
        self.failures.append(f"a worker ends: {type(error).__name__}: {error}")

    async def _deed(self, scene: Scene) -> None:
        try:
            await EVERY_DEED[scene.what][1](self.platforms, Random(scene.draw))
        except Declined:
            self.declined += 1

    # rest

    async def _rest(self) -> None:
        """Wait for rounds of polls in which nothing is written."""
        quiet, seen = 0, (-1, -1)
        enough = QUIET if self.story.seed % EVERY else LONG_QUIET
        enough = A_LOOK if self.story.trade in RECURRING else enough
        for _ in range(PATIENCE):
            await asyncio.sleep(POLL)
            now = (len(self.platforms.writes("hubspot")), len(self.platforms.writes("xero")))
            still = now == seen and not self.platforms.pending
            quiet, seen = quiet + 1 if still else 0, now
            advances = any(self.platforms.shelf(name) for name in ("Prepayments", "Overpayments"))
            if quiet >= (max(enough, LISTED) if advances else enough) or self.failures:
                return
        self.restless = True

    # clients, as streams.platforms.registry makes them, over our wires

    def _client(
        self, clock: Skewed, awake: asyncio.Event, platform: Platform, settings: Settings, contract: Contract,
        desk: Callable[[], Desk],
    ) -> PlatformClient:  # fmt: skip
        if platform == "hubspot":
            return self._hubspot(clock, Door(self.platforms.hubspot, awake), lambda: desk().check())
        return self._xero(clock, Door(self.platforms.xero, awake), settings, contract, desk)

    def _hubspot(
        self, clock: Callable[[], datetime], door: ASGIApp, ours: Callable[[], None] = lambda: None
    ) -> HubSpotClient:
        return HubSpotClient(
            URL.format("hubspot"), "2026-09", StaticToken(TOKEN), transport=Wire(door, self._lots),
            http=Courier, clock=clock, timezone=self.contract.timezone, shapes=shapes_of(self.contract),
            ours=ours,
        )  # fmt: skip

    def _xero(
        self, clock: Skewed, door: ASGIApp, settings: Settings, contract: Contract, desk: Callable[[], Desk]
    ) -> XeroClient:
        wire = Wire(door, self._lots)
        vault = Vault([KEY], randomness=self._seals.randbytes)
        safe = GrantSafe(vault, settings.tenant, "xero", str(settings.connection("xero")), desk)

        async def load() -> Grant | None:
            kept = await safe.load()
            return None if kept is None else Grant.from_bytes(kept.encode())

        async def save(grant: Grant) -> None:
            await safe.save(grant.to_bytes().decode())

        grants = Grants(
            URL.format("xero"), settings.xero_client_id, settings.xero_client_secret.get_secret_value(), load=load,
            save=save, clock=clock, first=settings.xero_refresh_token.get_secret_value(), transport=wire,
        )  # fmt: skip
        return XeroClient(
            URL.format("xero"), settings.xero_tenant, grants, clock=clock, sleep=while_ours(desk), transport=wire,
            http=Courier, hold_group=contract.credit_hold_group, minute_calls=settings.xero_minute_calls,
            ours=lambda: desk().check(),
        )  # fmt: skip


def run(story: Story, tracer: Tracer | None = None) -> World:
    """Play a story on a loop of its own."""
    return looped(World(story, CONTRACTS[story.trade](), tracer))


def looped(world: Played) -> Played:
    """Play a world on a loop of its own."""
    loop = VirtualLoop()
    with uncollected():
        try:
            loop.run_until_complete(world.play())
        finally:
            for task in asyncio.all_tasks(loop):  # answers that nobody waits for
                task.cancel()
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
    return world


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: a world is a hundred megabytes of which little is any."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
