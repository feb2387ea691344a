"""Xero's grant, without getting in the way of the worker that owns it.

A refresh gives a new refresh token and ends the old one. So a running worker's access token is used while it lives.
A refresh is made only where it is known what the workers have stored, and where the new token can be kept: in the
settings file, which a worker reads when it starts and never again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.errors import RevmarkError, SettingsError, Transient
from streams.kafka import Broker, reach
from streams.platforms.xero.grants import EARLY, Grant
from streams.settings import Settings
from streams.topics import Topics
from streams.vault import Vault

PATIENCE = 15.0  # seconds to read a table of a few dozen rows
UNASKED = "unasked"  # the code where Kafka did not tell what is stored

Ask = Callable[[Settings], Awaitable[Grant | None]]


class Keeper:
    """Loads the grant that the workers hold, and keeps a new one for them."""

    def __init__(self, settings: Settings, keep: Callable[[str], None] | None, ask: Ask | None = None) -> None:
        """Keep what a load needs; `ask` tells what the workers have stored, Kafka unless given."""
        self._settings = settings
        self._keep = keep
        self._ask = ask or stored
        self.grant: Grant | None = None

    async def load(self) -> Grant | None:
        """The grant as the workers stored it; None where there is none.

        Raises:
            SettingsError: it cannot be used, and a renewed one could not be kept.
            Transient: nobody can say whether there is one.
        """
        self.grant = await self._ask(self._settings) or self.grant
        lives = self.grant is not None and self.grant.expires_at - datetime.now(UTC) > EARLY
        begun = self.grant is not None or bool(self._settings.xero_refresh_token.get_secret_value())
        if begun and not lives and self._keep is None:
            raise SettingsError(
                "to test Xero's grant would use up its refresh token, and the next one could not be kept: it is not in "
                "the settings file",
                code="keep",
            )
        return self.grant

    async def save(self, grant: Grant) -> None:
        """Keep a renewed grant's refresh token."""
        if self._keep is not None:
            self._keep(grant.refresh_token)
        self.grant = grant


async def stored(settings: Settings) -> Grant | None:
    """The grant as the workers stored it; None where there is none.

    Raises:
        SettingsError: it is sealed with a key that is not held here.
        Transient: Kafka is away or slow. There may be one all the same, and who takes it for absent would renew the one
            in the settings file, which leaves the workers with a dead one.
    """
    sealed = await _sealed(settings)
    if sealed is None:
        return None
    vault = Vault.from_text(settings.secret_key.get_secret_value())
    return Grant.from_bytes(vault.open(sealed, tenant=settings.tenant, platform="xero", purpose="grant"))


async def none_stored(settings: Settings) -> Grant | None:  # noqa: ARG001 - an `Ask`
    """None, where somebody has said that no worker runs anywhere."""
    return None


def untold(settings: Settings, *, slow: bool = False) -> str:
    """Why Xero's grant is left alone, where Kafka does not answer or is too `slow`."""
    why = f"Kafka at {settings.broker} is too slow" if slow else f"no Kafka answers at {settings.broker}"
    return f"{why}, so nobody can say whether workers use Xero's grant"


async def _sealed(settings: Settings) -> str | None:
    """The sealed grant on the lane's table."""
    topics = Topics(settings.topic_prefix, settings.partitions, settings.replication)
    topic = topics.name(topics.cursors)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _read(settings.kafka, topic, orjson.dumps(f"{settings.connection('xero')}|grant"))
    except TimeoutError as error:
        raise Transient(untold(settings, slow=True), code=UNASKED) from error
    except (KafkaError, OSError) as error:
        raise Transient(untold(settings), code=UNASKED) from error


async def _read(broker: Broker, topic: str, key: bytes) -> str | None:
    admin = AIOKafkaAdminClient(**reach(broker))
    try:
        await admin.start()
        if topic not in await admin.list_topics():  # asking for it by name could make it
            return None
        (described,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    places = [TopicPartition(topic, each["partition"]) for each in described["partitions"]]
    found: str | None = None
    async with AIOKafkaConsumer(**reach(broker), group_id=None, auto_offset_reset="earliest") as consumer:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=250)).values():
                for record in records:
                    if record.key == key:
                        found = None if record.value is None else str(orjson.loads(record.value))
    return found


def connect(error: RevmarkError) -> str:
    """What to do about a grant that does not work, or that was not tried."""
    if error.code == UNASKED:
        return "start the broker (`revmark broker`) or set REVMARK_BROKER, then: revmark check"
    if error.code == "keep":
        return "start a worker first, or put REVMARK_XERO_REFRESH_TOKEN into the settings file, then: revmark check"
    return "set REVMARK_XERO_CLIENT_ID and _CLIENT_SECRET, run: revmark connect xero, then: revmark check"
