"""Facts about companies that no field of ours holds: which fields of the contract's own do, and the seller.

In: a contract. Out: the field of a fact, and what is wrong with those named. The seller is whose products these are; no
customer's record says anything about it, so the contract states its facts and owns them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.entities import Address
from schemas.names import Entity

if TYPE_CHECKING:
    from schemas.contract.model import Contract

TEXTS = ("legal_name",)  # facts of one value; the others are sets, or one text
SETS = ("trading_names", "service_areas")


class CompanyFacts(BaseModel):
    """The fields of companies, named under mappings, that hold a fact which no field of ours does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    legal_name: str | None = None
    trading_names: str | None = Field(default=None, description="a set, or one name")
    service_areas: str | None = Field(default=None, description="a set of places, or one place")

    def field(self, fact: str) -> str | None:
        """The field that holds a fact; None: none does."""
        found: str | None = getattr(self, fact)
        return found


class Seller(BaseModel):
    """Whose products these are, as people and their assistants should know it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    legal_name: str | None = None
    trading_names: tuple[str, ...] = ()
    domain: str | None = Field(default=None, description="of its website, as example.com")
    phone: str | None = None
    tax_number: str | None = None
    address: Address | None = None
    service_areas: tuple[str, ...] = ()


class Facts(BaseModel):
    """What `revmark facts` knows beside the fields of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    company: CompanyFacts = CompanyFacts()
    seller: Seller | None = None


def fact_faults(contract: Contract) -> Iterator[tuple[Literal["error", "warning"], str, str]]:
    """Level, path and message of what cannot be meant."""
    fields = contract.mapped(Entity.COMPANY)
    for fact in (*TEXTS, *SETS):
        name = contract.facts.company.field(fact)
        path = f"facts.company.{fact}"
        if name is None:
            continue
        if name not in fields:
            yield "error", path, f"company has no field {name!r} of its own: name it under mappings"
        elif fact in TEXTS and fields[name].kind != "text":
            yield "error", path, f"it is one text, and {name} is of kind: {fields[name].kind}"
        elif fields[name].kind not in {"text", "set"}:
            yield "error", path, f"it is a set or a text, and {name} is of kind: {fields[name].kind}"
