"""A network that loses requests: what a worker asks of the broker goes unanswered, or fails, while a file is there."""

import asyncio
import logging
from pathlib import Path
from typing import Any

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.produce import ProduceRequest

__all__ = ["cut", "mute"]

log = logging.getLogger("tests.engine")


def mute(file: Path) -> None:
    """Hold back requests while the file is there: fetches if it says "fetch", all from the first of them if "all".

    With "ends" it is all from the first question where partitions end.
    """
    send = AIOKafkaConnection.send
    asked: set[str] = set()

    def is_held(request: Any) -> bool:
        if not file.exists():
            return False
        kind = file.read_text()
        return isinstance(request, FetchRequest) or kind in asked

    async def held(connection: Any, request: Any, *, expect_response: bool) -> Any:
        if isinstance(request, FetchRequest):
            asked.add("all")
        elif isinstance(request, OffsetRequest):
            asked.add("ends")
        while is_held(request):  # noqa: ASYNC110 - what it waits for is done by another process
            await asyncio.sleep(0.02)
        return await send(connection, request, expect_response=expect_response)

    def now_or_later(connection: Any, request: Any, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002
        return asyncio.ensure_future(held(connection, request, expect_response=expect_response))

    AIOKafkaConnection.send = now_or_later


def cut(file: Path, topic: str) -> None:
    """While the file is there, let all requests fail from the first write to a topic on."""
    send = AIOKafkaConnection.send
    failed: list[Any] = []

    def is_cut(request: Any) -> bool:
        if not file.exists():
            return False
        writes = request._topics if isinstance(request, ProduceRequest) else ()  # noqa: SLF001 - it has no other way
        if not failed and any(name == topic for name, _ in writes):
            log.info("cut off")
            failed.append(request)
        return bool(failed)

    def send_or_fail(connection: Any, request: Any, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002
        if is_cut(request):
            raise KafkaConnectionError("cut off")
        return send(connection, request, expect_response)

    AIOKafkaConnection.send = send_or_fail
