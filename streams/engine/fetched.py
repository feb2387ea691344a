"""Fetched records, taken from aiokafka's buffers in one go.

aiokafka makes an object of ten fields for each record, one at a time; a batch needs five of them, and all at once.
Flows in: what a fetch has brought and nobody has taken. Flows out: records by partition.
Invariants: the same records, in the same order and with the same checks, as `Fetcher.fetched_records` would give; the
partition's position moves past them.
"""

from collections.abc import Iterable
from typing import Any

from aiokafka.consumer.fetcher import READ_UNCOMMITTED, Fetcher, FetchResult
from aiokafka.errors import CorruptRecordException

from streams.engine.record import Record, slim

__all__ = ["take"]


def take(fetcher: Fetcher, wanted: Iterable[Any]) -> dict[Any, list[Record]]:
    """Take what is there of these partitions; nothing while partitions are assigned anew.

    Raises:
        CorruptRecordException: a batch's checksum is wrong; nothing of its fetch was taken.
    """
    taken: dict[Any, list[Record]] = {}
    if fetcher._subscriptions.reassignment_in_progress or fetcher._isolation_level != READ_UNCOMMITTED:  # noqa: SLF001 - seam
        return taken
    for place in wanted:
        result = fetcher._records.get(place)  # noqa: SLF001 - seam
        if type(result) is not FetchResult:
            continue
        del fetcher._records[place]  # noqa: SLF001 - seam
        fetcher._notify(fetcher._wait_consume_future)  # noqa: SLF001 - seam: the next fetch may begin
        if result.check_assignment(place) and result.has_more() and (records := _unpacked(result, place)):
            taken[place] = records
    return taken


def _unpacked(result: Any, place: Any) -> list[Record]:
    """Unpack the record batches of a fetch and move the position past them."""
    source = result._partition_records  # noqa: SLF001 - seam
    batches, position = source._records, source.next_fetch_offset  # noqa: SLF001 - seam
    records: list[Record] = []
    while batches.has_next():
        batch = batches.next_batch()
        if source._check_crcs and not batch.validate_crc():  # noqa: SLF001 - seam
            raise CorruptRecordException(f"Invalid CRC - {place}")
        if not batch.is_control_batch:
            fetched = slim(batch)
            if fetched and fetched[0].offset < position:  # a compressed batch may begin before it
                fetched = [record for record in fetched if record.offset >= position]
            records += fetched
        # Also past offsets at the end of the batch that have no record any more.
        position = batch.next_offset
    source.next_fetch_offset = position
    result._update_position()  # noqa: SLF001 - seam
    result._partition_records = None  # noqa: SLF001 - seam
    return records
