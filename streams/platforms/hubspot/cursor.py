"""Where a poll stands: an opaque text to everybody else.

In: nothing. Out: JSON. Invariant: marks are HubSpot's times and are compared only with HubSpot's times; our own clock
measures nothing but how long ago something was. So a clock that is a day wrong, here or there, loses nothing.
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
    marks: dict[str, int] = Field(default_factory=dict, description="feed -> newest modified time, ms, HubSpot's")
    raised: dict[str, int] = Field(default_factory=dict, description="feed -> when its mark last moved, ms, ours")
    calm: tuple[str, ...] = Field(default=(), description="feeds whose overlap was read after search had settled")
    feed: int = 0
    at: int | None = Field(default=None, description="search: modified time to go on from, ms; None: at its beginning")
    tie: str | None = Field(default=None, description="search: among those of exactly `at`, the last id seen")
    asked: int | None = Field(default=None, description="search: when the last page was asked for, ms, ours")

    @property
    def resting(self) -> bool:
        """Whether the poll has ended and the next begins anew."""
        return self.mode == "search" and self.feed == 0 and self.at is None

    def begin(self, feed: str, overlap: int) -> int:
        """The modified time that a feed's search begins with: back by the overlap, unless that has been read calmly."""
        mark = self.marks.get(feed, 0)
        return mark + 1 if feed in self.calm else max(mark - overlap, 0)

    def shown(self, feed: str, newest: int, asked: int) -> Cursor:
        """After a page: the mark moves up to the newest time seen."""
        update: dict[str, object] = {"asked": asked}
        if newest > self.marks.get(feed, 0):
            update["marks"] = {**self.marks, feed: newest}
            update["raised"] = {**self.raised, feed: asked}
            update["calm"] = tuple(each for each in self.calm if each != feed)
        return self.model_copy(update=update)

    def ended(self, feed: str, overlap: int) -> Cursor:
        """After a feed's last page: it is calm once its overlap was read that long after its mark last moved."""
        settled = self.asked is not None and self.asked - self.raised.get(feed, self.asked) >= overlap
        calm = (*self.calm, feed) if settled and feed not in self.calm else self.calm
        return self.model_copy(update={"calm": calm, "at": None, "tie": None, "asked": None})

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
