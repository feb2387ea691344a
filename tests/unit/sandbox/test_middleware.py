"""A caller that has an answer, or has lost its connection, finds its call in the log at once."""

from starlette.types import Message, Receive, Scope, Send

from sandbox.clock import SystemClock
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.log import CallLog
from sandbox.middleware import DISCONNECT, CallRecorder, FaultInjector, html_outage


async def created(_: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 201})
    await send({"type": "http.response.body"})


async def heard(faults: Faults) -> tuple[list[int | None], list[int | None]]:
    """Give the statuses logged when the caller heard, and at the end."""
    calls, clock = CallLog(), SystemClock()
    first: list[list[int | None]] = []

    def hear() -> None:
        first.append([call.status for call in calls.calls])

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        hear()

    scope = {"type": "http", "method": "POST", "path": "/v3/objects", "extensions": {DISCONNECT: hear}}
    app = FaultInjector(created, faults, clock, lambda _fault, _: html_outage(503))
    await CallRecorder(app, calls, clock)(scope, receive, send)
    return first[0], [call.status for call in calls.calls]


async def test_an_answer_is_logged_before_it_is_heard() -> None:
    assert await heard(Faults()) == ([201], [201])


async def test_a_cut_is_logged_before_it_is_heard() -> None:
    assert await heard(Faults([Fault(FaultKind.DROP_BEFORE)])) == ([None], [None])
    assert await heard(Faults([Fault(FaultKind.DROP_AFTER)])) == ([201], [201])
