"""The agreements that scenarios are played under, as finance and sales would have made them.

`delivery`: invoices are posted. A deal at "decision maker bought in" is an order; at "closed won" it is one that has
been delivered, and billed as a whole. A deal may name a deposit, which is billed with the order. What is posted and
called off is credited by a draft. That an invoice is paid is an event on its deal's timeline in HubSpot.
`parts`: whatever has been shipped is billed as a draft, which finance posts; of what is called off drafts are deleted,
and posted bills credited; one portal serves two subsidiaries, and a child company's parent pays. HubSpot shows each
order as a record.
`quotes`: a deal is an order once a quote of it is accepted; what a child company buys is billed to its parent. Who
collects money is told of late invoices, and sales of credit holds.
`prorated`: what recurs is billed by the week, and what is amended in the middle of one by the days that are left. A
term is followed by another. Customers who have agreed to it are thanked for their money; sales is told of near ends.
HubSpot shows each subscription as a record.
`whole_periods`: an amendment waits for the next week, and a term that has ended for somebody to renew it.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from tests.support.contracts import contract_text

HERE = ZoneInfo("Pacific/Auckland")  # where all of them count their days
ORDERED, DELIVERED, LOST = "decisionmakerboughtin", "closedwon", "closedlost"
WON = DELIVERED  # where orders say themselves what was shipped
PAUSED = ORDERED  # where what recurs is sold: a stage of HubSpot's own pipeline, as good as any

SUBSCRIPTION = "revmark_subscription"  # the custom object that shows them

DELIVERY: dict[str, Any] = {
    "entities": {"company": {"fields": {"tax_number": {"policy": "review", "owner": None}}}},
    "mappings": {"deal": {
        "custom_deposit": {"kind": "amount", "crm": "deposit_agreed"},
        "custom_purchase_order": {"crm": "po_number", "erp": "Reference"},
    }},
    "timing": {
        "order_when_deal_stage": [ORDERED], "invoice_when": "shipped",
        "shipped_when_deal_stage": [DELIVERED], "deposit": {"field": "custom_deposit"},
        "called_off_posted": "draft_credit",
    },
    "automations": [{"automation": "paid", "when": "invoice.paid", "event": {
        "of": "deal", "name": "invoice_paid", "properties": {"number": "{number}", "total": "{total}"},
    }}],
}  # fmt: skip
PARTS: dict[str, Any] = {
    "entities": {
        "company": {"create": {"crm": "never", "erp": "when_ordered"}},
        "invoice": {"fields": {"amount_paid": {"policy": "monotonic", "owner": "erp"}}},
    },
    "guards": {"own": [{
        "guard": "open_invoices", "protects": ["name"], "when": "customer.ordered and erp.balance_due > 0",
        "because": "the name is printed on invoices that are not paid yet",
    }]},
    "platforms": {"objects": {"order": "native"}},
    "subsidiary": {"name": "NZ", "crm": "billing_entity"},
    "billing": {"bill_to": "parent"},
    "timing": {"invoice_when": "shipped", "partial": "each", "called_off": "delete_drafts",
               "called_off_posted": "credit"},
    "invoice_defaults": {"status": "draft"},
}  # fmt: skip
QUOTES: dict[str, Any] = {
    "entities": {"company": {"create": {"crm": "never", "erp": "when_ordered"}}},
    "billing": {"bill_to": "parent"},
    "timing": {"order_when": "quote_accepted", "order_when_deal_stage": ["contractsent", DELIVERED]},
    "automations": [
        {"automation": "collect", "when": "invoice.overdue", "days": 14,
         "task": {"subject": "{customer}: call about {number}, {open} {currency}"}},
        {"automation": "held", "when": "credit_hold.set", "task": {"subject": "{customer}: on credit hold"}},
        {"automation": "freed", "when": "credit_hold.lifted", "task": {"subject": "{customer}: may order again"}},
    ],
}  # fmt: skip
PRORATED: dict[str, Any] = {
    "platforms": {"objects": {"subscription": {"custom": SUBSCRIPTION}}},
    "consent": {"property": "marketing_consent", "granted": ["yes"]},
    "timing": {"subscriptions": {
        "amended": "prorated", "renewed": "automatically", "paused_when_deal_stage": [PAUSED],
    }},
    "automations": [
        {"automation": "thanks", "when": "invoice.paid", "needs_consent": True,
         "set": {"of": "deal", "property": "thank_you_for", "value": "{number}"},
         "task": {"subject": "{customer}: thank for {number}"}},
        {"automation": "renew", "when": "subscription.renewal_due", "days": 5,
         "set": {"of": "deal", "property": "renew_by", "value": "{ends_on}"},
         "task": {"subject": "{customer}: the term ends on {ends_on}, {worth} {currency} {every}"}},
    ],
}  # fmt: skip
WHOLE_PERIODS: dict[str, Any] = {
    "mappings": {"deal": {"custom_ends_on": {"kind": "day", "crm": "contract_end"}}},
    "timing": {"subscriptions": {
        "renewed": "by_hand", "paused_when_deal_stage": [PAUSED], "ends": "custom_ends_on",
    }},
}  # fmt: skip
AGREEMENTS = {
    "delivery": DELIVERY, "parts": PARTS, "quotes": QUOTES, "prorated": PRORATED, "whole_periods": WHOLE_PERIODS,
}  # fmt: skip


def agreement(name: str) -> str:
    """The whole contract, as YAML."""
    return contract_text({"examples": [], **AGREEMENTS[name]})
