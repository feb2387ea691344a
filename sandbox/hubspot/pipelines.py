"""Pipelines and their stages.

In: HubSpot's default pipelines and what clients create. Out: pipelines in HubSpot's form, and whether a
stage is in a pipeline. Invariant: stage metadata are strings; stage ids are unique within a portal's object
type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.hubspot.errors import Problem
from sandbox.hubspot.object_types import ObjectType
from sandbox.wire import iso

STAGE_PROPERTIES = {  # object type -> (pipeline property, stage property)
    "0-3": ("pipeline", "dealstage"),
    "0-5": ("hs_pipeline", "hs_pipeline_stage"),
    "0-123": ("hs_pipeline", "hs_pipeline_stage"),
}
DEAL_STAGES = (  # the stages HubSpot gives a new portal, with their probabilities
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)

ORDER_PIPELINE = "14a2e10e-5471-408a-906e-c51f3b04369e"  # every portal begins with it
ORDER_STAGES = (
    ("4b27b500-f031-4927-9811-68a0b525cbae", "Open", "OPEN"),
    ("937ea84d-0a4f-4dcf-9028-3f9c2aafbf03", "Processed", "OPEN"),
    ("aa99e8d0-c1d5-4071-b915-d240bbb1aed9", "Shipped", "OPEN"),
    ("3725360f-519b-4b18-a593-494d60a29c9f", "Delivered", "CLOSED"),
    ("3c85a297-e9ce-400b-b42e-9f16853d69d6", "Cancelled", "CLOSED"),
)


@dataclass(slots=True)
class Stage:
    """One stage of a pipeline."""

    id: str
    label: str
    display_order: int
    metadata: dict[str, str]
    created: datetime
    updated: datetime

    @property
    def closed(self) -> bool:
        """Tell whether a record here is done with."""
        return self.metadata.get("isClosed") == "true"

    @property
    def won(self) -> bool:
        """Tell whether a deal here is won."""
        return self.closed and self.metadata.get("probability") == "1.0"

    def wire(self) -> dict[str, object]:
        """Give HubSpot's form."""
        return {
            "id": self.id,
            "label": self.label,
            "displayOrder": self.display_order,
            "metadata": self.metadata,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": False,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }


@dataclass(slots=True)
class Pipeline:
    """One pipeline."""

    id: str
    label: str
    display_order: int
    created: datetime
    updated: datetime
    stages: dict[str, Stage] = field(default_factory=dict)

    def wire(self) -> dict[str, object]:
        """Give HubSpot's form."""
        return {
            "id": self.id,
            "label": self.label,
            "displayOrder": self.display_order,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": False,
            "stages": [stage.wire() for stage in sorted(self.stages.values(), key=lambda s: s.display_order)],
        }


class Pipelines:
    """The pipelines of every type."""

    def __init__(self) -> None:
        self._pipelines: dict[str, dict[str, Pipeline]] = {}
        self._next = 90_000_001

    def of(self, kind: ObjectType) -> dict[str, Pipeline]:
        """Give a type's pipelines by id."""
        return self._pipelines.setdefault(kind.type_id, {})

    def get(self, kind: ObjectType, pipeline_id: str) -> Pipeline:
        """Give one pipeline."""
        if (found := self.of(kind).get(pipeline_id)) is None:
            raise Problem(404, f"Pipeline {pipeline_id} does not exist", "OBJECT_NOT_FOUND")
        return found

    def stage(self, kind: ObjectType, stage_id: str) -> tuple[Pipeline, Stage] | None:
        """Find a stage in whichever pipeline has it."""
        for pipeline in self.of(kind).values():
            if stage_id in pipeline.stages:
                return pipeline, pipeline.stages[stage_id]
        return None

    def new_id(self) -> str:
        """Give an id such as HubSpot gives pipelines made by people: a number."""
        self._next += 1
        return str(self._next)

    def add(
        self, kind: ObjectType, pipeline_id: str, label: str, stages: list[tuple[str, str, dict[str, str]]],
        now: datetime, display_order: int = 0,
    ) -> Pipeline:  # fmt: skip
        """Make a pipeline known."""
        pipeline = Pipeline(pipeline_id, label, display_order, now, now)
        for order, (stage_id, name, metadata) in enumerate(stages):
            pipeline.stages[stage_id] = Stage(stage_id, name, order, dict(metadata), now, now)
        self.of(kind)[pipeline_id] = pipeline
        return pipeline

    def seed(self, kinds: Mapping[str, ObjectType], now: datetime) -> None:
        """Give a portal the pipelines HubSpot starts it with."""
        self.add(
            kinds["0-3"],
            "default",
            "Sales Pipeline",
            [
                (stage_id, label, deal_metadata(probability))
                for stage_id, label, probability in DEAL_STAGES
            ],
            now,
        )  # fmt: skip
        tickets = [("1", "New"), ("2", "Waiting on contact"), ("3", "Waiting on us"), ("4", "Closed")]
        self.add(
            kinds["0-5"],
            "0",
            "Support Pipeline",
            [(i, n, {"ticketState": "CLOSED" if i == "4" else "OPEN", "isClosed": str(i == "4").lower()})
             for i, n in tickets],
            now,
        )  # fmt: skip
        self.add(
            kinds["0-123"],
            ORDER_PIPELINE,
            "Order Pipeline",
            [(stage_id, label, {"state": state}) for stage_id, label, state in ORDER_STAGES],
            now,
        )


def deal_metadata(probability: str) -> dict[str, str]:
    """Give a deal stage's metadata: strings, and closed where the outcome is certain."""
    return {"isClosed": str(probability in {"0.0", "1.0"}).lower(), "probability": probability}
