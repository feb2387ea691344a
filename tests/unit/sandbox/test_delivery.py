import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from sandbox.clock import VirtualClock
from sandbox.delivery import Deliverer, Terms
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.wire import decode, encode

Make = Callable[..., Deliverer]


class Receiver(httpx.AsyncBaseTransport):
    """Notes what it gets and answers as told."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.headers: list[httpx.Headers] = []
        self.answers: list[int | Exception] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers.pop(0) if self.answers else 204
        self.bodies.append(decode(request.content))
        self.headers.append(request.headers)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer)

    @property
    def events(self) -> list[Any]:
        return [event["n"] for body in self.bodies for event in body]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def make(receiver: Receiver, faults: Faults) -> AsyncIterator[Make]:
    made: list[Deliverer] = []

    def build(clock: VirtualClock, **terms: Any) -> Deliverer:
        settings = {"batch": 100, "concurrency": 10, "retries": [60, 600], **terms}
        deliverer = Deliverer(
            clock,
            faults,
            sign=lambda body, method, url, _now: {"x-signed": f"{method} {url} {len(body)}"},
            render=lambda events, attempt: encode([{**event, "attempt": attempt} for event in events]),
            terms=Terms(**settings),
            name=lambda event: str(event.get("name", "event")),
            client=httpx.AsyncClient(transport=receiver),
        )
        deliverer.target_url = "https://hooks.example.com/"
        made.append(deliverer)
        return deliverer

    yield build
    for deliverer in made:
        await deliverer.close()


async def test_events_go_out_signed_in_batches(make: Make, receiver: Receiver) -> None:
    deliverer = make(VirtualClock(automatic=True), batch=3, concurrency=1)
    for number in range(7):
        deliverer.submit({"n": number})
    assert await deliverer.drain()
    assert [len(body) for body in receiver.bodies] == [3, 3, 1]
    assert receiver.events == list(range(7))
    assert receiver.headers[0]["x-signed"].startswith("POST https://hooks.example.com/")
    assert deliverer.counts["delivered"] == 7


@pytest.mark.parametrize("failure", [500, 404, httpx.ConnectError("down"), httpx.ReadTimeout("slow")])
async def test_failures_are_tried_again_later(
    make: Make, receiver: Receiver, failure: int | Exception
) -> None:  # fmt: skip
    clock = VirtualClock()
    deliverer = make(clock)
    receiver.answers = [failure, failure]
    deliverer.submit({"n": 1})
    await deliverer.drain(retries=False)
    assert deliverer.pending == 1
    await clock.advance(59)
    assert len(receiver.bodies) == 1
    await clock.advance(1)
    assert len(receiver.bodies) == 2
    await clock.advance(600)
    assert [body[0]["attempt"] for body in receiver.bodies] == [0, 1, 2]
    assert await deliverer.drain()
    assert deliverer.counts["delivered"] == 1


async def test_the_retries_run_out(make: Make, receiver: Receiver) -> None:
    deliverer = make(VirtualClock(automatic=True), scale=0.1)
    receiver.answers = [503] * 3
    deliverer.submit({"n": 1})
    assert await deliverer.drain()
    assert (deliverer.counts["given_up"], deliverer.counts["failed_attempts"]) == (1, 3)


async def test_a_drain_that_takes_too_long_says_so(make: Make, receiver: Receiver) -> None:
    deliverer = make(VirtualClock())
    receiver.answers = [503]
    deliverer.submit({"n": 1})
    assert not await deliverer.drain(timeout_seconds=0.05)


async def test_without_a_target_nothing_is_sent(make: Make, receiver: Receiver) -> None:
    deliverer = make(VirtualClock(automatic=True))
    deliverer.target_url = None
    deliverer.submit({"n": 1})
    assert await deliverer.drain()
    assert await deliverer.post(b"{}") is None
    assert (receiver.bodies, deliverer.counts["unsubscribed"]) == ([], 1)


async def test_faults_lose_double_delay_and_shuffle(make: Make, receiver: Receiver, faults: Faults) -> None:
    deliverer = make(VirtualClock(automatic=True))
    faults.add(Fault(FaultKind.WEBHOOK_LOSE, path="^lost$"))
    faults.add(Fault(FaultKind.WEBHOOK_DUPLICATE, path="^double$", params={"copies": 4}))
    deliverer.submit({"n": 1, "name": "lost"})
    deliverer.submit({"n": 2, "name": "double"})
    assert await deliverer.drain()
    assert receiver.events == [2, 2, 2, 2]
    receiver.bodies.clear()
    faults.add(Fault(FaultKind.WEBHOOK_DELAY, path="^late$", params={"seconds": 5}))
    deliverer.submit({"n": 3, "name": "late"})
    deliverer.submit({"n": 4})
    assert await deliverer.drain()
    assert receiver.events == [4, 3]
    receiver.bodies.clear()
    faults.add(Fault(FaultKind.WEBHOOK_REORDER, seed=3))
    for number in range(10):
        deliverer.submit({"n": number})
    assert await deliverer.drain()
    assert sorted(receiver.events) == list(range(10))
    assert receiver.events != list(range(10))
    assert all(len(body) == 1 for body in receiver.bodies)


async def test_a_subscriber_has_five_seconds(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.delivery.TIMEOUT", 0.02)
    deliverer = make(VirtualClock())

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(5)
            return httpx.Response(200)

    deliverer.use(httpx.AsyncClient(transport=Slow()))
    assert await deliverer.post(b"[]", headers={}) is None
    assert deliverer.listing()["counts"] == {"attempts": 1}
