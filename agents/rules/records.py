"""Records: what a document of the ERP earned, as the CRM is to show it.

In: a document and what is known of its customer, its deal and the invoices that it settles. Out: its records, each with
its key, fields and deal: one for each part of the document and each share of the part. Invariant: together they are
what `revmark attribution` counts of the document, to the minor unit; a key follows from the ERP's ids and the share's
place alone. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from agents.rules import postings
from agents.rules.attribution import COUNTED, DEDUCTED, NOBODY, Posting, in_base, shared
from agents.rules.case import Case
from agents.rules.postings import Owned, Part, Weights
from agents.rules.shown import Fields, Record
from schemas.contract.objects import RevenueObject
from schemas.contract.touches import PRODUCT, Basis, field_of
from schemas.money import amount_text, plain
from schemas.names import Entity, canonical_id, record_id
from tables.entities import EntityState

COUNTS, VOID = "counted", "void"
WORDS = {"invoice": "invoice", "credit_note": "credit note", "payment": "payment of", "refund": "refund of"}
INVOICE = "invoice"  # mark of an invoice's first record: who it is


def records(case: Case, wanted: RevenueObject, state: EntityState) -> Iterator[Record]:
    """The records of a document; none of one that does not count, or not in the contract's bases."""
    fields, entity = state.erp.fields, state.entity
    if not (state.erp.present and postings.counts(entity, fields)):
        return
    kind = postings.kind(entity, fields)
    basis: Basis | None = next((each for each in wanted.basis if kind in {COUNTED[each], DEDUCTED[each]}), None)
    if basis is None:
        return
    said: Fields = {**named(case, state), "basis": basis, "status": COUNTS}
    again = dict[str, int]()
    for part in parts_of(case, state):
        again[part.against] = nth = again.get(part.against, 0) + 1
        place = [*([part.against] if part.against else []), *([f"part{nth}"] if nth > 1 else [])]
        key = key_of(entity, record_id(str(state.erp.ref)), *place)
        found = postings.posting(state.id, entity, fields, part.amount, _weights(case, wanted, part.owned))
        for share, shown in _shares(case, wanted, found):
            yield Record(key if share == 1 else f"{key}:{share}", {**said, **shown}, part.owned.deal)


def nothing(fields: Fields) -> Fields:
    """The same record, of what counts no more."""
    zero = {
        "amount": amount_text("0", fields["currency"] or ""), "base_amount": amount_text("0", fields["base_currency"]),
    }  # fmt: skip
    return {**fields, **zero, "status": VOID}


def touches(case: Case, wanted: RevenueObject, state: EntityState) -> tuple[str, ...]:
    """What touched a deal or a company, as the contract's field says it."""
    if wanted.by in {None, PRODUCT}:
        return ()
    field = field_of(case.contract, str(wanted.by))
    shown = state.crm.fields.get(field)
    return postings.members(state.erp.fields.get(field) if shown is None else shown)


def home(case: Case, invoice: str) -> EntityState:
    """Where it is kept who an invoice of the ERP is, and what settles it: its first record, even of one not posted."""
    return record(case, key_of(Entity.INVOICE, invoice))


def record(case: Case, key: str, entity: Entity = Entity.REVENUE) -> EntityState:
    """What is known of a record."""
    return case.state(entity, canonical_id(entity, case.tenant, key))


def named(case: Case, state: EntityState) -> Fields:
    """What people know a document by; a payment by what it pays."""
    fields, number = state.erp.fields, state.erp.fields.get("number")
    if advance := fields.get("advance"):
        return {"subject": f"{advance} {fields.get('reference') or fields['date']}", "document": None}
    if state.entity is Entity.PAYMENT:
        paid = next(iter(invoices_of(case, state)), None) or state.related.get("credit_note")
        number = case.known(paid).erp.fields.get("number") if paid else None
    subject = f"{WORDS[postings.kind(state.entity, fields)]} {number or fields.get('reference') or fields['date']}"
    return {"subject": subject, "document": number}


def invoices_of(case: Case, state: EntityState) -> list[str]:
    """The invoices that a payment pays, or that money in advance was set against, as far as they are known."""
    fields = state.erp.fields
    named = [fields.get("document") or "", *(each["invoice"] for each in fields.get("allocations") or ())]
    return [known for each in named if (known := home(case, each).marks.get(INVOICE))]


def parts_of(case: Case, state: EntityState) -> Iterator[Part]:
    """What of a document belongs where."""
    fields = state.erp.fields
    paid = _invoice(case, fields["document"]) if state.entity is Entity.PAYMENT and fields.get("document") else None
    if state.entity is Entity.CREDIT_NOTE and INVOICE in state.related:
        paid = _owned(case, case.known(state.related[INVOICE]))
    own = _owned(case, state)
    return postings.parts(state.entity, fields, own, paid=paid, invoice=lambda number: _invoice(case, number))


def key_of(entity: Entity, number: str, *more: str) -> str:
    """A record's key: the ERP's own names, in their order."""
    return ":".join(("xero", entity.value, number, *more))


def _shares(case: Case, wanted: RevenueObject, posting: Posting) -> Iterator[tuple[int, Fields]]:
    """Each share of a posting: its place, and what it comes to in both currencies."""
    base = case.contract.base_currency
    turned, sign = in_base(posting, base), -1 if posting.kind in DEDUCTED.values() else 1
    names = shared(posting)
    bases = shared(turned) if turned is not None else [(name, None) for name, _ in names]
    rate = Decimal(1) if posting.currency == base else posting.rate
    for place, ((name, amount), (_, whole)) in enumerate(zip(names, bases, strict=True), 1):
        yield (
            place,
            {
                "kind": posting.kind,
                "date": posting.day,
                "amount": _signed(amount, sign, posting.currency),
                "currency": posting.currency,
                "base_amount": None if whole is None else _signed(whole, sign, base),
                "base_currency": base,
                "rate": plain(rate.normalize() + 0) if rate else None,
                "rate_date": posting.day if rate else None,
                "earned_by": None if name == NOBODY else name,
                "model": wanted.by,
                "share": f"{place} of {len(names)}",
            },
        )


def _signed(amount: Decimal, sign: int, currency: str) -> str | None:
    return amount_text(sign * amount, currency)


def _invoice(case: Case, number: str) -> Owned | None:
    """What an invoice belongs to, by the ERP's id, if it is known and there."""
    known = home(case, number).marks.get(INVOICE)
    state = case.known(known) if known else None
    return _owned(case, state) if state is not None and state.erp.present else None


def _owned(case: Case, state: EntityState) -> Owned:
    return Owned(case.customer.id, state.related.get("deal"), state.erp.fields.get("lines") or ())


def _weights(case: Case, wanted: RevenueObject, owned: Owned) -> Weights:
    """What earned it, as the report has it: the deal's own touch, or else its company's."""
    if wanted.by is None:
        return {}
    if wanted.by == PRODUCT:
        return postings.by_line(owned.lines)
    deal = touches(case, wanted, case.known(owned.deal)) if owned.deal else ()
    return postings.equally(deal or touches(case, wanted, case.company()))
