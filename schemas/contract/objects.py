"""Objects of the CRM that the contract chooses: where invoices are mirrored, and where revenue is shown.

In: a contract. Out: the custom objects it chooses, and what is wrong with them. Invariant: an object holds one kind of
record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.contract.touches import PRODUCT, Basis, field_of
from schemas.errors import Refused

if TYPE_CHECKING:
    from schemas.contract.model import Contract

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)]


class CustomObject(BaseModel):
    """A custom object of the portal's own; `revmark provision` makes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    custom: Name = Field(description="its name in HubSpot, as revmark_invoice")


class RevenueObject(CustomObject):
    """The custom object that shows what the ERP's documents earned, a record for each part of a document."""

    basis: tuple[Basis, ...] = Field(
        default=("posted", "cash"),
        min_length=1,
        description="posted: invoices and credit notes; cash: payments and refunds",
    )
    by: str | None = Field(
        default=None,
        description="what earned it, as revmark attribution --by: campaign.linear, a field of your own, or product",
    )


class Objects(BaseModel):
    """On which objects of the CRM the ERP's records are shown. Chosen before the first sync."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    invoice: Literal["native"] | CustomObject = Field(
        default="native",
        description="native: HubSpot's own invoices; or {custom: its name}, an Enterprise portal's own",
    )
    revenue: RevenueObject | None = Field(
        default=None, description="not named: revenue is not shown in HubSpot, only reported"
    )


def object_faults(contract: Contract) -> Iterator[tuple[Literal["error", "warning"], str, str]]:
    """Level, path and message of what cannot be meant."""
    objects = contract.platforms.objects
    path, revenue = "platforms.objects.revenue", objects.revenue
    if revenue is None:
        return
    if objects.invoice != "native" and objects.invoice.custom == revenue.custom:
        yield (
            "error",
            f"{path}.custom",
            f"{revenue.custom} mirrors invoices already: revenue needs an object of its own",
        )
    if revenue.by in {"customer", "deal"}:
        yield "error", f"{path}.by", f"each record is associated with its {revenue.by} already: leave 'by' out"
    elif revenue.by is not None and revenue.by != PRODUCT:
        try:
            field_of(contract, revenue.by)
        except Refused as error:
            yield "error", f"{path}.by", error.message
