"""The door for tests and for the curious: ``/_sandbox/``.

In: faults to put in force, a webhook address. Out: what the emulator holds and what happened to it.
Invariant: nothing here counts against a quota, is struck by a fault or appears in the call log.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from sandbox.clock import Clock, VirtualClock
from sandbox.delivery import Deliverer
from sandbox.directory import Directory
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.log import CallLog, WriteLog
from sandbox.wire import Reply, decode

DRAIN_SECONDS = 30.0  # how long a drain waits unless told otherwise


@dataclass(frozen=True, slots=True)
class Controls:
    """What the routes reach. ``on_target`` runs when a webhook address is set (Xero: the handshake)."""

    clock: Clock
    calls: CallLog
    writes: WriteLog
    faults: Faults
    deliverer: Deliverer
    state: Callable[[], object]
    on_target: Callable[[str | None], Awaitable[object]] | None = None

    async def list_calls(self, request: Request) -> Response:
        """Show every API call."""
        return Reply(self.calls.listing(int(request.query_params.get("since", "0"))))

    async def list_writes(self, request: Request) -> Response:
        """Show every accepted write, of one actor if asked."""
        query = request.query_params
        return Reply(self.writes.listing(query.get("actor"), int(query.get("since", "0"))))

    async def list_faults(self, _request: Request) -> Response:
        """Show the faults in force."""
        return Reply(self.faults.listing())

    async def add_fault(self, request: Request) -> Response:
        """Put a fault in force."""
        wanted = decode(await request.body())
        try:
            fault = Fault(
                kind=FaultKind(wanted.pop("kind")),
                rate=float(wanted.pop("rate", 1)),
                **wanted,
            )
        except (KeyError, TypeError, ValueError) as error:
            return Reply({"message": f"not a fault: {error!r}"}, status_code=400)
        return Reply({"id": self.faults.add(fault).id}, status_code=201)

    async def drop_faults(self, request: Request) -> Response:
        """Lift one fault (``?id=``) or all."""
        if (wanted := request.query_params.get("id")) is None:
            self.faults.clear()
        elif not self.faults.remove(int(wanted)):
            return Reply({"message": f"no fault {wanted}"}, status_code=404)
        return Response(status_code=204)

    async def show_webhooks(self, _request: Request) -> Response:
        """Show where webhooks go and what became of them."""
        return Reply(self.deliverer.listing())

    async def set_webhooks(self, request: Request) -> Response:
        """Set the address webhooks go to; null stops them."""
        self.deliverer.target_url = decode(await request.body()).get("target_url")
        outcome = await self.on_target(self.deliverer.target_url) if self.on_target else None
        return Reply({"target_url": self.deliverer.target_url, "outcome": outcome})

    async def show_state(self, _request: Request) -> Response:
        """Show everything the emulator holds."""
        return Reply(self.state())

    async def drain(self, request: Request) -> Response:
        """Wait until no webhook is queued."""
        body = await request.body()
        wanted = decode(body) if body else {}
        drained = await self.deliverer.drain(
            retries=bool(wanted.get("retries", True)),
            timeout_seconds=float(wanted.get("timeout_seconds", DRAIN_SECONDS)),
        )
        return Reply({"drained": drained, "pending": self.deliverer.pending})

    async def show_clock(self, _request: Request) -> Response:
        """Tell the emulator's time."""
        return Reply({"now": self.clock.now()})

    async def move_clock(self, request: Request) -> Response:
        """Move a virtual clock: ``{"seconds": n}``."""
        if not isinstance(self.clock, VirtualClock):
            return Reply({"message": "this sandbox runs on the machine's clock"}, status_code=409)
        await self.clock.advance(float(decode(await request.body())["seconds"]))
        return Reply({"now": self.clock.now()})


Handler = Callable[[Request], Awaitable[Response]]


def _forgiving(handler: Handler) -> Handler:
    """Answer a request that cannot be read with 400 and why."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return Reply({"message": f"this request cannot be read: {error!r}"}, status_code=400)

    return answer


def control_routes(controls: Controls, *more: BaseRoute) -> Mount:
    """Give the mount for ``/_sandbox``, with an emulator's own routes (people, tamper, ...) inside it."""
    routes: list[BaseRoute] = [
        Route("/calls", _forgiving(controls.list_calls), methods=["GET"]),
        Route("/writes", _forgiving(controls.list_writes), methods=["GET"]),
        Route("/faults", _forgiving(controls.list_faults), methods=["GET"]),
        Route("/faults", _forgiving(controls.add_fault), methods=["POST"]),
        Route("/faults", _forgiving(controls.drop_faults), methods=["DELETE"]),
        Route("/webhooks", _forgiving(controls.show_webhooks), methods=["GET"]),
        Route("/webhooks", _forgiving(controls.set_webhooks), methods=["POST"]),
        Route("/state", _forgiving(controls.show_state), methods=["GET"]),
        Route("/drain", _forgiving(controls.drain), methods=["POST"]),
        Route("/clock", _forgiving(controls.show_clock), methods=["GET"]),
        Route("/clock", _forgiving(controls.move_clock), methods=["POST"]),
        *more,
    ]
    return Mount("/_sandbox", routes=[Directory(routes)])
