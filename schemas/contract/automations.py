"""Automations in the contract: what the CRM is told when something happens, once for each cause.

In: named values. Out: texts. A property that is set, a task that is made or an event that is sent is all there is: what
follows from it, as an e-mail, is the CRM's own workflow. Invariant: a text takes a few named values, and nothing is
evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.contract.brakes import Brake
from schemas.contract.mappings import Mapped
from schemas.names import Entity

Occasion = Literal[
    "invoice.paid", "invoice.overdue", "credit_hold.set", "credit_hold.lifted", "subscription.renewal_due"
]
Target = Literal["deal", "company", "invoice"]
PLACE = re.compile(r"\{([^{}]*)\}")
ALWAYS = frozenset({"customer", "day"})
OF_INVOICE = ALWAYS | {"number", "total", "open", "currency", "due_date", "days"}
OF_SUBSCRIPTION = ALWAYS | {"deal", "ends_on", "every", "worth", "currency", "days"}
KNOWN = {"invoice": OF_INVOICE, "subscription": OF_SUBSCRIPTION}
AT_MOST = 100  # an hour: what a busy day brings; an import of old invoices stops there, and a person looks at it
MOST_PROPERTIES = 50  # of an event; HubSpot's figure
LONGEST = 3650  # days: ten years; a longer wait is a slip of the pen
Text = Annotated[str, Field(min_length=1, max_length=500)]


class Words(BaseModel):
    """Base of an automation's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Setting(Words):
    """A property that is set. A workflow of the CRM can start from it."""

    of: Target = Field(
        description="deal: the one that was billed, or is a subscription; company: the customer; invoice: its mirror"
    )
    property: str = Field(
        max_length=60, description="HubSpot's name of it; revmark provision makes it, a text, where it is missing"
    )
    value: Text = Field(description="text; may name {customer}, {day} and, of an invoice, {number} and others")

    @cached_property
    def field(self) -> str:
        """The canonical name of the property's value."""
        return f"trigger_{self.property}"

    @cached_property
    def mapped(self) -> Mapped:
        """How the property is spelt."""
        return Mapped(crm=self.property)


class TaskWanted(Words):
    """A task that is made, with the customer and the deal that was billed, or is a subscription."""

    to: Annotated[str, Field(pattern=r"^(owner|nobody|[0-9]{1,20})$")] = Field(
        default="owner", description="owner: of the company; nobody; or HubSpot's id of a user"
    )
    subject: Text
    body: Text | None = None
    priority: Literal["LOW", "MEDIUM", "HIGH"] = "MEDIUM"
    due_in_days: int = Field(default=0, ge=0, le=365)


class EventWanted(Words):
    """An event of the portal's own that is sent: it shows on the record's timeline, and a workflow can start from it.

    Sources of the limits: HubSpot's guides to defining and to sending custom events.
    """

    of: Literal["deal", "company"] = Field(
        description="deal: the one that was billed, or is a subscription; company: the customer"
    )
    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        max_length=50,
        description="HubSpot's name of it, without pe<portal>_; revmark provision makes it where it is missing",
    )
    properties: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)], Text] = Field(
        default_factory=dict,
        max_length=MOST_PROPERTIES,
        description="name -> text; may name {customer}, {day} and, of an invoice, {number} and others",
    )

    @property
    def label(self) -> str:
        """What people see, where Revmark makes it."""
        return labelled(self.name)


class Automation(Words):
    """One automation. It acts once for each cause, whatever is read, delivered or replayed again."""

    automation: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40, description="decisions say automation.<name>")
    when: Occasion
    days: int | None = Field(
        default=None,
        ge=1,
        le=LONGEST,
        description="of invoice.overdue: after its due date; of subscription.renewal_due: before the end of its term",
    )
    set: Setting | None = None
    task: TaskWanted | None = None
    event: EventWanted | None = None
    needs_consent: bool = Field(default=False, description="only customers who have agreed: see consent")
    at_most: int = Field(default=AT_MOST, ge=1, description="records within an hour; more wait for a person")

    @property
    def rule(self) -> str:
        """The rule's name in decisions and commands."""
        return f"automation.{self.automation}"

    @property
    def known(self) -> frozenset[str]:
        """What its texts may name."""
        return KNOWN.get(self.when.partition(".")[0], ALWAYS)

    @cached_property
    def texts(self) -> dict[str, str]:
        """Its texts, by their place in the contract."""
        found = {"set.value": self.set and self.set.value, "task.subject": self.task and self.task.subject}
        found["task.body"] = self.task and self.task.body
        if self.event is not None:
            found |= {f"event.properties.{name}": text for name, text in self.event.properties.items()}
        return {place: text for place, text in found.items() if text}

    @property
    def brakes(self) -> tuple[Brake, ...]:
        """How much it may touch within an hour."""
        about = [Entity(self.set.of)] if self.set else []
        about += [Entity.TASK] if self.task else []
        about += [Entity.EVENT] if self.event else []
        return tuple(Brake(about=each, rule=self.rule, records=self.at_most) for each in about)


def labelled(name: str) -> str:
    """An internal name as people read it."""
    return name.replace("_", " ").capitalize()


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its named values; one that nobody knows is left empty."""
    return PLACE.sub(lambda place: values.get(place[1], ""), text).strip()


def named(text: str) -> list[str]:
    """What a text names."""
    return PLACE.findall(text)
