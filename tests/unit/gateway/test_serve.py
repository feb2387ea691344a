"""The gateway as a process: what it says, and when."""

import socket
from collections.abc import Iterator

import pytest

from schemas.errors import Transient
from streams.gateway.serve import _bound, serve
from streams.settings import Settings


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
