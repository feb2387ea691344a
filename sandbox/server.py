"""Emulators over TCP.

In: ASGI applications. Out: 127.0.0.1 ports that answer. Invariant: a port is bound before it is announced,
and a connection can really be cut, which plain ASGI has no word for.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.middleware import DISCONNECT

HOST = "127.0.0.1"  # never reachable from outside: the credentials are printed
KEEP_ALIVE_SECONDS = 75  # longer than a client keeps an idle connection, so that none is cut by accident
START_SECONDS = 10.0  # a server that has not started by then will not


class Severable:
    """Offers applications the extension that cuts the connection under a request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if scope["type"] == "http" and transport is not None:
            scope.setdefault("extensions", {})[DISCONNECT] = transport.abort
        await self.app(scope, receive, send)


class Listener:
    """One application on one port; port 0 takes any free one."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named: no delay
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((HOST, port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        config = uvicorn.Config(
            Severable(app),
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            lifespan="on",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)

    @property
    def started(self) -> bool:
        """Tell whether the port answers."""
        return self._server.started

    def stop(self) -> None:
        """Ask the server to finish."""
        self._server.should_exit = True

    async def serve(self) -> None:
        """Answer until stopped; signals are left to the caller."""
        try:
            await self._server._serve([self._socket])  # noqa: SLF001 - `serve` would take over the signals
        finally:
            self._socket.close()


@contextlib.contextmanager
def serving(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve an application from a thread and give its address; for clients that block."""
    listener = Listener(app, port)
    thread = threading.Thread(target=lambda: asyncio.run(listener.serve()), daemon=True)
    thread.start()
    pause = threading.Event()
    for _ in range(int(START_SECONDS / 0.01)):
        if listener.started or not thread.is_alive():
            break
        pause.wait(0.01)
    try:
        yield listener.url
    finally:
        listener.stop()
        thread.join(START_SECONDS)
