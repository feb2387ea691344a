"""The scenarios as a page that finance can read: docs/scenarios.md. `python -m tests.scenarios` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.scenarios.playbill import Scenario

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"
HEAD = """\
# What is played in the tests

Each of these {count} lines is a scenario of one customer, played over the pretend HubSpot, the pretend Xero and a real
Kafka. It is checked at both systems' own records and at the revenue events.
Each is played as it is, with every webhook sent three times and out of order, and with workers and the gateway killed
and started again in its midst; quotes and subscriptions as they are without Kafka, and over it with the rest at once.
`tests/scenarios/plays` holds them, and `tests/scenarios/agreements.py` the contracts they are played under.
This page is made of the tests by `python -m tests.scenarios`; with names of scenarios it plays those in a second each.
"""
WORDS = {
    "billing": "From a won deal to its invoice",
    "credits": "What was billed and is called off",
    "customers": "Customers and their people",
    "guards": "What finance's guards hold and take back",
    "money": "Payments, credits and refunds",
    "orders": "Orders, deposits, and orders that are called off",
    "parts": "Shipments and bills in parts, drafts, subsidiaries",
    "quotes": "Quotes, parents who pay, and who is told of late money",
    "subscriptions": "Subscriptions with proration, renewals, and consent",
    "terms": "Terms of subscriptions, and amendments without proration",
}


def listing(scenarios: Iterable[Scenario]) -> str:
    """The page."""
    scenarios = list(scenarios)
    lines, last = [HEAD.format(count=len(scenarios))], ""
    for each in scenarios:
        subject = each.told.__module__.rsplit(".", maxsplit=1)[-1]
        if subject != last:
            lines.append(f"## {WORDS.get(subject, subject.replace('_', ' ').capitalize())}\n")
        elif lines:
            lines[-1] = lines[-1].removesuffix("\n")
        lines.append(f"- {each.title}.\n")
        last = subject
    return "\n".join(lines)
