"""Brakes in the contract: how much one rule may touch within an hour before it waits for a person."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from pydantic import BaseModel, ConfigDict, Field

from schemas.names import Entity

ANY = "any"  # each rule of the entity by itself
HUNDRED = 100


class Brake(BaseModel):
    """The limits of one rule on one kind of record, on each side by itself. Whichever is reached first counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: Entity = Field(description="kind of record")
    rule: str = Field(default=ANY, description="as decisions name it; any: each rule by itself, where none is named")
    records: int | None = Field(default=None, description="most records within an hour")
    percent: int | None = Field(default=None, description="most records within an hour, of those the side has, in %")
    at_least: int = Field(default=100, description="records that a percentage always lets pass")
    first_reading: bool = Field(default=False, description="count what the first reading asks for as well")


def brake_for(brakes: Iterable[Brake], entity: Entity, rule: str) -> Brake | None:
    """The brake that holds for a rule: the one that names it before the one for any."""
    found: Brake | None = None
    for brake in brakes:
        if brake.about is entity and brake.rule == rule:
            return brake
        if brake.about is entity and brake.rule == ANY:
            found = brake
    return found


def bound(brake: Brake, population: int | None) -> int | None:
    """How many records pass; None: any number. A percentage of a number that nobody knows yet bounds nothing."""
    most = inf if brake.records is None else brake.records
    if brake.percent is not None and population is not None:
        most = min(most, max(brake.at_least, population * brake.percent // HUNDRED))
    return None if most == inf else int(most)
