"""An audit in short, as the topic `nights` has it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from agents.rules.attribution import signed
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
        cash=None if made.gaps else _cash(made),
        calls=made.calls,
    )


def _cash(made: Audit) -> dict[str, Decimal]:
    """What came in on the day less what went back, by currency."""
    sums: dict[str, Decimal] = {}
    for each in made.tallies:
        if each.erp is not None and (amount := signed("cash", each.kind, each.erp.total)) is not None:
            sums[each.currency] = sums.get(each.currency, Decimal(0)) + amount
    return sums
