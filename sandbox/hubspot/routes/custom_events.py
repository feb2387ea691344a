"""The custom events API: definitions, and sending what happened. Enterprise only."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.gate import Gate, body_of, path_of
from sandbox.hubspot.routes.batches import inputs_of
from sandbox.hubspot.routes.paths import EVENTS
from sandbox.wire import Reply

BATCH = 500  # occurrences in one call
DEFINING = "behavioral_events.event_definitions.read_write"
SENDING = "analytics.behavioral_events.send"


class CustomEventRoutes:
    """Events of the portal's own."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under both families of paths."""
        table = (
            ("/event-definitions", "GET", self.index),
            ("/event-definitions", "POST", self.define),
            ("/event-definitions/{name}", "GET", self.show),
            ("/event-definitions/{name}/property", "POST", self.extend),
            ("/send", "POST", self.send),
            ("/send/batch", "POST", self.send_many),
        )
        return [
            Route(base + path, self.gate.guard(handler, self._scopes), methods=[method])
            for base in EVENTS
            for path, method, handler in table
        ]

    def _scopes(self, request: Request) -> list[str]:
        return [DEFINING if "/event-definitions" in path_of(request) else SENDING]

    async def index(self, _request: Request) -> Response:
        """List the definitions."""
        found = [each.shown() for each in self.portal.custom_events.definitions.values()]
        return Reply({"total": len(found), "results": found})

    async def define(self, request: Request) -> Response:
        """Make a definition."""
        return Reply(self.portal.custom_events.define(await body_of(request)).shown())

    async def show(self, request: Request) -> Response:
        """Show one."""
        return Reply(self.portal.custom_events.find(request.path_params["name"]).shown())

    async def extend(self, request: Request) -> Response:
        """Give one another property."""
        event = self.portal.custom_events.find(request.path_params["name"])
        return Reply(self.portal.custom_events.add(event, await body_of(request)))

    async def send(self, request: Request) -> Response:
        """Take what happened."""
        events = self.portal.custom_events
        events.take(events.read(await body_of(request)))
        return Response(status_code=204)

    async def send_many(self, request: Request) -> Response:
        """Take several: all of them, or none."""
        events = self.portal.custom_events
        told = [events.read(each) for each in inputs_of(await body_of(request), BATCH)]
        for each in told:
            events.take(each)
        return Response(status_code=204)
