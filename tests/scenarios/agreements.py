"""The two agreements that scenarios are played under, as finance and sales would have made them.

`delivery`: invoices are posted. A deal at "decision maker bought in" is an order; at "closed won" it is one that has
been delivered, and billed as a whole. A deal may name a deposit, which is billed with the order. What is posted and
called off is credited by a draft. That an invoice is paid is an event on its deal's timeline in HubSpot.
`parts`: whatever has been shipped is billed as a draft, which finance posts; of what is called off drafts are deleted,
and posted bills credited; one portal serves two subsidiaries.
"""

from __future__ import annotations

from typing import Any

from tests.support.contracts import contract_text

ORDERED, DELIVERED, LOST = "decisionmakerboughtin", "closedwon", "closedlost"
WON = DELIVERED  # where orders say themselves what was shipped

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
    "subsidiary": {"name": "NZ", "crm": "billing_entity"},
    "timing": {"invoice_when": "shipped", "partial": "each", "called_off": "delete_drafts",
               "called_off_posted": "credit"},
    "invoice_defaults": {"status": "draft"},
}  # fmt: skip
AGREEMENTS = {"delivery": DELIVERY, "parts": PARTS}


def agreement(name: str) -> str:
    """The whole contract, as YAML."""
    return contract_text({"examples": [], **AGREEMENTS[name]})
