"""The events of any life of a document come to what the ERP shows of it last, by month and currency."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.rules import bills
from schemas.names import Entity
from schemas.revenue import RevenueEvent
from tables.entities import EntityState, SideState
from tests.support.casing import a_case, told

Sums = dict[tuple[str, str], Decimal]
LOOK = {Entity.INVOICE: bills.invoice, Entity.PAYMENT: bills.payment, Entity.CREDIT_NOTE: bills.credit_note}
SIGN = {
    "invoice_posted": 1, "invoice_restated": 1, "invoice_voided": -1,
    "credit_memo_issued": -1, "credit_memo_restated": -1, "credit_memo_voided": 1,
    "payment_received": 1, "prepayment_received": 1, "overpayment_received": 1, "refund_made": -1,
}  # fmt: skip
FORMS: list[tuple[Entity, dict[str, Any], int]] = [
    (Entity.INVOICE, {}, 1), (Entity.CREDIT_NOTE, {}, -1), (Entity.PAYMENT, {}, 1),
    (Entity.PAYMENT, {"refund": True}, -1), (Entity.PAYMENT, {"advance": "prepayment"}, 1),
    (Entity.PAYMENT, {"advance": "overpayment"}, 1),
]  # fmt: skip
# The ERP's words before a document counts, while it does, and when it does no more.
WORDS = {
    Entity.INVOICE: (["draft", "submitted"], ["posted", "paid"], ["voided", "deleted"]),
    Entity.CREDIT_NOTE: (["draft"], ["posted", "paid"], ["voided", "deleted"]),
    Entity.PAYMENT: ([], ["received"], ["deleted"]),
}
SHOWN = st.tuples(st.integers(1, 10**6), st.sampled_from(["NZD", "JPY", "BHD"]), st.sampled_from(["08-31", "09-01"]))


def sign(event: RevenueEvent) -> int:
    """As docs/subscribers.md has it."""
    if event.type in {"payment_reversed", "payment_restated"}:
        return SIGN[str(event.told_as)] * (-1 if event.type == "payment_reversed" else 1)
    return SIGN[event.type]


def summed(events: list[RevenueEvent]) -> Sums:
    sums = defaultdict[tuple[str, str], Decimal](Decimal)
    for event in events:
        assert event.money is not None
        sums[event.day[:7], event.money.currency] += sign(event) * event.money.amount
        if event.before is not None:
            sums[event.before.day[:7], event.before.money.currency] -= sign(event) * event.before.money.amount
    return {place: amount for place, amount in sums.items() if amount}


LIVES = st.lists(st.tuples(st.lists(SHOWN, max_size=4), st.lists(SHOWN, max_size=2)), max_size=3)


@given(st.sampled_from(FORMS), st.lists(SHOWN, max_size=2), LIVES)
def test_the_events_of_a_document_come_to_what_it_is_worth_last(
    form: tuple[Entity, dict[str, Any], int], before: list[Any], lives: list[tuple[list[Any], list[Any]]]
) -> None:
    """One that is shown no more may be there again: what could not be read at one moment is read at the next."""
    entity, more, worth = form
    case, state = a_case(), EntityState(entity, f"{entity.value}:1", erp=SideState(ref="xero/any/1", version=0))
    expected: Sums = {}
    not_yet, counting, ended = WORDS[entity]
    phases = [(not_yet, before), *(phase for life in lives for phase in zip((counting, ended), life, strict=True))]
    for words, figures in phases:
        for nth, (amount, currency, day) in enumerate(figures if words else []):
            state.erp.fields = more | {
                "status": words[nth % len(words)], "date": f"2026-{day}", "currency": currency, "amount": f"{amount}",
                "total": f"{amount}",
            }  # fmt: skip
            state.erp.version += 1
            LOOK[entity](case, state)
            LOOK[entity](case, state)
            expected = {(f"2026-{day[:2]}", currency): Decimal(worth * amount)} if words == counting else {}
    assert summed(told(case)) == expected
    assert len({each.id for each in told(case)}) == len(told(case))
