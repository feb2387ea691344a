"""Delivery: a step's result onto the batch, in the engine's order."""

from __future__ import annotations

from agents.rules.result import Result
from streams.app import app
from streams.engine import RecordBatch


async def deliver(batch: RecordBatch, result: Result) -> None:
    """Quarantine what was refused, send the outputs, make all durable, and let the batch be committed."""
    records = batch.records
    for index, reason in result.refused:
        batch.quarantine(records[index], reason=reason)
    prefix = app.names.prefix
    for output in result.outputs:
        batch.send(f"{prefix}{output.topic}", key=output.key, value=output.value)
    await batch.flush()
