"""Whatever goes wrong on the way, everything is settled in the end and nothing is made twice."""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from sandbox.faults import Fault, FaultKind
from schemas.command import Command
from schemas.errors import RevmarkError
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import command

WRITES = r"/batch/(upsert|update|associate)"


def _storm(world: World, seed: int) -> None:
    kinds: list[tuple[FaultKind, str, dict[str, object]]] = [
        (FaultKind.DROP_AFTER, WRITES, {}),
        (FaultKind.DROP_BEFORE, WRITES, {}),
        (FaultKind.DROP_AFTER, "/batch/read", {}),
        (FaultKind.STATUS, WRITES, {"status": 503}),
        (FaultKind.STATUS, WRITES, {"status": 429, "policy": "TEN_SECONDLY_ROLLING"}),
        (FaultKind.STATUS, "/batch/read", {"status": 423}),
    ]
    for number, (kind, path, params) in enumerate(kinds):
        world.faults.add(Fault(kind, path=path, rate=0.15, seed=seed * 100 + number, params=params))


@dataclass
class Lane:
    """As the real one: what is unknown is looked up before it is sent again."""

    world: World
    waiting: list[Command]
    unknown: set[str] = field(default_factory=set)
    met: Counter[str] = field(default_factory=Counter)

    async def settle(self) -> None:
        for _ in range(400):
            if not self.waiting:
                return
            self.world.later(5)
            turn, later = self.waiting[:7], self.waiting[7:]  # few enough that a batch is struck now and then
            ready = [each for each in turn if each.id not in self.unknown or await self._is_missing(each)]
            await self._write(ready)
            self.waiting = later + [each for each in turn if each in self.waiting]
        raise AssertionError(self.waiting)

    async def _is_missing(self, unknown: Command) -> bool:
        try:
            found = await self.world.client.look_up(unknown)
        except RevmarkError as error:
            self.met[type(error).__name__] += 1
            return False
        self.unknown.discard(unknown.id)
        if found is not None:
            self.met["found"] += 1
            self.waiting.remove(unknown)
        return found is None

    async def _write(self, ready: list[Command]) -> None:
        try:
            answers = await self.world.client.write(ready)
        except RevmarkError as error:
            self.met[type(error).__name__] += 1
            return
        for answer in answers:
            self.met[answer.state] += 1
            assert answer.state != "refused", answer
            if answer.state == "applied":
                self.waiting = [each for each in self.waiting if each.id != answer.command]
            elif answer.state == "unknown":
                self.unknown.add(answer.command)


@pytest.mark.parametrize("seed", range(3))
async def test_a_storm_settles_and_makes_nothing_twice(seed: int):
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    there = [await world.made("companies", name=f"C{number}") for number in range(20)]
    links = {"company": f"hubspot/company/{company}"}
    commands = [
        command(
            "invoice",
            {"number": f"INV-{n}", "currency": "NZD", "total": f"{n}.10", "status": "posted"},
            natural_key=f"xero-{n}",
            links=links,
            id=f"i{n}",
        )
        for n in range(30)
    ]
    commands += [
        command("company", {"balance_due": f"{n}.00", "lifecycle": "customer"}, f"hubspot/company/{each}", id=f"u{n}")
        for n, each in enumerate(there)
    ]
    _storm(world, seed)
    lane = Lane(world, commands)
    await lane.settle()
    world.faults.clear()
    assert lane.met["unknown"] > 0
    assert lane.met["again"] > 0
    world.later(20)
    made = Counter(
        write.keys.get("xero_invoice_id") for write in world.portal.writes.writes if write.action == "create"
    )
    del made[None]
    assert made == {f"xero-{number}": 1 for number in range(30)}
    invoices, _ = await world.polled("invoice")
    assert len(invoices) == 30
    assert all(each.raw["associations"]["company"] == [company] for each in invoices)
    shown = {each.record_id: each.raw["properties"] for each in await world.client.read("company", there)}
    assert [shown[each]["revmark_balance_due"] for each in there] == [f"{number}.00" for number in range(20)]
