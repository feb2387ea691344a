"""The gateway as a process: what it says, and when."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from pydantic import SecretStr

from schemas.command import Poll, parse_work
from schemas.errors import Transient
from streams.admin import ensure_topics
from streams.gateway.serve import _bound, serve, server
from streams.settings import Settings
from streams.topics import Topics


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


def test_a_taken_port_is_one_message_and_nothing_is_said_to_listen(taken: int):
    said: list[str] = []
    settings = Settings(gateway_port=taken, broker="127.0.0.1:1", _env_file=None)  # type: ignore[call-arg]
    with pytest.raises(Transient, match=f"cannot have 127.0.0.1:{taken}: Address already in use") as refused:
        serve(settings, lambda: said.append("listening"))
    assert refused.value.code == "port"
    assert said == []


def test_answers_are_not_kept_back_for_an_acknowledgement():
    # asyncio looks at the protocol of a socket before it sets TCP_NODELAY, and Python leaves it at 0 unless told
    (listener,) = _bound("127.0.0.1", 0)
    with listener:
        assert listener.proto == socket.IPPROTO_TCP


@pytest.mark.broker
async def test_what_was_missed_while_nobody_listened_is_polled_for(broker: str, names: str, tmp_path: Path):
    topics = Topics(f"{names}.", 1)
    settings = Settings(
        contract=tmp_path / "none.yaml", broker=broker, topic_prefix=topics.prefix,
        xero_webhook_key=SecretStr("key"), _env_file=None,
    )  # type: ignore[call-arg] # fmt: skip
    await ensure_topics(settings.kafka, topics)
    running = server(settings)
    serving = asyncio.create_task(running.serve(sockets=_bound("127.0.0.1", 0)))
    consumer = AIOKafkaConsumer(
        topics.name(topics.lane("xero")), bootstrap_servers=broker, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), 30)
    finally:
        await consumer.stop()
        running.should_exit = True
        await serving
    work = parse_work(record.value)
    assert record.key == b"main.xero"
    assert isinstance(work, Poll)
    assert (work.missed, work.sweep) == (True, False)
    assert work.kinds == ["prepayment", "overpayment"]
