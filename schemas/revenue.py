"""Revenue events: what other systems subscribe to. Topic `revenue`, keyed by tenant and customer (public)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.instants import Day, Moment
from schemas.money import Money
from schemas.wire import Wire

RevenueType = Literal[
    "order_created",
    "order_cancelled",
    "invoice_posted",
    "invoice_voided",
    "payment_received",
    "prepayment_received",
    "overpayment_received",
    "payment_reversed",
    "credit_memo_issued",
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
    money: Money | None = Field(
        default=None, description="of a subscription, before tax: of one period, or of what was prorated"
    )
    every: str = Field(default="", description="how often a subscription is billed: weekly, monthly, annually, ...")
    credit_hold: bool | None = None
    day: Day = Field(description="business day in the tenant's zone, YYYY-MM-DD")
    occurred_at: Moment = Field(description="the platform's time of the version that showed it")
    refs: dict[str, str] = Field(
        default_factory=dict,
        description="side -> platform reference; of an allocation also `invoice`, the one that a credit is set against",
    )
