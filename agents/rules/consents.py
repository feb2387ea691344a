"""Consents: whether a customer has agreed to be told of things, as its company in the CRM says; nobody else can.

What the ERP shows has no place here. What was so before the first reading, or before the contract asked for it, is no
news. See ADR 26.
"""

from __future__ import annotations

from agents.rules.case import Case
from schemas.names import Entity, Side, digest
from schemas.revenue import RevenueEvent, RevenueType
from tables.entities import EntityState


def heard(case: Case, company: EntityState, side: Side, *, fresh: bool) -> None:
    """A side has shown a record, for the first time where it is `fresh`; what counts is a company of the CRM.

    A company that has left says nothing; one that comes back, or that was known before the contract asked, tells where
    it stands and no news.
    """
    if company.entity is not Entity.COMPANY or side is not Side.CRM:
        return
    rules, customer = case.contract.consent, case.customer
    if rules is None or not company.crm.present or "consent" not in company.crm.fields:
        customer.consent = None
        return
    shown = company.crm.fields["consent"] in rules.granted
    before, customer.consent = customer.consent, shown
    if shown == bool(before) or (before is None and not fresh):
        return
    kind: RevenueType = "consent_granted" if shown else "consent_withdrawn"
    case.event(
        RevenueEvent(
            id=digest(case.tenant, kind, customer.id, str(company.crm.version)),
            type=kind,
            tenant=case.tenant,
            customer=customer.id,
            customer_name=customer.name,
            document=customer.id,
            subsidiary=(company.crm.fields.get("subsidiary") or "") if case.contract.books else "",
            day=case.today,
            occurred_at=case.seen_version(company.crm.version),
            refs={"crm": company.crm.ref or ""},
        )
    )


def lacking(case: Case) -> str | None:
    """Why a customer is not told of what needs its consent; None: it has agreed."""
    rules, company = case.contract.consent, case.company()
    if rules is None:
        return "the contract names no consent"
    if not company.crm.present:
        return "its company is not in the CRM, which keeps its consent"
    if case.customer.consent:
        return None
    return f"no consent ({rules.property}: {company.crm.fields.get('consent') or 'empty'})"
