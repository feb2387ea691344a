"""What contracts say of orders and their bills, by the way in which the people of a story trade.

Flows in: a story's word. Flows out: its contract.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.contract import Contract
from tests.simulation.marketing import CAMPAIGNS
from tests.simulation.ordering import PAUSED
from tests.support.contracts import contract, shipped


def timed(**timing: Any) -> Contract:
    """The shipped contract with another timing; it posts what it bills."""
    return contract({"timing": timing})


TOLD: list[dict[str, Any]] = [
    {
        "automation": "paid",
        "when": "invoice.paid",
        "set": {"of": "company", "property": "told_paid", "value": "{number}"},
        "task": {"subject": "Paid {number}"},
        "event": {"of": "company", "name": "invoice_paid", "properties": {"number": "{number}"}},
    },
    {"automation": "late", "when": "invoice.overdue", "days": 7, "task": {"subject": "Late {number} {due_date}"}},
    {"automation": "held", "when": "credit_hold.set", "task": {"subject": "Held {customer}"}},
    {"automation": "freed", "when": "credit_hold.lifted", "task": {"to": "nobody", "subject": "Freed {customer}"}},
    {"automation": "thanks", "when": "invoice.paid", "needs_consent": True, "task": {"subject": "Thank for {number}"}},
]
AGREED = {"property": "agreed", "granted": ["yes"]}

RENEWED: dict[str, Any] = {
    "automation": "renew",
    "when": "subscription.renewal_due",
    "days": 8,
    "set": {"of": "deal", "property": "told_end", "value": "{ends_on}"},
    "task": {"subject": "Renew {ends_on}"},
}
# HubSpot is shown the ERP's payments, and what its documents earned, by the campaigns that touched a company or deal;
# and orders and subscriptions, on its own objects or others.
PAYMENT, ORDER, SUBSCRIPTION = "revmark_payment", "revmark_order", "revmark_subscription"
REVENUE = "revmark_revenue"
EARNED: dict[str, Any] = {
    "platforms": {"objects": {"revenue": {"custom": REVENUE, "by": "campaign"}, "payment": "native"}},
    "mappings": {kind: {"custom_campaigns": {"kind": "set", "crm": CAMPAIGNS}} for kind in ("company", "deal")},
    "attribution": {"campaign": {"linear": "custom_campaigns"}},
}


def recurring(**rules: Any) -> Contract:
    """Deals recur, and may be paused; who sells them is told when a term ends soon."""
    rules["paused_when_deal_stage"] = [PAUSED]
    objects = {"order": {"custom": ORDER}, "subscription": {"custom": SUBSCRIPTION} if "amended" in rules else "native"}
    timing = {"subscriptions": rules}
    return contract({"timing": timing, "automations": [RENEWED], "platforms": {"objects": objects}})


CONTRACTS: dict[str, Callable[[], Contract]] = {
    "": shipped,
    "deposit": lambda: contract(
        {
            "timing": {"invoice_when": "shipped", "deposit": {"percent": "30"}},
            "platforms": {"objects": {"payment": {"custom": PAYMENT}, "order": "native"}},
        }
    ),
    "told": lambda: contract({"automations": TOLD, "consent": AGREED, **EARNED}),
    "subscriptions": recurring,
    "prorated": lambda: recurring(amended="prorated"),
    "parents": lambda: contract({"billing": {"bill_to": "parent"}}),
    "credits": lambda: timed(called_off_posted="credit"),
    "credits drafted": lambda: timed(called_off_posted="draft_credit"),
    "credits in parts": lambda: contract(
        {
            "timing": {"invoice_when": "shipped", "partial": "each", "called_off_posted": "credit"},
            "platforms": {"objects": {"order": {"custom": ORDER}}},
        }
    ),
    "parts": lambda: timed(invoice_when="shipped", partial="each"),
}
