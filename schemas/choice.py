"""A choice: what a person answered to a review. It travels on the topic `facts`, keyed by tenant and customer.

So it lies among the findings it is about, in their order: replayed, it is judged at the same place again.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from schemas.instants import Instant
from schemas.names import Entity, Side, digest
from schemas.wire import Wire, encode


class Choice(Wire):
    """A person's answer. It holds for the values that the review showed, and for no others."""

    type: Literal["choice"] = "choice"
    tenant: str
    customer: str
    entity: Entity
    id: str = Field(description="canonical id of the record")
    field: str
    review: str = Field(description="id of the verdict that asked")
    answer: str = Field(description="id of this answer: the same answer given twice is one")
    side: Side | None = Field(default=None, description="whose value is to stand; none: `value`, on both sides")
    value: Any = Field(default=None, description="canonical, where neither side's is chosen")
    who: str
    why: str
    at: Instant


def answer_id(review: str, side: Side | None, value: Any, who: str, why: str) -> str:
    """Derive an answer's id from all that it says."""
    return digest(review, side.value if side else "", encode(value).decode(), who, why)
