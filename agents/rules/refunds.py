"""Refunds: what is known of the payments of an invoice, so that a paid amount may fall for a reason.

In: payments as the ERP shows them. Out: the least that a paid amount may fall to. Invariant: it depends on which
payments stand and which were taken back, never on the order in which that was heard.
"""

from __future__ import annotations

from decimal import Decimal

from agents.rules.case import Case
from agents.rules.numbering import invoice_id
from schemas.contract.owners import EVIDENCE
from schemas.money import exact, plain
from schemas.names import Entity
from tables.entities import EntityState

TAKEN_BACK = ""  # the amount of a payment that stands no more


def note(case: Case, payment: EntityState) -> None:
    """Remember on the invoice that a payment of it stands, or was taken back; then its amounts are judged anew."""
    record = payment.related.get("invoice")
    if record is None or payment.erp.fields.get("refund"):
        return
    invoice = case.state(Entity.INVOICE, record)
    stands = payment.erp.present and payment.erp.fields.get("status") == "received"
    known = invoice.marks.get("payments") or {}
    shown = str(payment.erp.fields.get("amount") or "0") if stands else TAKEN_BACK
    if known.get(payment.id) == shown:
        return
    invoice.marks["payments"] = {**known, payment.id: shown}
    if not stands:
        case.touch(invoice.id)
        if "deal" in invoice.related:
            case.touch(invoice.related["deal"])


def floor(case: Case, state: EntityState, name: str) -> str | None:
    """What an amount may fall to: a paid one to the sum of the payments that stand, once one was taken back.

    None: no refund is named, as for every other amount.
    """
    if (state.entity, name) not in EVIDENCE:
        return None
    of = [state]
    if state.entity is Entity.DEAL:
        of = [case.known(each) for each in state.marks.get("bills") or (invoice_id(case.tenant, state.id),)]
    payments = [amount for each in of for amount in (each.marks.get("payments") or {}).values()]
    if TAKEN_BACK not in payments:
        return None
    return plain(sum((exact(amount) for amount in payments if amount != TAKEN_BACK), Decimal(0)))
