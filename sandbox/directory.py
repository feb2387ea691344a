"""Routes, each looked for once.

In: requests. Out: the route that a plain list of the same routes would give them, with what it read from the path.
Invariant: method and path alone decide (a directory stands at one place), so what was found once holds for good.
"""

from collections.abc import Awaitable, Callable, Sequence
from inspect import iscoroutinefunction

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Receive, Scope, Send

REMEMBERED = 20_000  # paths; then all are forgotten: ids stand in some, and a long run has many
FOUND = "sandbox.route"
DIRECT = "sandbox.endpoint"


class Directory(BaseRoute):
    """A hundred routes as one: a portal has so many that trying them all takes longer than an answer."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.routes = routes
        self._heads = [(_head(route), route) for route in routes]
        self._known: dict[tuple[str, str], Scope] = {}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Give the match of the first route that fits, or the first that fits but for the method."""
        key = (scope.get("method", ""), scope["path"])
        known = self._known.get(key)
        if known is not None:
            return Match.FULL, known
        partly: tuple[Match, Scope] = (Match.NONE, {})
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        for head, route in self._heads:
            if not path.startswith(head):
                continue  # most are left out so: a path with an id in it is looked for each time
            match, child = route.matches(scope)
            if match is Match.FULL:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                found = self._known[key] = {**child, FOUND: route, DIRECT: _endpoint(route)}
                return match, found
            if match is Match.PARTIAL and partly[0] is Match.NONE:
                partly = match, {**child, FOUND: route}
        return partly

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer that was found.

        Its own net for exceptions is left out where that can be: the application has the same one around all routes.
        """
        endpoint = scope.get(DIRECT)
        if endpoint is None:
            await scope[FOUND].handle(scope, receive, send)
        else:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)


def _head(route: BaseRoute) -> str:
    """Give what every path of a route begins with."""
    return route.path.partition("{")[0] if isinstance(route, Route | Mount) else ""


def _endpoint(route: BaseRoute) -> Callable[[Request], Awaitable[Response]] | None:
    """Give the coroutine function that answers for a route; None where the route itself has to be asked."""
    return route.endpoint if isinstance(route, Route) and iscoroutinefunction(route.endpoint) else None
