"""Reconciliation: document versions in, window totals and variances out."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from schemas.instants import Day, Instant, Version
from schemas.money import Amount
from schemas.names import Side
from schemas.wire import Wire

VarianceClass = Literal["missing", "late", "rounding", "currency", "void", "duplicate", "amount", "date", "balance"]


class DocumentVersion(Wire):
    """What one side says of one invoice. Topic `documents`, keyed by tenant."""

    tenant: str
    document: str = Field(description="canonical id")
    number: str = ""
    side: Side
    ref: str = ""
    subsidiary: str = ""
    day: Day = Field(description="the document's date, YYYY-MM-DD")
    currency: str
    total: Amount
    due: Amount
    counted: bool = Field(description="posted and not void: it counts as revenue")
    version: Version
    seen_at: Instant


class Total(Wire):
    """One window's sums. Topic `totals`, keyed by tenant, day, currency, subsidiary and side; compacted."""

    tenant: str
    day: Day
    currency: str
    subsidiary: str = ""
    side: Side
    invoices: int = 0
    total: Amount
    due: Amount
    revision: int = Field(default=0, description="how often the window was stated")
    closed: bool = Field(default=False, description="the watermark has passed the day and its grace")
    restated: int = Field(default=0, description="how often a late fact restated it after it closed")


class Variance(Wire):
    """A difference between the sides in one window, with the document behind it. Topic `variances`, compacted."""

    id: str
    tenant: str
    day: Day
    currency: str
    subsidiary: str = ""
    document: str
    number: str = ""
    kind: VarianceClass
    crm_total: Amount | None = None
    erp_total: Amount | None = None
    crm_due: Amount | None = Field(default=None, description="what is left to pay; what differs for kind balance")
    erp_due: Amount | None = None
    difference: Amount
    state: Literal["open", "closed"]
    opened_at: Instant
    closed_at: Instant | None = None
    refs: dict[str, str] = Field(default_factory=dict)

    @property
    def figure(self) -> Literal["due", "total"]:
        """Which figure of the document differs, or is looked at."""
        return "due" if self.kind == "balance" else "total"

    @property
    def figures(self) -> tuple[Decimal | None, Decimal | None]:
        """That figure on both sides, the CRM's first; None where a side has no such document, or counts it no more."""
        if self.kind == "void" and self.difference:
            return (None, self.erp_total) if self.difference < 0 else (self.crm_total, None)
        return (self.crm_due, self.erp_due) if self.figure == "due" else (self.crm_total, self.erp_total)
