"""A conflict storm: both sides edit the same records every second, and then stop. Fault F31, invariants I4 and I5.

Flows in: how many records, how long. Flows out: figures, all counted at the platforms: how soon they agree, how many
writes of ours each field got against the edits that it got, and what was written once they agreed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulation.group import Group
from tests.simulation.platforms import Record
from tests.simulation.scenes import Scene, Story
from tests.simulation.world import PARTITIONS, POLL, WORKERS, World, looped
from tests.support.contracts import contract

ROUNDS = 10  # of polls in which nothing may be written any more
LATEST = 600.0  # seconds after which nobody waits for agreement any longer
LOOK = 0.5  # seconds between two looks at both platforms
PLENTY = 5_000  # calls a minute at Xero, instead of 60: throttled, it is as fast as these let it be
ALL_DAY = 1_000_000  # calls a day
TERMS = ("7", "10", "14", "20", "30", "45", "60", "90")


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it."""

    records: int
    seconds: int
    edits: int
    writes: int
    agreed_after: float
    most_over: int
    afterwards: int

    @property
    def holds(self) -> bool:
        """Agreed within ten seconds, at most one write more than edits on any field, and silence afterwards."""
        return self.agreed_after <= 10.0 and self.most_over <= 1 and not self.afterwards

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.records} records edited on both sides each second for {self.seconds} s: {self.edits} edits, "
            f"{self.writes} writes; agreed {self.agreed_after:.1f} s after the end; at most {self.most_over:+d} writes "
            f"over edits of a field; {self.afterwards} writes in {ROUNDS} rounds of polls afterwards"
        )


@dataclass
class Storm(World):
    """A world of linked companies, and people who cannot leave them alone."""

    records: int = 20
    seconds: int = 10
    throttled: bool = False
    figures: Figures = field(init=False)

    async def play(self) -> None:
        """Link everything, edit, and look."""
        self._build()
        await self._prepare()
        if not self.throttled:
            await self._unthrottle()
        self.group = Group(PARTITIONS, WORKERS, self._hire)
        for number in range(self.records):
            await self.platforms.sales.do("POST", "people/companies", {"properties": {
                "name": f"Firm {number}", "domain": f"firm{number}.example", "revmark_currency": "NZD",
            }})  # fmt: skip
        await self._rest()
        before = {platform: len(self._log(platform)) for platform in ("hubspot", "xero")}
        await self._rage(Random(f"storm/{self.story.seed}"))
        end, begun = self.now, {platform: len(self._log(platform)) for platform in before}
        while self._apart() and self.now - end < LATEST and not self.failures:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(LOOK)
        agreed = self.now - end
        rows = [row for platform, at in before.items() for row in self._log(platform)[at:]]
        over, edits, writes = _balance(rows, self._names())
        done = {platform: len(self._log(platform)) for platform in begun}
        await asyncio.sleep(ROUNDS * POLL)
        late = sum(row.actor == "api" for platform, at in done.items() for row in self._log(platform)[at:])
        self.figures = Figures(self.records, self.seconds, edits, writes, agreed, over, late)
        await self.group.end()
        await self.platforms.close()

    async def _unthrottle(self) -> None:
        limits = {"minute_limit": PLENTY, "day_limit": ALL_DAY}
        await self.platforms.finance.do("POST", "settings", limits)
        self.settings = self.settings.model_copy(update={"xero_minute_calls": PLENTY})

    @property
    def _plenty(self) -> int:
        return 10_000 + 200 * self.records * (self.seconds + 10)

    async def _rage(self, lots: Random) -> None:
        """Each second every record's name and terms are edited on both sides, at times of their own."""
        contacts = self.platforms.shelf("Contacts")
        companies = {row["properties"]["xero_contact_id"]: row["id"] for row in self.platforms.records("companies")}
        for second in range(self.seconds):
            deeds = [(lots.random(), row, side) for row in contacts for side in ("crm", "erp")]
            start = self.now
            for at, row, side in sorted(deeds, key=lambda deed: deed[0]):
                await asyncio.sleep(max(0.0, start + at - self.now))
                await self._edit(row, companies[row["ContactID"]], side, second, lots)
            await asyncio.sleep(max(0.0, start + 1 - self.now))

    async def _edit(self, row: Record, company: str, side: str, second: int, lots: Random) -> None:
        name = f"Firm {row['ContactID'][:8]} {side} {second}"
        if side == "crm":
            terms = f"{lots.choice(TERMS)} DAYSAFTERBILLDATE"
            values = {"name": name, "revmark_payment_terms": terms}
            await self.platforms.sales.do("PATCH", f"people/companies/{company}", {"properties": values})
        else:
            sales = {"Sales": {"Day": lots.choice(TERMS), "Type": "DAYSAFTERBILLDATE"}}
            body = {"ContactID": row["ContactID"], "Name": name, "PaymentTerms": sales}
            await self.platforms.finance.do("POST", "people/Contacts", body)

    def _log(self, platform: str) -> list[Any]:
        both = self.platforms
        return both.portal.writes.writes if platform == "hubspot" else both.xero.state.writes.writes

    def _names(self) -> dict[str, str]:
        """The contact that each record is, by its id on either side."""
        rows = self.platforms.records("companies")
        linked = {row["id"]: row["properties"]["xero_contact_id"] for row in rows}
        return linked | {each: each for each in linked.values()}

    def _apart(self) -> bool:
        """Whether the platforms differ in any name or terms."""
        contacts = {row["ContactID"]: row for row in self.platforms.shelf("Contacts")}
        return any(
            (row["properties"]["name"], row["properties"].get("revmark_payment_terms"))
            != _shown(contacts[row["properties"]["xero_contact_id"]])
            for row in self.platforms.records("companies")
        )


def _shown(contact: Record) -> tuple[str, str]:
    terms = contact["PaymentTerms"]["Sales"]
    return contact["Name"], f"{terms['Day']} {terms['Type']}"


def _balance(rows: list[Any], names: dict[str, str]) -> tuple[int, int, int]:
    """By how many the writes of a field outnumber its edits, at most; all edits; all writes."""
    fields = {"name": "name", "Name": "name", "revmark_payment_terms": "terms", "PaymentTerms": "terms"}
    edits, writes = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in rows:
        body = row.body if isinstance(row.body, dict) else {}
        values = body.get("properties", body)
        count = writes if row.actor == "api" else edits
        if row.resource in {"companies", "Contacts"} and row.id in names:
            count.update((names[row.id], fields[name]) for name in values if name in fields)
    over = max(writes[each] - edits[each] for each in {*edits, *writes})
    return over, edits.total(), writes.total()


def storm(records: int, seconds: int, *, seed: int = 1, throttled: bool = False) -> Figures:
    """Let it rage, and say what came of it; no brake is set, which would stop it at the hundredth record."""
    story = Story(seed, (Scene(0.0, "storm"),))
    calm = contract({"brakes": []})
    return looped(Storm(story, contract=calm, records=records, seconds=seconds, throttled=throttled)).figures
