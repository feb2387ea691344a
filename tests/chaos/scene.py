"""One store's part in the chaos: its topics, its load, its workers and whoever starts them again.

Invariant: a worker that is not there because we killed or stopped it is missed by nobody; one that ended by itself is
started again, as a process manager would, and counted.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random  # noqa: TID251 - its seed is an argument

from bench.job import PARTITIONS
from tests.chaos.load import Load
from tests.chaos.watch import Watch
from tests.support.broker import committed, make_topics
from tests.unit.engine.processes import WorkerProcess, until

__all__ = ["OUTPUT_PARTITIONS", "Scene", "scene"]

OUTPUT_PARTITIONS = 7  # not as many as the source has: an output must go where its own key belongs
SCRIPT = str(Path(__file__).with_name("worker.py"))
DRAINED_WITHIN = 120.0  # seconds for what is left when the load has stopped
LOOK_EVERY = 0.05  # seconds


class Scene:
    """Topics, load and workers of one store."""

    def __init__(self, broker: str, folder: Path, name: str, store: str, lots: Random) -> None:
        self.broker = broker
        self.prefix = name
        self.store = store
        self.lots = lots
        self.folder = folder
        self.recoveries: list[float] = []
        self.ended: list[str] = []  # workers that ended though nobody asked them to
        self.source, self.out, self.entities, self.windows = (
            f"{name}.{each}" for each in ("source", "out", "entities", "windows")
        )
        self.load: Load
        self._watch: Watch
        self._workers: dict[str, WorkerProcess] = {}
        self._starts = 0

    # workers

    def start(self, name: str) -> WorkerProcess:
        """Start a worker, on the folder its name had before."""
        self._starts += 1
        self._workers[name] = WorkerProcess(
            self.folder, f"{name}-{self._starts}", SCRIPT, BROKER=self.broker, PREFIX=self.prefix, STORE=self.store,
            DATADIR=str(self.folder / name), SHOW=str(self.folder / "show"), HELD=str(self._held(name)),
        )  # fmt: skip
        return self._workers[name]

    def kill(self, name: str) -> None:
        """Kill -9."""
        self._workers.pop(name).kill()

    async def leave(self, name: str) -> None:
        """Stop a worker in order, once it has begun: before that, nobody listens to the request."""
        worker = await self._workers[name].ready(DRAINED_WITHIN)
        del self._workers[name]
        code = await worker.stop()
        if code:
            self.ended.append(f"{worker.log} left with exit code {code}")

    async def keep(self) -> None:
        """Start again whoever ended by itself."""
        while True:
            for name, worker in list(self._workers.items()):
                if worker.process.poll() is not None:
                    self.ended.append(f"{worker.log} ended with exit code {worker.process.returncode}")
                    self.start(name)
            await asyncio.sleep(LOOK_EVERY)

    # the load and its answers

    async def works(self) -> None:
        """Wait until every partition gives outputs from now on."""
        await self._watch.answered(time.time())

    async def recovers(self, blow: float, *, made_after: float | None = None) -> None:
        """Wait until every partition gives outputs made after a blow; keep how long that took.

        Args:
            blow: its time.
            made_after: when it was over, if it took some time itself.
        """
        end = blow if made_after is None else made_after
        self.recoveries.append(await self._watch.answered(end) + end - blow)

    async def linger(self, most: float) -> None:
        """Let the load run for a while that chance decides."""
        await asyncio.sleep(self.lots.uniform(0, most))

    async def drained(self) -> int:
        """Stop the load and wait until all of it is done and committed; return how many events were sent."""
        sent = await self.load.stop()
        deadline = time.monotonic() + DRAINED_WITHIN
        while sum((await self._progress()).values()) < sent:
            assert time.monotonic() < deadline, f"{self.prefix}: {await self._progress()} of {sent} are committed"
            await asyncio.sleep(LOOK_EVERY)
        return sent

    async def held(self) -> list[Path]:
        """Have every worker write down what it holds; return the files.

        Once all have begun: one that joins meanwhile takes partitions over that another has written down.
        """
        for worker in list(self._workers.values()):
            await worker.ready(DRAINED_WITHIN)
        (self.folder / "show").touch()
        files = [self._held(name) for name in self._workers]
        await until(lambda: all(file.exists() for file in files), DRAINED_WITHIN, lambda: f"of {files}")
        return files

    async def close(self) -> None:
        """Stop everybody in order."""
        for name in list(self._workers):
            await self.leave(name)

    def _held(self, name: str) -> Path:
        return self.folder / f"{name}-holds.json"

    async def _progress(self) -> dict[int, int]:
        done = await committed(self.broker, f"{self.prefix}.app")
        return {place: done.get((self.source, place), 0) for place in range(PARTITIONS)}


@asynccontextmanager
async def scene(broker: str, folder: Path, name: str, store: str, *, rate: int, lots: Random) -> AsyncIterator[Scene]:
    """Yield a scene under load; nothing of it is left running afterwards."""
    made = Scene(broker, folder / name, name, store, lots)
    made.folder.mkdir(parents=True)
    keep_all = {"retention.ms": "-1"}
    await make_topics(broker, {made.source: PARTITIONS, made.out: OUTPUT_PARTITIONS}, **keep_all)
    made.load = await Load(broker, made.source, rate).start()
    made._watch = await Watch(broker, made.out, OUTPUT_PARTITIONS).start()  # noqa: SLF001 - still making it
    keeper = asyncio.create_task(made.keep())
    try:
        yield made
    finally:
        keeper.cancel()
        for worker in made._workers.values():  # noqa: SLF001 - the end of it
            worker.kill()
        await made._watch.stop()  # noqa: SLF001 - same
