"""How often Python looks for cyclic garbage in a worker.

A batch makes tens of thousands of tuples and dictionaries that no cycle holds; with Python's own thresholds (a look
at every 2,000) those looks were a sixth of a busy worker's time. Reference counting frees them anyway; what is in
cycles is found a little later. A worker with little to do makes few objects, and would not look for hours: what HTTP
and Kafka clients leave in cycles (answers, fetches, tracebacks) holds buffers. So it looks by the clock as well.
"""

import asyncio
import gc

__all__ = ["keep_looking", "look_less_often"]

YOUNG = 50_000  # objects made and not freed before a look at the young: some 10 MB at most wait for it
MIDDLE, OLD = 20, 50  # looks at the younger before one at the older: Python's own are 10 and 10
LOOK_EVERY = 30.0  # seconds: a look at everything takes some 20 ms, a worker's clients leave a MB or two meanwhile


def look_less_often() -> None:
    """Set aside what was made so far (modules and classes, which stay), and look less often from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


async def keep_looking(every: float = LOOK_EVERY) -> None:
    """Look at everything again and again, every so many seconds, until cancelled."""
    while True:
        await asyncio.sleep(every)
        gc.collect()
