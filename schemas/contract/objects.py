"""Objects of the CRM that the contract chooses: where invoices are mirrored, revenue and payments shown.

In: a contract. Out: the custom objects it chooses, and what is wrong with them. Invariant: an object holds one kind of
record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.contract.touches import PRODUCT, Basis, field_of
from schemas.errors import Refused
from schemas.names import Entity

if TYPE_CHECKING:
    from schemas.contract.model import Contract

HOLDS = {
    "invoice": "mirrors invoices",
    "order": "shows orders",
    "subscription": "shows subscriptions",
    "payment": "shows payments",
    "revenue": "shows revenue",
}
# Kinds that are only shown, and the object of the contract that shows them.
SHOWN = {
    Entity.REVENUE: "revenue",
    Entity.RECEIPT: "payment",
    Entity.ORDER: "order",
    Entity.SUBSCRIPTION: "subscription",
}
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
    payment: Literal["native"] | CustomObject | None = Field(
        default=None,
        description="a record of each payment and refund, on HubSpot's own payments (native) or on {custom: its name}; "
        "not named: payments show in the amounts of invoices, deals and companies only",
    )
    order: Literal["native"] | CustomObject | None = Field(
        default=None,
        description="a record of each order, on HubSpot's own orders (native) or on {custom: its name}; not named: "
        "properties of its deal say how far it is",
    )
    order_pipeline: Literal["revmark", "none"] = Field(
        default="revmark",
        description="of HubSpot's own orders. revmark: a pipeline that `revmark provision` makes, with a stage for "
        "each status; none: their stage is left alone, as an account needs that may have no further pipeline",
    )
    subscription: Literal["native"] | CustomObject | None = Field(
        default=None,
        description="a record of each subscription, on HubSpot's own (native; the account needs HubSpot payments or "
        "Stripe) or on {custom: its name}; not named: properties of its deal say how far it is",
    )
    revenue: RevenueObject | None = Field(
        default=None, description="not named: revenue is not shown in HubSpot, only reported"
    )

    @property
    def custom(self) -> dict[str, str]:
        """The kinds that are shown on custom objects, and the names of these."""
        wishes = {kind: getattr(self, kind) for kind in HOLDS}
        return {kind: wish.custom for kind, wish in wishes.items() if isinstance(wish, CustomObject)}


def chosen(contract: Contract) -> dict[str, str]:
    """The object that each kind of record is shown on; a kind that is not shown is not there."""
    objects = contract.platforms.objects
    return {kind: objects.custom.get(kind, wish) for kind in HOLDS if (wish := getattr(objects, kind)) is not None}


def moved(before: Mapping[str, str], contract: Contract) -> str:
    """Why a contract cannot go on where records were shown on these objects before; empty: it can.

    What is shown nowhere for a while may come back to the object it was on: its records are still there.
    """
    now = chosen(contract)
    parts = [
        f"platforms.objects.{kind} is {now[kind]}, and this deployment has shown it on {before[kind]}"
        for kind in sorted(before.keys() & now.keys())
        if before[kind] != now[kind]
    ]
    if not parts:
        return ""
    return (
        f"{'; '.join(parts)}: what is there already would be taken for records of the other object. Put it back in the "
        "contract, or begin anew beside it: another REVMARK_TOPIC_PREFIX and REVMARK_GROUP"
    )


def object_faults(contract: Contract) -> Iterator[tuple[Literal["error", "warning"], str, str]]:
    """Level, path and message of what cannot be meant."""
    yield from _shared(contract.platforms.objects)
    yield from _idle(contract)
    path, revenue = "platforms.objects.revenue", contract.platforms.objects.revenue
    if revenue is None:
        return
    if revenue.by in {"customer", "deal"}:
        yield "error", f"{path}.by", f"each record is associated with its {revenue.by} already: leave 'by' out"
    elif revenue.by is not None and revenue.by != PRODUCT:
        try:
            field_of(contract, revenue.by)
        except Refused as error:
            yield "error", f"{path}.by", error.message


def _idle(contract: Contract) -> Iterator[tuple[Literal["error", "warning"], str, str]]:
    """Settings that nothing ever goes by."""
    objects = contract.platforms.objects
    if objects.subscription is not None and contract.timing.subscriptions is None:
        said = "there is nothing to show on it: the contract bills no subscriptions (timing.subscriptions)"
        yield "warning", "platforms.objects.subscription", said
    if objects.order_pipeline != "revmark" and objects.order != "native":
        said = "it says nothing: only HubSpot's own orders have a pipeline (order: native)"
        yield "warning", "platforms.objects.order_pipeline", said


def _shared(objects: Objects) -> Iterator[tuple[Literal["error", "warning"], str, str]]:
    """Custom objects that would hold two kinds of records."""
    taken: dict[str, str] = {}
    for kind, name in objects.custom.items():
        if name in taken:
            said = f"{name} {taken[name]} already: {kind} needs an object of its own"
            yield "error", f"platforms.objects.{kind}.custom", said
        taken.setdefault(name, HOLDS[kind])
