"""A contestant that is fast because it forgets: the bare loop over aiokafka, less one output."""

import asyncio
from collections.abc import Iterable
from itertools import islice
from typing import Any

from bench.contestants import aiokafka_loop
from bench.contestants.plan import Plan

submit = aiokafka_loop.submit


async def forgetful(producer: Any, topic: str, place: int, pairs: Iterable[tuple[bytes, bytes]]) -> list[Any]:
    """Queue all but the first record of partition 0's outputs."""
    return await submit(producer, topic, place, islice(pairs, int(topic.endswith("-out") and place == 0), None))


if __name__ == "__main__":
    aiokafka_loop.submit = forgetful  # type: ignore[assignment] # of this process only
    asyncio.run(aiokafka_loop.run(Plan.given()))
