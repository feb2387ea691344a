"""What an act on the page is sent as: JSON of these shapes and no other."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.names import Entity

NAMES = 200  # records put back at once

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Body(BaseModel):
    """What every act says: why."""

    model_config = ConfigDict(extra="forbid")

    why: Text


class Answer(Body):
    """To a review: `crm`, `erp`, or `value=...`."""

    review: Name
    side: Annotated[str, StringConstraints(max_length=10_000)]


class LetGo(Body):
    """A stopped rule goes on."""

    entity: Entity
    rule: Name


class Link(Body):
    """Two records are one, or are not."""

    left: Name
    right: Name
    same: bool


class PutBack(Body):
    """Records of quarantine, and refused commands, by their names."""

    names: Annotated[list[Name], Field(min_length=1, max_length=NAMES)]


class Drop(Body):
    """One is not needed."""

    name: Name


class Edited(Body):
    """What goes in place of a value, as text."""

    name: Name
    value: str
