"""A night: what came of reconciling one day. Topic `nights`, keyed by tenant and night; compacted."""

from __future__ import annotations

from pydantic import Field

from schemas.instants import Day, Instant
from schemas.money import Amount
from schemas.wire import Wire


class Night(Wire):
    """The night in short; its documents are in the report, where it was made (`revmark reconcile --night`)."""

    tenant: str
    night: Day
    at: Instant
    contract: str
    says: str = Field(description="the verdict in a sentence, or why nothing could be compared")
    whole: bool = Field(description="all was read; one that was not is reconciled again")
    variances: int = 0
    alarms: int = Field(default=0, description="signed totals that have changed")
    documents: dict[str, int] = Field(default_factory=dict, description="platform -> documents read")
    cash: dict[str, Amount] | None = Field(
        default=None,
        description="currency -> what the ERP listed as come in on the day, less refunds; null: it was not read whole",
    )
    calls: dict[str, int] = Field(default_factory=dict, description="platform -> calls it took")

    @property
    def differs(self) -> bool:
        """Whether a person has to look at it."""
        return bool(self.variances or self.alarms)
