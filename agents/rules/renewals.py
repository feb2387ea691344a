"""Renewals: a subscription whose term ends soon is told in the CRM, once for each end that is named for it.

In: what is kept of a subscription, the first day after its term. What was told is kept with the subscription: the same
end, heard again or named again after another one, is the same cause. See ADR 21.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from agents.rules import automations
from agents.rules.case import Case
from schemas.contract.automations import Automation, Occasion
from tables.entities import EntityState

Kept = dict[str, Any]  # of one subscription; `ends` is the end last known, `renewals` each automation's, and if told
DUE: Occasion = "subscription.renewal_due"


def tell(case: Case, deal: EntityState, kept: Kept, ends: date | None) -> None:
    """Tell of an end that is near, while the subscription runs; one that is over by now is told as that.

    An end that was near already before the contract named the automation is history.
    """
    before, end = kept.get("ends"), ends.isoformat() if ends else ""
    kept["ends"] = end
    for each, day in _watched(case, end):
        told = kept.setdefault("renewals", {}).setdefault(each.automation, {})
        known = before in {None, end}  # a row of before there was this automation knows of no end
        told.setdefault(end, known and day < case.today)
        if kept["state"] == "running" and not told[end] and day <= case.today:  # its end has not come: it runs
            told[end] = True
            _act(case, each, deal, kept)


def next_day(case: Case, kept: Kept) -> date | None:
    """The next day on which an end is near; None: there is none."""
    days = (day for _, day in _watched(case, kept.get("ends", "")) if day > case.today)
    return min(map(date.fromisoformat, days), default=None)


def _watched(case: Case, end: str) -> Iterator[tuple[Automation, str]]:
    """Each automation that waits for an end, and its day."""
    for each in automations.of(case, DUE) if end else ():
        yield each, (date.fromisoformat(end) - timedelta(days=each.days or 0)).isoformat()


def _act(case: Case, each: Automation, deal: EntityState, kept: Kept) -> None:
    end = kept["ends"]
    values = {
        "deal": deal.label, "ends_on": end, "every": kept["every"], "worth": kept.get("worth", ""),
        "currency": kept["currency"], "days": str((date.fromisoformat(end) - date.fromisoformat(case.today)).days),
    }  # fmt: skip
    automations.act(case, each, deal, deal.id, end, why=f"the subscription's term ends on {end}", values=values)
