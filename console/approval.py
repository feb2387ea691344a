"""Approvals: what a person says to the lanes about a plan.

In: a plan, a person. Out: words for one lane, each of bounded size. Pure. What the platform would refuse, and what a
brake holds, is not let go: the plan did not promise it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from schemas.command import Approval
from schemas.names import Platform
from schemas.plan import Plan
from streams.lanes.gate import MADE

Lets = Literal["planned", "everything", "nothing"]
PORTION = 500  # records a word: about 50 kB, far below what a Kafka broker takes


def approvals(
    plan: Plan, platform: Platform, connection: str, who: str, at: datetime,
    lets: Lets = "planned",
) -> list[Approval]:  # fmt: skip
    """The words for a lane; none where a plan has nothing for it."""
    word = Approval(
        tenant=plan.tenant, connection=connection, contract=plan.contract, plan=plan.id, lets=lets, who=who, at=at
    )
    if lets != "planned":
        return [word]
    records: dict[str, set[str]] = {}
    for write in plan.writes:
        if write.platform == platform and write.goes:
            fields = set(write.fields) | (set() if write.action == "update" else {MADE})
            records[write.record] = records.get(write.record, set()) | fields
    named = [(record, sorted(fields)) for record, fields in sorted(records.items())]
    portions = [named[at_ : at_ + PORTION] for at_ in range(0, len(named), PORTION)]
    return [word.model_copy(update={"records": dict(portion)}) for portion in portions]
