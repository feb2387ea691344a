"""The proof of a month's money: payments less refunds on the stream, against what the ERP listed when a night was read.

In: the ERP's documents as postings, what came of nights, the clock. Out: for each currency whether both come to the
same, on which days they do not, and which days nobody has counted at the ERP. Reads only. Invariant: nothing is called
proven of a day that was not read whole after it was over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from agents.rules.attribution import Posting, signed
from console.output import money_text
from console.projection.listing import EVERYTHING, find
from console.projection.store import Store
from schemas.instants import business_day, instant_text
from schemas.money import plain
from schemas.night import Night

DAY = timedelta(days=1)
NAMED = 5  # days that a sentence names; of more it says how many there are


@dataclass(frozen=True, slots=True)
class Collected:
    """Whether the stream has the money of a currency that the ERP listed.

    `counted` is all of the stream's, `stated` the ERP's of the days that were read; `days` are those that differ,
    `unread` those that were not read. `read`: when the first of the others was.
    """

    currency: str
    counted: Decimal
    stated: Decimal
    days: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    read: datetime | None = None

    @property
    def state(self) -> str:
        """In a word, as the page has it."""
        return "differs" if self.days else "unread" if self.unread else "agreed"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "of": "money", "currency": self.currency, "collected": plain(self.counted), "stated": plain(self.stated),
            "holds": self.state == "agreed", "days": list(self.days), "unread": list(self.unread),
            "read": instant_text(self.read) if self.read else None,
        }  # fmt: skip

    def says(self) -> str:
        """In a sentence."""
        said = f"Of the month's money: {money_text(self.counted, self.currency)} {self.currency} collected"
        first = f", the first of them on {self.read:%Y-%m-%d %H:%M} UTC" if self.read else ""
        if self.state == "agreed":
            return f"{said}: what the ERP listed when its nights were read{first}, to the minor unit"
        why = []
        if self.days:
            stated = money_text(self.stated, self.currency)
            why.append(
                f"the ERP listed {stated} when its nights were read{first}: they differ on {_named(self.days)}. "
                "Either the ERP has changed since, or a payment is not on the stream"
            )
        if self.unread:
            why.append(f"it is not proven: nobody has counted {_named(self.unread)} at the ERP since that was over")
        return f"{said}, and {'; and '.join(why)}"


def daily(amounts: Iterable[tuple[str, str, Decimal]]) -> dict[str, dict[str, Decimal]]:
    """Sums by currency and day."""
    found: dict[str, dict[str, Decimal]] = {}
    for currency, day, amount in amounts:
        days = found.setdefault(currency, {})
        days[day] = days.get(day, Decimal(0)) + amount
    return found


def collected(
    store: Store, found: Iterable[Posting], start: str, end: str, *, now: datetime, timezone: str, base: str
) -> list[Collected]:
    """A period's money by currency; of a period without any, in the base currency, that there is none."""
    read = {each.night: each for each in find(store, Night, limit=EVERYTHING) if each.whole and each.cash is not None}
    counted = daily(
        (each.currency, each.day, amount)
        for each in found
        if start <= each.day <= end and (amount := signed("cash", each.kind, each.amount)) is not None
    )
    over = [day for day in _days(start, end) if day < business_day(now, timezone)]
    wanted = sorted({*over, *(day for days in counted.values() for day in days)})
    nights = [read[day] for day in wanted if day in read]
    listed = {currency for night in nights for currency in night.cash or {}}
    if not wanted:
        return []
    unread = tuple(day for day in wanted if day not in read)
    return [_proof(each, counted.get(each, {}), nights, unread) for each in sorted({*counted, *listed} or {base})]


def _proof(currency: str, counted: dict[str, Decimal], nights: list[Night], unread: tuple[str, ...]) -> Collected:
    nothing = Decimal(0)
    stated = {each.night: (each.cash or {}).get(currency, nothing) for each in nights}
    apart = tuple(day for day, amount in stated.items() if amount != counted.get(day, nothing))
    first = min((each.at for each in nights), default=None)
    return Collected(currency, sum(counted.values(), nothing), sum(stated.values(), nothing), apart, unread, first)


def _days(start: str, end: str) -> Iterator[str]:
    day = date.fromisoformat(start)
    while day <= date.fromisoformat(end):
        yield day.isoformat()
        day += DAY


def _named(days: tuple[str, ...]) -> str:
    """Days of a sentence: the first ones by name."""
    named = ", ".join(days[:NAMED])
    return f"{named} and {len(days) - NAMED} more days" if len(days) > NAMED else named
