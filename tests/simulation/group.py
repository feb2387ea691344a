"""The group: which worker has which partitions, who comes, who goes, and who is taken for gone.

Flows in: what befalls workers. Flows out: partitions, given and taken. Invariants: a partition belongs to one worker at
most; whoever loses one without hearing of it has stopped believing in it before (see `Worker.leased`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.simulation.worker import SESSION, Worker

JOIN = 0.5  # seconds that sharing out takes


class Group:
    """All workers of a world."""

    def __init__(self, partitions: int, size: int, hire: Callable[[int, asyncio.Event], Worker]) -> None:
        """Hire everybody; `hire` makes a worker of a number."""
        self.workers: dict[int, Worker] = {}
        self.size = size
        self.deaths = self.shares = self.zombies = 0
        self.takeovers: list[float] = []  # when partitions were shared out anew, by the loop's time
        self.thaws: list[float] = []  # when workers that stood still went on, by the loop's time
        self._partitions = partitions
        self._hire = hire
        self._members: set[int] = set()
        self._deaf: set[int] = (
            set()
        )  # members whose heartbeats are lost: nothing is shared out before they are given up
        self._anew: set[int] = set()
        self._wishes: dict[int, int] = {}  # partition -> the worker it is moved to
        self._owners: dict[int, int] = {}
        for number in range(size):
            self._join(number)
        self._share()

    async def crash(self, number: int, seconds: float) -> None:
        """A worker dies, at whatever it was waiting for, and comes back with nothing but what is durable.

        If it stays away longer than a session its partitions are taken over meanwhile.
        """
        worker = self.workers[number % self.size]
        if worker.dead:
            return
        number %= self.size
        self.deaths += 1
        worker.die()
        await worker.buried()
        if seconds > SESSION:
            await asyncio.sleep(SESSION)
            self._leave(number)
            await asyncio.sleep(seconds - SESSION)
        else:
            await asyncio.sleep(seconds)
        self._join(number)
        await asyncio.sleep(JOIN)
        self._share()

    async def move(self, partition: int, seconds: float) -> None:
        """A partition goes to another worker in mid-flight, and after a while back."""
        partition %= self._partitions
        owner = self._owners.get(partition)
        if owner is None:
            return
        self._wishes[partition] = (owner + 1) % self.size
        self._share()
        await asyncio.sleep(seconds)
        self._wishes.pop(partition, None)
        self._share()

    async def zombie(self, number: int, seconds: float, *, frozen: bool) -> None:
        """A worker is no longer heard; the others take over while it goes on, or stands still and then goes on."""
        number %= self.size
        worker = self.workers[number]
        if worker.dead or number not in self._members - self._deaf or not worker.leased:
            return
        self.zombies += 1
        self._deaf.add(number)
        worker.unheard()
        if frozen:
            worker.awake.clear()
        await asyncio.sleep(SESSION)
        if self.workers[number] is worker:
            self._leave(number)
        await asyncio.sleep(max(seconds - SESSION, 0))
        self.thaws.append(asyncio.get_running_loop().time())
        worker.awake.set()
        await asyncio.sleep(JOIN)
        if self.workers[number] is worker and not worker.dead:
            self._members.add(number)
            self._anew.add(number)
            self._share()

    def again(self) -> None:
        """Everybody is given anew what he has: in flight is fenced, and reading begins where it was committed."""
        self._anew |= self._members
        self._share()

    async def end(self) -> None:
        """Let everybody go."""
        for worker in self.workers.values():
            worker.awake.set()
            worker.die()
            await worker.buried()

    def _join(self, number: int) -> None:
        awake = asyncio.Event()
        awake.set()
        self.workers[number] = self._hire(number, awake)
        self._members.add(number)
        self._deaf.discard(number)
        self._anew.add(number)

    def _leave(self, number: int) -> None:
        self._members.discard(number)
        self._deaf.discard(number)
        self._share()

    def _share(self) -> None:
        """Share the partitions out; where any has moved, everybody begins a new epoch."""
        if self._deaf:
            return
        owners = {place: number for place in range(self._partitions) if (number := self._owner(place)) is not None}
        if owners == self._owners and not self._anew:
            return
        self.shares += 1
        self.takeovers.append(asyncio.get_running_loop().time())
        self._owners, self._anew = owners, set()
        for number in sorted(self._members):
            worker = self.workers[number]
            if worker.dead:
                self._anew.add(number)
            else:
                worker.share([place for place, owner in owners.items() if owner == number])

    def _owner(self, partition: int) -> int | None:
        wanted = self._wishes.get(partition, partition % self.size)
        nearest = [(wanted + step) % self.size for step in range(self.size)]
        return next((number for number in nearest if number in self._members), None)
