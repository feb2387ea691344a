"""What marketing touched before there was revenue: under one name, the fields that each model of attribution reads.

In: a contract. Out: the field of a model, and what is wrong with those named. Revmark follows nobody about: HubSpot, or
a tool beside it, fills these properties, and the contract's mappings read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import BaseModel, ConfigDict

from schemas.names import Entity

if TYPE_CHECKING:
    from schemas.contract.mappings import Mapped
    from schemas.contract.model import Contract

Model = Literal["first_touch", "last_touch", "linear"]
MODELS: tuple[Model, ...] = get_args(Model)
TAKEN = frozenset({"customer", "deal", "product"})  # what `revmark attribution --by` knows without a contract
TOUCHED = (Entity.COMPANY, Entity.DEAL)


class Touches(BaseModel):
    """The fields of one name, as `campaign`: of the first touch, of the last, and of all of them (a set)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_touch: str | None = None
    last_touch: str | None = None
    linear: str | None = None

    def field(self, model: Model) -> str | None:
        """The field that a model reads."""
        found: str | None = getattr(self, model)
        return found

    @property
    def models(self) -> tuple[Model, ...]:
        """Those that have a field."""
        return tuple(each for each in MODELS if self.field(each))


def touch_faults(contract: Contract) -> Iterator[tuple[Literal["error", "warning"], str, str]]:
    """Level, path and message of what cannot be meant."""
    for name, touches in contract.attribution.items():
        path = f"attribution.{name}"
        if name in TAKEN:
            yield "error", path, f"revmark attribution --by {name} means something else already: choose another name"
        if not touches.models:
            yield "error", path, f"it names no field: write one of {', '.join(MODELS)}"
        for model in touches.models:
            field = touches.field(model) or ""
            held = [fields[field] for fields in map(contract.mapped, TOUCHED) if field in fields]
            for message in _faults(model, field, held):
                yield "error", f"{path}.{model}", message


def _faults(model: Model, field: str, held: list[Mapped]) -> Iterator[str]:
    if not held:
        yield f"neither deal nor company has a field {field!r} of its own: name it under mappings"
    sets = {each.kind == "set" for each in held}
    if model == "linear" and False in sets:
        yield f"linear shares among all touches, and {field} is no set: map it with kind: set"
    if model != "linear" and True in sets:
        yield f"{model} is one value, and {field} is a set, whose members have no order"
