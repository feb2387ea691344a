"""Numbering: which deal an invoice of ours bills, and which part of it; its number says both.

In: the contract's prefix, a deal's id in the CRM, the place of the bill among those of the deal. Out: the invoice's
number and its canonical id, and back. Invariant: neither is a function of time or of what is billed, so that a bill is
found again whoever asks, and whenever (ADR 5, ADR 19, ADR 27).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.names import CanonicalId, Entity, canonical_id

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
