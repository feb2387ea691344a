"""The wire between a worker and a platform: HTTP without sockets, with answers that come late or never.

Flows in: httpx requests. Flows out: the application's answers. Invariants: a request that was sent is carried out even
when whoever sent it has died or given up; an answer that takes longer than the client waits is a timeout.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any
from urllib.parse import unquote

import httpx
from starlette.types import ASGIApp

FLIGHT = 0.2  # seconds that a call takes, at most, where no fault says otherwise
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


async def call(app: ASGIApp, method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    """One request to an application; `target` is path and query."""
    path, _, query = target.partition(b"?")
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path.decode("ascii")), "raw_path": path, "query_string": query, "root_path": "",
        "headers": headers, "server": ("sim", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    status, found, parts, sent = 0, list[tuple[bytes, bytes]](), list[bytes](), False

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
        self._flights: set[asyncio.Task[Answer]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and wait for the answer as long as the client has patience."""
        body = await request.aread()
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        flight = asyncio.get_running_loop().create_task(self._fly(request, headers, body))
        self._flights.add(flight)
        flight.add_done_callback(self._landed)
        patience = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(patience):
                status, found, content = await asyncio.shield(flight)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time", request=request) from error
        return httpx.Response(status, headers=found, content=content, request=request)

    def _landed(self, flight: asyncio.Task[Answer]) -> None:
        self._flights.discard(flight)
        if not flight.cancelled():
            flight.exception()  # told to whoever still listens

    async def _fly(self, request: httpx.Request, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
        await asyncio.sleep(self._lots.random() * FLIGHT / 2)
        answer = await call(self._app, request.method, request.url.raw_path, headers, body)
        await asyncio.sleep(self._lots.random() * FLIGHT / 2)
        return answer
