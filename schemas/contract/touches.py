"""What marketing touched before there was revenue: under one name, the fields that each model of attribution reads.

In: a contract, what somebody wants revenue attributed by. Out: the field that says it, and what is wrong with those
named. Revmark follows nobody about: HubSpot, or a tool beside it, fills these properties, and the contract's mappings
read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import BaseModel, ConfigDict

from schemas.contract.mappings import PREFIX
from schemas.errors import Refused
from schemas.names import Entity

if TYPE_CHECKING:
    from schemas.contract.mappings import Mapped
    from schemas.contract.model import Contract

Model = Literal["first_touch", "last_touch", "linear"]
MODELS: tuple[Model, ...] = get_args(Model)
Basis = Literal["posted", "cash"]
PRODUCT = "product"
ALWAYS = ("customer", "deal", PRODUCT)  # what `revmark attribution --by` knows without a contract
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


def mapped(contract: Contract) -> list[str]:
    """The fields of the contract's mappings that something can be attributed by."""
    return sorted({name for entity in TOUCHED for name in contract.mapped(entity)})


def asked(by: str, model: Model | None = None) -> tuple[str, Model | None]:
    """A wish in its two words, also where it comes as one, as campaign.first_touch."""
    name, _, word = by.partition(".")
    spelt = next((each for each in MODELS if each == word), None)
    return (name, spelt) if model is None and spelt else (by, model)


def named(contract: Contract, by: str) -> bool:
    """Whether something is attributed by that, under whatever model."""
    name, _ = asked(by)
    return name in {*ALWAYS, *contract.attribution, *mapped(contract)}


def unnamed(contract: Contract, by: str) -> str:
    """That the contract does not name it, what it names, and where more is named."""
    known = [*contract.attribution, *mapped(contract)]
    fields = f", or {', '.join(known)}" if known else ""
    return (
        f"nothing is attributed by {by!r}: there are customer, deal and product{fields}; more are named under "
        f"`attribution:` in the contract, of fields of your own ({PREFIX}...) under `mappings:`"
    )


def lines_for(by: str, model: Model | None = None) -> str:
    """Three lines of a contract that name what it does not name yet; the property is HubSpot's, and left open."""
    wish, said = asked(by, model)
    name, wished = wish.removeprefix(PREFIX), said or MODELS[0]
    if name in ALWAYS or not re.fullmatch(r"[a-z][a-z_]{0,29}", name):
        name = "campaign"
    read = "{kind: set, crm: PROPERTY}" if wished == "linear" else "{crm: PROPERTY}"
    return (
        f"mappings: {{deal: {{{PREFIX}{name}: {read}}}}}\n"
        "attribution:\n"
        f"  {name}: {{{wished}: {PREFIX}{name}}}"
    )  # fmt: skip


def field_of(contract: Contract, by: str, model: Model | None = None) -> str:
    """The field behind a wish; what is named alone stands for itself, and so does what needs no contract.

    Raises:
        Refused: nothing is attributed by that, or not under that model.
    """
    by, model = asked(by, model)
    touches = contract.attribution.get(by)
    if touches is None:
        if not named(contract, by):
            raise Refused(unnamed(contract, by), code="usage")
        if model is not None:
            few = ", ".join(contract.attribution) or "the contract's attribution names none"
            raise Refused(f"{by} knows no models: leave --model out. Those that do: {few}", code="usage")
        return by
    if model is None and len(touches.models) > 1:
        raise Refused(
            f"{by} is attributed in more than one way: add --model {' or '.join(touches.models)}", code="usage"
        )
    wished = model if model is not None else next(iter(touches.models), MODELS[0])
    if (field := touches.field(wished)) is None:
        raise Refused(
            f"the contract's attribution.{by} names no field for {wished}: there is {', '.join(touches.models)}",
            code="usage",
        )
    return field


def touch_faults(contract: Contract) -> Iterator[tuple[Literal["error", "warning"], str, str]]:
    """Level, path and message of what cannot be meant."""
    for name, touches in contract.attribution.items():
        path = f"attribution.{name}"
        if name in ALWAYS:
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
