"""A changelog that is not what local state was read from: what a worker shows is what the changelog has, always."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recovery.test_engine_restart import both_stores, shown
from tests.support.broker import cut, make_topics, read, remove_topic, write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import WorkerProcess, until

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]


async def test_a_changelog_that_was_cut_or_made_anew(bench: Bench, start: Start, tmp_path: Path):
    async def story(bench: Bench, store: str) -> None:
        rebuilt = "is rebuilt from the changelog"
        kept = store == "rocksdb://"

        async def play(name: str, folder: str) -> WorkerProcess:
            """Run a worker until it has worked everything off and shows what the changelog has."""
            file = tmp_path / f"{bench.names}-{name}.json"
            place = str(tmp_path / f"{bench.names}-{folder}")
            worker = start(f"{store[:5]}-{name}", PREFIX=bench.names, STORE=store, DATADIR=place, SHOW=str(file))
            await bench.all_committed()
            table = await bench.table()
            await until(lambda: shown(file) == table, explain=worker.words)
            assert await worker.stop() == 0
            return worker

        await make_topics(bench.broker, {bench.counts: 4}, **{"cleanup.policy": "compact,delete", "retention.ms": "-1"})
        await write(bench.broker, bench.facts, records(0, 400, keys=80))
        await play("first", "old")
        # that folder falls behind, and what it misses begins with deletions
        deletes = [(key, b"delete") for key, _ in records(0, 40, keys=80)]
        await write(bench.broker, bench.facts, [*deletes, *records(40, 80, keys=80)])
        assert not (await play("second", "new")).says(rebuilt)
        await cut(bench.broker, bench.counts, await deleted(bench))
        assert (await play("behind", "old")).says(rebuilt) is kept
        if not kept:
            return  # a new process of the memory store has no local state that could not fit
        # the changelog is removed, and made anew by the worker; what it held is not read from the sources again
        await remove_topic(bench.broker, bench.counts)
        await write(bench.broker, bench.facts, records(0, 20, keys=80))
        (tmp_path / f"{bench.names}-old" / "state.json").unlink()  # as where the broker tells no ids of topics
        assert (await play("ahead", "old")).says("the topic was made anew, or the broker lost records")
        assert len(await bench.table()) == 20
        # the same, and by the time the folder comes back the new one is longer than the old one was
        await remove_topic(bench.broker, bench.counts)
        await write(bench.broker, bench.facts, records(80, 400, keys=400))
        await play("other", "other")
        anew = await play("anew", "old")
        assert anew.says("Local state of table counts is rebuilt")
        assert not anew.says("reaches to offset")

    await both_stores(bench, story)


async def deleted(bench: Bench) -> dict[int, int]:
    """Return for each partition of the changelog the offset after its last deletion."""
    return {r.partition: r.offset + 1 for r in await read(bench.broker, bench.counts) if r.value is None}
