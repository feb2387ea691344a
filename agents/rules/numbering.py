"""Numbering: which deal an invoice of ours bills, and which part of it; its number says both.

In: the contract's prefix, a deal's id in the CRM, the place of the bill among those of the deal. Out: the invoice's
number and its canonical id, and back. Invariant: neither is a function of time or of what is billed, so that a bill is
found again whoever asks, and whenever (ADR 5, ADR 19).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.names import CanonicalId, Entity, canonical_id

# The deal, and from its second bill on which one it is.
_NUMBER = re.compile(r"([0-9]{1,20})(?:-([2-9]|[1-9][0-9]{1,3}))?", re.ASCII)


class Numbered(NamedTuple):
    """What a number says: the deal's id in the CRM, and which of its bills it is, from 1."""

    deal: str
    part: int


def bill_number(prefix: str, deal: str, part: int) -> str:
    """The number of a deal's bill. The first has none of its own: with one bill for each deal it is the only one."""
    return f"{prefix}{deal}" if part == 1 else f"{prefix}{deal}-{part}"


def numbered(prefix: str, number: str) -> Numbered | None:
    """What a number says; None: it is none of ours."""
    found = _NUMBER.fullmatch(number.removeprefix(prefix)) if number.startswith(prefix) else None
    return Numbered(found[1], int(found[2] or 1)) if found else None


def invoice_id(tenant: str, deal: str, part: int = 1) -> CanonicalId:
    """The canonical id of a deal's bill."""
    return canonical_id(Entity.INVOICE, tenant, "of", deal, *(() if part == 1 else (str(part),)))
