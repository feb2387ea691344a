"""The contract's shape. Unknown keys are refused (the loader says which known one is nearest)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.contract.automations import Automation
from schemas.contract.brakes import Brake
from schemas.contract.conditions import parse
from schemas.contract.examples import Example
from schemas.contract.facts import Facts
from schemas.contract.mappings import PREFIX, Mapped
from schemas.contract.objects import Objects
from schemas.contract.states import OTHERWISE, STATES
from schemas.contract.touches import Touches
from schemas.entities import ENTITIES
from schemas.money import Amount, Currency
from schemas.names import Entity, Side, digest

State = Literal["first_order"]
CustomName = Annotated[str, Field(pattern=rf"^{PREFIX}[a-z0-9_]+$", max_length=60)]
Holder = Side | Literal["review"]  # who owns a field in a state: a side, or whoever changes it until both do
Pattern = Literal["crm_led", "erp_led", "arbitrated"]


class Clause(BaseModel):
    """Base of the contract's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldRule(Clause):
    """Who wins about one field.

    `owner`: the system of record. It may differ by state, as `{open: crm, won: erp}`; `until`/`then` is short for a
    customer's two states.
    `newest`: the later change wins, unless both came within `tolerance_seconds`: then a person is asked.
    `review`: when both changed, a person is asked.
    `merge`: a set keeps what either side added, and loses what either side removed.
    `monotonic`: an amount that its owner raises; one that would fall without a refund is a person's to settle.
    """

    policy: Literal["owner", "newest", "review", "merge", "monotonic"] = "owner"
    owner: Side | dict[str, Holder] | None = Field(
        default=None, description="crm or erp, or for each state crm, erp or review, and otherwise"
    )
    until: State | None = None
    then: Side | None = None
    tolerance_seconds: int = Field(default=5, ge=0, description="clocks of two vendors differ by seconds")

    @property
    def tolerance(self) -> timedelta:
        """Inside this difference `newest` refuses to choose."""
        return timedelta(seconds=self.tolerance_seconds)

    @property
    def owners(self) -> set[Holder]:
        """Everybody who owns it in some state."""
        named = set(self.owner.values()) if isinstance(self.owner, dict) else {self.owner, self.then}
        return {each for each in named if each is not None}

    def owner_at(self, *, ordered: bool) -> Side | None:
        """The single owner once the customer has (not) ordered; None where the owner differs by state."""
        single = None if isinstance(self.owner, dict) else self.owner
        return self.then if ordered and self.until == "first_order" else single

    def owner_in(self, entity: Entity, situation: str) -> Holder | None:
        """The owner in one situation of a record; None: nobody, or two who contradict each other.

        The short form asks for the customer, whose situation that of a deal or an invoice does not tell.
        """
        if not isinstance(self.owner, dict):
            return self.owner_at(ordered=situation in STATES[Entity.COMPANY]["ordered"])
        claims = self.claims(entity, situation)
        found: set[Holder | None] = {*claims.values()} or {self.owner.get(OTHERWISE)}
        return found.pop() if len(found) == 1 else None

    def claims(self, entity: Entity, situation: str) -> dict[str, Holder]:
        """Each state of the owner map that covers a situation, and whom it names."""
        owner = self.owner if isinstance(self.owner, dict) else {}
        return {state: each for state, each in owner.items() if situation in STATES[entity].get(state, ())}


class Creation(Clause):
    """Whether a record that exists on one side only is made on the other."""

    crm: Literal["always", "never"] = "never"
    erp: Literal["always", "when_ordered", "never"] = "never"


class EntityClause(Clause):
    """One entity: its master, what is created where, who owns which field."""

    master: Side
    create: Creation = Creation()
    fields: dict[str, FieldRule] = Field(default_factory=dict)

    @cached_property
    def newest(self) -> tuple[str, ...]:
        """The fields of which the later edit wins."""
        return tuple(name for name, rule in self.fields.items() if rule.policy == "newest")


def _readable(text: str) -> str:
    parse(text)
    return text


class OwnGuard(Clause):
    """A guard of this contract's own: where its condition holds, or nobody can say, the ERP owns the fields."""

    guard: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=40, description="its name; decisions say guard.<name>")
    about: Entity = Entity.COMPANY
    protects: tuple[str, ...] = Field(min_length=1, description="fields of that record")
    when: Annotated[str, AfterValidator(_readable)] = Field(
        description="as: customer.ordered and erp.balance_due > 1000"
    )
    because: str = Field(min_length=1, description="what people read in the decision")


class Guards(Clause):
    """What protects finance data, whatever the field rules say."""

    credit_hold: bool = Field(default=True, description="on hold: the CRM changes neither terms nor order status")
    address_governance: bool = Field(default=True, description="the CRM may change addresses of prospects only")
    currency_lock: bool = Field(default=True, description="the first order hands the currency to the ERP")
    lifecycle_gating: bool = Field(default=True, description="no customer in the CRM before an order exists")
    subsidiary_isolation: bool = Field(
        default=True, description="what is another subsidiary's, or nobody's, gets no order: see subsidiary"
    )
    own: tuple[OwnGuard, ...] = Field(default=(), description="guards of this contract's own")


class Identity(Clause):
    """What makes two records one. The ERP's id always links; these only add to it."""

    sku_links: bool = Field(default=True, description="a product's SKU is the ERP's item code")
    email_links: bool = Field(default=True, description="a person's e-mail links within one customer")
    domain_proposes: bool = True
    name_proposes: bool = True


class Lifecycle(Clause):
    """The CRM's lifecycle stages that mean something to finance."""

    customer: str = "customer"
    gated: tuple[str, ...] = ("customer", "evangelist")
    fallback: str = Field(default="opportunity", description="written back when no earlier stage is known")


class Deposit(Clause):
    """What is billed of an order before it is shipped: a share of it, or what a field of the deal's own says."""

    percent: Amount | None = Field(default=None, gt=0, lt=100, description="of the order, before tax")
    field: CustomName | None = Field(default=None, description="the deal's own field that holds it, before tax")
    account: str | None = Field(default=None, description="the ERP's account code; else that of all lines")


class Subscriptions(Clause):
    """How deals with recurring line items are billed: each period has a bill of its own."""

    bill: Literal["in_advance", "in_arrears", "never"] = Field(
        default="in_advance", description="on a period's first day, on the day after its last one, or by people"
    )
    amended: Literal["next_period", "prorated"] = Field(
        default="next_period",
        description="an amendment holds from the next period on; or more than was billed is billed for the days left",
    )
    renewed: Literal["by_hand", "automatically"] = Field(
        default="by_hand", description="after a term: nothing until somebody gives it more, or another one as long"
    )
    paused_when_deal_stage: tuple[str, ...] = Field(
        default=(), description="stages of orders of which no period that begins meanwhile is billed"
    )
    ends: CustomName | None = Field(
        default=None, description="the deal's own field that holds the first day that is not billed any more"
    )


class Timing(Clause):
    """When intent becomes commitment, and commitment a bill."""

    order_when_deal_stage: tuple[str, ...] = ("closedwon",)
    order_when: Literal["deal_stage", "quote_accepted"] = Field(
        default="deal_stage",
        description="a deal in such a stage is an order; or is one once its customer has accepted a quote of it",
    )
    invoice_when: Literal["order_created", "shipped", "never"] = "order_created"
    shipped_when_deal_stage: tuple[str, ...] = Field(
        default=(), description="stages that say that all was shipped; else the quantities of the lines say it"
    )
    partial: Literal["complete", "each"] = Field(
        default="complete", description="a part was shipped: the bill waits until all is, or each part has its own"
    )

    deposit: Deposit | None = Field(
        default=None, description="billed when the order is made; the bill for the shipment takes it off"
    )

    called_off: Literal["ask", "delete_drafts"] = Field(
        default="ask", description="bills of a deal that is called off: a person settles them, or drafts are deleted"
    )

    called_off_posted: Literal["ask", "draft_credit", "credit"] = Field(
        default="ask",
        description="a posted bill of such a deal: a person settles it, or what is left to credit on it becomes a "
        "credit note: a draft for a person to approve, or one that is posted and allocated to it",
    )

    subscriptions: Subscriptions | None = Field(
        default=None, description="recurring lines are billed period by period; not said: once, like any line"
    )

    def won(self, stage: str | None) -> bool:
        """Whether a deal in this stage is an order: what was shipped, or is paused, is won as well."""
        return stage in self.order_when_deal_stage or stage in self.shipped_when_deal_stage or self.paused(stage)

    def paused(self, stage: str | None) -> bool:
        """Whether a subscription in this stage is paused."""
        return self.subscriptions is not None and stage in self.subscriptions.paused_when_deal_stage


class Tiers(Clause):
    """Which writes go first on a connection. Whatever is not named is of the second tier."""

    first: tuple[str, ...] = Field(
        default=("deal", "invoice", "payment", "credit_note", "company.credit_hold"),
        description="records, or single fields of them, that are written before anything else",
    )
    third: tuple[str, ...] = Field(default=(), description="what is written when nothing else waits")

    def of(self, entity: Entity, fields: Iterable[str]) -> Literal[1, 2, 3]:
        """The tier of a write. It is of the first for any field of the first, of the third only for nothing else."""
        named = [f"{entity.value}.{name}" for name in fields]
        if entity.value in self.first or any(name in self.first for name in named):
            return 1
        return 3 if entity.value in self.third or (named and all(name in self.third for name in named)) else 2


class InvoiceDefaults(Clause):
    """What a deal does not say and an invoice needs."""

    status: Literal["draft", "submitted", "posted"] = "posted"
    number_prefix: str = Field(default="RM-", min_length=1, max_length=20)
    account: str = Field(default="200", description="the ERP's revenue account code")
    accounts_by_sku: dict[str, str] = Field(default_factory=dict)
    tax_type: str = Field(default="OUTPUT2", description="the ERP's tax type code")
    tax_types_by_country: dict[str, str] = Field(default_factory=dict)
    line_amounts: Literal["Exclusive", "Inclusive", "NoTax"] = "Exclusive"
    due_days: int = Field(default=20, ge=0, description="days after the invoice date when the customer has no terms")


class Billing(Clause):
    """Who pays for what a company buys."""

    bill_to: Literal["own", "parent"] = Field(
        default="own",
        description="parent: what a company buys is billed to its parent company in the CRM, if it has one",
    )


class Platforms(Clause):
    """Which platform plays which side, and what of it."""

    crm: Literal["hubspot"] = "hubspot"
    erp: Literal["xero"] = "xero"
    objects: Objects = Objects()

    def on(self, side: Side) -> Literal["hubspot", "xero"]:
        """The platform of a side."""
        return self.crm if side is Side.CRM else self.erp


class Subsidiary(Clause):
    """Which of the group's subsidiaries bills here, where the CRM serves several."""

    name: str = Field(min_length=1, max_length=60, description="the one whose books this ERP keeps, as the CRM says it")
    crm: str = Field(
        min_length=1, description="HubSpot's property, of companies and of deals, that says whose they are"
    )


class Consent(Clause):
    """Where the CRM says whether a customer has agreed to be told of things. The ERP has no say in it."""

    property: str = Field(min_length=1, max_length=60, description="HubSpot's property of companies that says it")
    granted: tuple[str, ...] = Field(min_length=1, description="its values, as HubSpot stores them, that mean yes")


class Contract(Clause):
    """The whole contract of one tenant."""

    contract: Literal[1] = Field(description="version of this format")
    name: str
    pattern: Pattern
    timezone: str = Field(description="IANA name: business days are counted here")
    base_currency: Currency
    platforms: Platforms = Platforms()
    identity: Identity = Identity()
    entities: dict[Entity, EntityClause]
    mappings: dict[Entity, dict[CustomName, Mapped]] = Field(
        default_factory=dict, description="fields of your own: where each platform keeps them"
    )
    guards: Guards = Guards()
    lifecycle: Lifecycle = Lifecycle()
    timing: Timing = Timing()
    tiers: Tiers = Tiers()
    invoice_defaults: InvoiceDefaults = InvoiceDefaults()
    billing: Billing = Billing()
    subsidiary: Subsidiary | None = Field(default=None, description="not named: the CRM serves one subsidiary only")
    consent: Consent | None = Field(default=None, description="not named: nothing can ask for a customer's consent")
    credit_hold_group: str = Field(default="Credit hold", description="the ERP's contact group that means on hold")
    required: dict[Entity, tuple[str, ...]] = Field(default_factory=dict)
    attribution: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=40)], Touches] = Field(
        default_factory=dict, description="what `revmark attribution --by` knows beside single fields, as campaign"
    )
    facts: Facts = Facts()
    automations: tuple[Automation, ...] = Field(
        default=(), description="what is told in the CRM when something happens to an invoice or a customer, once"
    )
    brakes: tuple[Brake, ...] = Field(default=(), description="how much a rule may touch within an hour")
    examples: tuple[Example, ...] = Field(default=(), description="cases that `revmark contract test` plays")

    @cached_property
    def digest(self) -> str:
        """Names this very contract in every verdict. Examples decide nothing and do not count."""
        return digest(self.model_dump_json(exclude={"examples"}))

    @property
    def books(self) -> str:
        """The subsidiary whose books the ERP keeps, and whose all is that stands in them; empty: none is named."""
        return self.subsidiary.name if self.subsidiary else ""

    @cached_property
    def all_brakes(self) -> tuple[Brake, ...]:
        """The brakes that it names, and the one that every automation has."""
        return (*self.brakes, *(brake for each in self.automations for brake in each.brakes))

    def mapped(self, entity: Entity) -> dict[str, Mapped]:
        """The entity's fields of the customer's own."""
        return self.mappings.get(entity, {})

    @cached_property
    def shared(self) -> dict[Entity, dict[str, Mapped]]:
        """Those of them that both sides keep."""
        return {
            entity: {name: each for name, each in fields.items() if each.shared}
            for entity, fields in self.mappings.items()
        }

    def names(self, entity: Entity) -> list[str]:
        """All fields that the entity can have under this contract."""
        return [*ENTITIES[entity].model_fields, *self.mapped(entity)]

    def clause(self, entity: Entity) -> EntityClause | None:
        """The entity's clause, None where the contract is silent (and nothing is written)."""
        return self.entities.get(entity)

    def rule(self, entity: Entity, field: str) -> FieldRule | None:
        """The field's rule; None: the field is nobody's business."""
        clause = self.entities.get(entity)
        return clause.fields.get(field) if clause else None
