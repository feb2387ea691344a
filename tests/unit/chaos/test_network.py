"""The lines of the chaos carry what they should, and break as they are told to: an echo stands for a broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random  # noqa: TID251 - its seed is fixed

import pytest

from tests.chaos.product.network import WAYS, Line, Network

LONG = 3600.0  # seconds: what waits for it does not come in a test
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """Answers with what it hears, and counts whoever came and hung up."""

    def __init__(self) -> None:
        self.heard = b""
        self.came = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.left: asyncio.Queue[str] = asyncio.Queue()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        how = "hung up"
        self.came += 1
        self.writers.append(writer)
        try:
            while data := await reader.read(100):
                self.heard += data
                writer.write(data)
        except ConnectionResetError:
            how = "reset"
        writer.close()
        self.left.put_nowait(how)


@asynccontextmanager
async def carried(closes_after: float = LONG) -> AsyncIterator[tuple[Line, Echo, Callable[[], Awaitable[Ends]]]]:
    echo = Echo()
    server = await asyncio.start_server(echo.talk, "127.0.0.1", 0)
    line = await Line(Random(1), latency=LONG, closes_after=closes_after).open()  # noqa: S311 - not secret
    line.upstream = server.sockets[0].getsockname()[1]
    writers = []

    async def dial() -> Ends:
        ends = await asyncio.open_connection("127.0.0.1", line.port)
        writers.append(ends[1])
        return ends

    yield line, echo, dial
    server.close()
    for writer in (*writers, *echo.writers):
        writer.transport.abort()  # nothing is left open when the loop ends
    await line.close()


async def says(ends: Ends, word: bytes) -> bytes:
    ends[1].write(word)
    return await ends[0].readexactly(len(word))


async def silent(line: Line, ends: Ends, echo: Echo) -> bool:
    """Whether nothing came, by the time that another line to the same broker has answered twice."""
    other = await Line(Random(2)).open()  # noqa: S311 - not secret
    other.upstream = line.upstream
    reader, writer = await asyncio.open_connection("127.0.0.1", other.port)
    for _ in range(2):
        await says((reader, writer), b"x")
    writer.close()
    await echo.left.get()
    await other.close()
    try:
        async with asyncio.timeout(0):
            return await ends[0].read(1) == b"never"
    except TimeoutError:
        return True


async def test_a_whole_line_carries_both_ways_and_the_end():
    async with carried() as (line, echo, dial):
        ends = await dial()
        assert await says(ends, b"one") == b"one"
        ends[1].close()
        assert await echo.left.get() == "hung up"
        assert line.touched == 0


@pytest.mark.parametrize(("way", "heard"), [("blackhole", b"one"), ("latency", b"onetwo")])
async def test_what_a_line_held_goes_on_once_it_is_whole(way: str, heard: bytes):
    async with carried() as (line, echo, dial):
        ends = await dial()
        await says(ends, b"one")
        line.damage(way)
        ends[1].write(b"two")
        assert await silent(line, ends, echo)
        assert echo.heard.replace(b"x", b"") == heard
        line.mend()
        assert await ends[0].readexactly(3) == b"two"
        assert line.touched == 1


async def test_what_was_sent_into_a_hole_arrives_after_its_sender_has_gone():
    async with carried() as (line, echo, dial):
        ends = await dial()
        await says(ends, b"one")
        line.damage("blackhole")
        ends[1].write(b"two")
        ends[1].close()
        await ends[1].wait_closed()
        line.mend()
        assert await echo.left.get() in {"hung up", "reset"}
        assert echo.heard == b"onetwo"


async def test_a_hole_takes_new_connections_and_answers_none():
    async with carried() as (line, echo, dial):
        line.damage("blackhole")
        ends = await dial()
        ends[1].write(b"one")
        assert await silent(line, ends, echo)
        assert echo.came == 1, "the other line's"
        line.mend()
        assert await ends[0].readexactly(3) == b"one"


async def test_a_reset_ends_what_is_there_and_what_comes():
    async with carried() as (line, echo, dial):
        ends = await dial()
        await says(ends, b"one")
        line.damage("reset")
        with pytest.raises(ConnectionResetError):
            await ends[0].readexactly(1)
        assert await echo.left.get() == "reset"
        new = await dial()
        with pytest.raises(ConnectionResetError):
            await new[0].readexactly(1)
        line.mend()
        assert await says(await dial(), b"two") == b"two"
        assert echo.came == 2


async def test_a_client_learns_much_later_that_its_broker_was_hung_up_on():
    async with carried() as (line, echo, dial):
        ends = await dial()
        await says(ends, b"one")
        line.damage("slow_close")
        ends[1].write(b"")
        assert await echo.left.get() == "hung up"
        ends[1].write(b"two")
        assert await silent(line, ends, echo)
        assert echo.heard.replace(b"x", b"") == b"one"


async def test_a_client_learns_in_the_end_that_its_broker_was_hung_up_on():
    async with carried(closes_after=0) as (line, _, dial):
        ends = await dial()
        await says(ends, b"one")
        line.damage("slow_close")
        assert await ends[0].read() == b""


def test_all_lines_live_in_a_thread_and_end_with_it():
    with Network(Random(3)) as network:  # noqa: S311 - not secret
        ports = {network.line(number, 1).port for number in (1, 2, 3)}
        assert network.line(1, 2).port in ports
        assert len(network.address.split(",")) == 3
        for way in WAYS:
            with network.broken(way, [1, 3]) as lines:
                assert [line.upstream for line in lines] == [2, 1]
