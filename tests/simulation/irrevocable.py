"""What no order of facts can keep, because a write cannot be taken back or a guard forbids it: docs/adr/0012.

In: what people did in a story, and how the world ended. Out: which names of the end may differ between two orders. Only
customers whose facts are of these kinds are left out, and of them only what the writes could not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agents.rules.numbering import invoice_id
from schemas.change import Change
from schemas.contract import Contract
from schemas.names import Entity, canonical_id, record_id

Deeds = Mapping[str, set[str]]  # the records that each kind of deed touched
ADDRESSES = {"crm_address", "erp_address"}


def may_differ(
    contract: Contract, deeds: Deeds, facts: list[Change], customers: Mapping[str, Any], ordered: set[str]
) -> re.Pattern[str]:
    """The names that may differ; `customers` are the rows of the table, `ordered` those who had ordered before."""
    owners = {
        fact.record_id: company
        for fact in facts
        if fact.kind == "deal"
        for company in (fact.raw.get("associations") or {}).get("company") or ()
    }
    found: list[str] = []
    for key, row in customers.items():
        company, contact = (record_id(row[side]) if row[side] else "" for side in ("crm", "erp"))
        won = sorted(deal for deal in deeds.get("crm_win", ()) if owners.get(deal) == company)
        if not won:
            continue
        bills = [f"{contract.invoice_defaults.number_prefix}{deal}" for deal in won]
        records = [canonical_id(Entity.DEAL, key.split("|")[0], f"hubspot/deal/{deal}") for deal in won]
        invoices = [invoice_id(key.split("|")[0], record) for record in records]
        held, first = contact in deeds.get("erp_hold", ()), key not in ordered
        if held:
            found += _whether_billed(key, company, won, bills, [*records, *invoices])
        if held and first:
            found += _whether_ordered(key, company)
        if contact in deeds.get("erp_terms", ()):
            found += _when_due(key, bills, invoices)
        if first and any({company, contact} & deeds.get(deed, set()) for deed in ADDRESSES):
            found += _address(key, company, contact)
    return re.compile("|".join(found) or "(?!)")


def _whether_billed(key: str, company: str, won: list[str], bills: list[str], records: list[str]) -> Iterator[str]:
    """A bill that was made before the hold was heard of stands; a deal that is heard of after it waits.

    What a customer owes and the sums of days go by whether it is billed.
    """
    yield from (rf"^(hubspot|xero) invoice {re.escape(bill)} " for bill in bills)
    yield from (rf"^hubspot deal {deal} revmark_" for deal in won)
    yield from (rf"^record {re.escape(f'{key}|{record}')} " for record in records)
    yield rf"^hubspot company {company} revmark_balance_due$"
    yield rf"^record {re.escape(key)}\|company:\w+ (crm|erp) balance_due$"
    yield rf"^customer {re.escape(key)} balances$"
    yield r"^window "


def _whether_ordered(key: str, company: str) -> Iterator[str]:
    """The first order that waits earns no stage."""
    yield rf"^hubspot company {company} lifecyclestage$"
    yield rf"^record {re.escape(key)}\|company:\w+ crm lifecycle$"
    yield rf"^customer {re.escape(key)} ordered$"


def _when_due(key: str, bills: list[str], invoices: list[str]) -> Iterator[str]:
    """A bill is due by the terms that were heard of when it was made."""
    yield from (rf"^xero invoice {re.escape(bill)} DueDate$" for bill in bills)
    yield from (rf"^hubspot invoice {re.escape(bill)} \w*due_date$" for bill in bills)
    yield from (rf"^record {re.escape(f'{key}|{invoice}')} (crm|erp) due_date$" for invoice in invoices)


def _address(key: str, company: str, contact: str) -> Iterator[str]:
    """Before the first order the CRM's address goes to the ERP; once it is heard of, nothing of the CRM does."""
    yield rf"^hubspot company {company} revmark_shipping_\w+$"
    yield rf"^xero contact {contact} Addresses$"
    yield rf"^record {re.escape(key)}\|company:\w+ (crm|erp) shipping_address$"
