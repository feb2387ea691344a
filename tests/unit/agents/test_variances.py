"""How a document's two figures are compared: the class of a difference, and by how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from agents.rules.variances import classify, difference
from tables.windows import Contribution


def part(**more: Any) -> Contribution:
    """What one side counts of a document."""
    parts: dict[str, Any] = {
        "day": "2026-09-01", "currency": "NZD", "subsidiary": "", "total": "100", "due": "10", "counted": True,
        "number": "1", "ref": "r", "version": 1, "seen": 1,
    }  # fmt: skip
    return Contribution(**(parts | more))


OUT = part(counted=False)


@pytest.mark.parametrize(
    ("crm", "erp", "open_", "closed", "figure"),
    [
        (part(), part(), None, None, "0"),
        (None, None, None, None, "0"),
        (OUT, None, None, None, "0"),
        (None, OUT, None, None, "0"),
        (OUT, OUT, None, None, "0"),
        (part(), None, "late", "missing", "100"),
        (None, part(), "late", "missing", "-100"),
        (part(), OUT, "void", "void", "100"),
        (OUT, part(), "void", "void", "-100"),
        (part(currency="AUD", total="90"), part(), "currency", "currency", "-10"),
        (part(total="100.02"), part(), "rounding", "rounding", "0.02"),
        (part(total="99.98"), part(), "rounding", "rounding", "-0.02"),
        (part(total="100.03"), part(), "amount", "amount", "0.03"),
        (part(total="101", day="2026-09-02"), part(), "amount", "amount", "1"),
        (part(day="2026-09-02", due="9"), part(), "date", "date", "-1"),
        (part(due="12"), part(), "balance", "balance", "2"),
        (part(due="10.00", total="100.00"), part(), None, None, "0"),
    ],
)
def test_a_difference_has_one_class_and_one_figure(
    crm: Contribution | None, erp: Contribution | None, open_: str | None, closed: str | None, figure: str
):
    assert classify(crm, erp, day_closed=False) == open_
    assert classify(crm, erp, day_closed=True) == closed
    assert difference(crm, erp) == Decimal(figure)
