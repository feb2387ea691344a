"""Mappings: fields of a customer's own, where each platform keeps them, and how they are spelt there.

In: a property's text, or a canonical value. Out: the other of the two. Pure; a small closed set of transforms.
Invariant: what is written reads back as the same value, or is refused; both sides' spellings of one value are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.money import exact, plain
from schemas.names import Entity, Side

PREFIX = "custom_"  # tells a customer's own field from ours, also from those that come with a later version
PROPERTY = re.compile(r"(?!revmark_|xero_)[a-z][a-z0-9_]{0,99}")  # HubSpot's internal names; ours are ours
# HubSpot's, which our fields of companies and deals sit in.
TAKEN = frozenset({"domain", "lifecyclestage", "name", "phone"}) | frozenset(
    {"amount", "closedate", "deal_currency_code", "dealname", "dealstage"}
)
DATES = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYYMMDD": "%Y%m%d",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
}
# The fields that Xero leaves to its users. HubSpot takes any property of the object.
FREE: dict[Entity, frozenset[str]] = {Entity.COMPANY: frozenset({"AccountNumber", "CompanyNumber"})}
# The fields of an invoice that a deal may fill when it is billed; from then on they are finance's.
BILLED: dict[Entity, frozenset[str]] = {Entity.DEAL: frozenset({"Reference"})}
PLACES = FREE | BILLED


class Spelt(BaseModel):
    """Where one platform keeps a field, and how it spells it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str = Field(min_length=1, description="HubSpot's property, or Xero's field")
    values: dict[str, str] = Field(default_factory=dict, description="the platform's word: the contract's word")
    date: Literal["YYYY-MM-DD", "YYYYMMDD", "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY"] = "YYYY-MM-DD"
    separator: str = Field(default=";", min_length=1, max_length=1, description="between the members of a set")


class Mapped(BaseModel):
    """A field of the customer's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["text", "set", "amount", "day"] = "text"
    case: Literal["upper", "lower"] | None = Field(default=None, description="texts are compared and written so")
    digits: int = Field(default=2, ge=0, le=6, description="of an amount, after the point")
    crm: str | Spelt
    erp: str | Spelt | None = Field(default=None, description="none: the CRM's alone, which is read and never written")

    @property
    def shared(self) -> bool:
        """Whether both sides keep it."""
        return self.erp is not None

    def on(self, side: Side) -> Spelt:
        """Where and how a side keeps it; the short form names the place alone.

        Raises:
            LookupError: the side does not keep it.
        """
        found = self.crm if side is Side.CRM else self.erp
        if found is None:
            raise LookupError("the ERP has no place for it")
        return found if isinstance(found, Spelt) else Spelt(at=found)

    def read(self, side: Side, raw: Any) -> Any:
        """The canonical value of what a side holds.

        Raises:
            ValueError: it is no such value; the text is without the value, which may be personal.
        """
        if raw is None:
            return None
        if not isinstance(raw, str | int | Decimal) or isinstance(raw, bool):
            raise ValueError("is no text")  # noqa: TRY004 - one error for all that it cannot be
        text, spelt = str(raw).strip(), self.on(side)
        if not text:
            return None
        match self.kind:
            case "set":
                members = (self._word(spelt, part.strip()) for part in text.split(spelt.separator))
                return sorted({each for each in members if each}) or None
            case "amount":
                return self._scaled(text)
            case "day":
                return _day(text, DATES[spelt.date]).isoformat()
            case _:
                return self._word(spelt, text)

    def canonical(self, value: Any) -> Any:
        """A value as both sides state it; for what people write down in examples.

        Raises:
            ValueError: it is no such value.
        """
        if value is None or value in ("", []):
            return None
        match self.kind:
            case "set":
                return sorted({self._cased(each.strip()) for each in _members(value)})
            case "amount":
                return self._scaled(value)
            case "day":
                return _day(str(value), DATES["YYYY-MM-DD"]).isoformat()
            case _:
                return self._cased(str(value).strip())

    def write(self, side: Side, value: Any) -> str:
        """What a side is given for a canonical value; an empty text clears the field.

        Raises:
            ValueError: the side has no spelling of it that would read back as the same value.
        """
        spelt = self.on(side)
        if value is None or value in ("", []):
            return ""
        match self.kind:
            case "set":
                text = spelt.separator.join(self._spelling(spelt, each) for each in sorted(_members(value)))
            case "day":
                text = _day(str(value), DATES["YYYY-MM-DD"]).strftime(DATES[spelt.date])
            case "amount":
                text = self._scaled(value)
            case _:
                text = self._spelling(spelt, value)
        if self.read(side, text) != value:
            raise ValueError(f"cannot be spelt in {spelt.at} so that it reads back as the same")
        return text

    def faults(self, side: Side) -> Iterator[str]:
        """What one side's spelling cannot mean."""
        spelt = self.on(side)
        if len({self._cased(each) for each in spelt.values.values()}) < len(spelt.values):
            yield f"two words of {spelt.at} mean the same: nobody could say which to write"
        words = {"separator": {"set"}, "date": {"day"}, "values": {"text", "set"}}
        said = {word: kinds for word, kinds in words.items() if word in spelt.model_fields_set}
        if side is Side.CRM:  # what is the field's, once
            whole = {"case": {"text", "set"}, "digits": {"amount"}}
            said |= {word: kinds for word, kinds in whole.items() if word in self.model_fields_set}
        for word, kinds in said.items():
            if self.kind not in kinds:
                yield f"{word!r} is for kind: {' or '.join(sorted(kinds))}, and this is kind: {self.kind}"

    def _cased(self, text: str) -> str:
        return {"upper": text.upper(), "lower": text.lower()}.get(self.case or "", text)

    def _word(self, spelt: Spelt, text: str) -> str:
        return self._cased(spelt.values.get(text, text))

    def _spelling(self, spelt: Spelt, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("is no text")  # noqa: TRY004 - one error for all that cannot be spelt
        return {self._cased(ours): theirs for theirs, ours in spelt.values.items()}.get(value, value)

    def _scaled(self, value: Any) -> str:
        try:
            amount = exact(value).quantize(Decimal(1).scaleb(-self.digits), rounding=ROUND_HALF_UP)
        except InvalidOperation as error:
            raise ValueError("is no amount") from error
        return plain(abs(amount) if amount.is_zero() else amount)


Mappings = Mapping[str, Mapped]


def faults(entity: Entity, fields: Mappings, *, synced: bool) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) of an entity's own fields; no field: of the entity."""
    if entity not in PLACES or not synced:
        where = "has no fields of its own in Xero" if entity not in PLACES else "is not among the entities"
        yield "", f"a {entity.value.replace('_', ' ')} {where}"
        return
    taken: dict[tuple[Side, str], str] = {}
    for name, mapped in fields.items():
        for side in Side if mapped.shared else (Side.CRM,):
            at = mapped.on(side).at
            if (side, at) in taken:
                yield name, f"{at} is the place of {taken[side, at]} already"
            taken.setdefault((side, at), name)
            yield from ((name, said) for said in mapped.faults(side))
        if mapped.shared and mapped.on(Side.ERP).at not in PLACES[entity]:
            at = mapped.on(Side.ERP).at
            yield name, f"Xero has no free field {at!r}: there are {', '.join(sorted(PLACES[entity]))}"
        if mapped.shared and entity in BILLED and mapped.kind != "text":
            yield name, f"a {entity.value}'s own field goes onto the invoice as it is: only kind: text can"
        if mapped.on(Side.CRM).at in TAKEN or not PROPERTY.fullmatch(mapped.on(Side.CRM).at):
            yield name, f"{mapped.on(Side.CRM).at!r} is no property's name in HubSpot, or one of Revmark's own"


def _members(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("is no set of texts")
    return value


def _day(text: str, form: str) -> date:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise ValueError(f"is no day as {next(name for name, each in DATES.items() if each == form)}") from error
