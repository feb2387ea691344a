"""Producing: the one thing the gateway does with a hint.

In: topic, key, value. Out: nothing, once all in-sync replicas hold it. Invariant: what is acknowledged is durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.errors import Transient
from streams.engine.record import Headers
from streams.kafka import Broker, reach

REQUEST_MS = 4_000  # milliseconds: HubSpot and Xero hang up after five seconds
RETRY_SECONDS = 1.0  # between attempts to reach a broker that was away when we started

log = logging.getLogger(__name__)


class Produce(Protocol):
    """Something that puts a record on a topic durably."""

    async def __call__(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> None:
        """Produce one record and wait until it is durable.

        Raises:
            Transient: it could not be produced, or it is not known whether it was; sending it again is harmless.
        """
        ...


class KafkaProduce:
    """An idempotent producer with acks=all. It starts in the background, so that a gateway outlives its broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._producer: Any = None
        self._starting: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the broker has been reached."""
        return self._producer is not None

    async def start(self) -> None:
        """Begin to reach for the broker."""
        self._starting = asyncio.create_task(self._reach())

    async def _reach(self) -> None:
        while True:
            producer = AIOKafkaProducer(
                **reach(self._broker),
                client_id="revmark-gateway",
                acks="all",
                enable_idempotence=True,
                request_timeout_ms=REQUEST_MS,
            )
            try:
                await producer.start()
            except (KafkaError, OSError) as error:
                log.warning("the broker %s is away (%s); webhooks are answered 503", self._broker, type(error).__name__)
                await producer.stop()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._producer = producer
                return

    async def __call__(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> None:
        """See `Produce`."""
        if self._producer is None:
            raise Transient(f"the broker {self._broker} has not been reached yet", code="broker")
        try:
            await self._producer.send_and_wait(topic, value, key=key, headers=list(headers))
        except KafkaError as error:
            raise Transient(f"could not produce to {topic}: {type(error).__name__}", code="broker") from error

    async def stop(self) -> None:
        """Flush and leave."""
        if self._starting is not None:
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._starting
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None
