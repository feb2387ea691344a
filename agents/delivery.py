"""Delivery: a batch through a step, slice by slice, in the engine's order.

A slice's state changes go to one table and leave in one record batch: after a crash they are all there or none of them
is, so sums and the rows they are sums of never part. A slice is read again when the crash came before the commit, and
then changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.rules.result import Result
from streams.app import app
from streams.engine import RecordBatch, TooLarge

SLICE = 250  # records: their changes are about 1 MB at 4 kB a record, a quarter of what one record batch holds

Step = Callable[[Sequence[bytes | None]], Result]


async def deliver(batch: RecordBatch, step: Step) -> None:
    """Judge slice after slice, make each durable, and let the batch be committed."""
    for start in range(0, len(batch), SLICE):
        # 1 read
        records = batch.records[start : start + SLICE]
        # 2 judge
        result = step([record.value for record in records])
        # 3 write: outputs acknowledged, then the changelog, then local state
        for index, reason in result.refused:
            batch.quarantine(records[index], reason=reason)
        for output in result.outputs:
            try:
                batch.send(f"{app.names.prefix}{output.topic}", key=output.key, value=output.value)
            except TooLarge as error:
                batch.quarantine(records[min(output.cause, len(records) - 1)], reason=str(error))
        await batch.write()
    # 4 commit
    batch.done()
