"""The network between Revmark and its brokers: a line to each, which can be broken.

In: brokers' ports. Out: ports of lines that lead there, for clients alone; brokers reach each other without them.
Broken lines: a `blackhole` accepts and forwards nothing, and what was held goes on when it is whole again, as TCP
would have it; `reset` ends whatever is there or comes with RST; `latency` keeps each answer; `slow_close` hangs up on
the broker, and lets the client know of it much later only.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from random import Random  # noqa: TID251 - its seed is an argument
from types import TracebackType
from typing import Any, Self, TypeVar

__all__ = ["WAYS", "Line", "Network"]

WAYS = ("blackhole", "reset", "latency", "slow_close")
CHUNK = 65_536  # bytes read at once
HELD = 16  # chunks that a broken line holds in each direction; more waits at its sender, as with TCP
LATENCY = 2.0  # seconds that an answer takes longer
HANGS_UP_WITHIN = 5.0  # seconds a connection lives at most while its line closes slowly
CLOSES_AFTER = 10.0  # seconds until the client learns of it: several requests are under way by then
T = TypeVar("T")
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Line:
    """The way to one broker; everything is done in its loop."""

    def __init__(self, lots: Random, *, latency: float = LATENCY, closes_after: float = CLOSES_AFTER) -> None:
        self.port = 0
        self.upstream = 0
        self.way = ""  # in which it is broken; empty while it is whole
        self.touched = 0  # connections that were there or came while it was broken
        self._lots = lots
        self._latency, self._closes_after = latency, closes_after
        self._whole = asyncio.Event()
        self._whole.set()
        self._there: set[Link] = set()
        self._waiting: set[Link] = set()  # came while it was a hole
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        """End all of it."""
        if self._server is not None:
            self._server.close()
        for link in self._there | self._waiting:
            link.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what was aborted is closed in the loop's next turn

    def damage(self, way: str) -> None:
        """Break it."""
        self.way = way
        self._whole.clear()
        self.touched += len(self._there)
        for link in list(self._there):
            self._hurt(link)

    def mend(self) -> None:
        """Make it whole."""
        self.way = ""
        self._whole.set()

    def _hurt(self, link: "Link") -> None:
        if self.way == "reset":
            link.reset()
        elif self.way == "slow_close":
            within = self._lots.uniform(0, HANGS_UP_WITHIN if self._closes_after else 0)
            self._keep(link.hang_up(within, self._closes_after))

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link((reader, writer), self._held)
        if self.way:
            self.touched += 1
        if self.way == "reset":
            link.reset()
            return
        if self.way == "blackhole":
            self._waiting.add(link)
            await self._whole.wait()
            self._waiting.discard(link)
        self._there.add(link)
        if self.way:
            self._hurt(link)
        try:
            await link.lead(self.upstream)
        finally:
            self._there.discard(link)

    async def _held(self, since: float, *, answer: bool) -> None:
        """Wait as long as what came at this time has to."""
        if self.way == "blackhole":
            await self._whole.wait()
        elif self.way == "latency" and answer:
            with suppress(TimeoutError):
                left = since + self._latency - asyncio.get_running_loop().time()
                await asyncio.wait_for(self._whole.wait(), max(0.0, left))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Link:
    """One connection: a client's end and, once it leads somewhere, the broker's."""

    def __init__(self, client: Ends, held: Callable[..., Coroutine[Any, Any, None]]) -> None:
        self._client = client
        self._broker: Ends | None = None
        self._held = held
        self._pumps: list[asyncio.Task[None]] = []
        self._deaf = asyncio.Event()  # the client may close only once this is over
        self._deaf.set()

    async def lead(self, port: int) -> None:
        """Carry both ways until an end hangs up."""
        try:
            self._broker = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            self._close()
            return
        (reader, writer), (back, forth) = self._client, self._broker
        self._pumps = [
            asyncio.ensure_future(self._pump(reader, forth, answer=False)),
            asyncio.ensure_future(self._pump(back, writer, answer=True)),
        ]
        try:
            await asyncio.wait(self._pumps, return_when=asyncio.FIRST_COMPLETED)
            await self._deaf.wait()
        finally:
            for pump in self._pumps:
                pump.cancel()
            await asyncio.gather(*self._pumps, return_exceptions=True)
            self._close()

    def reset(self) -> None:
        """End it with RST, on both sides."""
        for end in filter(None, (self._client, self._broker)):
            link: socket.socket = end[1].get_extra_info("socket")
            with suppress(OSError):
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self) -> None:
        """Let go of both sides, whatever is left to be sent."""
        for end in filter(None, (self._client, self._broker)):
            end[1].transport.abort()

    async def hang_up(self, after: float, then: float) -> None:
        """Hang up on the broker; the client is told later, and heard no more meanwhile."""
        await asyncio.sleep(after)
        self._deaf.clear()
        for pump in self._pumps:
            pump.cancel()
        if self._broker is not None:
            self._broker[1].close()
        try:
            await asyncio.sleep(then)
        finally:
            self._deaf.set()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answer: bool) -> None:
        """Carry one way; the end of it is carried as what came before it is."""
        came: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(HELD)
        reading = asyncio.ensure_future(self._read(reader, came))
        try:
            while True:
                since, data = await came.get()
                await self._held(since, answer=answer)
                if not data:
                    return
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            reading.cancel()

    @staticmethod
    async def _read(reader: asyncio.StreamReader, came: asyncio.Queue[tuple[float, bytes]]) -> None:
        data = b"\0"
        while data:
            try:
                data = await reader.read(CHUNK)
            except OSError:
                data = b""
            await came.put((asyncio.get_running_loop().time(), data))

    def _close(self) -> None:
        for end in filter(None, (self._client, self._broker)):
            end[1].close()


class Network:
    """All lines, in a thread of their own."""

    def __init__(self, lots: Random) -> None:
        self._lots = lots
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self.lines: dict[int, Line] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        """What clients are told."""
        return ",".join(f"127.0.0.1:{line.port}" for line in self.lines.values())

    def line(self, number: int, upstream: int) -> Line:
        """Return the line to a broker; it is made when it is asked for first."""
        if number not in self.lines:
            self.lines[number] = self._done(self._open())
        self.lines[number].upstream = upstream
        return self.lines[number]

    @contextmanager
    def broken(self, way: str, numbers: Iterable[int]) -> Iterator[list[Line]]:
        """Lines to these brokers are broken while the block runs."""
        lines = [self.lines[number] for number in numbers]
        for line in lines:
            self._loop.call_soon_threadsafe(line.damage, way)
        try:
            yield lines
        finally:
            for line in lines:
                self._loop.call_soon_threadsafe(line.mend)

    async def _open(self) -> Line:
        return await Line(self._lots).open()

    async def _close(self) -> None:
        for line in self.lines.values():
            await line.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _done(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
