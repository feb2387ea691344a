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
    def told(self) -> tuple[str, str]:
        """What is done, and to what, as the topic `audit` has them: as the command line tells it."""
        return self._told()

    @abstractmethod
    def _told(self) -> tuple[str, str]: ...


class Answer(Body):
    """To a review: `crm`, `erp`, or `value=...`."""

    review: Name
    side: Annotated[str, StringConstraints(max_length=10_000)]

    def _told(self) -> tuple[str, str]:
        return "answer", self.review


class LetGo(Body):
    """A stopped rule goes on."""

    entity: Entity
    rule: Name

    def _told(self) -> tuple[str, str]:
        return "let go", f"{self.rule} of {self.entity.value}"


class Link(Body):
    """Two records are one, or are not."""

    left: Name
    right: Name
    same: bool

    def _told(self) -> tuple[str, str]:
        return "link" if self.same else "keep apart", f"{self.left} and {self.right}"


class PutBack(Body):
    """Records of quarantine, and refused commands, by their names."""

    names: Annotated[list[Name], Field(min_length=1, max_length=NAMES)]

    def _told(self) -> tuple[str, str]:
        return "put back", ", ".join(self.names)


class Drop(Body):
    """One is not needed."""

    name: Name

    def _told(self) -> tuple[str, str]:
        return "drop", self.name


class Edited(Body):
    """What goes in place of a value, as text."""

    name: Name
    value: str

    def _told(self) -> tuple[str, str]:
        return "edit", self.name
