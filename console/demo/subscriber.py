"""A subscriber: prints revenue events as they come. Needs only aiokafka.

    python subscriber.py HOST:PORT      (the demo's is REVMARK_BROKER in its revmark.env)

Events of one customer come in order, numbered by `sequence`. An event may come twice (after a crash): drop the ids you
have seen. `auto_offset_reset="earliest"` reads from the first event there ever was; a group of your own remembers where
you are.
"""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer

TOPIC = "revmark.revenue"


async def main(broker: str, group: str) -> None:
    """Print every event once."""
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=broker, group_id=group, auto_offset_reset="earliest")
    await consumer.start()
    seen: set[str] = set()
    try:
        async for record in consumer:
            event = json.loads(record.value)
            if event["id"] in seen:
                continue
            seen.add(event["id"])
            money = event["money"]
            amount = f"{money['currency']} {money['amount']}" if money else f"hold: {event['credit_hold']}"
            print(
                f"{event['day']}  {event['type']:<20} {event['customer_name']:<20} {event['number']:<20} {amount}",
                flush=True,
            )
    finally:
        await consumer.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "my-subscriber"))
