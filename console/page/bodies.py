"""What an act on the page is sent as: JSON of these shapes and no other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.names import Entity

NAMES = 200  # records put back at once

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Body(BaseModel, ABC):
    """What every act says: why."""

    model_config = ConfigDict(extra="forbid")

    why: Text

    @property
    @abstractmethod
    def told(self) -> tuple[str, str]:
        """What is done, and to what, as the topic `audit` has them."""


class Answer(Body):
    """To a review: `crm`, `erp`, or `value=...`."""

    review: Name
    side: Annotated[str, StringConstraints(max_length=10_000)]

    @property
    def told(self) -> tuple[str, str]:
        """As the command line tells it."""
        return "answer", self.review


class LetGo(Body):
    """A stopped rule goes on."""

    entity: Entity
    rule: Name

    @property
    def told(self) -> tuple[str, str]:
        """As the command line tells it."""
        return "let go", f"{self.rule} of {self.entity.value}"


class Link(Body):
    """Two records are one, or are not."""

    left: Name
    right: Name
    same: bool

    @property
    def told(self) -> tuple[str, str]:
        """As the command line tells it."""
        return "link" if self.same else "keep apart", f"{self.left} and {self.right}"


class PutBack(Body):
    """Records of quarantine, and refused commands, by their names."""

    names: Annotated[list[Name], Field(min_length=1, max_length=NAMES)]

    @property
    def told(self) -> tuple[str, str]:
        """As the command line tells it."""
        return "put back", ", ".join(self.names)


class Drop(Body):
    """One is not needed."""

    name: Name

    @property
    def told(self) -> tuple[str, str]:
        """As the command line tells it."""
        return "drop", self.name


class Edited(Body):
    """What goes in place of a value, as text."""

    name: Name
    value: str

    @property
    def told(self) -> tuple[str, str]:
        """As the command line tells it."""
        return "edit", self.name
