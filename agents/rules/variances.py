"""Variances: what the two sides say of one document, compared and classed."""

from __future__ import annotations

from decimal import Decimal

from schemas.money import exact, minor_digits
from schemas.totals import VarianceClass
from tables.windows import Contribution

ROUNDING_UNITS = 2  # minor units per document that two platforms' line rounding may differ by


def classify(crm: Contribution | None, erp: Contribution | None, *, day_closed: bool) -> VarianceClass | None:
    """The class of the difference, None where the sides agree.

    A document that only one side has counts as `late` while its day is open, and as `missing` afterwards.
    """
    crm_counts, erp_counts = crm is not None and crm.counted, erp is not None and erp.counted
    if not crm_counts and not erp_counts:
        return None
    if crm is None or erp is None:
        return "missing" if day_closed else "late"
    if crm_counts != erp_counts:
        return "void"
    return _figures(crm, erp)


def _figures(crm: Contribution, erp: Contribution) -> VarianceClass | None:
    if crm.currency != erp.currency:
        return "currency"
    gap = abs(exact(crm.total) - exact(erp.total))
    if gap:
        unit = Decimal(1).scaleb(-minor_digits(erp.currency))
        return "rounding" if gap <= ROUNDING_UNITS * unit else "amount"
    if crm.day != erp.day:
        return "date"
    return "balance" if exact(crm.due) != exact(erp.due) else None


def difference(crm: Contribution | None, erp: Contribution | None) -> Decimal:
    """The CRM's figure less the ERP's: of the totals, or of the balances where the totals agree."""
    total = _figure(crm, "total") - _figure(erp, "total")
    return total or _figure(crm, "due") - _figure(erp, "due")


def _figure(part: Contribution | None, name: str) -> Decimal:
    return exact(getattr(part, name)) if part is not None and part.counted else Decimal(0)
