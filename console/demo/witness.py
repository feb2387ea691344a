"""The witness: reads topics from their beginning in a thread and keeps what it has seen, as any subscriber could."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.wire import decode

JOIN_SECONDS = 10.0  # the consumer notices the end within one fetch wait


class Witness:
    """Keeps every record of some topics, in the order of each partition."""

    def __init__(self, broker: str, topics: Sequence[str], partitions: int) -> None:
        """Watch `topics`, which exist, on `broker` until closed."""
        self._broker = broker
        self._topics = topics
        self._partitions = partitions
        self._seen: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._watch()), name="witness", daemon=True)
        self._thread.start()

    def seen(self, topic: str) -> list[dict[str, Any]]:
        """What has come so far."""
        with self._lock:
            return list(self._seen[topic])

    def close(self) -> None:
        """Stop watching."""
        self._over.set()
        self._thread.join(JOIN_SECONDS)

    async def _watch(self) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._broker, auto_offset_reset="earliest", fetch_max_wait_ms=100)
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topic, one) for topic in self._topics for one in range(self._partitions)])
            while not self._over.is_set():
                found = await consumer.getmany(timeout_ms=200)
                with self._lock:
                    for records in found.values():
                        for record in records:
                            if record.value is not None:
                                self._seen[record.topic].append(decode(record.value))
        finally:
            await consumer.stop()
