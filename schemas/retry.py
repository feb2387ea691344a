"""A retry: a person wants a refused write judged and tried again. Topic `facts`, keyed by tenant and customer.

A platform refuses a value, and the same value is not sent again until something changes. What changes may be out of our
sight: an account code that was missing, a permission. A retry says that it was mended. What is written then is judged
anew from both records: never the command as it was. A person may put other values in place of those that were refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from schemas.instants import Instant
from schemas.names import Entity, Side, digest
from schemas.wire import Wire, encode


class Retry(Wire):
    """A person's word on one refused command."""

    type: Literal["retry"] = "retry"
    tenant: str
    customer: str
    entity: Entity
    id: str = Field(description="canonical id of the record")
    side: Side
    command: str = Field(description="the command that was refused")
    fields: list[str] = Field(description="what it wrote; * of a record that was to be made")
    refused: dict[str, Any] = Field(
        default_factory=dict, description="of the fields that a person has edited: what was refused"
    )
    instead: dict[str, Any] = Field(
        default_factory=dict, description="what is written in its place, wherever that is what would be written"
    )
    answer: str = Field(description="id of this word: the same one given twice is one")
    who: str
    why: str
    at: Instant


def retry_id(command: str, who: str, why: str, instead: Mapping[str, Any] | None = None) -> str:
    """Derive a retry's id: of one command there is one from the same person for the same reason, as edited."""
    return digest("retry", command, who, why, *([encode(dict(instead)).decode()] if instead else []))
