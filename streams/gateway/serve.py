"""The gateway as a process: uvicorn on the configured host and port, with a Kafka producer behind it.

In: settings. Out: nothing until it is told to stop. Invariant: what was acknowledged is flushed before it ends.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from schemas.contract import load_contract
from schemas.errors import ContractError, Transient
from streams.gateway.app import create_app
from streams.gateway.objects import TYPES, types_of
from streams.gateway.patience import Impatient
from streams.gateway.produce import KafkaProduce
from streams.settings import Settings
from streams.tracing import tracer_of

KEEP_ALIVE = 5  # seconds: an idle connection is closed, so that idle callers cost nothing
MAX_CONNECTIONS = 512  # beyond it uvicorn answers 503, which both vendors retry

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


def build(settings: Settings) -> Starlette:
    """The application with its producer, started and stopped with it."""
    produce = KafkaProduce(settings.kafka)
    tracer = tracer_of(settings, "gateway")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await produce.start()
        catching_up = asyncio.create_task(app.state.gateway.missed.watch())
        try:
            yield
        finally:
            catching_up.cancel()
            await asyncio.wait([catching_up])
            await produce.stop()
            if tracer is not None:
                await asyncio.to_thread(tracer.close)

    return create_app(
        settings, produce, _now, ready=lambda: produce.ready, lifespan=lifespan, types=_types(settings.contract),
        tracer=tracer,
    )  # fmt: skip


def _types(contract: Path) -> Mapping[str, str]:
    """The object types that the contract chooses; where the gateway has none that it can read, HubSpot's own.

    Polls find what it then passes over: a contract that cannot be read keeps workers from starting, and no webhook out.
    """
    try:
        return types_of(load_contract(contract))
    except ContractError as error:
        if contract.exists():
            log.warning("events of custom objects are passed over: %s", error.message)
        return TYPES


class Server(uvicorn.Server):
    """A server that says so once callers are answered (with 503 as long as Kafka is away)."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Come up."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def server(settings: Settings, ready: Callable[[], None] = lambda: None) -> Server:
    """The gateway, to be served; `ready` hears when callers are answered."""
    app = build(settings)

    def listening() -> None:
        app.state.gateway.missed.note()  # not before: what comes until now is turned away
        ready()

    return Server(config(app), listening)


def serve(settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGTERM or SIGINT; `ready` hears when callers are answered.

    Raises:
        Transient: the address cannot be had.
    """
    listeners = _bound(settings.gateway_host, settings.gateway_port)
    server(settings, ready).run(sockets=listeners)


def config(app: Starlette) -> uvicorn.Config:
    """How the gateway listens."""
    return uvicorn.Config(
        app,
        http=Impatient,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # signatures stand on the configured address, never on what a proxy says
        timeout_keep_alive=KEEP_ALIVE,
        limit_concurrency=MAX_CONNECTIONS,
    )


def _bound(host: str, port: int) -> list[socket.socket]:
    """Sockets on every address of a host's name."""
    listeners: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            # with the protocol named: asyncio lets answers go at once only where it sees that it is TCP, and else the
            # system keeps the end of each back until the caller has acknowledged its beginning, some 40 milliseconds
            listener = socket.socket(family, kind, protocol)
            listeners.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise Transient(
            f"the gateway cannot have {host}:{port}: {error.strerror}. Nothing was started. "
            "Next: set REVMARK_GATEWAY_HOST and REVMARK_GATEWAY_PORT, or revmark gateway --host --port",
            code="port",
        ) from error
    return listeners
