"""A subscriber of Revmark's revenue events: booked and collected money by month, each event counted once.

Events come at least once and in order per customer. What has been counted is kept beside the sums and the positions,
in one transaction, so that a crash, a repeat or a replay changes nothing. Needs: pip install aiokafka.

    python revenue.py --broker localhost:9092 --topic revmark.revenue --state revenue.sqlite --until-end
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sqlite3
from decimal import Decimal
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

BOOKED = {"invoice_posted": 1, "invoice_restated": 1, "invoice_voided": -1,
          "credit_memo_issued": -1, "credit_memo_restated": -1, "credit_memo_voided": 1}  # fmt: skip
COLLECTED = {"payment_received": 1, "prepayment_received": 1, "overpayment_received": 1, "refund_made": -1}
CAME = "payment_received"  # what an event of a release that did not say it yet is taken for
SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS months (month TEXT, currency TEXT, booked TEXT, collected TEXT,
                                   PRIMARY KEY (month, currency));
CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, next INTEGER);
"""


def count(state: sqlite3.Connection, event: dict[str, Any]) -> None:
    """Count one event, unless it was counted before."""
    new = state.execute("INSERT OR IGNORE INTO seen VALUES (?)", (event["id"],)).rowcount
    if not new or not isinstance(event.get("money"), dict):
        return
    booked, collected = signs(event)
    add(state, str(event["day"]), event["money"], booked, collected)
    if isinstance(before := event.get("before"), dict):  # what was told before holds no more, on its own day
        add(state, str(before["day"]), before["money"], -booked, -collected)


def signs(event: dict[str, Any]) -> tuple[int, int]:
    """Whether it adds to what is booked and to what is collected, takes away, or neither.

    A type that is not known here is passed over: there may be new ones.
    """
    kind = event["type"]
    if kind in {"payment_reversed", "payment_restated"}:
        came = COLLECTED.get(event.get("told_as") or CAME, 0)
        return 0, came if kind == "payment_restated" else -came
    return BOOKED.get(kind, 0), COLLECTED.get(kind, 0)


def add(state: sqlite3.Connection, day: str, money: dict[str, str], to_booked: int, to_collected: int) -> None:
    """Add an amount to its month."""
    month, currency, amount = day[:7], money["currency"], Decimal(money["amount"])
    found = state.execute("SELECT booked, collected FROM months WHERE month = ? AND currency = ?", (month, currency))
    booked, collected = (Decimal(each) for each in found.fetchone() or ("0", "0"))
    booked, collected = booked + to_booked * amount, collected + to_collected * amount
    state.execute("INSERT OR REPLACE INTO months VALUES (?, ?, ?, ?)", (month, currency, str(booked), str(collected)))


async def follow(broker: str, topic: str, state: sqlite3.Connection, *, until_end: bool) -> None:
    """Read from where the state ends; our own positions count, not the broker's."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)
    try:
        await consumer.start()
        places = [TopicPartition(topic, each) for each in await partitions(broker, topic)]
        consumer.assign(places)
        known = dict(state.execute("SELECT partition, next FROM positions").fetchall())
        for place in places:
            consumer.seek(place, known.get(place.partition, 0))
        ends = await consumer.end_offsets(places)
        while not (until_end and all([await consumer.position(place) >= ends[place] for place in places])):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                with state:  # one transaction: the sums, what was seen, and how far it was read
                    for record in records:
                        count(state, json.loads(record.value))
                    state.execute("INSERT OR REPLACE INTO positions VALUES (?, ?)",
                                  (place.partition, records[-1].offset + 1))  # fmt: skip
    finally:
        await consumer.stop()


async def partitions(broker: str, topic: str) -> list[int]:
    """The topic's partitions, as the broker says."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    try:
        await admin.start()
        (found,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    if found["error_code"]:
        raise SystemExit(f"{topic} is not on {broker}. Name the topic as your deployment does: --topic PREFIX.revenue")
    return sorted(each["partition"] for each in found["partitions"])


def main() -> None:
    """Follow the topic; print the months."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", default="localhost:9092")
    parser.add_argument("--topic", default="revmark.revenue")
    parser.add_argument("--state", default="revenue.sqlite")
    parser.add_argument("--until-end", action="store_true", help="end where the topic ends now")
    given = parser.parse_args()
    state = sqlite3.connect(given.state)
    state.executescript(SCHEMA)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(follow(given.broker, given.topic, state, until_end=given.until_end))
    except KafkaError as error:
        raise SystemExit(f"{given.broker} does not answer as a Kafka broker: {error}. What was counted is kept in "
                         f"{given.state}. Next: start the broker, or name it with --broker, and run this again"
                         ) from error  # fmt: skip
    names = ("month", "currency", "booked", "collected")
    for row in state.execute("SELECT * FROM months ORDER BY month, currency"):
        print(json.dumps(dict(zip(names, row, strict=True))))


if __name__ == "__main__":
    main()
