"""A worker that is the product's own, and dies or stands still where it is told to.

In: order files in CHAOS_ORDERS, named `HOW@STEP`. Out: `revmark worker`, until a step that an order names: the first
worker that reaches it takes the order and is killed (`die`), stands still before the next step (`freeze`) or in the
middle of it (`amid`). Steps: claimed, called, answered, recorded, produced (`streams.lanes.writing`) and flushed: all
is durable, and the offset is not committed yet. Nothing of the product knows of it.
"""

import os
import signal
import threading
from functools import partial, wraps
from pathlib import Path

from console.main import app
from streams.engine import RecordBatch
from streams.lanes import office
from streams.lanes.lane import Lane

ORDERS = Path(os.environ["CHAOS_ORDERS"])
AMID = 0.3  # seconds after a step: the call that follows is on its way, for the sandbox keeps its answer


def reached(step: str) -> None:
    for order in ORDERS.glob(f"*@{step}"):
        how = order.name.partition("@")[0]
        try:
            order.rename(ORDERS / f"{how}.{step}.{os.getpid()}")
        except FileNotFoundError:
            continue  # another worker was faster
        if how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif how == "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            timer = threading.Timer(AMID, os.kill, (os.getpid(), signal.SIGSTOP))
            timer.daemon = True
            timer.start()


def watch_flushes() -> None:
    flush = RecordBatch.flush

    @wraps(flush)
    async def flushed(batch: RecordBatch) -> None:
        await flush(batch)
        if ".lanes." in batch.topic:
            reached("flushed")

    RecordBatch.flush = flushed  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    setattr(office, "Lane", partial(Lane, checkpoint=reached))  # noqa: B010 - types know that it is a class
    watch_flushes()
    app(["worker"], prog_name="revmark")
