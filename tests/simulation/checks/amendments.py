"""I15, of amendments: what was added to a period's bill, counted at the platforms.

In: invoices whose numbers say that they were added to another, the words on their lines, what people typed of
quantities and prices in HubSpot's log. The days and the shares are worked out with books of our own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.simulation.checks.billing import bills_of, ended, lines_of
from tests.simulation.checks.periods import STEADY, WEEK, runs, stages, started, today
from tests.simulation.witness import Row, Witness

ADDED = re.compile(r"RM-([0-9]+)(?:-([0-9]+))?\.([0-9]+)")
WORDS = re.compile(r"line, (\S+) to (\S+): ([0-9]+) of 7 days of (-?[0-9.]+)")
CENT = Decimal("0.01")
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Added:
    """What one bill says that it was added for: its days, and how much more a whole period is worth."""

    since: date
    to: date
    days: int
    more: Decimal
    amount: Decimal


def overadded(witness: Witness) -> list[str]:
    """Additions that nothing was billed before, that are not of the days left, or come to more than ever was sold."""
    found = []
    bills = bills_of(witness)
    for deal, start in started(witness):
        for part, rows in _added(witness, deal).items():
            named = f"deal {deal}, period {part}"
            if part not in bills.get(deal, {}) or sorted(rows) != list(range(1, len(rows) + 1)):
                found.append(f"{named}: {sorted(rows)} were added to {sorted(bills.get(deal, {}))}")
                continue
            basis, begins = _worth(bills[deal][part]), start + WEEK * (part - 1)
            for _, row in sorted(rows.items()):
                said = _said(row)
                if said is None:
                    words = [line["Description"] for line in _lines(row)]
                    found.append(f"{named}: {row['InvoiceNumber']} says {words}")
                    break
                right = (max(said.since, begins), begins + WEEK - timedelta(days=1), (said.to - said.since).days + 1)
                share = (said.more * said.days / 7).quantize(CENT, ROUND_HALF_UP)
                if right != (said.since, said.to, said.days) or said.since > today(witness) or said.more <= 0:
                    found.append(f"{named}, which begins on {begins}: {said}")
                if said.amount != share:
                    found.append(f"{named}: {said.amount} was added, and {share} is its share")
                basis += said.more
            if basis > (most := _most(witness, deal)):
                found.append(f"{named} is billed by {basis}, and was never worth more than {most}")
    return found


def unadded(witness: Witness) -> list[str]:
    """Subscriptions that run, were never stopped, and are worth more by now than they are billed by."""
    found = []
    rows = {row["id"]: row for row in witness.sales.records("deals")}
    for deal, start in started(witness):
        row, part = rows.get(deal), (today(witness) - start).days // WEEK.days + 1
        bill = bills_of(witness).get(deal, {}).get(part)
        if row is None or bill is None or bill["Status"] in {"VOIDED", "DELETED"}:
            continue
        if not runs(row) or stages(witness, deal) - STEADY or ended(witness, deal):
            continue
        basis = _worth(bill) + sum(
            (said.more for each in _added(witness, deal)[part].values() if (said := _said(each))), NOTHING
        )
        now = sum((each["quantity"] * each["price"] for each in lines_of(witness, deal) if each["starts"]), NOTHING)
        if witness.contract.timing.subscriptions.amended == "prorated" and basis < now:
            found.append(f"deal {deal}, period {part}: worth {now}, and billed by {basis}")
    return found


def _added(witness: Witness, deal: str) -> defaultdict[int, dict[int, Row]]:
    """What was added to each period of a deal, by its place."""
    found: defaultdict[int, dict[int, Row]] = defaultdict(dict)
    for row in witness.finance.invoices():
        said = ADDED.fullmatch(row["InvoiceNumber"])
        if said and said[1] == deal:
            found[int(said[2] or 1)][int(said[3])] = row
    return found


def _lines(row: Row) -> list[Row]:
    return list(row["LineItems"])


def _worth(row: Row) -> Decimal:
    """What a period's bill holds that recurs."""
    recur = [line for line in _lines(row) if line["Description"] != "line"]
    return sum((line["Quantity"] * line["UnitAmount"] for line in recur), NOTHING)


def _said(row: Row) -> Added | None:
    """What a bill says of itself; None: its lines do not say it, or not the same."""
    found = [WORDS.fullmatch(line["Description"]) for line in _lines(row)]
    spans = {each.groups()[:3] if each else ("", "", "") for each in found}
    if len(spans) != 1 or not all(found):
        return None
    since, to, days = spans.pop()
    more = sum((Decimal(each[4]) for each in found if each), NOTHING)
    amount = sum((line["Quantity"] * line["UnitAmount"] for line in _lines(row)), NOTHING)
    return Added(date.fromisoformat(since), date.fromisoformat(to), int(days), more, amount)


def _most(witness: Witness, deal: str) -> Decimal:
    """The most that a period of a deal was ever worth, by what people typed."""
    return max(_worths(witness, {row["id"] for row in lines_of(witness, deal) if row["starts"]}), default=NOTHING)


def _worths(witness: Witness, lines: set[str]) -> Iterator[Decimal]:
    sold: dict[str, dict[str, Decimal]] = {}
    for row in witness.world.platforms.portal.writes.writes:
        body = row.body if isinstance(row.body, dict) else {}
        if row.resource == "line_items" and row.id in lines:
            typed = body.get("properties", body)
            sold.setdefault(row.id, {}).update(
                {name: Decimal(typed[name]) for name in ("quantity", "price") if typed.get(name)}
            )
            yield sum((each["quantity"] * each["price"] for each in sold.values()), NOTHING)
