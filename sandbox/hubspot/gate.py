"""The gate every API call passes.

In: a request. Out: the handler's answer with rate headers, or a refusal. Order, as HubSpot's: token,
limits, scopes, then the request itself. Invariant: no handler runs for a call that was refused here.
"""

import functools
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.hubspot.actors import Actor
from sandbox.hubspot.errors import Problem, invalid
from sandbox.hubspot.quota import Bucket
from sandbox.wire import RawHeaders, decode

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

Handler = Callable[[Request], Awaitable[Response]]
Scopes = Callable[[Request], Iterable[str]]

URI_LIMIT = 16_000  # characters; the error-handling page names the status and no figure
WRITING = {"POST", "PUT", "PATCH", "DELETE"}
CORRELATION = b"x-hubspot-correlation-id"
READING_POSTS = ("/batch/read", "/search")
# What reading a body of another shape than expected ends in. All reading is done before anything is written.
MISSHAPEN = (AttributeError, KeyError, TypeError, ValueError)


def misshapen(error: Exception) -> Problem:
    """Refuse a body whose parts are of the wrong JSON types."""
    return invalid(f"Invalid input JSON: a part is of the wrong type ({error!r})")


class Gate:
    """Lets calls through to handlers."""

    def __init__(self, portal: "Portal") -> None:
        self.portal = portal

    def guard(self, handler: Handler, scopes: Scopes, bucket: Bucket = Bucket.GENERAL) -> Handler:
        """Wrap a handler."""

        @functools.wraps(handler)
        async def guarded(request: Request) -> Response:
            headers: RawHeaders = []
            try:
                caller = self.portal.access.caller(request.headers.get("authorization"))
                headers, refused = self.portal.quota.admit(bucket, oauth=caller.oauth)
                if refused is not None:
                    return refused
                caller.need(scopes(request))
                _check_length(request)
                with self.portal.one_instant():
                    reply = await handler(request)
            except Problem as problem:
                reply = problem.reply()
            except MISSHAPEN as error:
                reply = misshapen(error).reply()
            reply.raw_headers += headers  # no handler sets any of these itself
            reply.raw_headers.append((CORRELATION, _correlation()))
            return reply

        return guarded

    def open(self, handler: Handler) -> Handler:
        """Wrap a handler that needs no token: the token endpoints and the sandbox's own."""

        @functools.wraps(handler)
        async def opened(request: Request) -> Response:
            try:
                with self.portal.one_instant():
                    return await handler(request)
            except Problem as problem:
                return problem.reply()
            except MISSHAPEN as error:
                return misshapen(error).reply()

        return opened

    def object_scopes(self, request: Request) -> Iterable[str]:
        """Give the scopes that would do for a call about records of a type."""
        kind = self.portal.catalogue.find(str(request.path_params.get("object_type", "")))
        if kind is None:
            return []
        writes = request.method in WRITING and not path_of(request).endswith(READING_POSTS)
        word = "custom" if kind.custom else kind.scope
        scopes = [f"crm.objects.{word}.{'write' if writes else 'read'}"]
        return [*scopes, "e-commerce"] if word in {"products", "line_items"} else scopes

    def schema_scopes(self, request: Request) -> Iterable[str]:
        """Give the scopes that would do for a call about properties and pipelines of a type."""
        kind = self.portal.catalogue.find(str(request.path_params.get("object_type", "")))
        word = kind.scope if kind is not None and not kind.custom else "custom"
        writes = request.method in WRITING and not path_of(request).endswith(READING_POSTS)
        verb = "write" if writes else "read"
        scopes = [f"crm.schemas.{word}.{verb}"]
        return scopes if writes else [*scopes, f"crm.objects.{word}.read"]

    def pipeline_scopes(self, request: Request) -> Iterable[str]:
        """Give the scopes that would do for a call about pipelines: orders have scopes of their own for them."""
        kind = self.portal.catalogue.find(str(request.path_params.get("object_type", "")))
        if kind is None or kind.name != "orders":
            return self.schema_scopes(request)
        return [f"crm.pipelines.orders.{'write' if request.method in WRITING else 'read'}"]

    @property
    def actor(self) -> Actor:
        """Give who acts in API calls."""
        return self.portal.app


def _correlation() -> bytes:
    """Give a random UUID, spelled without making one: every answer has its own."""
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}".encode()


def path_of(request: Request) -> str:
    """Give the path of a request; `request.url` is put together from many parts, to be taken apart again."""
    path: str = request.scope["path"]
    return path


def _check_length(request: Request) -> None:
    scope = request.scope
    short = len(scope["path"]) + len(scope["query_string"]) < URI_LIMIT // 16  # a character is twelve when escaped
    if not short and len(str(request.url)) > URI_LIMIT:
        raise Problem(414, "URI too long")


async def body_of(request: Request) -> dict[str, Any]:
    """Read a JSON object. Raises `Problem`."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("application/json"):
        raise Problem(415, f"Unsupported media type: {kind or 'none'}. Send application/json.")
    try:
        body = decode(await request.body())
    except ValueError as error:
        raise invalid(f"Invalid input JSON: {error}") from None
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: an object is expected")
    return body


def listed(request: Request, name: str) -> list[str]:
    """Read a list from the query: comma-separated, repeated, or both."""
    return [part for value in request.query_params.getlist(name) for part in value.split(",") if part]


def whole(request: Request, name: str, default: int, highest: int) -> int:
    """Read a number from the query. Raises `Problem`."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdigit() or not 0 < int(text) <= highest:
        raise invalid(f"Invalid {name}: {text}. It must be a number from 1 to {highest}.")
    return int(text)


def flag(request: Request, name: str) -> bool:
    """Read a yes or no from the query."""
    return request.query_params.get(name, "false").lower() == "true"


def record_id(text: object) -> int | None:
    """Read a record id, None when it cannot be one."""
    digits = str(text).strip()
    return int(digits) if digits.isdigit() and digits.isascii() else None
