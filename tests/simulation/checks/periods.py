"""I15, of subscriptions: what is billed of each period, counted at the platforms.

In: deals with weekly line items, invoices by their numbers and the days on their lines, the stages in HubSpot's log.
The calendar is worked out with books of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from tests.simulation.checks.billing import bills_of, ended, lines_of
from tests.simulation.clockwork import START
from tests.simulation.story import MIDNIGHT
from tests.simulation.witness import Row, Witness

SPAN = re.compile(r"line, (\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)")
WEEK = timedelta(days=7)
BEGAN = date(2026, 9, 1)  # of a story, for its customers
STEADY = {"contractsent", "closedwon"}  # stages of a deal that was never paused, nor called off


def overbilled(witness: Witness) -> list[str]:
    """Bills of a period that is another one than their number says, is not due, or has a bill already."""
    found = []
    bills = bills_of(witness)
    for deal, start in started(witness):
        spans = []
        for part, bill in bills.get(deal, {}).items():
            begins = start + WEEK * (part - 1)
            said = {match.groups() for line in bill["LineItems"] if (match := SPAN.fullmatch(line["Description"]))}
            spans += said
            if said != {(begins.isoformat(), (begins + WEEK - timedelta(days=1)).isoformat())}:
                found.append(f"deal {deal}: bill {part} says {said}, and its period begins on {begins}")
            if begins > today(witness) or begins + WEEK <= BEGAN:
                found.append(f"deal {deal}: bill {part} is of a period that is not its own, {begins}")
            once = [line for line in bill["LineItems"] if line["Description"] == "line"]
            if once and part != min(bills[deal]):
                found.append(f"deal {deal}: bill {part} bills again what is billed once")
        if len(spans) != len(set(spans)):
            found.append(f"deal {deal}: a period has two bills: {sorted(spans)}")
    return found


def unbilled(witness: Witness) -> list[str]:
    """Subscriptions that run, were never stopped, and whose present period has no bill."""
    found = []
    bills, day = bills_of(witness), today(witness)
    rows = {row["id"]: row for row in witness.sales.records("deals")}
    for deal, start in started(witness):
        row = rows.get(deal)
        if row is None or not runs(row) or stages(witness, deal) - STEADY or ended(witness, deal):
            continue
        part = (day - start).days // WEEK.days + 1
        if part >= 1 and part not in bills.get(deal, {}):
            status = row["properties"]["revmark_order_status"]
            found.append(f"deal {deal} ({status}): period {part} is not billed, only {sorted(bills.get(deal, {}))}")
    return found


def started(witness: Witness) -> Iterator[tuple[str, date]]:
    """Deals with weekly lines, and the first day of each."""
    if witness.contract.timing.subscriptions is None:
        return
    for row in witness.sales.state()["objects"]["deals"]:
        starts = [line["starts"] for line in lines_of(witness, row["id"]) if line["starts"]]
        if starts:
            yield row["id"], date.fromisoformat(starts[0])


def runs(row: Row) -> bool:
    """Whether a deal says of itself that it is a subscription that runs."""
    running = str(row["properties"].get("revmark_order_status") or "").startswith("running: ")
    return running and row["properties"].get("dealstage") == "closedwon"


def stages(witness: Witness, deal: str) -> set[str]:
    """The stages that people have put a deal into, in HubSpot's own log."""
    found = set()
    for row in witness.world.platforms.portal.writes.writes:
        body = row.body if isinstance(row.body, dict) else {}
        stage = body.get("properties", body).get("dealstage") if (row.resource, row.id) == ("deals", deal) else None
        found |= {stage} if stage else set()
    return found


def today(witness: Witness) -> date:
    """The day on which the story ended, for its customers."""
    seconds = (witness.world.hours() - START).total_seconds()
    return BEGAN + timedelta(days=seconds > MIDNIGHT)
