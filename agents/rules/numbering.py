"""Numbering: which deal an invoice of ours bills, and which part of it; its number says both, its credit's as well.

In: the contract's prefix, a deal's id in the CRM, the place of the bill among those of the deal. Out: the numbers of
the invoice and of its credit note, their canonical ids, and back. Invariant: none is a function of time or of what is
billed, so that a bill or its credit is found again whoever asks, and whenever (ADR 5, ADR 19, ADR 27, ADR 28).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.names import CanonicalId, Entity, canonical_id

CREDIT = "-CR"  # behind an invoice's number: that of its credit note
# The deal; from its second bill on which one it is; and of what a bill was added to, the how many-th addition it is.
_NUMBER = re.compile(r"([0-9]{1,20})(?:-([2-9]|[1-9][0-9]{1,3}))?(?:\.([1-9][0-9]{0,2}))?", re.ASCII)


class Numbered(NamedTuple):
    """What a number says: the deal's id in the CRM, which of its bills it is, from 1, and which addition to that."""

    deal: str
    part: int
    more: int = 0


def bill_number(prefix: str, deal: str, part: int, more: int = 0) -> str:
    """The number of a deal's bill. The first has none of its own: with one bill for each deal it is the only one."""
    number = f"{prefix}{deal}" if part == 1 else f"{prefix}{deal}-{part}"
    return f"{number}.{more}" if more else number


def numbered(prefix: str, number: str) -> Numbered | None:
    """What a number says; None: it is none of ours."""
    found = _NUMBER.fullmatch(number.removeprefix(prefix)) if number.startswith(prefix) else None
    return Numbered(found[1], int(found[2] or 1), int(found[3] or 0)) if found else None


def invoice_id(tenant: str, deal: str, part: int = 1, more: int = 0) -> CanonicalId:
    """The canonical id of a deal's bill."""
    place = (str(part), str(more)) if more else () if part == 1 else (str(part),)
    return canonical_id(Entity.INVOICE, tenant, "of", deal, *place)


def credit_number(invoice: str) -> str:
    """The number of the credit note of one of our invoices: each has one at most."""
    return f"{invoice}{CREDIT}"


def named(prefix: str, entity: Entity, number: str) -> Numbered | None:
    """Which of our invoices the number of a document names: its own, or that of its credit note; None: it does not."""
    if entity is Entity.INVOICE:
        return numbered(prefix, number)
    credits_one = entity is Entity.CREDIT_NOTE and number.endswith(CREDIT)
    return numbered(prefix, number.removesuffix(CREDIT)) if credits_one else None


def credit_id(tenant: str, invoice: str) -> CanonicalId:
    """The canonical id of the credit note of one of our invoices."""
    return canonical_id(Entity.CREDIT_NOTE, tenant, "of", invoice)
