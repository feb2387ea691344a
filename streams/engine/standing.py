"""How far a partition is that is read as batches: what is done, what is handed out, what waits for its commit.

Flows in: its batches in flight and its committed offset. Flows out: figures. Nothing is changed by asking, so that
another thread may.
"""

from typing import NamedTuple

from faust.types import TP

from streams.engine.batch import RecordBatch
from streams.engine.inflight import InFlight

__all__ = ["Standing", "standing"]


class Standing(NamedTuple):
    """One partition's figures; an offset is None until it is known."""

    tp: TP
    done: int | None  # the offset after all that is done
    handed_out: int | None  # the offset after all that agents were given
    in_flight: int  # batches
    held: int  # bytes of memory their records take
    waits: bool  # whether something done is not committed yet


def standing(tp: TP, queue: InFlight, committed: int | None) -> Standing:
    """Work out a partition's figures."""
    end, waiting = queue.end, queue.waiting
    done = max((each for each in (end, committed) if each is not None), default=None)
    if done is None and waiting and isinstance(first := waiting[0], RecordBatch):
        done = first.first_offset  # the group has no commit here yet
    return Standing(
        tp,
        done,
        waiting[-1].next_offset if waiting else done,
        len(waiting),
        sum(batch.size for batch in waiting),
        end is not None and (committed is None or end > committed),
    )
