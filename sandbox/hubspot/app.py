"""The pretend HubSpot as an ASGI application."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from sandbox.clock import Clock
from sandbox.control import Controls, control_routes
from sandbox.delivery import Deliverer, Event, Terms
from sandbox.directory import Directory
from sandbox.faults import Fault, Faults
from sandbox.hubspot import quota, signature
from sandbox.hubspot.errors import Problem
from sandbox.hubspot.gate import Gate
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.routes.account import AccountRoutes
from sandbox.hubspot.routes.associating import AssociationRoutes
from sandbox.hubspot.routes.batch import BatchRoutes
from sandbox.hubspot.routes.custom_events import CustomEventRoutes
from sandbox.hubspot.routes.dictionary import PropertyRoutes
from sandbox.hubspot.routes.journal import JournalRoutes
from sandbox.hubspot.routes.oauth import OAuthRoutes
from sandbox.hubspot.routes.objects import ObjectRoutes
from sandbox.hubspot.routes.people import PeopleRoutes
from sandbox.hubspot.routes.piping import PipelineRoutes
from sandbox.hubspot.routes.schemas import SchemaRoutes
from sandbox.hubspot.routes.searching import SearchRoutes
from sandbox.hubspot.routes.steering import SteeringRoutes
from sandbox.hubspot.routes.webhooks import WebhookRoutes
from sandbox.middleware import CallRecorder, FaultInjector, html_outage
from sandbox.wire import encode

EVENTS_LIMIT = 100  # events in one POST
PARALLEL = 10  # POSTs at once: maxConcurrentRequests, unless an app sets it
DAY = 86_400  # seconds over which ten retries are spread (webhooks page)
RETRIES = (60, 300, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 18_000, 21_600)  # seconds; under a day in all
JITTER = 0.1  # share of each pause that is left to chance


def create_app(
    portal: Portal,
    *,
    clock: Clock,
    faults: Faults | None = None,
    webhook_client: httpx.AsyncClient | None = None,
    retry_scale: float = 1.0,
    gather_seconds: float = 0.0,
) -> Starlette:
    """Give the application for a portal."""
    faults = faults if faults is not None else Faults()
    deliverer = Deliverer(
        clock,
        faults,
        sign=lambda body, method, url, now: _sign(portal, body, method, url, now),
        render=_render,
        terms=Terms(
            batch=EVENTS_LIMIT,
            concurrency=PARALLEL,
            retries=[pause * (1 + JITTER * portal.lots.random()) for pause in RETRIES],
            gather_seconds=gather_seconds,
            scale=retry_scale,
        ),
        name=lambda event: str(event["subscriptionType"]),
        client=webhook_client,
    )
    portal.announcer.publish = deliverer.submit
    gate = Gate(portal)
    properties = PropertyRoutes(gate)
    controls = Controls(clock, portal.calls, portal.writes, faults, deliverer, portal.state)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await deliverer.close()

    app = Starlette(
        routes=[
            Directory(
                [
                    control_routes(controls, *PeopleRoutes(gate).routes(), *SteeringRoutes(gate).routes()),
                    *OAuthRoutes(gate).routes(),
                    *BatchRoutes(gate).routes(),
                    *SearchRoutes(gate).routes(),
                    *AssociationRoutes(gate).routes(),
                    *ObjectRoutes(gate).routes(),
                    *properties.routes(),
                    *PipelineRoutes(gate).routes(),
                    *SchemaRoutes(gate, properties).routes(),
                    *CustomEventRoutes(gate).routes(),
                    *AccountRoutes(gate).routes(),
                    *WebhookRoutes(gate, deliverer).routes(),
                    *JournalRoutes(gate).routes(),
                ]
            )
        ],
        middleware=[
            Middleware(CallRecorder, calls=portal.calls, clock=clock),
            Middleware(FaultInjector, faults=faults, clock=clock, refuse=_refuse),
        ],
        exception_handlers={404: _no_such_path, 405: _no_such_method},
        lifespan=lifespan,
    )
    app.state.portal = portal
    app.state.faults = faults
    app.state.deliverer = deliverer
    return app


def _sign(portal: Portal, body: bytes, method: str, url: str, now: datetime) -> Mapping[str, str]:
    return signature.headers(portal.client_secret, body, method, url, now, portal.quirks.old_signature)


def _render(events: Sequence[Event], attempt: int) -> bytes:
    return encode([{**event, "attemptNumber": attempt} for event in events])


def _refuse(fault: Fault, _request: Request) -> Response:
    """Give the refusal a fault asks for: ``status``, and for 429 the ``policy``."""
    status = int(fault.number("status", 503))
    match status:
        case 429:
            wait = fault.params.get("retry_after")  # of the API none is documented; something on the way may say it
            told = {"Retry-After": str(wait)} if wait is not None else None
            return quota.refusal(str(fault.params.get("policy", "TEN_SECONDLY_ROLLING")), told)
        case 423:
            return Problem(423, "This resource is locked; try again in 2 seconds.", "LOCKED").reply()
        case 477:
            reply = Problem(477, "This account is being migrated to another data centre.", "MIGRATION").reply()
            reply.headers["Retry-After"] = str(int(fault.number("retry_after", 60)))
            return reply
        case 502 | 503 | 504 | 521 | 522 | 523 | 524:
            return html_outage(status)
        case 500:
            return Problem(500, "internal error", "INTERNAL_ERROR").reply()
        case _:
            return Problem(status, str(fault.params.get("message", "refused by a fault"))).reply()


def _no_such_path(_request: Request, _error: Exception) -> Response:
    return Problem(404, "resource not found", "OBJECT_NOT_FOUND").reply()


def _no_such_method(_request: Request, _error: Exception) -> Response:
    return Problem(405, "HTTP 405 Method Not Allowed", "METHOD_NOT_ALLOWED").reply()
