"""The page as an ASGI application, and as a server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from console.access.guard import Guard
from console.access.people import Person
from console.access.places import reach
from console.access.reception import Reception
from console.access.seals import now
from console.access.trail import Trail
from console.page import api
from console.page.acts import WAIT, Acts
from console.page.feed import Feed
from console.page.figures import text
from console.page.pages import PAGES, STATIC, Page
from console.page.shield import Shield
from console.projection.store import Store
from schemas.errors import Transient
from streams.settings import Settings

MAX_CONNECTIONS = 200  # open pages and their streams; a page holds two


def create_app(
    settings: Settings,
    failed: Callable[[], None] = lambda: None,
    clock: Callable[[], datetime] = now,
    wait: float = WAIT,
) -> Starlette:
    """The page's application; its `Feed` is at `app.state.feed`.

    Args:
        settings: of the deployment.
        failed: hears when the feed has ended by itself.
        clock: what sessions end by.
        wait: seconds for a worker to take a person's word up.

    Raises:
        SettingsError: it would let anybody of another machine in, or sign-in is not set up whole.
    """
    reached = reach(settings)
    trail = Trail(settings, clock)
    reception = Reception(settings, reached, trail, clock)
    feed = Feed(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(feed.run())
        task.add_done_callback(lambda _: failed())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def stream(request: Request) -> Response:
        person: Person = request.state.person
        return StreamingResponse(_events(feed, lambda: ended(person)), media_type="text/event-stream")

    def ended(person: Person) -> bool:
        return person.until is not None and (person.until <= clock() or not reception.stands(person))

    def me(request: Request) -> Response:
        person: Person = request.state.person
        shown = {"who": person.who, "role": person.role, "token": person.token, "signs_in": reception.signs_in}
        return JSONResponse(shown)

    def metrics(_request: Request) -> Response:
        try:
            store = Store(feed.folder, read_only=True)
        except Transient as error:
            return PlainTextResponse(error.message, 503)
        try:
            return PlainTextResponse(text(store, settings, datetime.now(UTC)), media_type="text/plain; version=0.0.4")
        finally:
            store.close()

    def health(_request: Request) -> Response:
        why = "not connected" if reception.signs_in else feed.problem or "starting"  # it names the broker
        return PlainTextResponse("ok" if feed.connected else why, 200 if feed.connected else 503)

    app = Starlette(
        routes=[
            *(_shown(page) for page in PAGES),
            Route("/healthz", health),
            Route("/metrics", metrics),
            Route("/api/stream", stream),
            Route("/api/me", me),
            *reception.routes(),
            *api.routes(settings, feed.folder),
            *Acts(settings, feed, trail, wait).routes(),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(Shield),
            Middleware(
                Guard,
                reach=reached,
                reception=reception,
                trail=trail,
                metrics_token=settings.page_metrics_token.get_secret_value(),
            ),
        ],
        lifespan=lifespan,
    )
    app.state.feed = feed
    return app


def _shown(page: Page) -> Route:
    def endpoint(_request: Request) -> Response:
        return HTMLResponse(page.html())

    return Route(page.path, endpoint)


async def _events(feed: Feed, ended: Callable[[], bool]) -> AsyncIterator[bytes]:
    async for document in feed.readings():
        if ended():
            return
        yield b": here\n\n" if document is None else b"data: " + document + b"\n\n"


class Server(uvicorn.Server):
    """A server that ends the streams before it waits for its connections to end."""

    def __init__(self, config: uvicorn.Config, feed: Feed) -> None:
        super().__init__(config)
        self._feed = feed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Go down."""
        await self._feed.close()
        await super().shutdown(sockets)


def serve(settings: Settings, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM or SIGINT; `ready` hears the address as soon as it takes connections (port 0: any free one).

    Raises:
        SettingsError: it would let anybody of another machine in, or sign-in is not set up whole.
        Transient: the port is taken.
    """
    reach(settings)
    family = socket.AF_INET6 if ":" in settings.page_host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, so that asyncio sets no delay
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.page_host, settings.page_port))
        listener.listen()  # whoever hears the address may connect at once, and waits until the server is up
    except OSError as error:
        listener.close()
        raise Transient(
            f"the page cannot have {settings.page_host}:{settings.page_port}: {error.strerror}. Nothing was started. "
            "Next: revmark page --port 0",
            code="port",
        ) from error
    host = f"[{settings.page_host}]" if ":" in settings.page_host else settings.page_host
    with listener:
        ready(f"http://{host}:{listener.getsockname()[1]}")

        def failed() -> None:
            server.should_exit = True  # a page that no longer moves must not look alive; the lifespan says why

        app = create_app(settings, failed)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,  # streams have ended by then
            limit_concurrency=MAX_CONNECTIONS,
        )
        server = Server(config, app.state.feed)
        server.run(sockets=[listener])
