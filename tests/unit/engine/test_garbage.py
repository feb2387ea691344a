"""Cyclic garbage is looked for less often, and still found: after many objects, and in a worker that makes few."""

import gc
import subprocess
import sys
import textwrap

KNOT = """
    import asyncio, gc, weakref
    from streams.engine.garbage import YOUNG, keep_looking, look_less_often

    class Knot:
        pass

    def tie():
        knot = Knot()
        knot.itself = knot
        return weakref.ref(knot)

    look_less_often()
    tied = tie()
"""
BUSY = """
    few = [[] for _ in range(YOUNG // 2)]
    waits = tied() is not None
    many = [[] for _ in range(YOUNG)]
    print(gc.get_freeze_count() > 1000, waits, tied() is None)
"""


IDLE = """
    async def until_found():
        async with asyncio.timeout(60):
            looking = asyncio.create_task(keep_looking(0.01))
            while tied() is not None:
                await asyncio.sleep(0.01)
            looking.cancel()

    asyncio.run(until_found())
    print(tied() is None)
"""


def test_garbage_is_found_after_more_objects_than_python_would_wait_for():
    assert said(BUSY) == ["True"] * 3
    assert gc.get_threshold()[0] < 50_000  # and this process goes on as it was


def test_a_worker_that_makes_few_objects_finds_it_by_the_clock():
    assert said(IDLE) == ["True"]


def said(script: str) -> list[str]:
    """What a process of its own prints: thresholds are the process's."""
    text = textwrap.dedent(KNOT) + textwrap.dedent(script)
    found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return found.stdout.split()
