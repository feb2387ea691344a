"""Revenue events: what other systems subscribe to. Topic `revenue`, keyed by tenant and customer (public)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.instants import Day, Moment
from schemas.money import Money
from schemas.wire import Wire

RevenueType = Literal[
    "order_created",
    "order_cancelled",
    "invoice_posted",
    "invoice_voided",
    "invoice_restated",
    "payment_received",
    "prepayment_received",
    "overpayment_received",
    "payment_reversed",
    "payment_restated",
    "credit_memo_issued",
    "credit_memo_voided",
    "credit_memo_restated",
    "credit_allocated",
    "allocation_removed",
    "refund_made",
    "renewal_booked",
    "subscription_started",
    "subscription_amended",
    "subscription_prorated",
    "subscription_paused",
    "subscription_resumed",
    "subscription_churned",
    "credit_hold_changed",
    "consent_granted",
    "consent_withdrawn",
    "brake_tripped",
    "brake_released",
]
PaymentType = Literal["payment_received", "prepayment_received", "overpayment_received", "refund_made"]


class Figures(BaseModel):
    """What an event says of a document: what it is worth, and its day."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    money: Money
    day: Day


class RevenueEvent(Wire):
    """Something finance counts has happened. `id` is stable under replay: consumers drop an id they have seen."""

    id: str
    type: RevenueType
    tenant: str
    customer: str = Field(description="canonical id of the customer; empty: of no customer, as a brake")
    customer_name: str = ""
    sequence: int = Field(default=0, description="1, 2, 3, ... per customer, in the order of publication")
    document: str = Field(default="", description="canonical id of the order, invoice, payment or credit note")
    number: str = Field(default="", description="the document's number as people know it")
    deal: str | None = None
    subsidiary: str = Field(
        default="",
        description="whose books it stands in, as in totals and variances, the same in all events of a document; of "
        "consent, whose customer the CRM says it is; empty: the contract names none, or it is of no customer",
    )
    money: Money | None = Field(
        default=None,
        description="how much; `type` says whether it adds or takes away; of a document with tax; of a subscription "
        "before tax, of one period, or of what was prorated",
    )
    told_as: PaymentType | None = Field(
        default=None,
        description="of `payment_reversed` and `payment_restated`: the type by which the payment was told, and whose "
        "sum this one changes; null where an older release wrote it: then what `document` was told by, or else "
        "`payment_received`",
    )
    before: Figures | None = Field(
        default=None, description="of what is restated: the amount and day that were told before, and that no more hold"
    )
    every: str = Field(default="", description="how often a subscription is billed: weekly, monthly, annually, ...")
    credit_hold: bool | None = None
    day: Day = Field(
        description="business day in the tenant's zone, YYYY-MM-DD; of a document its own, also when that ends"
    )
    occurred_at: Moment = Field(description="the platform's time of the version that showed it")
    refs: dict[str, str] = Field(
        default_factory=dict,
        description="side -> platform reference; of an allocation also `invoice`, the one that a credit is set "
        "against; of a payment the `invoice` that it pays; of a refund the `credit_note`, `prepayment` or "
        "`overpayment` that it gives back",
    )

    @property
    def called(self) -> str:
        """What people call it: by what was told, where something told is taken back or told anew: `refund reversed`."""
        what, _, happened = self.type.replace("_", " ").rpartition(" ")
        return f"{self.told_as.partition('_')[0] if self.told_as else what} {happened}"
