"""I16, of subscriptions: which ends of terms were told, counted at the platforms: each once, and at rest the near ones.

In: deals with weekly line items, the tasks that hang on them, the log of what we wrote onto them. The calendar is
worked out with books of our own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

from tests.simulation.checks.billing import DEAL, LINE_ITEM, associated, ended
from tests.simulation.checks.periods import BEGAN, WEEK, runs, started, today
from tests.simulation.checks.resting import AGAIN
from tests.simulation.ordering import PAYMENTS
from tests.simulation.trade import RENEWED
from tests.simulation.witness import Witness

TASK = "0-27"  # HubSpot's object type
NEAR = timedelta(days=RENEWED["days"])
Ends = Counter[tuple[str, str]]  # deal and end


def told_twice(witness: Witness) -> list[str]:
    """Ends of a deal's term of which there are two tasks, or that were set twice."""
    found = [f"{count} tasks: {end} of deal {deal}" for (deal, end), count in _tasks(witness).items() if count > 1]
    if not witness.world.story.holds(*AGAIN):
        set_ = _set(witness).items()
        found += [f"told_end of deal {deal} is set {count} times to {end}" for (deal, end), count in set_ if count > 1]
    return found


def untold(witness: Witness) -> list[str]:
    """Subscriptions that run, whose term ends soon, and of which nobody was told."""
    tasks, set_, found = _tasks(witness), _set(witness), []
    rows = {row["id"]: row for row in witness.sales.records("deals")}
    for deal, start in started(witness):
        if deal not in rows or not runs(rows[deal]) or ended(witness, deal):
            continue
        for term in _terms(witness, deal):
            end = start + WEEK * term
            if end - NEAR <= today(witness) < end:
                cause = (deal, end.isoformat())
                found += [f"nobody was told: {end} of deal {deal}"] if cause not in tasks else []
                found += [f"told_end of deal {deal} was never set to {end}"] if cause not in set_ else []
    return found


def untrue(witness: Witness) -> list[str]:
    """Tasks of an end that no term had, that was over, or that was not near."""
    starts = dict(started(witness))
    found = []
    for deal, said in _tasks(witness):
        end = date.fromisoformat(said)
        fits = deal in starts and not (end - starts[deal]) % WEEK
        if not (fits and BEGAN < end <= today(witness) + NEAR):
            found.append(f"deal {deal}: {said} is no end of a term that is near")
    return found


def _terms(witness: Witness, deal: str) -> set[int]:
    """How many weeks its lines say; where they differ nothing is told."""
    ids = associated(witness, deal, LINE_ITEM)
    rows = [row["properties"] for row in witness.sales.records("line_items") if row["id"] in ids]
    said = {row.get(PAYMENTS) for row in rows if row.get("recurringbillingfrequency")}
    return {int(each) for each in said if each} if len(said) == 1 else set()


def _tasks(witness: Witness) -> Ends:
    """The ends that tasks name, by the deal that they hang on."""
    deals: defaultdict[str, set[str]] = defaultdict(set)
    for each in witness.sales.state()["associations"]:
        if (each["from"][0], each["to"][0]) == (TASK, DEAL):
            deals[str(each["from"][1])].add(str(each["to"][1]))
    found: Ends = Counter()
    for row in witness.sales.records("tasks"):
        subject = str(row["properties"].get("hs_task_subject"))
        if subject.startswith("Renew "):
            found.update((deal, subject.removeprefix("Renew ")) for deal in deals[row["id"]])
    return found


def _set(witness: Witness) -> Ends:
    """What our writes have set on deals, and how often."""
    found: Ends = Counter()
    for row in witness.world.platforms.writes("hubspot"):
        body = row.body if row.resource == "deals" and isinstance(row.body, dict) else {}
        if "told_end" in (values := body.get("properties", body)):
            found[row.id, str(values["told_end"])] += 1
    return found
