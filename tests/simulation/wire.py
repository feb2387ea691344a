"""The wire between a worker and a platform: HTTP without sockets, with answers that come late or never.

Flows in: httpx requests. Flows out: the application's answers. Invariants: a request that was sent is carried out even
when whoever sent it has died or given up; an answer that takes longer than the client waits is a timeout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from random import Random
from typing import Any
from urllib.parse import unquote, urlencode

import httpx
from starlette.types import ASGIApp

from tests.simulation.clockwork import nap

FLIGHT = 0.2  # seconds that a call takes, at most, where no fault says otherwise
NOT_PLAIN = ("data", "files", "json", "cookies")  # arguments of a request that httpx has to work on
FOREVER = 1e9  # seconds: no world lasts as long
WHOLE = httpx.ByteStream(b"")  # the stream of an answer that is there already
Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]
SENT: ContextVar[float | None] = ContextVar("sent", default=None)  # when the call that is carried out left, by the loop
Alarm = asyncio.Future[Any]  # what a call waits for: its answer, or None when its patience ends


async def call(app: ASGIApp, method: str, target: bytes, headers: Headers, body: bytes) -> Answer:
    """One request to an application; `target` is path and query."""
    path, _, query = target.partition(b"?")
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path.decode("ascii")) if b"%" in path else path.decode("ascii"), "raw_path": path,
        "query_string": query, "root_path": "", "headers": headers, "server": ("sim", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    status, found, parts, sent = 0, Headers(), list[bytes](), False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            found.extend(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, found, b"".join(parts)


class Wire(httpx.AsyncBaseTransport):
    """Carries a client's requests to one application."""

    def __init__(self, app: ASGIApp, lots: Random) -> None:
        """Reach `app`."""
        self._app = app
        self._lots = lots
        self._flights: dict[Alarm, asyncio.Task[None]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and wait for the answer as long as the client has patience."""
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        patience = request.extensions.get("timeout", {}).get("read")
        body = await request.aread()
        status, found, content = await self.carry(request.method, request.url.raw_path, headers, body, patience)
        return httpx.Response(status, headers=found, content=content, request=request)

    async def carry(self, method: str, target: bytes, headers: Headers, body: bytes, patience: float | None) -> Answer:
        """Send, and wait for the answer that many seconds; what was sent flies on, whoever has given up or died.

        Raises:
            httpx.ReadTimeout: it takes longer.
        """
        alarm = nap(FOREVER if patience is None else patience)
        flight = asyncio.get_running_loop().create_task(self._fly(alarm, method, target, headers, body))
        self._flights[alarm] = flight
        answer = await alarm
        if answer is None:
            raise httpx.ReadTimeout("no answer in time")
        return answer

    async def _fly(self, alarm: Alarm, method: str, target: bytes, headers: Headers, body: bytes) -> None:
        """Go there and back; the answer ends the wait for it, unless nobody waits any more."""
        SENT.set(asyncio.get_running_loop().time())
        try:
            await nap(self._lots.random() * FLIGHT / 2)
            answer = await call(self._app, method, target, headers, body)
            await nap(self._lots.random() * FLIGHT / 2)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is whoever waits that has to know
            if not alarm.done():
                alarm.set_exception(error)
        else:
            if not alarm.done():
                alarm.set_result(answer)
        finally:
            del self._flights[alarm]


class Courier(httpx.AsyncClient):
    """httpx's client, which hands plain requests over to its wire without httpx's own bookkeeping.

    Of the 0.5 ms that httpx takes for a call most goes into URLs, cookies, redirects and streams that no emulator
    has. What is not plain (forms, authentication) takes the long way.
    """

    def __init__(self, *, transport: httpx.AsyncBaseTransport | None = None, **given: Any) -> None:
        """Send through `transport`, a `Wire`."""
        super().__init__(transport=transport, **given)
        assert isinstance(transport, Wire)
        self._wire = transport
        self._ours = dict(_spelled(self.headers))

    async def request(
        self,
        method: str,
        url: httpx.URL | str,
        *,
        params: Any = None,
        content: Any = None,
        headers: Any = None,
        **more: Any,
    ) -> httpx.Response:
        """Send one request."""
        if more and any(more.get(name) is not None for name in NOT_PLAIN):
            return await super().request(method, url, params=params, content=content, headers=headers, **more)
        _, _, rest = str(url).rpartition("://")
        target = rest[rest.index("/") :] + (f"?{urlencode(params)}" if params else "")
        sent = {**self._ours, **dict(_spelled(headers or {}))}
        status, found, body = await self._wire.carry(
            method, target.encode("ascii"), list(sent.items()), content or b"", self.timeout.read
        )
        told = httpx.Headers()
        told._list = [(name, name, value) for name, value in found]  # noqa: SLF001 - lower case on the wire already
        response = httpx.Response(status, headers=told, stream=WHOLE)
        response._content = body  # noqa: SLF001 - what reading the stream would come to
        return response


def _spelled(headers: Mapping[str, str]) -> Headers:
    """Headers as they stand on the wire."""
    return [_header(name, value) for name, value in headers.items()]


@lru_cache(maxsize=1_000)  # most of them are sent with each request
def _header(name: str, value: str) -> tuple[bytes, bytes]:
    return name.lower().encode(), value.encode()
