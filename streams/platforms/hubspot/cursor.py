"""Where a poll stands: an opaque text to everybody else.

In: nothing. Out: JSON. Invariant: the marks are HubSpot's times, never ours, so that a wrong clock here loses nothing.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Cursor(BaseModel):
    """A place in one kind's poll.

    `list` and `archived` page through everything; `search` follows modified times. A kind may have two feeds (deals
    and their line items); `feed` is the one being read, and `marks` holds the newest time seen of each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["list", "archived", "search"]
    sweep: bool = Field(default=False, description="list: what is archived is listed after what is there")
    after: str | None = Field(default=None, description="list: HubSpot's own cursor")
    marks: dict[str, int] = Field(default_factory=dict, description="feed -> newest modified time, ms since 1970")
    feed: int = 0
    at: int | None = Field(default=None, description="search: modified time to go on from, ms; None: at rest")
    tie: str | None = Field(default=None, description="search: among those of exactly `at`, the last id seen")
    asked: int | None = Field(default=None, description="search: when the last page was asked for, our clock, ms")

    @property
    def resting(self) -> bool:
        """Whether the poll has ended and the next begins with an overlap."""
        return self.mode == "search" and self.feed == 0 and self.at is None

    def text(self) -> str:
        """As the lane keeps it."""
        return self.model_dump_json(exclude_defaults=True)


def parse_cursor(text: str | None) -> Cursor | None:
    """A kept cursor; None when there is none or it is not one of ours: then all is read anew, which loses nothing."""
    if text is None:
        return None
    try:
        return Cursor.model_validate_json(text)
    except ValidationError:
        return None
