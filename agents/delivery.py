"""Delivery: a batch through a step, slice by slice, in the engine's order.

A slice's state changes go to one table and leave in one record batch: after a crash they are all there or none of them
is, so sums and the rows they are sums of never part. So a slice is as long as what it changes has room in one record
batch. A slice is read again when the crash came before the commit: up to where its records were taken leaves with what
they changed, so they are passed over, and their outputs are on their topics already. A crash between outputs and
changes puts a slice's outputs onto their topics twice: each says what it was made of, and the second is passed over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from agents.following import Followed, note
from agents.rules.result import Result
from streams.engine import Record, RecordBatch, TooLarge
from streams.engine.record import Headers
from streams.engine.view import View
from streams.topics import BATCH_BYTES, ORIGIN
from streams.tracing import TRACEPARENT, Span, Tracer
from tables.taken import Origin, Taken

__all__ = ["CHUNK", "ROOM", "deliver"]

CHUNK = 100  # records judged between two looks at what is staged: some 20 ms in which nothing else of the worker moves
# Bytes of changes after which a slice is written: half of what one record batch takes. The other half is for the last
# chunk, which may change 19 kB a record.
ROOM = BATCH_BYTES // 2
TOLD_ON = {"facts", "documents"}  # topics whose records may change a table once more where they come again

Step = Callable[[Sequence[bytes | None]], Result]


async def deliver(
    batch: RecordBatch,
    table: View,
    step: Step,
    *,
    prefix: str,
    once: bool = True,
    tracer: Tracer | None = None,
    name: str = "",
) -> None:
    """Judge, make each slice of the batch durable, and let the batch be committed.

    Args:
        batch: what arrived.
        table: the batch's view of the one table that the step writes to.
        step: what is done with it.
        prefix: of the deployment's topics.
        once: note in the table what it has taken; False where each record has a row of its own.
        tracer: of the spans of records that belong to a trace.
        name: of the step, in its spans.
    """
    taken = Taken(table, batch.topic, batch.partition, batch.log) if once else None
    with Followed(batch, tracer, name) as followed:
        for start in range(0, len(batch), CHUNK):
            # 1 read
            records = batch.records[start : start + CHUNK]
            if taken is not None:
                records = [record for record in records if not _known(taken, record)]
            # 2 judge
            if records:
                spans = followed.begin(records)
                _stage(batch, records, step([record.value for record in records]), prefix, spans)
            if records and taken is not None:
                taken.note(records[-1].offset, max(record.timestamp for record in records))
            # 3 write: outputs acknowledged, then the changelog, then local state
            if _changed(table) >= ROOM:
                await batch.write()
                followed.end()
            elif start + CHUNK < len(batch):
                await asyncio.sleep(0)  # heartbeats and lanes have their turn
        # 3 write, 4 commit
        await batch.flush()


def _known(taken: Taken, record: Record) -> bool:
    """Whether the record was taken before, or is one that was taken and has been written twice."""
    if taken.has(record.offset, record.timestamp):
        return True
    for name, content in record.headers:
        if name == ORIGIN and (origin := Origin.from_bytes(content)):
            return taken.repeats(origin)
    return False


def _stage(
    batch: RecordBatch, records: Sequence[Record], result: Result, prefix: str, spans: Mapping[int, Span]
) -> None:
    for index, reason in result.refused:
        batch.quarantine(records[index], reason=reason)
    made: Counter[int] = Counter()
    for output in result.outputs:
        place = min(output.cause, len(records) - 1)
        cause = records[place]
        headers: Headers = ()
        if output.topic in TOLD_ON:
            origin = Origin(batch.topic, batch.partition, batch.log, cause.offset, cause.timestamp, made[cause.offset])
            headers = ((ORIGIN, origin.to_bytes()),)
            made[cause.offset] += 1
        if place in spans:
            headers = (*headers, (TRACEPARENT, spans[place].context))
        try:
            batch.send(f"{prefix}{output.topic}", key=output.key, value=output.value, headers=headers)
        except TooLarge as error:
            batch.quarantine(cause, reason=str(error))
    if spans:
        note(spans, result)


def _changed(table: View) -> int:
    """Bytes of what is staged for the table."""
    staged = table.staged
    return sum(map(len, staged)) + sum(map(len, filter(None, staged.values())))
