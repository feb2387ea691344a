"""Receipts: the ERP's payments and refunds, as the CRM is to show them: one record of each.

In: a payment of the ERP, and what is known of the invoices that it pays. Out: its record; none of one that does not
count. Invariant: it is made of the same posting as records of revenue are, so that the amounts of a book's receipts are
the cash that `revmark attribution` counts; its key is the ERP's own id. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from agents.rules import postings
from agents.rules.case import Case
from agents.rules.records import invoices_of, named, parts_of
from agents.rules.shown import Fields, Record
from schemas.money import amount_text
from schemas.names import Entity, record_id
from tables.entities import EntityState

RECEIVED, REFUNDED, REVERSED = "received", "refunded", "reversed"


def receipts(case: Case, state: EntityState) -> Iterator[Record]:
    """The record of a payment or a refund that counts."""
    fields = state.erp.fields
    if state.entity is not Entity.PAYMENT or not (state.erp.present and postings.counts(state.entity, fields)):
        return
    parts = list(parts_of(case, state))  # a payment is one part, whole; money in advance has one for each allocation
    whole = sum((part.amount for part in parts), Decimal(0))
    deal, invoice = _one(part.owned.deal for part in parts), _one(invoices_of(case, state))
    currency, back = fields.get("currency") or "", bool(fields.get("refund"))
    shown: Fields = {
        **named(case, state),
        "kind": postings.kind(state.entity, fields),
        "status": REFUNDED if back else RECEIVED,
        "reference": fields.get("reference"),
        "date": fields["date"],
        "initiated_at": f"{fields['date']}T00:00:00Z",
        "paid": amount_text(whole, currency),
        "refunded": amount_text(whole if back else "0", currency),
        "amount": amount_text(-whole if back else whole, currency),
        "currency": fields.get("currency"),
    }
    yield Record(record_id(str(state.erp.ref)), shown, deal, invoice)


def _one(found: Iterable[str | None]) -> str | None:
    """What all that name one name: a record is associated with one deal and one invoice, or with none."""
    names = {each for each in found if each}
    return names.pop() if len(names) == 1 else None


def undone(fields: Fields) -> Fields:
    """The same record, of a payment that the ERP has no more; what it was stays to be seen."""
    return {**fields, "status": REVERSED, "amount": amount_text("0", fields["currency"] or "")}
