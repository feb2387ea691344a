"""A retry: a person wants a refused write judged and tried again. Topic `facts`, keyed by tenant and customer.

A platform refuses a value, and the same value is not sent again until something changes. What changes may be out of our
sight: an account code that was missing, a permission. A retry says that it was mended. What is written then is judged
anew from both records: never the command as it was.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.instants import Instant
from schemas.names import Entity, Side, digest
from schemas.wire import Wire


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
    answer: str = Field(description="id of this word: the same one given twice is one")
    who: str
    why: str
    at: Instant


def retry_id(command: str, who: str, why: str) -> str:
    """Derive a retry's id: of one command there is one from the same person for the same reason."""
    return digest("retry", command, who, why)
