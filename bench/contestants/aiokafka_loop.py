"""A bare loop over aiokafka, with ready-made record batches: what the engine's own client allows."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.contestants.plan import Meter, Plan
from bench.job import PARTITIONS, Row, add, judge, output, window_key

AT_ONCE = 10_000  # records per batch, as the engine
Pairs = Iterable[tuple[bytes, bytes]]


async def submit(producer: Any, topic: str, place: int, pairs: Pairs) -> list[Any]:
    """Queue record batches; return what to wait for."""
    waiting = []
    builder = producer.create_batch()
    for key, value in pairs:
        if builder.append(timestamp=None, key=key, value=value) is None:
            builder.close()
            waiting.append(await producer.send_batch(builder, topic, partition=place))
            builder = producer.create_batch()
            builder.append(timestamp=None, key=key, value=value)
    builder.close()
    waiting.append(await producer.send_batch(builder, topic, partition=place))
    return waiting


async def run(plan: Plan) -> None:
    """Do the job."""
    meter = Meter(plan)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=plan.broker, group_id=plan.group, enable_auto_commit=False, max_partition_fetch_bytes=4 << 20
    )
    producer = AIOKafkaProducer(bootstrap_servers=plan.broker, acks="all", max_batch_size=900_000)
    await consumer.start()
    await producer.start()
    rows: dict[bytes, Row] = {}
    windows: dict[str, Row] = {}
    places = [TopicPartition(plan.source, place) for place in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    done = 0
    while done < plan.events:
        found = await consumer.getmany(timeout_ms=100, max_records=AT_ONCE)
        if not found:
            continue
        meter.start()
        said: defaultdict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
        touched: dict[bytes, int] = {}
        summed: dict[str, int] = {}
        for place, records in found.items():
            for record in records:
                key, seen = record.key, orjson.loads(record.value)
                row, ruling = judge(rows.get(key), seen, record.offset)
                rows[key] = row
                touched[key] = place.partition
                name = window_key(seen)
                windows[name] = window = add(windows.get(name), seen, record.offset)
                summed[name] = place.partition
                said[place.partition].append((key, output(seen, ruling, row, window)))
            done += len(records)
        changed: defaultdict[tuple[str, int], list[tuple[bytes, bytes]]] = defaultdict(list)
        for key, number in touched.items():
            changed[plan.entities, number].append((b'"' + key + b'"', orjson.dumps(rows[key])))
        for name, number in summed.items():
            changed[plan.windows, number].append((orjson.dumps(name), orjson.dumps(windows[name])))
        waiting = [w for number, pairs in said.items() for w in await submit(producer, plan.out, number, pairs)]
        waiting += [w for (topic, n), pairs in changed.items() for w in await submit(producer, topic, n, pairs)]
        await asyncio.gather(*waiting)
        await consumer.commit({place: records[-1].offset + 1 for place, records in found.items()})
    meter.leave()


if __name__ == "__main__":
    asyncio.run(run(Plan.given()))
