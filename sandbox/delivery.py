"""Webhooks on their way out.

In: events from an emulator. Out: signed POSTs to the subscriber, retried as the vendor retries. Invariant:
an event is sent at least once unless a fault loses it or the retries run out; nothing promises order.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import httpx

from sandbox.clock import Clock
from sandbox.faults import FaultKind, Faults

TIMEOUT = 5.0  # seconds; both vendors give a subscriber five
HISTORY = 20_000  # deliveries kept for inspection

Event = dict[str, object]
Sign = Callable[[bytes, str, str, datetime], Mapping[str, str]]
Render = Callable[[Sequence[Event], int], bytes]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST that was tried; ``status`` is None when no answer came."""

    at: datetime
    attempt: int
    events: int
    status: int | None


@dataclass(frozen=True, slots=True)
class Terms:
    """How a vendor delivers: batch size, parallel requests, pauses between attempts (seconds), success."""

    batch: int
    concurrency: int
    retries: Sequence[float]
    accepts: Callable[[int], bool] = lambda status: 200 <= status < 300  # noqa: PLR2004 - what 2xx means
    gather_seconds: float = 0.0  # how long events wait for company before they are sent
    scale: float = 1.0  # the pauses are multiplied by this, so that a day of retries fits a demo


class Deliverer:
    """Sends events to one subscriber; works whenever there is something to send, and only then."""

    def __init__(
        self,
        clock: Clock,
        faults: Faults,
        *,
        sign: Sign,
        render: Render,
        terms: Terms,
        name: Callable[[Event], str],
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self.target_url: str | None = None
        self.counts: Counter[str] = Counter()
        self.history: deque[Delivery] = deque(maxlen=HISTORY)
        self._clock = clock
        self._faults = faults
        self._sign = sign
        self._render = render
        self._terms = terms
        self._name = name
        self._client = client
        self._queue: deque[Event] = deque()
        self._held: list[Event] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._pump_task: asyncio.Task[None] | None = None
        self._slots: asyncio.Semaphore | None = None
        self._waiting_retries = 0

    def use(self, client: httpx.AsyncClient) -> None:
        """Send through this client, e.g. one that reaches a gateway in the same process."""
        self._client = client

    def submit(self, event: Event) -> None:
        """Take one event to deliver; needs a running event loop."""
        self.counts["submitted"] += 1
        name = self._name(event)
        if self.target_url is None:
            self.counts["unsubscribed"] += 1
            return
        if self._faults.take(FaultKind.WEBHOOK_LOSE, "POST", name):
            self.counts["lost"] += 1
            return
        copies = 1
        if fault := self._faults.take(FaultKind.WEBHOOK_DUPLICATE, "POST", name):
            copies = int(fault.number("copies", 2))
            self.counts["duplicated"] += copies - 1
        for copy in range(copies):
            self._place(dict(event), name, alone=copy > 0)

    def _place(self, event: Event, name: str, *, alone: bool) -> None:
        if fault := self._faults.take(FaultKind.WEBHOOK_DELAY, "POST", name):
            self._spawn(self._later([event], fault.number("seconds", 1.0)))
        elif fault := self._faults.take(FaultKind.WEBHOOK_REORDER, "POST", name):
            self.counts["reordered"] += 1
            self._held.append(event)
            if len(self._held) == 1:
                lots = self._faults.lots(fault)
                self._spawn(self._shuffled(fault.number("window_seconds", 0.05), lots.shuffle))
        elif alone:
            self._spawn(self._later([event], 0))
        else:
            self._queue.append(event)
            if self._pump_task is None or self._pump_task.done():
                self._pump_task = self._spawn(self._pump())

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _later(self, events: list[Event], seconds: float) -> None:
        await self._clock.sleep(seconds)
        await self._deliver(events)

    async def _shuffled(self, seconds: float, shuffle: Callable[[list[Event]], None]) -> None:
        await self._clock.sleep(seconds)
        held, self._held = self._held, []
        shuffle(held)
        for event in held:  # one POST each, so that the order is seen
            await self._deliver([event])

    async def _pump(self) -> None:
        await self._clock.sleep(self._terms.gather_seconds)
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(self._terms.batch, len(self._queue)))]
            if self._terms.concurrency == 1:
                await self._deliver(batch)
            else:
                self._spawn(self._deliver(batch))
                await asyncio.sleep(0)

    async def _deliver(self, events: Sequence[Event]) -> None:
        if self._slots is None:
            self._slots = asyncio.Semaphore(self._terms.concurrency)
        for attempt in range(len(self._terms.retries) + 1):
            async with self._slots:
                status = await self.post(self._render(events, attempt), attempt=attempt, events=len(events))
            if status is not None and self._terms.accepts(status):
                self.counts["delivered"] += len(events)
                return
            self.counts["failed_attempts"] += 1
            if attempt < len(self._terms.retries):
                self._waiting_retries += 1
                await self._clock.sleep(self._terms.retries[attempt] * self._terms.scale)
                self._waiting_retries -= 1
        self.counts["given_up"] += len(events)

    async def post(
        self,
        body: bytes,
        *,
        attempt: int = 0,
        events: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> int | None:
        """Send one body, signed unless headers are given, and tell the status (None: no answer in time)."""
        if self.target_url is None:
            return None
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
        now = self._clock.now()
        signed = self._sign(body, "POST", self.target_url, now) if headers is None else headers
        status: int | None = None
        try:
            async with asyncio.timeout(TIMEOUT):
                reply = await self._client.post(
                    self.target_url, content=body, headers={"Content-Type": "application/json", **signed}
                )
            status = reply.status_code
        except (httpx.HTTPError, TimeoutError):
            status = None
        self.counts["attempts"] += 1
        self.history.append(Delivery(now, attempt, events, status))
        return status

    @property
    def pending(self) -> int:
        """Count what is still to be sent or being sent, waiting retries included."""
        return len(self._tasks)

    async def drain(self, *, retries: bool = True, timeout_seconds: float | None = None) -> bool:
        """Wait until nothing is queued (``retries=False``: but retries); tell whether that came."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._tasks and (retries or len(self._tasks) > self._waiting_retries):
                    await asyncio.wait(tuple(self._tasks), timeout=0.02, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Stop sending."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def listing(self) -> dict[str, object]:
        """Show where events go and what became of them."""
        return {
            "target_url": self.target_url,
            "pending": self.pending,
            "counts": dict(self.counts),
            "deliveries": [asdict(delivery) for delivery in self.history],
        }
