"""The gateway's routes.

In: POST /webhooks/hubspot, POST /webhooks/xero. Out: hints on the lane topics, and an answer within five seconds.
Invariant: the answer 200 is given only after the hints are durable; a request whose signature does not hold is
counted and logged without its body, and nothing of it is parsed.

Answers: 200 done; 401 the signature does not hold; 400, 408, 413, 415 not a webhook; 503 could not produce, and the
vendor will try again. Events of a portal or an organisation that is not ours are answered 200 and counted as
`unknown_connection`: a vendor that gets refusals for a day disables the whole subscription, and a removed tenant must
not silence the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from schemas.errors import Refused, Transient
from schemas.names import Platform, Side
from streams.gateway.bodies import parse_body, read_body
from streams.gateway.counts import Counts
from streams.gateway.hints import Hints
from streams.gateway.hubspot import hubspot_hints
from streams.gateway.missed import Missed
from streams.gateway.objects import TYPES
from streams.gateway.produce import Produce
from streams.gateway.signatures import (
    HUBSPOT_SIGNATURE,
    HUBSPOT_TIMESTAMP,
    XERO_SIGNATURE,
    refuse_hubspot,
    refuse_xero,
)
from streams.gateway.xero import KINDS, SELDOM, Sequence, numbers, xero_hints
from streams.settings import Settings
from streams.topics import Topics
from streams.tracing import Carrier, Span, Tracer, carried

PRODUCE_SECONDS = 4.0  # leaves a second of the vendors' five to answer 503
Clock = Callable[[], datetime]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]
Verify = Callable[[Request, bytes], str | None]  # why a request is refused, if it is
Understand = Callable[[bytes], Hints]

log = logging.getLogger(__name__)


class Gateway:
    """One deployment's gateway: verify, produce, answer."""

    def __init__(
        self,
        settings: Settings,
        produce: Produce,
        clock: Clock,
        ready: Callable[[], bool],
        types: Mapping[str, str] = TYPES,
        tracer: Tracer | None = None,
    ) -> None:
        self.settings = settings
        self.tracer = tracer
        self.types = types
        self.produce = produce
        self.clock = clock
        self.ready = ready
        self.counts = Counts(tracer)
        self._topics = Topics(prefix=settings.topic_prefix)
        self._sequence = Sequence()
        self.missed = Missed(self._catch_up)

    async def hubspot(self, request: Request) -> Response:
        """Take HubSpot's events."""
        return await self._take("hubspot", request, self._verify_hubspot, self._hubspot_hints)

    async def xero(self, request: Request) -> Response:
        """Take Xero's events, and its intent-to-receive probes, which are requests like any other."""
        return await self._take("xero", request, self._verify_xero, self._xero_hints)

    async def health(self, _request: Request) -> Response:
        """Tell whether hints can be produced."""
        ready = self.ready()
        return PlainTextResponse("ok" if ready else "the broker has not been reached", 200 if ready else 503)

    async def metrics(self, _request: Request) -> Response:
        """Show the counters to Prometheus."""
        return PlainTextResponse(self.counts.text(), media_type="text/plain; version=0.0.4")

    async def _take(self, platform: Platform, request: Request, verify: Verify, understand: Understand) -> Response:
        """Answer; of the share of requests that is drawn, in a span that the records of the request carry on."""
        span = self.tracer.begin(f"webhook {platform}", platform=platform) if self.tracer is not None else None
        if span is None:
            return await self._answer(platform, request, verify, understand)
        with span, Carrier(span.context):
            response = await self._answer(platform, request, verify, understand, span)
            span.set(answer=response.status_code)
            return response

    async def _answer(
        self,
        platform: Platform,
        request: Request,
        verify: Verify,
        understand: Understand,
        span: Span | None = None,
    ) -> Response:
        # 1. bytes, within limits
        try:
            headers = request.headers
            body = await read_body(request.stream(), headers.get("content-type", ""), headers.get("content-length"))
        except Refused as refused:
            return self._refuse(platform, refused, "shape")
        except ClientDisconnect:
            return self._refuse(platform, Refused("the caller hung up", code="400"), "shape")
        # 2. whose it is
        if (reason := verify(request, body)) is not None:
            self.counts.request(platform, f"refused_{reason}")
            log.warning("a webhook in the name of %s is refused: %s", platform, reason)
            return Response(status_code=401)
        # 3. what it asks for
        try:
            hints = understand(body)
        except Refused as refused:
            return self._refuse(platform, refused, "malformed")
        if span is not None:
            span.set(events=hints.results.total(), records=hints.number)
        # 4. durable before it is acknowledged
        try:
            await self._hand_on(platform, hints)
        except (Transient, TimeoutError) as error:
            self.counts.request(platform, "unavailable")
            self.missed.note()
            why = str(error) or f"the broker did not answer in {PRODUCE_SECONDS:g} s"
            log.warning("a webhook of %s is turned away, the platform will try again: %s", platform, why)
            return Response(status_code=503)
        # 5. only now
        if hints.span is not None:
            self._sequence.follow(hints.span, self.clock() if hints.poll else None)
            self.missed.came()
        self.counts.request(platform, "accepted")
        self.counts.hints(platform, hints.number)
        for result, number in hints.results.items():
            self.counts.events(platform, result, number)
        return Response(status_code=200)

    async def _hand_on(self, platform: Platform, hints: Hints) -> None:
        lane, changes = (self._topics.name(each) for each in (self._topics.lane(platform), self._topics.changes))
        now, tenant = self.clock(), self.settings.tenant
        side = Side.CRM if platform == "hubspot" else Side.ERP
        work = hints.work(tenant, platform, now)
        erasures = hints.erasures(tenant, platform, side, now)
        records = [(lane, each.connection.encode(), each.to_bytes(), carried()) for each in work]
        records += [(changes, tenant.encode(), each.to_bytes(), carried()) for each in erasures]
        async with asyncio.timeout(PRODUCE_SECONDS):
            if len(records) == 1:
                await self.produce(*records[0])  # as most often: a task of its own would only be waited for
            else:
                await asyncio.gather(*(self.produce(*record) for record in records))

    async def _catch_up(self) -> None:
        """Ask for a poll of what Xero's events would have told and polls list seldom; the rest is polled anyway."""
        if self.settings.xero_webhook_key.get_secret_value():
            await self._hand_on("xero", Hints(poll=list(SELDOM)))

    def _refuse(self, platform: str, refused: Refused, result: str) -> Response:
        self.counts.request(platform, result)
        log.warning("a webhook for %s is refused: %s", platform, refused.message)
        # What is left of its body is not waited for: a caller that drips must not keep the connection.
        return Response(status_code=int(refused.code), headers={"connection": "close"})

    def _verify_hubspot(self, request: Request, body: bytes) -> str | None:
        query = request.scope.get("query_string", b"").decode("latin-1")
        uri = self.settings.gateway_url.rstrip("/") + "/webhooks/hubspot" + (f"?{query}" if query else "")
        return refuse_hubspot(
            self.settings.hubspot_client_secret.get_secret_value(),
            request.method,
            uri,
            body,
            request.headers.getlist(HUBSPOT_SIGNATURE),
            request.headers.getlist(HUBSPOT_TIMESTAMP),
            self.clock(),
        )

    def _verify_xero(self, request: Request, body: bytes) -> str | None:
        # Two keys, separated by a comma, hold while they are rotated; a key is base64 and has no comma.
        keys = self.settings.xero_webhook_key.get_secret_value().split(",")
        return refuse_xero([key.strip() for key in keys], body, request.headers.getlist(XERO_SIGNATURE))

    def _hubspot_hints(self, body: bytes) -> Hints:
        return hubspot_hints(parse_body(body), self.settings.hubspot_portal, self.types)

    def _xero_hints(self, body: bytes) -> Hints:
        parsed = parse_body(body)
        hints = xero_hints(parsed, self.settings.xero_tenant)
        hints.span = numbers(parsed)
        if hints.span is not None and self._sequence.poll_due(hints.span, self.clock()):
            hints.poll = list(KINDS)
            hints.results["gap"] += 1
        return hints


def create_app(
    settings: Settings,
    produce: Produce,
    clock: Clock,
    *,
    ready: Callable[[], bool] = lambda: True,
    lifespan: Lifespan | None = None,
    types: Mapping[str, str] = TYPES,
    tracer: Tracer | None = None,
) -> Starlette:
    """The gateway as an ASGI application; its `Gateway` is at `app.state.gateway`.

    `types`: HubSpot's object types that are followed under the contract.
    """
    gateway = Gateway(settings, produce, clock, ready, types, tracer)

    def route(path: str, endpoint: Callable[[Request], Awaitable[Response]], method: str) -> Route:
        return Route(path, endpoint, methods=[method])

    app = Starlette(
        routes=[
            route("/webhooks/hubspot", gateway.hubspot, "POST"),
            route("/webhooks/xero", gateway.xero, "POST"),
            route("/healthz", gateway.health, "GET"),
            route("/metrics", gateway.metrics, "GET"),
        ],
        lifespan=lifespan,
    )
    app.state.gateway = gateway
    return app
