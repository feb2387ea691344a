"""What arbitrate reads: facts, outcomes, choices, retries and dawns. Topic `facts`, keyed by tenant and customer.

A fact is a change in canonical words. An outcome is what became of a command. A choice is a person's answer to a
review, a retry a person's word on a refused command, a dawn says that a day has begun. All of one customer arrive in
one partition, in order.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from schemas.choice import Choice
from schemas.dawn import Dawn
from schemas.errors import Refused
from schemas.instants import Instant, Version
from schemas.names import Entity, Side
from schemas.retry import Retry
from schemas.wire import Wire, faults

Ending = Literal["", "deleted", "archived", "merged", "parted", "erased"]


class Fact(Wire):
    """A record's state on one side, in canonical words."""

    type: Literal["fact"] = "fact"
    tenant: str
    customer: str = Field(description="canonical id of the customer (of itself, for a product)")
    entity: Entity
    id: str = Field(description="canonical id")
    side: Side
    ref: str = Field(description="the platform's record")
    version: Version
    seen_at: Instant
    deleted: bool = False
    fields: dict[str, Any]
    entered: dict[str, list[tuple[int, Any]]] = Field(
        default_factory=dict,
        description="field -> (milliseconds since 1970, value) that people entered, oldest first, where it is told",
    )
    related: dict[str, str] = Field(default_factory=dict, description="role -> canonical id, as deal -> deal:1f..")
    first: bool = Field(default=False, description="shown by the first reading: it was so before Revmark came")
    alone: bool = Field(default=False, description="the other side is known to have no such record")
    settled: bool = Field(default=True, description="all invoices have been read once: who ever ordered is known")
    moved: bool = Field(default=False, description="it belonged to another customer before")
    unsold: bool = Field(
        default=False, description="of a deal that moved: its customer before was never told that it is won"
    )
    absorbs: list[str] = Field(
        default_factory=list,
        description="canonical ids of deals merged into it that were told as won, or may have been",
    )
    apart: bool = Field(default=False, description="a person took it from its counterpart: none is made for it")
    past: bool = Field(default=False, description="an older version than was told already: it only dates edits")
    ended: Ending = Field(default="", description="how it ended, where it is deleted; archived can come back")


# Codes of superseded writes, whose record is not there any more or lives on in another: its end is told as a fact.
GONE = "gone"
MERGED = "merged"
WITHDRAWN = "withdrawn"
ABSENT = "absent"  # one that is only shown there and never read: nothing else tells of its end


class Outcome(Wire):
    """What became of a command."""

    type: Literal["outcome"] = "outcome"
    tenant: str
    customer: str
    entity: Entity
    id: str
    side: Side
    command: str
    state: Literal["applied", "refused", "unknown", "superseded"]
    ref: str | None = Field(
        default=None, description="the record that holds it now; of a superseded one, the record that it was for"
    )
    version: Version | None = None
    fields: dict[str, Any] = Field(default_factory=dict, description="what was written, canonical")
    code: str = ""
    message: str = ""
    at: Instant


Finding = Fact | Outcome | Choice | Retry | Dawn
_FINDING: TypeAdapter[Finding] = TypeAdapter(Annotated[Finding, Field(discriminator="type")])


def parse_finding(data: bytes | None) -> Finding:
    """Parse a value of the topic `facts`.

    Raises:
        Refused: it is none of these; the message names the fields.
    """
    if data is None:
        raise Refused("a fact is expected and the value is empty", code="empty")
    try:
        return _FINDING.validate_json(data)
    except ValidationError as error:
        raise Refused(f"not a fact: {faults(error)}", code="malformed") from error
