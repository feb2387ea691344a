"""People at both screens who edit companies many times a second, and how their edits fare.

Flows in: companies that both sides have. Flows out: edits, and from the platforms' own write logs when each was shown
on the other side, and which writes of ours put back what an edit had replaced. Invariants: every value is written by
one edit alone, so a value in a log names its edit; a field of a company is edited from one side only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulation.platforms import Platforms

AGAIN = 4  # of so many edits one is of a company that was edited a moment ago: its older value is still on its way
LATELY = 100  # edits that are a moment ago: five seconds of them at twenty a second
STRIDE = 7_919  # a prime: companies come in no order that pages have
FIELDS = ("name", "phone")  # sales edits names, finance edits phones
Place = tuple[str, str]  # a company, a field


@dataclass(frozen=True, slots=True)
class Edit:
    """The `number`th edit of a field of a company."""

    at: datetime
    place: Place
    number: int
    shown: str  # the platform that is to show it


@dataclass(slots=True)
class Editors:
    """Everything that people have done; `contacts` has Xero's id of each company."""

    both: Platforms
    contacts: dict[str, str]
    done: list[Edit] = field(default_factory=list)
    values: dict[Place, list[str]] = field(default_factory=lambda: defaultdict(list))

    async def act(self, at: datetime) -> None:
        """Edit a name in HubSpot, or a phone in Xero; by turns."""
        what = FIELDS[len(self.done) % len(FIELDS)]
        company = self._company(what)
        place, serial = (company, what), len(self.done)
        if what == "name":
            value = f"Name {serial:06}"
            await self.both.sales.do("PATCH", f"people/companies/{company}", {"properties": {"name": value}})
        else:
            value = f"04 {serial:07}"
            phones = [{"PhoneType": "DEFAULT", "PhoneNumber": value}]
            contact = {"ContactID": self.contacts[company], "Phones": phones}
            await self.both.finance.do("POST", "people/Contacts", contact)
        self.values[place].append(value)
        self.done.append(Edit(at, place, len(self.values[place]), "xero" if what == "name" else "hubspot"))

    def _company(self, what: str) -> str:
        """Any company, or one whose same field was edited lately."""
        serial = len(self.done)
        lately = [each.place[0] for each in self.done[-LATELY:] if each.place[1] == what]
        if lately and serial // len(FIELDS) % AGAIN == 0:
            return lately[serial * STRIDE % len(lately)]
        return list(self.contacts)[serial * STRIDE % len(self.contacts)]

    def seconds(self, edits: Sequence[Edit]) -> list[float | None]:
        """How long each took until the other side had its value, or a newer one; None: it never came."""
        came: dict[tuple[str, Place], list[tuple[int, datetime]]] = defaultdict(list)
        for platform in ("hubspot", "xero"):
            for actor, place, number, at in self._written(platform):
                if actor == "api":
                    came[platform, place].append((number, at))
        found: list[float | None] = []
        for one in edits:
            times = [at for number, at in came[one.shown, one.place] if number >= one.number]
            found.append((min(times) - one.at).total_seconds() if times else None)
        return found

    def stale(self) -> list[tuple[str, Place, int, int]]:
        """Writes of ours of a value that is older than what the platform had: platform, place, had, put."""
        found: list[tuple[str, Place, int, int]] = []
        for platform in ("hubspot", "xero"):
            newest: dict[Place, int] = defaultdict(int)
            for actor, place, number, _ in self._written(platform):
                if actor == "api" and number < newest[place]:
                    found.append((platform, place, newest[place], number))
                newest[place] = max(newest[place], number)
        return found

    def _written(self, platform: str) -> Iterator[tuple[str, Place, int, datetime]]:
        """All writes of the fields that people edit: by whom, where, of which edit (0: older than all), and when."""
        log = self.both.portal.writes if platform == "hubspot" else self.both.xero.state.writes
        numbers = {
            (place, value): number for place, values in self.values.items() for number, value in enumerate(values, 1)
        }
        companies = {contact: company for company, contact in self.contacts.items()}
        for row in log.writes:
            company = row.id if platform == "hubspot" else companies.get(row.id)
            if company is None or not isinstance(row.body, dict):
                continue
            for what, value in _fields(row.body):
                place = (company, what)
                if place in self.values:
                    yield row.actor, place, numbers.get((place, value), 0), row.at


def _fields(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a write's body says of a name and a phone, whichever platform's it is."""
    properties = body.get("properties", body)
    for name in ("name", "Name"):
        if name in properties:
            yield "name", str(properties[name])
    if "phone" in properties:
        yield "phone", str(properties["phone"])
    for phone in body.get("Phones", ()):
        if phone.get("PhoneType") == "DEFAULT":
            yield "phone", str(phone.get("PhoneNumber"))
