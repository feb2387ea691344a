"""Where spans are posted to: one address, held to what holds for every address that is called.

In: encoded spans. Out: nothing, or an error. Over https any host may be named, at a public address or in a network of
one's own; over http only this machine or its own network. No redirect is followed, a cloud's metadata service is never
called, and of what the collector answers only the status is read.
"""

from __future__ import annotations

import asyncio
import socket

import httpx

from schemas.errors import SettingsError, Transient
from streams.platforms.door import Chosen, shown
from streams.platforms.outbound import Outbound, client

PATIENCE = 3.0  # seconds for one post: spans that wait longer are worth less than those behind them
TRACES = "/v1/traces"  # OTLP over HTTP, where the address has no path of its own
HEADERS = {"Content-Type": "application/x-protobuf"}


class Post:
    """One collector's address."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Post to `url`; `transport` takes the place of the network, as in tests.

        Raises:
            SettingsError: it cannot be called.
        """
        try:
            at = httpx.URL(url)
            at = at if at.path.strip("/") else at.copy_with(path=TRACES)
            self._door = Chosen.at(str(at))
        except httpx.InvalidURL:  # its words may hold a piece of a password
            raise SettingsError(f"REVMARK_TRACES is no address: {shown(url)}. Nothing was started") from None
        except SettingsError as error:
            raise SettingsError(f"REVMARK_TRACES: {error.message}") from error
        self._url = at
        self._transport = transport

    def __str__(self) -> str:
        return str(self._door)

    def send(self, body: bytes) -> None:
        """Post spans; call it in a thread of its own.

        Raises:
            Transient: nobody answers there, or not as a collector does.
        """
        asyncio.run(self._send(body))

    async def _send(self, body: bytes) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                status = await self._posted(body)
        except (httpx.HTTPError, TimeoutError) as error:
            raise Transient(f"{self} did not take spans ({type(error).__name__})", code="traces") from error
        if not httpx.codes.is_success(status):
            raise Transient(f"{self} answered {status} to spans", code="traces")

    async def _posted(self, body: bytes) -> int:
        transport = self._transport or Outbound(self._door, resolve=_addresses)
        async with (
            client(self._door, transport, timeout=PATIENCE) as http,
            http.stream("POST", self._url, content=body, headers=HEADERS) as answer,
        ):
            return answer.status_code


async def _addresses(host: str, port: int) -> list[str]:
    """What the system knows of a name, asked in this thread.

    The loop is this thread's alone, so it holds nobody up. In a thread of a pool, as elsewhere, a name server that
    hangs would keep a worker from ending: Python waits for those.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
