"""Facts of several records in any order: each record's own versions stay in theirs.

Flows in: what each record shows, one version after the other. Flows out: an interleaving, with some of it delivered a
second time; and what the tables say in the end of who is who.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.change import Change
from schemas.fact import Fact
from schemas.names import Entity, Side
from schemas.wire import Wire
from tables import customers, entities
from tests.support.capturing import Desk
from tests.support.judging import Court

ENDLESS = 20  # rounds of readings after which two rules must be asking for each other's
LINKS = set("riasygdeuxzp")  # rows of identity that say who is who; the others are evidence for proposals, and waiting


class Lots(Protocol):
    """What draws lots, as hypothesis' random numbers do."""

    def random(self) -> float:
        """A number below one."""
        ...

    def randrange(self, stop: int) -> int:
        """A whole number below `stop`."""
        ...


def interleaved(records: Sequence[Sequence[Wire]], lots: Lots, *, again: float = 0.3) -> list[Wire]:
    """One order in which lanes could have told all this; what was told may be told again."""
    left = [list(versions) for versions in records if versions]
    told: list[Wire] = []
    while left:
        some = left[lots.randrange(len(left))]
        told.append(some.pop(0))
        left = [each for each in left if each]
        if lots.random() < again:
            told.append(told[lots.randrange(len(told))])
    return told


def _companies(change: Change) -> list[str]:
    found: list[str] = (change.raw.get("associations") or {}).get("company") or []
    return found


@dataclass(slots=True)
class Office:
    """Capture and arbitrate over memory, one after the other."""

    desk: Desk = field(default_factory=Desk)
    court: Court = field(default_factory=Court)
    read: int = 0
    answered: int = 0

    def take(self, *arrivals: Wire) -> Office:
        """Give both steps their share, one arrival after the other."""
        for arrival in arrivals:
            result = self.desk.take(arrival)
            assert result.refused == [], result.refused
            news = [each for each in self.desk.outputs[self.read :] if isinstance(each, Fact)]
            self.read = len(self.desk.outputs)
            if news:
                heard = self.court.hear(*news)
                assert heard.refused == [], heard.refused
        return self

    def settle(self, records: Sequence[Sequence[Change]]) -> Office:
        """Show what was to be read again, as it is now, until nothing more is asked for."""
        newest = {(versions[-1].kind, versions[-1].record_id): versions[-1] for versions in records}
        for _ in range(ENDLESS):
            asked = self.desk.asked()[self.answered :]
            if not asked:
                return self
            self.answered += len(asked)
            for kind, number in asked:
                if kind == "belongings":
                    owned = [one for one in newest.values() if number in _companies(one)]
                    self.take(*owned)
                elif (kind, number) in newest:
                    self.take(newest[kind, number])
        raise AssertionError(f"no rest: {asked}")

    def links(self) -> dict[str, Any]:
        """Who is who, as capture keeps it."""
        return {key: row for key, row in self.desk.names.rows.items() if key.split("|")[1] in LINKS}

    def standing(self) -> dict[str, Any]:
        """Which records stand on each side of what, and what customers owe, as arbitrate keeps it."""
        found: dict[str, Any] = {}
        for key in self.court.records.rows:
            tenant, customer, record = key.split("|")
            state = entities.load(self.court.records, tenant, customer, Entity(record.split(":")[0]), record)
            there = {side.value: state.side(side).ref for side in Side if state.side(side).present}
            if there:
                found[f"{customer} {record}"] = there
        for key in self.court.customers.rows:
            known = customers.load(self.court.customers, *key.split("|"))
            sums = {currency: amount for currency, amount in known.balances.items() if float(amount)}
            if known.crm or known.erp or sums:
                found[key] = (known.crm, known.erp, sums)
        return found
