"""A brake: a rule that touched more records within an hour than the contract lets it, and what became of it.

Topic `brakes`, compacted, keyed by connection, entity and rule: how each stands.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.instants import Instant
from schemas.names import Entity, Platform, Side
from schemas.wire import Wire


class BrakeState(Wire):
    """One rule on one connection, as its brake stands."""

    tenant: str
    connection: str
    platform: Platform
    side: Side = Field(description="the side that the rule writes to")
    entity: Entity
    rule: str
    state: Literal["stopped", "released"]
    records: int = Field(description="touched within an hour when it was stopped")
    bound: int = Field(description="what the contract lets pass")
    population: int | None = Field(default=None, description="records of the last full reading; a percentage is of it")
    held: int = Field(default=0, description="commands that wait behind it")
    command: str = Field(description="the first that was held")
    stopped_at: Instant = Field(description="when the evidence of that command was seen")
    released_at: Instant | None = None
    who: str = Field(default="", description="the person who released it")
    why: str = ""


def brake_key(connection: str, entity: str, rule: str) -> str:
    """The key of a brake's records."""
    return f"{connection}|{entity}|{rule}"
