"""The wrapping both emulators share: calls are counted, then faults strike.

In: ASGI requests. Out: the application's answer, a vendor's refusal, or a broken connection. Invariant:
calls under ``/_sandbox/`` are neither logged nor struck; a call that was dropped after it was applied is
logged with the status the client never saw.

Use in an emulator, outermost first::

    middleware=[
        Middleware(CallRecorder, calls=calls, clock=clock),
        Middleware(FaultInjector, faults=faults, clock=clock, refuse=refuse),
    ]
"""

from collections.abc import Callable

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.log import CallLog

CONTROL_PREFIX = "/_sandbox"
DISCONNECT = "sandbox.disconnect"  # an extension of the ASGI scope that our server offers: cut the connection

Refuse = Callable[[Fault, Request], Response]


def html_outage(status: int) -> Response:
    """Give what a load balancer says when the platform behind it is gone."""
    page = f"<html><head><title>{status}</title></head><body><h1>Service Unavailable</h1></body></html>"
    return Response(page, status_code=status, media_type="text/html")


def is_control(scope: Scope) -> bool:
    """Tell whether a request is for the sandbox itself and not for the pretend platform."""
    path: str = scope.get("path", "")
    return scope["type"] != "http" or path.startswith(CONTROL_PREFIX)


class CallRecorder:
    """Logs each API call with the status the platform decided, before the caller hears of it."""

    def __init__(self, app: ASGIApp, calls: CallLog, clock: Clock) -> None:
        self.app = app
        self.calls = calls
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if is_control(scope):
            await self.app(scope, receive, send)
            return
        at = self.clock.now()
        query = scope.get("query_string", b"").decode("latin-1")
        recorded = False

        def record(answer: int | None = None) -> None:
            nonlocal recorded
            if not recorded:
                recorded = True
                status = scope.get("sandbox.status", answer)
                self.calls.record(at, scope["method"], scope["path"], query, status, scope.get("sandbox.fault"))

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                record(message["status"])
            await send(message)

        if (cut := (scope.get("extensions") or {}).get(DISCONNECT)) is not None:

            def recorded_cut() -> None:
                record()
                cut()

            scope["extensions"][DISCONNECT] = recorded_cut
        try:
            await self.app(scope, receive, watch)
        finally:
            record()


class FaultInjector:
    """Lets the faults in force strike API calls."""

    def __init__(self, app: ASGIApp, faults: Faults, clock: Clock, refuse: Refuse) -> None:
        self.app = app
        self.faults = faults
        self.clock = clock
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not self.faults.any or is_control(scope):
            await self.app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        if slow := self.faults.take(FaultKind.LATENCY, method, path):
            scope["sandbox.fault"] = slow.kind.value
            pause = slow.number("seconds", 1.0)
            if slow.params.get("after"):
                send = self._late(send, pause)
            else:
                await self.clock.sleep(pause)
        if refusal := self.faults.take(FaultKind.STATUS, method, path):
            scope["sandbox.fault"] = refusal.kind.value
            await self.refuse(refusal, Request(scope, receive))(scope, receive, send)
            return
        if self.faults.take(FaultKind.DROP_BEFORE, method, path):
            scope["sandbox.fault"] = FaultKind.DROP_BEFORE.value
            await _disconnect(scope, receive)
            return
        if self.faults.take(FaultKind.DROP_AFTER, method, path):
            scope["sandbox.fault"] = FaultKind.DROP_AFTER.value
            await self.app(scope, receive, _swallow(scope))
            await _disconnect(scope, receive)
            return
        await self.app(scope, receive, send)

    def _late(self, send: Send, pause: float) -> Send:
        async def late(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self.clock.sleep(pause)
            await send(message)

        return late


def _swallow(scope: Scope) -> Send:
    async def swallow(message: Message) -> None:
        if message["type"] == "http.response.start":
            scope["sandbox.status"] = message["status"]

    return swallow


async def _disconnect(scope: Scope, receive: Receive) -> None:
    cut = (scope.get("extensions") or {}).get(DISCONNECT)
    if cut is None:  # in-process transport: what httpx itself raises when a server hangs up
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    cut()
    while (await receive())["type"] != "http.disconnect":
        pass
