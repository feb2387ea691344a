"""Replaying: a range of a topic, rehearsed against what stands, or handed to the workers once more.

In: records, settings, the contract. Out: what would follow; or the records on their topic again, under their keys and
in their partitions. Invariant: without being told to, nothing is written, to a topic or a platform.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.errors import KafkaError

from agents.rehearing import Rehearing, Selection, Standing, rehear, select
from console.projection import cluster
from console.projection.delivery import Delivery, topics_of
from console.recorded import Progress, Reader
from console.word import Place
from schemas.contract import Contract
from schemas.errors import Refused, Transient
from schemas.ledger import SETTLED
from schemas.wire import Wire
from streams.settings import Settings


async def standing(settings: Settings, progress: Progress) -> Standing:
    """The deployment as it stands.

    Raises:
        Transient: the broker does not answer.
    """
    reader, topics = Reader(settings, progress), topics_of(settings)
    present = await reader.present()
    ledger = await reader.rows(topics.ledger)
    return Standing(
        known=present.known,
        accounts=present.accounts,
        books=await reader.rows(topics.books),
        published=await reader.rows(topics.published),
        changes=present.changes,
        facts=present.facts,
        decided={name for value in await reader.left(topics.decisions) if (name := _id(value))},
        settled={row["command"]["id"] for row in ledger.values() if row["state"] in SETTLED},
    )


def foresee(
    contract: Contract, topic: str, records: Sequence[Delivery], stands: Standing
) -> tuple[Selection, Rehearing]:
    """What handing these records over would bring. Pure."""
    chosen = select(topic, [each.value for each in records], stands.accounts)
    return chosen, rehear(contract, topic, chosen, stands)


async def hand_over(settings: Settings, records: Sequence[Delivery], chosen: Selection) -> list[Place]:
    """Put the chosen records on their topic once more, in their order; where they lie now.

    Raises:
        Transient: the broker does not answer; the message says how many were sent.
    """
    topics = topics_of(settings)
    done: list[Place] = []
    try:
        async with cluster.producer(settings.kafka) as producer:
            for number, value in chosen.going:
                record = records[number]
                name = f"{topics.prefix}{record.topic}"
                sent = await producer.send_and_wait(name, value, key=record.key, partition=record.partition)
                done.append(Place(sent.topic, sent.partition, sent.offset))
    except (KafkaError, OSError) as error:
        said = cluster.unreachable(settings.broker, error).message
        raise Transient(
            f"{said}. {len(done):,} of {len(chosen.going):,} records were handed over; sent again, they change "
            "nothing. Next: the same command",
            code="broker",
        ) from error
    return done


def _id(value: bytes | None) -> str:
    try:
        return _Named.from_bytes(value).id
    except Refused:
        return ""


class _Named(Wire):
    """As much of a verdict as is needed."""

    id: str
