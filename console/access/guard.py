"""The guard before every route: the names the page is called by, who asks, and whether they may.

A page on loopback can be reached by any site the browser visits, through a name that resolves to 127.0.0.1; so only
names that are the page's own are answered. What changes something has to come from the page itself (its origin, its
token, JSON, which no form of another site can send) and from an operator.
"""

from __future__ import annotations

import hmac
from urllib.parse import quote

import orjson
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from console.access.people import Person
from console.access.places import Reach
from console.access.reception import ANSWER, SIGN_IN, SIGN_OUT, SIGNED_OUT, Reception
from console.access.trail import Trail

OPEN = frozenset({"/healthz", SIGN_IN, ANSWER, SIGNED_OUT})  # and what lies under /static/: no data of a deployment
OWN_KEY = "/metrics"  # asked by a machine, with a token of its own
TOKEN = "x-revmark-token"  # noqa: S105 - a header's name
LOOKING = frozenset({"GET", "HEAD"})


class Guard:
    """Wraps the application."""

    def __init__(
        self, app: ASGIApp, *, reach: Reach, reception: Reception, trail: Trail, metrics_token: str = ""
    ) -> None:
        self.app = app
        self._reach = reach
        self._reception = reception
        self._trail = trail
        self._metrics_token = metrics_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on with the person who asks."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        person = self._reception.person(asked.cookies)
        refusal = self._refusal(scope, asked.headers, person)
        if refusal is not None:
            if person is not None and isinstance(refusal, No):
                await self._trail.refused("act", person.who, refusal.why, scope["path"])
            await refusal(scope, receive, send)
            return
        scope.setdefault("state", {})["person"] = person
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers, person: Person | None) -> Response | None:
        host = headers.get("host", "")
        if _name(host) not in self._reach.names:
            return PlainTextResponse("this page is not called by that name", 421)
        path, method = scope["path"], scope["method"]
        if path == OWN_KEY and self._reach.signs_in:
            given = headers.get("authorization", "")
            held = bool(self._metrics_token) and _same(given, f"Bearer {self._metrics_token}")
            return None if held else PlainTextResponse("", 401, {"WWW-Authenticate": "Bearer"})
        if method in LOOKING and (path in OPEN or path.startswith("/static/")):
            return None
        if person is None:
            if method in LOOKING and not path.startswith("/api/"):
                return RedirectResponse(f"{SIGN_IN}?to={quote(_whole(scope), safe='/')}", 303)
            return No("sign in first", 401)
        return None if method in LOOKING else self._unwanted(path, host, headers, person)

    def _unwanted(self, path: str, host: str, headers: Headers, person: Person) -> Response | None:
        """Why what would change something is not taken."""
        origin = self._reach.origin or f"http://{host}"
        if headers.get("origin", "").lower() != origin.lower() or not _same(headers.get(TOKEN, ""), person.token):
            return No("that did not come from this page: load it again", 403)
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return No("JSON is expected", 415)
        if person.role != "operator" and path != SIGN_OUT:
            return No(f"{person.who or 'whoever is here'} may look, and not act", 403)
        return None


def _whole(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


def _same(given: str, held: str) -> bool:
    return hmac.compare_digest(given.encode(), held.encode())


class No(Response):
    """What is not taken, and why."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(orjson.dumps({"error": why}), status, media_type="application/json")
        self.why = why


def _name(host: str) -> str:
    """The host without its port."""
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[").lower()
    return host.partition(":")[0].lower()
