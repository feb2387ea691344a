"""The pretend Xero as one ASGI application.

``https://api.xero.com``, ``https://identity.xero.com`` and ``https://login.xero.com`` share one origin
here: ``/api.xro/2.0/...``, ``/connect/...``, ``/connections`` and ``/identity/connect/authorize``. Paths
are compared without case, as Xero does [M: the official SDK asks for ``/Connections``].
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.control import Controls, control_routes
from sandbox.directory import Directory
from sandbox.faults import Fault, Faults
from sandbox.log import CallLog, WriteLog
from sandbox.middleware import CallRecorder, FaultInjector, html_outage
from sandbox.xero.api import JSON_TYPE, PREFIX, Api
from sandbox.xero.organisation import Organisation
from sandbox.xero.people import People
from sandbox.xero.problems import Denied
from sandbox.xero.tokens import TokenService
from sandbox.xero.webhooks import Subscription
from sandbox.xero.wire import encode

VERBS = ["GET", "PUT", "POST", "PATCH", "DELETE"]
EMPTY_HTML = {"Content-Type": "text/html; charset=utf-8"}


def refuse(fault: Fault, _request: Request) -> Response:
    """A fault of kind ``status`` in Xero's manner.

    Parameters: ``status``; for 429 ``problem`` (minute, day, concurrent, appminute) and ``retry_after``;
    ``body`` and ``headers`` replace what would be said.
    """
    status = int(fault.number("status", 503))
    given = fault.params.get("headers")
    headers = {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    if "body" in fault.params:
        return Response(encode(fault.params["body"]), status, headers={"Content-Type": JSON_TYPE, **headers})
    match status:
        case 429:
            problem = str(fault.params.get("problem", "minute"))
            wait = {} if problem == "concurrent" else {"Retry-After": str(int(fault.number("retry_after", 30)))}
            return Response(status_code=429, headers={"X-Rate-Limit-Problem": problem, **wait, **headers})
        case 401 | 403:
            title = "Unauthorized" if status == 401 else "Forbidden"  # noqa: PLR2004 - the status itself
            denied = Denied(status, title, "AuthenticationUnsuccessful", instance="0" * 8)
            return Response(encode(denied.body()), status, headers={"Content-Type": JSON_TYPE, **headers})
        case 404:
            return Response(status_code=404, headers={**EMPTY_HTML, **headers})
        case _:
            response = html_outage(status)  # 500, 502, 503, 504: nothing recorded; may be HTML [K]
            response.headers.update(headers)
            return response


class Front:
    """Finds the door for a path, in any case."""

    def __init__(self, api: Api, tokens: TokenService) -> None:
        self.api = api
        self.tokens = tokens

    async def answer(self, request: Request) -> Response:  # noqa: PLR0911 - one door, one return
        """Every request that is not for the sandbox itself."""
        parts = tuple(part for part in request.scope["path"].split("/") if part)
        low = tuple(part.lower() for part in parts)
        if low[:2] == PREFIX:
            return await self.api.answer(request, parts[2:])
        match (request.method, *low):
            case ("POST", "connect", "token"):
                return await self.tokens.token(request)
            case ("POST", "connect", "revocation"):
                return await self.tokens.revoke(request)
            case ("GET", "identity", "connect", "authorize"):
                return await self.tokens.authorise(request)
            case (_, "connections"):
                return await self.tokens.connections(request, None)
            case (_, "connections", id_):
                return await self.tokens.connections(request, id_)
            case _:
                return Response(status_code=404, headers=EMPTY_HTML)


def create_app(
    organisation: Organisation,
    *,
    clock: Clock,
    faults: Faults | None = None,
    others: Sequence[Organisation] = (),
    latency: float = 0.0,
    retry_scale: float = 1.0,
) -> Starlette:
    """Serve one organisation, and others that the same consent reaches.

    ``latency`` is how long each API call takes (seconds of the clock); ``retry_scale`` multiplies the
    pauses between webhook retries. ``app.state`` carries ``api``, ``hooks``, ``calls``, ``writes`` and
    ``faults`` for tests in the same process.
    """
    faults = faults if faults is not None else Faults()
    calls, writes = CallLog(), WriteLog()
    hooks = Subscription(clock, faults, key=organisation.webhook_key, retry_scale=retry_scale)
    for other in others:
        organisation.identity.connect(other.tenant_id, other.name)
    api = Api((organisation, *others), clock, writes, hooks, latency)
    people = People(api)
    controls = Controls(clock, calls, writes, faults, hooks, people.state, hooks.retarget)
    front = Front(api, TokenService(organisation.identity))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await hooks.close()

    app = Starlette(
        routes=[
            Directory([control_routes(controls, *people.routes()), Route("/{path:path}", front.answer, methods=VERBS)])
        ],
        middleware=[
            Middleware(CallRecorder, calls=calls, clock=clock),
            Middleware(FaultInjector, faults=faults, clock=clock, refuse=refuse),
        ],
        lifespan=lifespan,
    )
    for name, part in (("api", api), ("hooks", hooks), ("calls", calls), ("writes", writes), ("faults", faults)):
        setattr(app.state, name, part)
    return app
