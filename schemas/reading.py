"""A long reading: a platform's records of one kind, page by page, and how far it has come.

Topic `readings`, compacted, keyed by connection, what sort of reading it is, and kind.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.instants import Instant
from schemas.names import Platform
from schemas.wire import Wire

READINGS = {"first": "first reading", "backfill": "backfill"}  # as people call them


class ReadingState(Wire):
    """One kind's first reading or backfill, as it stood after its last page.

    Its rate is what was read beyond `from_read` by the time since `from_at`, when it last went on.
    """

    tenant: str
    connection: str
    platform: Platform
    kind: str
    what: Literal["first", "backfill"]
    state: Literal["running", "stopped", "dropped", "done"]
    since: Instant | None = Field(default=None, description="only what was modified from then on; null: everything")
    anew: bool = Field(default=False, description="what shows nothing new is judged as well")
    read: int = Field(default=0, description="records read")
    left: int | None = Field(default=None, description="records still to come, as far as the platform says")
    asked_at: Instant = Field(description="when it was asked for, or begun")
    from_at: Instant = Field(description="when it last went on")
    from_read: int = Field(default=0, description="records that had been read by then")
    failures: int = Field(default=0, description="in a row; the next attempt waits longer each time")
    until: Instant | None = Field(default=None, description="it waits until then")
    why: str = Field(default="", description="what it waits for")
    at: Instant = Field(description="as of")

    @property
    def total(self) -> int | None:
        """How many records it comes to, as far as the platform says."""
        return None if self.left is None else self.read + self.left


def reading_key(connection: str, what: str, kind: str) -> str:
    """The key of a reading's records."""
    return f"{connection}|{what}|{kind}"
