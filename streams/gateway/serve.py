"""The gateway as a process: uvicorn on the configured host and port, with a Kafka producer behind it.

In: settings. Out: nothing until it is told to stop. Invariant: what was acknowledged is flushed before it ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette

from streams.gateway.app import create_app
from streams.gateway.produce import KafkaProduce
from streams.settings import Settings

KEEP_ALIVE = 5  # seconds: an idle connection is closed, so that idle callers cost nothing
MAX_CONNECTIONS = 512  # beyond it uvicorn answers 503, which both vendors retry


def _now() -> datetime:
    return datetime.now(UTC)


def build(settings: Settings) -> Starlette:
    """The application with its producer, started and stopped with it."""
    produce = KafkaProduce(settings.broker)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await produce.start()
        try:
            yield
        finally:
            await produce.stop()

    return create_app(settings, produce, _now, ready=lambda: produce.ready, lifespan=lifespan)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        build(settings),
        host=settings.gateway_host,
        port=settings.gateway_port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # signatures stand on the configured address, never on what a proxy says
        timeout_keep_alive=KEEP_ALIVE,
        limit_concurrency=MAX_CONNECTIONS,
    )
    uvicorn.Server(config).run()
