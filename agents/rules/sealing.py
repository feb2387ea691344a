"""Sealing: a digest of the documents behind a total, so that a change is seen though the total stands.

In: documents of one side and kind. Out: a seal. Invariants: their order changes nothing, nor do the parts in which they
come; any other document, amount, day, currency or customer gives another seal; what comes of an invoice in time (money
that is paid or credited, its status while it stands posted) gives the same.
"""

from __future__ import annotations

from hashlib import blake2b

from schemas.audit import Paper

BYTES = 16  # of a document's digest and of a seal: two that are alike by chance are a marvel
UNSEALED = ""  # no documents, or signed before there were seals


def seal(paper: Paper) -> str:
    """One document's seal.

    It goes by the ERP's id where the record carries one: a mirror that was made anew shows the same document.
    """
    parts = (paper.key or paper.ref, paper.day, paper.currency, str(paper.total.normalize()), paper.customer)
    return blake2b("\x1f".join(parts).encode(), digest_size=BYTES).hexdigest()


def joined(one: str, other: str) -> str:
    """The seal of both's documents: a sum, which no order changes, and in which two alike do not cancel out."""
    if UNSEALED in {one, other}:
        return one or other
    return f"{(int(one, 16) + int(other, 16)) % (1 << 8 * BYTES):0{2 * BYTES}x}"
