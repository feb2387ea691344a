"""An audit in short, as the topic `nights` has it."""

from __future__ import annotations

from datetime import UTC, datetime

from console.audited import words
from schemas.audit import Audit
from schemas.contract import Contract
from schemas.instants import business_day
from schemas.night import Night


def told(night: str, made: Audit | str, tenant: str, contract: Contract) -> Night:
    """What came of a night; of one that could not be compared, why. A day that is not over is never whole."""
    if isinstance(made, str):
        return Night(tenant=tenant, night=night, at=datetime.now(UTC), contract=contract.digest, says=made, whole=False)
    return Night(
        tenant=tenant,
        night=night,
        at=made.at,
        contract=made.contract,
        says=words.verdict(made),
        whole=not made.gaps and night < business_day(made.at, contract.timezone),
        variances=len(made.discrepancies),
        alarms=len(made.alarms),
        documents=made.documents,
        calls=made.calls,
    )
