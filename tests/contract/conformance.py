"""What the suite of all platforms needs of each: its sandbox with people in it, and our client in front of it.

In: a platform's name. Out: a bench that makes, edits, removes and merges a customer as people do there, words the
commands that every platform has to carry out, and strikes its calls with faults. One class per platform fulfils it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from sandbox.clock import VirtualClock
from sandbox.faults import Fault, FaultKind, Faults
from schemas.change import Change
from schemas.command import Command
from schemas.names import Entity, Platform, Ref, Side, record_id, ref
from schemas.sighting import Sighting
from streams.platforms.interface import Page, PlatformClient, Seen, Written
from streams.platforms.registry import translators
from tests.support.contracts import shipped
from tests.unit.hubspot.portals import World
from tests.unit.xero.organisations import Rig, opened

NAMES = ("hubspot", "xero")
PAGE = 50  # records a page, where a client can choose: a poll of few records has several


class Bench(ABC):
    """One platform, with one connection's client."""

    platform: ClassVar[Platform]
    side: ClassVar[Side]
    kind: ClassVar[str]  # its word for a customer's record
    writes: ClassVar[str]  # where writes of customers go, as a regular expression
    reads: ClassVar[str]
    absent: ClassVar[str]  # an id that no record has
    too_many: ClassVar[dict[str, object]]  # what the sandbox needs to be told to refuse for too many calls
    client: PlatformClient
    clock: VirtualClock
    faults: Faults

    @abstractmethod
    async def person_makes(self, name: str) -> str:
        """A person makes a customer; its id."""

    @abstractmethod
    async def person_renames(self, record: str, name: str) -> None:
        """A person gives a customer another name."""

    @abstractmethod
    async def person_removes(self, record: str) -> None:
        """A person deletes or archives a customer, whichever there is."""

    @abstractmethod
    async def person_merges(self, loser: str, winner: str) -> None:
        """A person makes one customer of two."""

    @abstractmethod
    def creates(self) -> list[str]:
        """The ids of the customers that the API has made, as the sandbox wrote them down."""

    @abstractmethod
    def calls(self) -> int:
        """How many API calls came in, as the sandbox counted them."""

    @abstractmethod
    def revoke(self) -> None:
        """The customer takes the grant back."""

    def create(self, key: str, name: str, **fields: Any) -> Command:
        """A customer wanted there. `key` is its id on the other side."""
        return self._command(f"create-{key}", kind="create", natural_key=key, fields={"name": name, **fields})

    def update(self, record: str, **fields: Any) -> Command:
        """A change wanted of a customer that is there."""
        where = ref(self.platform, self.kind, record)
        return self._command(f"update-{record}-{sorted(fields)}", kind="update", ref=where, fields=fields)

    def _command(self, name: str, **words: Any) -> Command:
        return Command(
            id=name, tenant="main", connection=f"main.{self.platform}", platform=self.platform, side=self.side,
            entity=Entity.COMPANY, customer="company:1", record=f"company:{name}", at=self.clock.now(), **words,
        )  # fmt: skip

    def strike(self, kind: FaultKind, path: str, times: int | None = 1, **params: object) -> Fault:
        """Have a fault strike the next calls."""
        return self.faults.add(Fault(kind, path=path, times=times, params=params))

    def later(self, seconds: float = 600) -> None:
        """Let time pass: beyond what search lags, and beyond what Xero remembers of idempotency keys."""
        self.clock.move(seconds)

    async def write(self, command: Command) -> Written:
        """Write one command."""
        (done,) = await self.client.write([command])
        return done

    async def read(self, record: str) -> Seen:
        """Read one customer."""
        (seen,) = await self.client.read(self.kind, [record])
        return seen

    async def pages(self, cursor: str | None = None, *, sweep: bool = False) -> list[Page]:
        """Poll customers to the end."""
        return [page async for page in self.client.poll(self.kind, cursor, sweep=sweep)]

    async def polled(self, cursor: str | None = None, *, sweep: bool = False) -> tuple[dict[str, Seen], str]:
        """Poll customers to the end: the last showing of each, and where to go on."""
        pages = await self.pages(cursor, sweep=sweep)
        return {each.record_id: each for page in pages for each in page.records}, pages[-1].cursor

    def told(self, seen: Seen) -> list[Sighting]:
        """What a record says in canonical words."""
        change = Change(
            tenant="main", platform=self.platform, side=self.side, kind=seen.kind, record_id=seen.record_id,
            version=seen.version, seen_at=self.clock.now(), raw=seen.raw, deleted=seen.deleted,
        )  # fmt: skip
        return translators(shipped())[self.platform](change)

    def name(self, seen: Seen) -> Any:
        """The customer's name, as capture would read it."""
        return next(each.fields["name"] for each in self.told(seen) if each.entity is Entity.COMPANY)


class OnHubSpot(Bench):
    """HubSpot: a customer is a company."""

    platform, side, kind = "hubspot", Side.CRM, "company"
    writes, reads, absent = r"companies/batch/(create|upsert|update)", r"companies/batch/read", "999999"
    too_many: ClassVar[dict[str, object]] = {"status": 429, "policy": "TEN_SECONDLY_ROLLING"}

    def __init__(self, world: World) -> None:
        self.world, self.client, self.clock, self.faults = world, world.client, world.clock, world.faults

    async def person_makes(self, name: str) -> str:
        return await self.world.made("companies", name=name)

    async def person_renames(self, record: str, name: str) -> None:
        await self.world.edited("companies", record, name=name)

    async def person_removes(self, record: str) -> None:
        await self.world.person(f"companies/{record}", "DELETE")

    async def person_merges(self, loser: str, winner: str) -> None:
        await self.world.person("companies/merge", primaryObjectId=winner, objectIdToMerge=loser)

    def creates(self) -> list[str]:
        return [each.id for each in self.world.portal.writes.writes if each.action == "create" and each.actor == "api"]

    def calls(self) -> int:
        return len(self.world.portal.calls.calls)

    def revoke(self) -> None:
        self.world.portal.access.grant.revoked = True


class OnXero(Bench):
    """Xero: a customer is a contact."""

    platform, side, kind = "xero", Side.ERP, "contact"
    writes = reads = r"api.xro/2.0/Contacts"
    absent = "99999999-9999-4999-8999-999999999999"
    too_many: ClassVar[dict[str, object]] = {"status": 429, "problem": "minute"}

    def __init__(self, rig: Rig) -> None:
        self.rig, self.clock, self.faults = rig, rig.clock, rig.app.state.faults
        self.client = rig.client = rig.make(page_size=PAGE)

    async def person_makes(self, name: str) -> str:
        return await self.rig.contact(name)

    async def person_renames(self, record: str, name: str) -> None:
        await self.rig.act("POST", f"Contacts/{record}", {"Name": name})

    async def person_removes(self, record: str) -> None:
        await self.rig.act("POST", f"Contacts/{record}", {"ContactStatus": "ARCHIVED"})

    async def person_merges(self, loser: str, winner: str) -> None:
        reply = await self.rig.people.post("/_sandbox/people/merge", json={"loser": loser, "winner": winner})
        assert reply.is_success, reply.text

    def creates(self) -> list[str]:
        writes = self.rig.app.state.writes.writes
        return [each.id for each in writes if (each.action, each.actor, each.resource) == ("create", "api", "Contacts")]

    def calls(self) -> int:
        return len(self.rig.calls())

    def revoke(self) -> None:
        self.rig.organisation.identity.revoke(self.rig.store.grants[-1].refresh_token)


@asynccontextmanager
async def bench(platform: str) -> AsyncIterator[Bench]:
    """One platform with a client, for the time of a test."""
    clock = VirtualClock(automatic=True)
    if platform == "xero":
        async with opened(clock) as rig:
            yield OnXero(rig)
        return
    world = await World(oauth=True).furnish()
    yield OnHubSpot(world)
    await world.client.close()


def number_of(reference: Ref | None) -> str:
    """The record's id of a reference that a write gave back."""
    assert reference is not None
    return record_id(reference)
