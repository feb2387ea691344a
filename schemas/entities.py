"""The canonical entities: what both systems' records are translated to.

A translator fills one of these models from a platform's record and hands on `fields()`: canonical JSON values, so that
two sides agree exactly when the values are equal. Amounts are decimal strings in the currency's minor unit, days are
YYYY-MM-DD, empty is None. A field that a platform cannot hold is left unset, and is then no business of that side.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.names import Entity

JsonValue = Any  # str | bool | int | None | list | dict of these; never a float


class Canonical(BaseModel):
    """Base of the entities."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    entity: ClassVar[Entity]

    def fields(self) -> dict[str, JsonValue]:
        """The fields that this side holds, as canonical JSON values."""
        return self.model_dump(mode="json", exclude_unset=True)


class Address(BaseModel):
    """A postal address; empty parts are empty strings, so that equal addresses compare equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


class Company(Canonical):
    """A customer. The ERP's customer id is its primary key; the domain is supporting evidence."""

    entity = Entity.COMPANY
    name: str | None = None
    domain: str | None = None
    phone: str | None = None
    tax_number: str | None = None
    currency: str | None = Field(default=None, description="ISO 4217")
    shipping_address: Address | None = None
    payment_terms: str | None = Field(default=None, description="'<number> <basis>', as '30 DAYSAFTERBILLDATE'")
    credit_hold: bool | None = None
    lifecycle: str | None = Field(default=None, description="the CRM's lifecycle stage")
    balance_due: str | None = None
    last_payment_date: str | None = None
    last_payment_amount: str | None = None
    subsidiary: str | None = Field(default=None, description="CRM side only: which subsidiary it is a customer of")
    consent: str | None = Field(default=None, description="CRM side only: what it says of the customer's consent")
    owner: str | None = Field(default=None, description="CRM side only: the CRM's id of the user it belongs to")
    erp_id: str | None = Field(default=None, description="CRM side only: the ERP's customer id kept there")
    crm_id: str | None = Field(default=None, description="ERP side only: the CRM's company id kept there")


class Contact(Canonical):
    """A person who speaks for a customer."""

    entity = Entity.CONTACT
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Product(Canonical):
    """Something sold; the SKU is the ERP's item code."""

    entity = Entity.PRODUCT
    sku: str | None = None
    name: str | None = None
    description: str | None = None
    price: str | None = Field(default=None, description="in the tenant's base currency")
    erp_id: str | None = Field(default=None, description="CRM side only: the ERP's item id kept there")


class Recurrence(BaseModel):
    """How often a line of a deal is billed, as the CRM says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    every: str = Field(description="the CRM's word: weekly, monthly, annually, ...")
    starts_on: str | None = Field(default=None, description="first day of the first period")
    payments: str | None = Field(default=None, description="how many periods a term has")
    term: str | None = Field(default=None, description="how long a term is, as P12M, where payments does not say it")
    delayed: bool = Field(default=False, description="it starts some days or months after something, not on a day")


class Line(BaseModel):
    """A line of a deal, an order or an invoice; `amount` is as the platform stated it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sku: str | None = None
    description: str = ""
    quantity: str = "1"
    unit_price: str = "0"
    discount_percent: str | None = None
    amount: str | None = None
    shipped: str | None = Field(default=None, description="how much of the quantity has been shipped; deals only")
    recurs: Recurrence | None = Field(default=None, description="billed again and again; deals only")
    account: str | None = None
    tax_type: str | None = None
    tax: str | None = Field(default=None, description="what the platform states of it; the ERP's invoices only")


class Quote(BaseModel):
    """A quote of a deal that its customer has accepted; what it sells is what the deal sells."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(description="the CRM's")
    accepted_at: str | None = Field(default=None, description="ISO instant in UTC, where the CRM says it")
    currency: str | None = None


class Deal(Canonical):
    """Sales intent; the last fields mirror what became of it in the ERP."""

    entity = Entity.DEAL
    name: str | None = None
    stage: str | None = None
    amount: str | None = None
    currency: str | None = None
    closed_at: str | None = Field(default=None, description="ISO instant in UTC")
    lines: list[Line] = Field(default_factory=list)
    quotes: list[Quote] = Field(default_factory=list, description="accepted ones, where the contract orders by them")
    order_status: str | None = Field(default=None, description="created, or held with its reason")
    invoice_number: str | None = None
    invoice_status: str | None = None
    amount_due: str | None = None
    amount_paid: str | None = None
    subsidiary: str | None = Field(
        default=None, description="which subsidiary sells; its company's, if it does not say"
    )


class Order(Canonical):
    """A committed order: what a won deal becomes under the contract's timing, as the CRM shows it."""

    entity = Entity.ORDER
    name: str | None = Field(default=None, description="the deal's name")
    status: str | None = Field(default=None, description="ordered, held, part_billed, billed, paid or cancelled")
    detail: str | None = Field(default=None, description="how far it is, in words, as the deal's order status says it")
    placed_on: str | None = None
    amount: str | None = Field(default=None, description="what was ordered, as the deal states it")
    currency: str | None = None
    bills: str | None = Field(default=None, description="numbers of its bills that stand, as 'RM-7, RM-7-2'")
    billed: str | None = Field(default=None, description="sum of those bills' totals, with tax")
    paid: str | None = Field(default=None, description="what was paid of them")
    due: str | None = Field(default=None, description="what is left to pay of them")


class Invoice(Canonical):
    """A bill. Its totals are taken as stated, never recomputed."""

    entity = Entity.INVOICE
    number: str | None = None
    status: str | None = Field(default=None, description="draft, submitted, posted, paid, voided or deleted")
    date: str | None = None
    due_date: str | None = None
    currency: str | None = None
    reference: str | None = None
    subtotal: str | None = None
    tax: str | None = None
    total: str | None = None
    amount_due: str | None = None
    amount_paid: str | None = None
    amount_credited: str | None = None
    amount_prepaid: str | None = Field(
        default=None, description="ERP side only: what of amount_credited came of prepayments and overpayments"
    )
    erp_id: str | None = Field(default=None, description="CRM side only: the ERP's invoice id kept there")
    currency_rate: str | None = Field(
        default=None, description="ERP side only: units of its currency for one of the base, on its day"
    )
    lines: list[Line] = Field(default_factory=list)


class Allocation(BaseModel):
    """What of a credit note, or of money in advance, was set against an invoice; `invoice` is the platform's id."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    invoice: str
    amount: str


class Payment(Canonical):
    """Money received on an invoice, or given back of a credit note or of money in advance (`refund`).

    Money that came before an invoice or beyond it (`advance`) stands on no document: it is allocated or refunded later.
    """

    entity = Entity.PAYMENT
    date: str | None = None
    amount: str | None = None
    currency: str | None = None
    reference: str | None = None
    status: str | None = Field(default=None, description="received or deleted")
    refund: bool = False
    document: str | None = Field(default=None, description="the platform's id of what it pays, or gives back")
    gives_back: str | None = Field(
        default=None, description="of a refund: credit_note, prepayment or overpayment; payments do not say it"
    )
    currency_rate: str | None = Field(
        default=None, description="ERP side only: units of its currency for one of the base, on its day"
    )
    advance: str | None = Field(default=None, description="prepayment or overpayment; other payments do not say it")
    remaining: str | None = Field(
        default=None, description="of money in advance: what is neither allocated nor refunded"
    )
    allocations: list[Allocation] = Field(default_factory=list, description="of money in advance")


class CreditNote(Canonical):
    """Money owed back to a customer, allocated to invoices or refunded."""

    entity = Entity.CREDIT_NOTE
    number: str | None = None
    status: str | None = None
    date: str | None = None
    currency: str | None = None
    total: str | None = None
    remaining: str | None = None
    currency_rate: str | None = Field(
        default=None, description="ERP side only: units of its currency for one of the base, on its day"
    )
    allocations: list[Allocation] = Field(default_factory=list)
    lines: list[Line] = Field(default_factory=list)


class Task(Canonical):
    """Something for a person to do, in the CRM only: made by an automation, and theirs from then on."""

    entity = Entity.TASK
    subject: str | None = None
    body: str | None = None
    priority: str | None = Field(default=None, description="LOW, MEDIUM or HIGH")
    due_at: str | None = Field(default=None, description="ISO instant in UTC")
    owner: str | None = Field(default=None, description="the CRM's id of whose it is")


class Event(Canonical):
    """Something that has happened, in the CRM only: told by an automation as an event of the portal's own."""

    entity = Entity.EVENT
    name: str | None = Field(default=None, description="the event's, as the contract names it")
    occurred_at: str | None = Field(default=None, description="ISO instant in UTC")
    properties: dict[str, str] = Field(default_factory=dict)


class Revenue(Canonical):
    """What a part of one of the ERP's documents earned, in the CRM only; what lowers revenue is below zero."""

    entity = Entity.REVENUE
    subject: str | None = Field(default=None, description="what people call it, as 'invoice RM-7'")
    kind: str | None = Field(default=None, description="invoice, credit_note, payment or refund")
    basis: str | None = Field(default=None, description="posted or cash")
    status: str | None = Field(default=None, description="counted, or void: its amounts are then zero")
    document: str | None = Field(default=None, description="number of the document, or of the one that was paid")
    date: str | None = None
    amount: str | None = None
    currency: str | None = None
    base_amount: str | None = Field(default=None, description="in the base currency, at the document's own rate")
    base_currency: str | None = None
    rate: str | None = Field(default=None, description="units of its currency for one of the base")
    rate_date: str | None = None
    earned_by: str | None = Field(default=None, description="the touch, field or product that this part counts for")
    model: str | None = Field(default=None, description="how it is split, as the contract says: campaign.linear")
    share: str | None = Field(default=None, description="which part of the document's it is, as '1 of 3'")


class Receipt(Canonical):
    """One of the ERP's payments or refunds, as the CRM shows it; in the CRM only."""

    entity = Entity.RECEIPT
    subject: str | None = Field(default=None, description="what people call it, as 'payment of RM-7'")
    kind: str | None = Field(default=None, description="payment or refund")
    status: str | None = Field(default=None, description="received, refunded, or reversed: it counts no more")
    document: str | None = Field(default=None, description="number of the document that was paid")
    reference: str | None = None
    date: str | None = None
    initiated_at: str | None = Field(default=None, description="the beginning of that day in UTC, as an instant")
    paid: str | None = Field(default=None, description="as the ERP has it, also of what was reversed")
    refunded: str | None = Field(default=None, description="what of it was given back: nothing, or all of a refund")
    amount: str | None = Field(default=None, description="what it counts for: a refund below zero, a reversed one zero")
    currency: str | None = None


class Subscription(Canonical):
    """An order that is billed period by period, as the CRM shows it."""

    entity = Entity.SUBSCRIPTION
    name: str | None = Field(default=None, description="the deal's name")
    status: str | None = Field(default=None, description="running, paused or ended")
    detail: str | None = Field(default=None, description="how far it is, in words, as the deal's order status says it")
    every: str | None = Field(default=None, description="how often it is billed, as HubSpot names it: monthly")
    started_on: str | None = Field(default=None, description="the first day of its first period")
    next_on: str | None = Field(
        default=None, description="the first day of the period that is billed next; none: paused, or over"
    )
    ends_on: str | None = Field(default=None, description="the day after its term; none: it has no end")
    amount: str | None = Field(default=None, description="what one period comes to as it is sold now, before tax")
    currency: str | None = None
    periods: int | None = Field(default=None, description="how many periods were billed")


_KINDS: tuple[type[Canonical], ...] = (
    Company, Contact, Product, Deal, Order, Invoice, Payment, CreditNote, Subscription, Task, Revenue, Receipt,
    Event,
)  # fmt: skip
ENTITIES: dict[Entity, type[Canonical]] = {kind.entity: kind for kind in _KINDS}
