"""Examples: what a contract means, in cases that people can read aloud: given, when, then.

They decide nothing. `revmark contract test` plays them through the rules that judge the real records.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.money import Amount
from schemas.names import Entity, Side

Wins = Literal["crm", "erp", "merged", "review", "hold", "nobody"]


class Words(BaseModel):
    """Base of an example's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Buyer(Words):
    """The company that buys, where its parent pays: the customer of the example."""

    subsidiary: str | None = Field(default=None, description="what it says of its subsidiary")


class Bill(Words):
    """An invoice of Revmark's, as the ERP has posted it; what is due is what is neither paid nor credited."""

    total: Amount
    paid: Amount = Decimal(0)
    credited: Amount = Decimal(0)

    @model_validator(mode="after")
    def _is_not_settled_twice(self) -> Bill:
        if self.total <= 0 or min(self.paid, self.credited, self.due) < 0:
            raise ValueError("a bill has a total, and no more of it is paid and credited")
        return self

    @property
    def due(self) -> Decimal:
        """What the customer owes still."""
        return self.total - self.paid - self.credited


class Given(Words):
    """How things stand before."""

    customer: Literal["prospect", "ordered"] = Field(default="prospect", description="has the customer an order yet?")
    on_hold: bool | Literal["unknown"] = Field(default=False, description="credit hold, as the ERP says")
    exists: Literal["both", "crm", "erp"] | None = Field(
        default=None, description="where the record is; a deal in the CRM, payments and credit notes in the ERP, "
        "others on both sides",
    )  # fmt: skip
    buyer: Buyer | None = Field(
        default=None, description="of a deal: a child of the customer buys, under billing: {bill_to: parent}"
    )
    taken_back: Amount | None = Field(default=None, description="of an invoice: a payment that the ERP took back")
    billed: Bill | None = Field(
        default=None, description="of a deal that is agreed to be won: its invoice is posted, and this is on it"
    )
    agreed: dict[str, Any] = Field(
        default_factory=dict, description="the baseline: what both sides last agreed on; a field left out never was"
    )


class Moments(Words):
    """When each side was edited, in seconds of one clock."""

    crm: int = Field(default=0, ge=0)
    erp: int = Field(default=0, ge=0)


class When(Words):
    """What each side shows now. A field that a side does not name is there as agreed, or empty."""

    crm: dict[str, Any] | None = Field(default=None, description="edited in the CRM")
    erp: dict[str, Any] | None = Field(default=None, description="edited in the ERP")
    at_second: Moments = Field(default=Moments(), description="when each side was edited; both at 0 if not said")

    def edits(self, side: Side) -> dict[str, Any] | None:
        """What was edited on a side; None: nothing came from there."""
        return self.crm if side is Side.CRM else self.erp


class Expected(Words):
    """What is decided about one field."""

    wins: Wins = Field(
        description="whose value stands; merged: both sides' changes; review: a person is asked; hold: it stands "
        "still; nobody: nothing is decided"
    )
    value: Any = Field(default=None, description="the value that is written")
    by: str | None = Field(default=None, description="the rule, as owner, newest, review or guard.credit_hold")


class Then(Words):
    """What has to come out. Only what is named is compared."""

    fields: dict[str, Expected | Wins] = Field(default_factory=dict)
    order: Literal["created", "held", "none"] | None = Field(default=None, description="what becomes of a won deal")
    invoice: Literal["asked", "none"] | None = Field(default=None, description="is the ERP asked for an invoice?")
    credit: Literal["posted", "draft", "none"] | None = Field(
        default=None, description="as what a credit note of the bill is asked for"
    )
    create: Literal["crm", "erp", "none"] | None = Field(default=None, description="where the record is made")
    by: str | None = Field(default=None, description="the rule that holds or makes the order or the record")

    @model_validator(mode="after")
    def _says_something(self) -> Then:
        if not self.model_fields_set - {"by"}:
            raise ValueError("an example has to expect something: fields, order, invoice, credit or create")
        if self.by is not None and self.order is None and self.create is None:
            raise ValueError("'by' here names the rule of an order or of a record that is made: expect one of them")
        return self

    def field(self, name: str) -> Expected:
        """What is expected of a field; the short form names the winner alone."""
        found = self.fields[name]
        return found if isinstance(found, Expected) else Expected(wins=found)


class Example(Words):
    """One case."""

    example: str = Field(min_length=1, description="what it shows, in a sentence")
    about: Entity = Entity.COMPANY
    given: Given = Given()
    when: When
    then: Then

    @model_validator(mode="after")
    def _edits_what_is_there(self) -> Example:
        edited = {side for side in Side if self.when.edits(side) is not None}
        if not edited:
            raise ValueError("nothing happens: 'when' has to name an edit, as crm: {phone: '1'}")
        if edited - self.exists:
            raise ValueError(f"edited in the {max(edited - self.exists).value}, where given.exists says there is none")
        if self.given.taken_back is not None and self.about is not Entity.INVOICE:
            raise ValueError("given.taken_back is a payment of an invoice: say about: invoice")
        if self.given.billed is not None and self.about is not Entity.DEAL:
            raise ValueError("given.billed is a deal's invoice: say about: deal")
        if self.given.buyer is not None and self.about is not Entity.DEAL:
            raise ValueError("given.buyer buys by a deal: say about: deal")
        return self

    @property
    def exists(self) -> set[Side]:
        """The sides that hold the record."""
        if self.given.exists is not None:
            return set(Side) if self.given.exists == "both" else {Side(self.given.exists)}
        alone = {Entity.DEAL: Side.CRM, Entity.PAYMENT: Side.ERP, Entity.CREDIT_NOTE: Side.ERP}.get(self.about)
        return {alone} if alone else set(Side)
