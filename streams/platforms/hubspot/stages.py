"""Stages: what records of ours go through in HubSpot.

In: nothing. Out: the pipeline of orders, with ids of ours, so that a record's stage is known without asking.
Source: HubSpot's guide to pipelines (`pipelineId` and `stageId` may be chosen; a stage of orders is OPEN or CLOSED).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage, and the state of ours that puts a record into it."""

    id: str
    status: str
    label: str
    state: Literal["OPEN", "CLOSED"] = "OPEN"

    def body(self, place: int) -> dict[str, Any]:
        """As HubSpot is given it."""
        return {
            "stageId": self.id,
            "label": self.label,
            "displayOrder": place,
            "metadata": {"state": self.state},
        }


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of one of our kinds of record."""

    kind: str
    id: str
    label: str
    stages: tuple[Stage, ...]

    def body(self, place: int) -> dict[str, Any]:
        """As HubSpot is given it."""
        return {
            "pipelineId": self.id,
            "label": self.label,
            "displayOrder": place,
            "stages": [stage.body(order) for order, stage in enumerate(self.stages)],
        }


ORDERS = Pipeline(
    kind="order",
    id="revmark_orders",
    label="Revmark orders",
    stages=(
        Stage("revmark_held", "held", "Held"),
        Stage("revmark_ordered", "ordered", "Ordered"),
        Stage("revmark_part_billed", "part_billed", "Part billed"),
        Stage("revmark_billed", "billed", "Billed"),
        Stage("revmark_paid", "paid", "Paid", "CLOSED"),
        Stage("revmark_cancelled", "cancelled", "Cancelled", "CLOSED"),
    ),
)
