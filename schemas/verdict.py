"""What was decided about one field, by which rule, on which evidence.

Topic `decisions`, keyed by tenant and customer.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from schemas.instants import Instant
from schemas.money import Money
from schemas.names import Entity, Side
from schemas.wire import Wire

Ruling = Literal[
    "take_crm", "take_erp", "settle", "write_back", "merge", "review", "close", "hold", "link", "propose", "create",
    "wait", "refuse", "retry", "automate", "withhold",
]  # fmt: skip


class Verdict(Wire):
    """One decision.

    `rule` is a policy's name, `person`, `guard.<name>`, `identity`, `timing`, `create` or `automation.<name>`.
    `settle`: a person named a value for both sides. `close`: what a person was asked is no question any more.
    `retry`: a person has a refused write tried again. `automate`: something happened of which the CRM is told, once.
    `withhold`: the same, but the customer has not agreed to it; it is not told later either.
    """

    id: str
    tenant: str
    customer: str
    entity: Entity
    record: str = Field(description="canonical id")
    label: str = Field(default="", description="what people call the record")
    field: str = ""
    ruling: Ruling
    rule: str
    reason: str = Field(description="a sentence for people")
    baseline: Any = None
    crm: Any = None
    erp: Any = None
    chosen: Any = None
    written_to: Side | None = None
    command: str | None = None
    versions: dict[str, int] = Field(default_factory=dict, description="side -> version judged")
    who: str = Field(default="", description="the person who decided")
    why: str = Field(default="", description="their reason")
    answer: str | None = Field(default=None, description="id of the person's answer that this came of")
    money: Money | None = Field(default=None, description="of a review: what the record is about")
    contract: str = Field(default="", description="digest of the contract that was applied")
    at: Instant = Field(description="when the deciding evidence was seen")
