"""What is done to the workers and the broker, round by round, and what it came to.

Flows in: how many rounds, a seed. Flows out: one report per fault.
The stores go through it at the same time, each with its own topics and workers; they share the waits, and a broker.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 - its seed is an argument
from statistics import median
from time import time
from typing import Any

from streams.broker import EmbeddedKafka
from tests.chaos.checker import Verdict, check
from tests.chaos.scene import OUTPUT_PARTITIONS, Scene, scene

__all__ = ["STORES", "Pace", "Report", "broker_restart", "group_churn", "kill_9"]

STORES = ("memory://", "rocksdb://")  # at the same time: they share the waits
AGAIN = 1 / 3  # of the rounds: the replacement is killed as well, while it starts or recovers

Say = Callable[[str], None]


@dataclass(frozen=True)
class Pace:
    """How often, how fast and when."""

    rounds: int  # for each store
    rate: int  # events a second, for each store
    seed: int  # of the times of the blows
    between: float = 3.0  # seconds at most between two: enough for several commits, short enough to hit a recovery
    stores: Sequence[str] = STORES


@dataclass
class Report:
    """What a fault came to, over its stores."""

    id: str
    rounds: int
    recoveries: list[float] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was lost or wrong, and no worker ended by itself."""
        return all(verdict.ok for verdict in self.verdicts.values()) and not self.ended

    def total(self, name: str) -> int:
        """A count over the stores."""
        return sum(getattr(verdict, name) for verdict in self.verdicts.values())

    def public(self) -> dict[str, Any]:
        """The report as the last line of `make chaos --json` has it."""
        counts = (
            "events",
            "lost",
            "wrong_keys",
            "wrong_windows",
            "wrong_outputs",
            "misplaced",
            "unknown",
            "duplicates",
        )
        return {
            "id": self.id,
            "rounds": self.rounds,
            **{name: self.total(name) for name in counts},
            "recovery_s": {"median": round(median(self.recoveries), 2), "max": round(max(self.recoveries), 2)},
            "ended": len(self.ended),
            "stores": {
                store: {name: value for name, value in asdict(verdict).items() if name != "examples"}
                for store, verdict in self.verdicts.items()
            },
            "ok": self.ok,
        }


async def kill_9(broker: str, folder: Path, pace: Pace, say: Say) -> Report:
    """One worker, killed under load and replaced at once."""

    async def story(place: Scene) -> None:
        place.start("only")
        await place.works()
        for number in range(1, pace.rounds + 1):
            await place.linger(pace.between)
            place.kill("only")
            since = time()
            if place.lots.random() < AGAIN:
                place.start("only")
                await place.linger(pace.between)
                place.kill("only")
                since = time()
            place.start("only")
            await place.recovers(since)
            say(f"kill_9 {place.store} round {number}: {place.recoveries[-1]:.2f} s")

    return await _play("kill_9", broker, folder, pace, lambda places: _each(places, story))


async def group_churn(broker: str, folder: Path, pace: Pace, say: Say) -> Report:
    """Three workers: one leaves in order, joins again; one is killed, and comes back while the group misses it."""

    async def story(place: Scene) -> None:
        names = ["first", "second", "third"]
        for name in names:
            place.start(name)
        await place.works()
        for number in range(1, pace.rounds + 1):
            leaver, victim = place.lots.sample(names, 2)
            await place.linger(pace.between)
            await place.leave(leaver)
            await place.linger(pace.between)
            await place.start(leaver).ready()
            await place.linger(pace.between)
            place.kill(victim)
            since = time()
            await place.linger(pace.between)
            place.start(victim)
            await place.recovers(since)
            say(f"group_churn {place.store} round {number}: {place.recoveries[-1]:.2f} s")

    return await _play("group_churn", broker, folder, pace, lambda places: _each(places, story))


async def broker_restart(kafka: EmbeddedKafka, folder: Path, pace: Pace, say: Say) -> Report:
    """The broker, killed and started again on its folder and its ports, under one worker of each store."""

    async def story(places: Sequence[Scene]) -> None:
        for place in places:
            place.start("only")
        await asyncio.gather(*(place.works() for place in places))
        for number in range(1, pace.rounds + 1):
            await places[0].linger(pace.between)
            blow = time()
            await asyncio.to_thread(kafka.kill)
            dead = time()
            await places[0].linger(pace.between)
            await asyncio.to_thread(kafka.revive)
            up = time() - blow
            await asyncio.gather(*(place.recovers(blow, made_after=dead) for place in places))
            for place in places:
                say(f"broker_restart {place.store} round {number}: {place.recoveries[-1]:.2f} s, {up:.2f} of it away")

    return await _play("broker_restart", kafka.address, folder, pace, story)


async def _each(places: Sequence[Scene], story: Callable[[Scene], Awaitable[None]]) -> None:
    await asyncio.gather(*(story(place) for place in places))


async def _play(
    fault: str, broker: str, folder: Path, pace: Pace, story: Callable[[Sequence[Scene]], Awaitable[None]]
) -> Report:
    """Set a scene for each store, play, drain, stop and check."""
    report = Report(fault, pace.rounds * len(pace.stores))
    async with AsyncExitStack() as stage:
        places = []
        for store in pace.stores:
            name = f"{fault}.{store[:5]}.{pace.seed}"
            lots = Random(name)  # noqa: S311 - repeatable, not secret
            places.append(
                await stage.enter_async_context(scene(broker, folder, name, store, rate=pace.rate, lots=lots))
            )
        await story(places)
        sent = await asyncio.gather(*(place.drained() for place in places))
        files = await asyncio.gather(*(place.held() for place in places))
        await asyncio.gather(*(place.close() for place in places))
        for place, count, held in zip(places, sent, files, strict=True):
            topics = (place.source, place.out, place.entities, place.windows)
            verdict = await check(broker, topics, OUTPUT_PARTITIONS, held)
            if verdict.events != count:
                raise AssertionError(
                    f"The load was told {count} events were kept, {place.source} has {verdict.events}."
                )
            report.verdicts[place.store] = verdict
            report.recoveries += place.recoveries
            report.ended += place.ended
    return report
