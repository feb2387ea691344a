"""The customers that the detector of duplicates compares, as the workers' table of accounts has them.

In: the changelog of that table, to its end. Out: customers. Nothing is written, and no platform is asked.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from agents.rules.duplicates import Customer, customer
from console.projection import cluster
from console.projection.delivery import topics_of
from schemas.errors import Transient
from schemas.names import Entity, Side
from streams.settings import Settings

STALLED = 15.0  # seconds without a record while some are still due: the broker is gone
WAIT = 250  # milliseconds a fetch may wait for records
PARTS = 4  # of the key of a record's row: drawer, tenant, customer, record


def customers_of(rows: Mapping[str, Any], tenant: str) -> list[Customer]:
    """The customers of a tenant that are there on one side at least, with the addresses of their people."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    companies: dict[str, Mapping[str, Any]] = {}
    for key, row in rows.items():
        parts = key.split("|")
        if len(parts) != PARTS or parts[:2] != ["r", tenant]:
            continue
        entity = parts[3].partition(":")[0]
        if entity == Entity.CONTACT.value:
            people[parts[2]] |= {str(side["fields"]["email"]) for side in _there(row) if side["fields"].get("email")}
        elif entity == Entity.COMPANY.value and _there(row):
            companies[parts[3]] = row
    return [_customer(record, row, people[record]) for record, row in sorted(companies.items())]


def _there(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The sides on which a record is present."""
    return [row[side.value] for side in Side if row[side.value]["ref"] and not row[side.value]["deleted"]]


def _customer(record: str, row: Mapping[str, Any], emails: Iterable[str]) -> Customer:
    there = [row[side.value] if row[side.value] in _there(row) else None for side in Side]
    crm, erp = (side["fields"] if side else None for side in there)
    refs = (there[0]["ref"] if there[0] else None, there[1]["ref"] if there[1] else None)
    return customer(record, crm, erp, refs=refs, emails=emails)


async def accounts(settings: Settings) -> dict[str, Any]:
    """The rows of the table of accounts, the newest of each key.

    Raises:
        Transient: the broker does not answer, or stopped answering.
    """
    topics = topics_of(settings)
    found = await cluster.describe(settings.broker, topics, [topics.accounts.name])
    places = cluster.partitions_of(found, topics)
    rows: dict[str, Any] = {}
    async with cluster.consumer(settings.broker) as consumer:
        consumer.assign(list(places))
        ends = await consumer.end_offsets(list(places)) if places else {}
        await consumer.seek_to_beginning(*places)
        loop = asyncio.get_running_loop()
        moved = loop.time()
        while [place for place in places if await consumer.position(place) < ends[place]]:
            fetched = await consumer.getmany(timeout_ms=WAIT)
            moved = loop.time() if fetched else moved
            if loop.time() - moved > STALLED:
                raise Transient(f"Kafka at {settings.broker} stopped answering. Nothing was changed; run this again")
            for items in fetched.values():
                for item in items:
                    _keep(rows, item.key, item.value)
    return rows


def _keep(rows: dict[str, Any], key: bytes | None, value: bytes | None) -> None:
    name = str(orjson.loads(key or b'""'))
    if value is None:
        rows.pop(name, None)
    else:
        rows[name] = orjson.loads(value)
