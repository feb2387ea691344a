"""Settlements: which payments or credits make up what the sides differ by on one invoice.

In: the ERP's invoice, the gap, payments that were taken back. Out: a class, the documents, words for them. Invariant:
what is named adds up to the gap to the last digit; where nothing does, the amount itself is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from schemas.audit import DiscrepancyClass, Figure, Paper, Settlement

KINDS = {"amount_paid": "payment", "amount_credited": "credit_note"}
Explained = tuple[DiscrepancyClass, list[Settlement], str]


def explain(erp: Paper, figure: Figure, gap: Decimal, dead: Sequence[Settlement]) -> Explained:
    """What the CRM's figure less the ERP's is made of."""
    kind = KINDS.get(figure, "")
    living = [each for each in erp.settlements if each.kind == kind]
    gone = [each for each in dead if each.kind == kind]
    return _short(living, -gap) if gap < 0 else _beyond(living, gone, gap)


def _short(living: Sequence[Settlement], lacking: Decimal) -> Explained:
    """HubSpot shows less than Xero: a payment is not there yet, or Xero has one twice."""
    alone = [each for each in living if each.amount == lacking]
    for place, each in enumerate(alone):
        twin = next((other for other in alone[:place] if _alike(each, other)), None)
        if twin is not None:
            return "duplicate", [each], f". Xero has {_name(each)} twice"
    if alone:
        return "missing", alone[-1:], f". HubSpot lacks {_name(alone[-1])}"
    if len(living) > 1 and sum((each.amount for each in living), Decimal(0)) == lacking:
        return "missing", list(living), f". HubSpot lacks all {len(living)} of them"
    return "amount", [], ""


def _beyond(living: Sequence[Settlement], gone: Sequence[Settlement], surplus: Decimal) -> Explained:
    """HubSpot shows more than Xero: it still counts what was taken back, or counts something twice."""
    for each in gone:
        if each.amount == surplus:
            return "void", [each], f". HubSpot still counts {_name(each)}, which Xero has as deleted"
    for each in living:
        if each.amount == surplus:
            return "duplicate", [each], f". HubSpot counts {_name(each)} twice"
    return "amount", [], ""


def _alike(one: Settlement, other: Settlement) -> bool:
    """A payment entered twice has the day and the reference of the first; without a reference nobody can tell."""
    return bool(one.number) and (one.day, one.number) == (other.day, other.number)


def _name(each: Settlement) -> str:
    word = {"payment": "the payment", "credit_note": "the credit", "refund": "the refund"}.get(each.kind, "")
    return f"{word} {each.number}".strip() + f" of {each.day}"
