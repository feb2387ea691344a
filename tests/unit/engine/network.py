"""A network that loses requests: what a worker asks of the broker goes unanswered while a file is there."""

import asyncio
from pathlib import Path
from typing import Any

from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.fetch import FetchRequest

__all__ = ["mute"]


def mute(file: Path) -> None:
    """Hold back requests while the file is there: fetches if it says "fetch", all from the first of them if "all"."""
    send = AIOKafkaConnection.send
    fetches: list[Any] = []

    def is_held(request: Any) -> bool:
        if not file.exists():
            return False
        return isinstance(request, FetchRequest) or (bool(fetches) and file.read_text() == "all")

    async def held(connection: Any, request: Any, *, expect_response: bool) -> Any:
        if isinstance(request, FetchRequest):
            fetches.append(request)
        while is_held(request):  # noqa: ASYNC110 - what it waits for is done by another process
            await asyncio.sleep(0.02)
        return await send(connection, request, expect_response=expect_response)

    def now_or_later(connection: Any, request: Any, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002
        return asyncio.ensure_future(held(connection, request, expect_response=expect_response))

    AIOKafkaConnection.send = now_or_later
