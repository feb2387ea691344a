"""A world in which somebody plans before the workers write: the demo's cast, the real lanes, in no time.

Flows in: what people do between two syncs. Flows out: the plan, and what the workers then wrote, told by the platforms
and by the ledger alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import httpx
from starlette.types import ASGIApp

from agents.rehearsal import Rehearsal
from console.demo.cast import Cast, assemble
from console.demo.people import Finance, Sales
from console.planning import Wish, asked, counted, foresee
from console.recorded import Recorded, note_command, note_entry, note_row
from schemas.command import Command
from schemas.contract import Contract
from schemas.ledger import LedgerEntry
from schemas.names import Platform, record_id
from schemas.plan import Plan
from schemas.totals import Total
from schemas.wire import decode_platform
from streams.platforms.registry import PLATFORMS
from streams.survey import Onlooker, Reading, Watched, read
from streams.topics import Topic
from tables.view import MemoryView
from tests.simulation.clockwork import Skewed, VirtualLoop
from tests.simulation.group import Group
from tests.simulation.scenes import Story
from tests.simulation.wire import Wire, call
from tests.simulation.world import PARTITIONS, POLL, WORKERS, World
from tests.support.contracts import shipped

T = TypeVar("T")


class Seat:
    """A screen without HTTP."""

    def __init__(self, app: ASGIApp, loop: VirtualLoop) -> None:
        """Sit down."""
        self.app = app
        self.loop = loop

    def _do(self, method: str, path: str, body: Any = None) -> Any:
        content = b"" if body is None else json.dumps(body, default=str).encode()
        headers = [(b"content-type", b"application/json")]
        asked = call(self.app, method, f"/_sandbox/{path}".encode(), headers, content)
        status, _, answer = self.loop.run_until_complete(asked)
        assert status < 400, (method, path, status, answer)
        return decode_platform(answer) if answer else None


class SalesSeat(Seat, Sales):
    """Somebody at HubSpot's screen."""

    def merge(self, kind: str, primary: str, other: str) -> str:
        """Merge the second record into the first; the id of what is left."""
        return str(
            self._do("POST", f"people/{kind}/merge", {"primaryObjectId": primary, "objectIdToMerge": other})["id"]
        )

    def dissociate(self, kind: str, record: str, to_type: str, to_id: str) -> None:
        """Take a record off another."""
        self._do("POST", f"people/{kind}/{record}/dissociate", {"to_type": to_type, "to_id": to_id})


class FinanceSeat(Seat, Finance):
    """Somebody at Xero's screen."""


PlainClient = httpx.AsyncClient  # taken before a world puts a courier in its place


@dataclass
class Guest:
    """A desk that a visitor's grant is looked up on."""

    cursors: MemoryView

    async def write(self) -> None:
        """Nothing lasts."""


@dataclass
class PlannedWorld(World):
    """A world that stands still between two syncs."""

    gated: bool = False
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def _plenty(self) -> int:
        """Records that no play of a few scenes makes: it has none of its own to be counted by."""
        return 10_000

    async def begin(self) -> None:
        """Open both platforms."""
        self._build()
        self.settings = self.settings.model_copy(update={"gated": self.gated})
        await self._prepare()

    async def sync(self) -> None:
        """Let workers come, work until nothing moves, and go."""
        await self.work()
        await self.stop()

    async def work(self) -> None:
        """Let workers come, and work until nothing moves."""
        self.group = Group(PARTITIONS, WORKERS, self._hire)
        await self._rest()
        assert not self.failures, self.failures
        assert not self.restless

    async def rest(self) -> None:
        """Work until nothing moves."""
        await self._rest()

    async def stop(self) -> None:
        """Send the workers home."""
        if hasattr(self, "group"):
            await self.group.end()

    async def plan(self, *, sweep: bool = False) -> Plan:
        """Plan, as the command does, over this world's wires."""
        recorded, wish = self.recorded(), Wish(sweep=sweep)
        readings: dict[Platform, Reading] = {}
        for name in PLATFORMS:
            client = self._onlooker(name, recorded)
            connection = str(self.settings.connection(name))
            readings[name] = await read(
                client, self.settings.tenant, connection, recorded.cursors, sweep=sweep, clock=self.hours
            )
            await client.close()
        made = foresee(self.settings, self.contract, recorded, readings, wish, self.hours())
        if await asked(self.contract, lambda name: self._onlooker(name, recorded), readings, made):
            made = foresee(self.settings, self.contract, recorded, readings, wish, self.hours())
        return counted(made, readings)

    def _onlooker(self, platform: Platform, recorded: Recorded) -> Onlooker:
        """The real client, whose transport lets readings through and nothing else."""
        made = self._hubspot(self.hours, self.platforms.hubspot) if platform == "hubspot" else self._visitor(recorded)
        app = self.platforms.hubspot if platform == "hubspot" else self.platforms.xero
        watched = Watched(Wire(app, self._lots))
        api = made._api if platform == "hubspot" else made.connection  # noqa: SLF001 - a transport of its own
        held = api._http  # noqa: SLF001 - as above
        plain = {"base_url": held.base_url, "timeout": held.timeout, "headers": held.headers}
        api._http = PlainClient(transport=watched, follow_redirects=False, **plain)  # noqa: SLF001 - as above
        return Onlooker(made, watched)

    def _visitor(self, recorded: Recorded) -> Any:
        """Xero's client with the grant that the workers left; what it renews is kept by nobody."""
        desk = Guest(MemoryView(dict(recorded.cursors)))
        return self._xero(Skewed(self.hours), self.platforms.xero, self.settings, self.contract, lambda: desk)

    def recorded(self) -> Recorded:
        """The topics as they lie in this world's broker."""
        names = self.topics
        found = Recorded()
        for topic, rows in (
            (names.known, found.known), (names.accounts, found.accounts), (names.cursors, found.cursors),
        ):  # fmt: skip
            for record in self.all(topic):
                note_row(rows, record.key, record.value)
        found.fresh = not found.cursors
        for record in self.all(names.ledger):
            note_entry(found, record.key, record.value)
        for lane in (names.lanes_hubspot, names.lanes_xero):
            for record in self._left(lane):
                note_command(found, record.value)
        found.changes = [record.value for record in self._left(names.changes)]
        found.facts = [record.value for record in self._left(names.facts)]
        return found

    def all(self, topic: Topic) -> Iterator[Any]:
        """Every record of a topic."""
        for place in range(PARTITIONS):
            yield from self.broker.records[self.topics.name(topic), place]

    def _left(self, topic: Topic) -> Iterator[Any]:
        name = self.topics.name(topic)
        for place in range(PARTITIONS):
            yield from self.broker.records[name, place][self.broker.committed[name, place] :]

    def written(self, since: datetime) -> dict[str, dict[str, Any]]:
        """What the ledger says was applied since then, folded by platform and record as a plan is."""
        return applied((record.value for record in self.all(self.topics.ledger)), since)

    def totals(self) -> dict[str, tuple[int, Decimal]]:
        """What the reconciliation counted in the end, by window."""
        found = {record.key: Total.from_bytes(record.value) for record in self.all(self.topics.totals)}
        return {
            f"{one.day}|{one.currency}|{one.subsidiary}|{one.side}": (one.invoices, one.total)
            for one in found.values()
            if one.invoices
        }


def applied(ledger: Iterable[bytes | None], since: datetime) -> dict[str, dict[str, Any]]:
    """What was applied since then, folded by platform and record; `ledger` are the topic's values."""
    entries = {
        entry.command.id: entry
        for entry in (LedgerEntry.from_bytes(value) for value in ledger if value is not None)
        if entry.state == "applied" and entry.settled_at and entry.settled_at >= since
    }
    found = sorted(entries.values(), key=lambda each: each.settled_at or since)
    made = {str(each.outcome.ref) for each in found if each.command.kind == "create" and each.outcome}
    return _folded((each.command for each in found), made)


def folded(rehearsal: Rehearsal) -> dict[str, dict[str, Any]]:
    """What a rehearsal asked for and the platforms would take, folded alike."""
    return _folded(asked.command for asked in rehearsal.asked if not asked.refused)


def _folded(commands: Iterable[Command], made: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for command in commands:
        name = f"{command.platform} {command.record}"
        one = found.setdefault(name, {"name": _name(command, made), "action": "update", "was": {}, "fields": {}})
        one["action"] = "create" if "create" in {command.kind, one["action"]} else "update"
        for field_name, value in command.fields.items():
            one["was"].setdefault(field_name, (command.expected or {}).get(field_name))
            one["fields"][field_name] = value
    return {name: one for name, one in found.items() if one["action"] == "create" or _moves(one)}


def _name(command: Command, made: Collection[str]) -> str:
    """As a plan names it: what was made meanwhile has no id that could have been foreseen."""
    if command.ref and command.ref not in made:
        return f"{command.platform} {command.ref}"
    shown = next((command.fields[name] for name in ("number", "name", "email") if command.fields.get(name)), "")
    guids = {record_id(each) for each in made if each.startswith("xero/")}
    key = shown if command.natural_key is None or command.natural_key in guids else command.natural_key
    return f"{command.platform} new {command.entity.value} {key}"


def _moves(one: dict[str, Any]) -> bool:
    """Leave out the fields that ended where they were; whether any is left."""
    one["fields"] = {name: value for name, value in one["fields"].items() if value != one["was"][name]}
    return bool(one["fields"])


@dataclass
class Theatre:
    """A world, its loop, and the people in it."""

    world: PlannedWorld
    loop: VirtualLoop
    sales: SalesSeat
    finance: FinanceSeat
    cast: Cast

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Let something happen, in virtual time."""
        return self.loop.run_until_complete(doing)

    def pass_by(self, seconds: float = POLL) -> None:
        """Let time pass."""
        self.run(asyncio.sleep(seconds))


@contextmanager
def theatre(*, seed: int = 1, gated: bool = False, contract: Contract | None = None) -> Iterator[Theatre]:
    """Both platforms with the demo's cast in them, and nobody at work yet."""
    loop = VirtualLoop()
    world = PlannedWorld(Story(seed, ()), contract or shipped(), gated=gated)
    try:
        loop.run_until_complete(world.begin())
        sales = SalesSeat(world.platforms.hubspot, loop)
        finance = FinanceSeat(world.platforms.xero, loop)
        yield Theatre(world, loop, sales, finance, assemble(sales, finance))
        loop.run_until_complete(world.stop())
        loop.run_until_complete(world.platforms.close())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def fulfilled(plan: Plan, written: dict[str, dict[str, Any]]) -> list[str]:
    """Where what was written is not what was planned; a value that the ERP was to state may be any."""
    wrong: list[str] = []
    planned = {write.name: write for write in plan.writes if write.goes}
    written = {one["name"]: one for one in written.values()}
    for name in sorted(planned.keys() | written.keys()):
        if name not in written:
            wrong.append(f"planned, not written: {name} {planned[name].promise}")
        elif name not in planned:
            wrong.append(f"written, not planned: {name} {written[name]}")
        else:
            wrong += _wrong(name, planned[name].promise, planned[name], written[name])
    return wrong


def _wrong(name: str, promise: dict[str, Any], planned: Any, written: dict[str, Any]) -> list[str]:
    if promise["action"] != written["action"]:
        return [f"{name}: {promise['action']} was planned, {written['action']} was done"]
    found = []
    for each in sorted(promise["fields"].keys() | written["fields"].keys()):
        stated = each not in planned.fields or planned.fields[each].stated
        if stated and promise["fields"].get(each) != written["fields"].get(each):
            found.append(
                f"{name} {each}: {promise['fields'].get(each)!r} planned, {written['fields'].get(each)!r} written"
            )
    return found
