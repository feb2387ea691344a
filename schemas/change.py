"""What comes from the platforms and from people: changes, marks, links, erasures. Topic `changes`, keyed by tenant.

All travel on one topic, in the order in which the lanes saw them; `type` tells them apart.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from schemas.errors import Refused
from schemas.instants import Instant, Version
from schemas.names import Platform, Side
from schemas.wire import Wire, faults


class Change(Wire):
    """A record as a platform showed it, unedited, with its version and when it was seen."""

    type: Literal["change"] = "change"
    tenant: str
    platform: Platform
    side: Side
    kind: str = Field(description="the platform's record type: company, deal, contact, invoice, ...")
    record_id: str
    version: Version = Field(description="the platform's last-modified time, milliseconds since 1970; 0: none shown")
    seen_at: Instant
    deleted: bool = False
    raw: dict[str, Any] = Field(description="numbers with a fraction are kept as exact decimal strings")
    canonical: str | None = Field(default=None, description="set when our own create made this record")
    customer: str | None = Field(default=None, description="as above")
    cause: str | None = Field(default=None, description="the command whose write made this version")
    anew: bool = Field(default=False, description="a person wants it judged even where it shows nothing new")
    gone: bool = Field(default=False, description="a write did not find it: its end is no older than what is known")


class Mark(Wire):
    """A connection's first complete reading of one kind has ended: what was not seen is not there."""

    type: Literal["mark"] = "mark"
    tenant: str
    platform: Platform
    side: Side
    kind: str
    seen_at: Instant


class Link(Wire):
    """A person says that two records are one (`same`), or are not.

    `answer` is to a proposal. `relink` gives the CRM's record another counterpart, `unlink` parts two that are one.
    """

    type: Literal["link"] = "link"
    tenant: str
    left: str = Field(description="reference of the CRM's record")
    right: str = Field(description="reference of the ERP's record")
    same: bool
    who: str
    why: str
    seen_at: Instant
    act: Literal["answer", "relink", "unlink"] = "answer"
    leave: bool = Field(default=False, description="posted invoices may stay with the ERP's present record")


class Erasure(Wire):
    """A person's data was erased on a platform under privacy law: nothing personal of the record is kept here."""

    type: Literal["erasure"] = "erasure"
    tenant: str
    platform: Platform
    side: Side
    kind: str
    record_id: str
    seen_at: Instant


Arrival = Annotated[Change | Mark | Link | Erasure, Field(discriminator="type")]
_ARRIVAL: TypeAdapter[Change | Mark | Link | Erasure] = TypeAdapter(Arrival)


def parse_arrival(data: bytes | None) -> Change | Mark | Link | Erasure:
    """Parse a value of the topic `changes`.

    Raises:
        Refused: it is none of these; the message names the fields.
    """
    if data is None:
        raise Refused("a change is expected and the value is empty", code="empty")
    try:
        return _ARRIVAL.validate_json(data)
    except ValidationError as error:
        raise Refused(f"not a change: {faults(error)}", code="malformed") from error
