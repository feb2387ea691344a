"""Where spans are posted to: one address, held to what holds for every address that is called.

In: encoded spans. Out: nothing, or an error. Over https any host may be named, at a public address or in a network of
one's own; over http only this machine or its own network. No redirect is followed, and a cloud's metadata service is
never called.
"""

from __future__ import annotations

import asyncio

import httpx

from schemas.errors import SettingsError, Transient
from streams.platforms.door import Door
from streams.platforms.outbound import client

PATIENCE = 3.0  # seconds for one post: spans that wait longer are worth less than those behind them
NOBODY = "https://collector.invalid"  # the name of no host: what is not this is of one's own network
TRACES = "/v1/traces"  # OTLP over HTTP, where the address has no path of its own


class Post:
    """One collector's address."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Post to `url`; `transport` takes the place of the network, as in tests.

        Raises:
            SettingsError: it cannot be called.
        """
        try:
            at = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise SettingsError(f"REVMARK_TRACES: {url} is no address ({error}). Nothing was started") from error
        at = at if at.path.strip("/") else at.copy_with(path=TRACES)
        root = str(at.copy_with(path="/"))
        own = Door.to(root, NOBODY, at.path)
        # Over TLS it may be out on the internet; where its name leads home, it is called there.
        self._doors = [own] if at.scheme == "http" else [Door.to(root, root, at.path), own]
        self._url = at
        self._transport = transport

    def __str__(self) -> str:
        return str(self._doors[0])

    def send(self, body: bytes) -> None:
        """Post spans; call it in a thread of its own.

        Raises:
            Transient: nobody answers there, or not as a collector does.
            Refused: the address is not behind the door.
        """
        asyncio.run(self._send(body))

    async def _send(self, body: bytes) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                status = await self._first(body)
        except (httpx.HTTPError, TimeoutError) as error:
            raise Transient(f"{self} did not take spans ({type(error).__name__})", code="traces") from error
        if not httpx.codes.is_success(status):
            raise Transient(f"{self} answered {status} to spans", code="traces")

    async def _first(self, body: bytes) -> int:
        for place, door in enumerate(self._doors):
            try:
                async with client(door, self._transport, timeout=PATIENCE) as http:
                    headers = {"Content-Type": "application/x-protobuf"}
                    return (await http.post(self._url, content=body, headers=headers)).status_code
            except Transient as error:
                if error.code != "address" or door is self._doors[-1]:
                    raise
                del self._doors[place]  # a name that leads into this network
                return await self._first(body)
        raise AssertionError("there is a door")  # pragma: no cover
