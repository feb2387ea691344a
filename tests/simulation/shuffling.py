"""Shuffling: the same facts, told in another order, twice, and late, end in the same state. Invariant I7.

Flows in: a seed and a way of telling. Flows out: what both platforms and the tables hold in the end. First everything
is linked and at rest; then nobody listens while people edit, and after each deed the records that it touched are read
as they were then. Those changes are the facts: they are told in order, or shuffled, duplicated and spread over time, to
workers that write to the platforms meanwhile. Last, webhooks and polls are on again until all is at rest.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from schemas.change import Change
from schemas.instants import to_millis
from schemas.names import Side
from streams.platforms.hubspot.shapes import SHAPES
from streams.platforms.interface import PlatformClient, Seen
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants
from tests.simulation.group import Group
from tests.simulation.irrevocable import may_differ
from tests.simulation.people import DEEDS
from tests.simulation.platforms import Declined
from tests.simulation.scenes import Scene, Story
from tests.simulation.wire import Wire
from tests.simulation.witness import Witness
from tests.simulation.worker import Worker
from tests.simulation.world import PARTITIONS, POLL, URL, WORKERS, World, looped
from tests.support.recount import drawer

BEFORE = ("crm_company", "crm_company", "erp_contact", "erp_contact", "crm_deal", "crm_deal", "erp_item")
# What people do while nobody listens: their edits and payments, and deals that are won.
EDITS = (
    "crm_rename", "erp_rename", "crm_terms", "erp_terms", "crm_phone", "crm_phone", "erp_phone", "erp_phone",
    "crm_address", "erp_address", "crm_lifecycle", "crm_lifecycle", "erp_hold", "erp_price", "erp_payment",
    "erp_credit", "erp_void", "crm_win", "crm_win",
)  # fmt: skip
NEVER = 10**9  # seconds between polls while facts are told
APART = (7.0, 30.0)  # seconds between two edits: more than the tolerance inside which a person is asked
SPREAD = 4.0  # seconds between two facts that are told out of order, at most
COPIES = (1, 1, 1, 2, 3)
SHOWN = {"hs_sku", "hs_currency", "hs_invoice_date"}  # of HubSpot's own names
PLAIN = ("Name", "ContactNumber", "ContactStatus", "EmailAddress", "FirstName", "LastName", "PaymentTerms",
         "DefaultCurrency", "TaxNumber")  # fmt: skip
CUSTOMER = ("ordered", "hold", "balances", "payments", "currency", "name", "erp", "crm")
KINDS = {
    "companies": "company", "contacts": "contact", "deals": "deal", "products": "product", "line_items": "line_item",
    "Contacts": "contact", "Items": "item", "Invoices": "invoice", "Payments": "payment",
    "CreditNotes": "credit_note", "Prepayments": "prepayment", "Overpayments": "overpayment",
}  # fmt: skip


@dataclass
class Retelling(World):
    """A world in which facts are told in an order of their own; `way` 0 is the order in which they came about."""

    way: int = 0
    edits: int = 12
    deaf: bool = False
    facts: list[Change] = field(default_factory=list)
    deeds: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    ordered: set[str] = field(default_factory=set)  # customers who had, before people began to edit in silence

    async def play(self) -> None:
        """Prepare, edit in silence, tell, and come to rest."""
        self._build()
        await self._prepare()
        self.group = Group(PARTITIONS, WORKERS, self._hire)
        lots = Random(f"edits/{self.story.seed}")
        for name in BEFORE:
            await self._deed(Scene(0.0, name, lots.getrandbits(32)))
            await asyncio.sleep(1)
        await self._rest()
        self.ordered = {name for name, row in _customers(Witness(self)).items() if row["ordered"]}
        await self._silence()
        await self._edit(lots)
        await self._tell(Random(f"way/{self.story.seed}/{self.way}"))
        await self._listen()
        self.over = self.now
        if not self.failures:
            await self._rest()
        await self.group.end()
        await self.platforms.close()

    def _hire(self, number: int, awake: asyncio.Event) -> Worker:
        worker = super()._hire(number, awake)
        if self.deaf:  # it hears what it is told, and polls nobody
            worker.settings = self.settings.model_copy(update={"poll_every": NEVER})
            office = worker.office
            office._polled = dict.fromkeys(office._connections, office._clock())  # noqa: SLF001 - as if just polled
        return worker

    async def _silence(self) -> None:
        await self.group.end()
        for screen in (self.platforms.sales, self.platforms.finance):
            await screen.do("POST", "webhooks", {"target_url": None})

    async def _listen(self) -> None:
        await self.group.end()
        self.deaf = False
        await self.platforms.subscribe(self.gateway, self._lots)
        self.group = Group(PARTITIONS, WORKERS, self._hire)

    async def _edit(self, lots: Random) -> None:
        """People edit; each time what was touched is read as it is then."""
        readers: dict[str, PlatformClient] = {
            "hubspot": self._hubspot(self.hours, self.platforms.hubspot),
            "xero": self._reader(),
        }
        logs = {"hubspot": self.platforms.portal.writes.writes, "xero": self.platforms.xero.state.writes.writes}
        for _ in range(self.edits):
            await asyncio.sleep(lots.uniform(*APART))
            seen, held, deed = {name: len(log) for name, log in logs.items()}, self._held(), lots.choice(EDITS)
            try:
                await DEEDS[deed][1](self.platforms, Random(lots.getrandbits(32)))
            except Declined:
                continue
            for name, log in logs.items():
                for kind, ids in _touched(log[seen[name] :]).items():
                    self.deeds[deed] |= set(ids)
                    self.facts += [self._change(name, each) for each in await readers[name].read(kind, ids)]
            self.deeds[deed] |= held ^ self._held()
            for each in await readers["xero"].read("contact", sorted(held ^ self._held())):
                # A membership does not move a contact's own time: as the poll does, the time of the reading is taken.
                self.facts.append(self._change("xero", replace(each, version=to_millis(self.hours()))))
        for reader in readers.values():
            await reader.close()

    def _held(self) -> set[str]:
        return {each for group in self.platforms.shelf("ContactGroups") for each in group["_members"]}

    def _change(self, platform: str, seen: Seen) -> Change:
        return Change(
            tenant=self.settings.tenant, platform=platform, side=Side.CRM if platform == "hubspot" else Side.ERP,
            kind=seen.kind, record_id=seen.record_id, version=seen.version, seen_at=self.hours(), deleted=seen.deleted,
            raw=seen.raw,
        )  # fmt: skip

    async def _tell(self, lots: Random) -> None:
        """Tell the facts, `way` 0 in order and each once."""
        self.deaf = True
        self.group = Group(PARTITIONS, WORKERS, self._hire)
        told = list(self.facts)
        if self.way:
            told = [fact for fact in told for _ in range(lots.choice(COPIES))]
            lots.shuffle(told)
            told = _ordered(told, lots) if self.way % 2 else told  # lanes tell a record's own versions in their order
        topic, key = self.topics.name(self.topics.changes), self.settings.tenant.encode()
        for fact in told:
            await asyncio.sleep(lots.random() * SPREAD if self.way else SPREAD / 2)
            await self.broker.produce(topic, key, fact.to_bytes())
        await asyncio.sleep(POLL / 4)

    def _reader(self) -> XeroClient:
        """A client of a consent of its own, so that reading changes nothing for the workers."""
        given = self.platforms.organisation.identity.grant()
        life = timedelta(days=1)
        grant = Grant(str(given["access_token"]), str(given["refresh_token"]), self.hours() + life)

        async def load() -> Grant:
            return grant

        async def save(_grant: Grant) -> None:
            """It is not kept."""

        url, wire = URL.format("xero"), Wire(self.platforms.xero, self._lots)
        grants = Grants(url, "", "", load=load, save=save, clock=self.hours, transport=wire)
        return XeroClient(
            url, self.settings.xero_tenant, grants, clock=self.hours, sleep=asyncio.sleep, transport=wire,
            hold_group=self.contract.credit_hold_group, minute_calls=self.settings.xero_minute_calls,
        )  # fmt: skip


def _ordered(told: list[Change], lots: Random) -> list[Change]:
    """The same places for the same records, but each record's versions in their order; what was told comes again."""
    versions: dict[tuple[str, str, str], list[Change]] = {}
    places: Counter[tuple[str, str, str]] = Counter()
    for fact in told:
        name = (fact.platform, fact.kind, fact.record_id)
        places[name] += 1
        known = versions.setdefault(name, [])
        if fact not in known:
            known.append(fact)
    for known in versions.values():
        known.sort(key=lambda fact: (fact.version, fact.seen_at))
    heard: defaultdict[tuple[str, str, str], list[Change]] = defaultdict(list)
    found = []
    for fact in told:
        name = (fact.platform, fact.kind, fact.record_id)
        new, old = versions[name], heard[name]
        if new and (not old or lots.random() * places[name] < len(new)):
            old.append(new.pop(0))
            found.append(old[-1])
        else:
            found.append(lots.choice(old))
        places[name] -= 1
    return found


def _touched(writes: list[Any]) -> dict[str, list[str]]:
    """The records that these writes touched, by kind."""
    found: dict[str, dict[str, None]] = {}
    for row in writes:
        if row.resource in KINDS:
            found.setdefault(KINDS[row.resource], {})[row.id] = None
    return {kind: list(ids) for kind, ids in found.items()}


def retold(seed: int, way: int, edits: int = 12) -> Retelling:
    """A seed's facts, told in one way."""
    world = Retelling(Story(seed, ()), way=way, edits=edits)
    looped(world)
    return world


def ended(world: Retelling) -> dict[str, Any]:
    """What both platforms and the tables hold in the end, by name; without times, and without ids that writes made."""
    return dict(_ended(world))


def _ended(world: Retelling) -> Iterator[tuple[str, Any]]:
    witness = Witness(world)
    yield from _crm(witness)
    yield from _erp(witness)
    yield from _tables(witness)


def _crm(witness: Witness) -> Iterator[tuple[str, Any]]:
    for shape in SHAPES.values():
        for row in witness.sales.records(shape.path):
            shown = {name: row["properties"].get(name) or "" for name in shape.properties}
            number = shown.get("revmark_invoice_number") if shape.kind == "invoice" else row["id"]
            for name, value in shown.items():
                if name in SHOWN or not (name.startswith("hs_") or (shape.kind == "invoice" and name.endswith("_id"))):
                    yield f"hubspot {shape.kind} {number} {name}", value


def _erp(witness: Witness) -> Iterator[tuple[str, Any]]:
    groups = witness.finance.shelf("ContactGroups")
    for row in witness.finance.shelf("Contacts"):
        name = f"xero contact {row['ContactID']}"
        yield from ((f"{name} {part}", row.get(part)) for part in PLAIN)
        for rows, kind, value in (("Phones", "PhoneType", "PhoneNumber"), ("Addresses", "AddressType", "AddressLine1")):
            yield f"{name} {rows}", sorted((each[kind], each.get(value) or "") for each in row[rows])
        yield f"{name} groups", sorted(each["Name"] for each in groups if row["ContactID"] in each["_members"])
    for row in witness.finance.shelf("Items"):
        yield f"xero item {row['Code']}", (row.get("Name"), str((row.get("SalesDetails") or {}).get("UnitPrice")))
    for row in witness.finance.invoices():
        for part in ("Status", "Total", "AmountDue", "DueDate"):
            yield f"xero invoice {row['InvoiceNumber']} {part}", str(row[part])


def _tables(witness: Witness) -> Iterator[tuple[str, Any]]:
    accounts = witness.kept(witness.topics.accounts)
    for name, row in _customers(witness).items():
        yield from ((f"customer {name} {part}", row[part]) for part in CUSTOMER)
    for name, row in drawer(accounts, "r").items():
        for side in Side:
            for part, value in row[side]["fields"].items():
                if not (row["entity"] == "invoice" and part == "erp_id"):
                    yield f"record {name} {side} {part}", value
    for name, row in drawer(witness.kept(witness.topics.books), "w").items():
        if isinstance(row, dict):  # the others say up to which day windows are closed, which is a matter of hearing
            yield f"window {name}", {part: row[part] for part in ("invoices", "total", "due")}


def _customers(witness: Witness) -> dict[str, Any]:
    return drawer(witness.kept(witness.topics.accounts), "c")


def differences(one: dict[str, Any], other: dict[str, Any], may_differ: re.Pattern[str]) -> list[str]:
    """What is not the same, and has to be."""
    return [
        f"{name}: {one.get(name)!r} and {other.get(name)!r}"
        for name in sorted({*one, *other})
        if (one.get(name) or None) != (other.get(name) or None) and not may_differ.search(name)
    ]


def disordered(seed: int, ways: int, edits: int = 12) -> list[str]:
    """In what a seed's facts, told in so many orders of their own, end otherwise than in their order."""
    plain = retold(seed, 0, edits)
    if plain.failures:
        return [f"in order: {each}" for each in plain.failures]
    expected, customers = ended(plain), _customers(Witness(plain))
    free = may_differ(plain.contract, plain.deeds, plain.facts, customers, plain.ordered)
    found = []
    for way in range(1, ways + 1):
        other = retold(seed, way, edits)
        rows = other.failures or differences(expected, ended(other), free)
        found += [f"way {way}: {row}" for row in rows]
    return found
