"""How far a poll has come, as the opaque text that the lane keeps.

Invariant: a cursor read back resumes at the very next page; for one of an unknown form, all is read anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from schemas.wire import decode, encode
from streams.platforms.interface import Seen
from streams.platforms.xero.holds import Look

OVERLAP = timedelta(minutes=2)  # a stamp may be older than the moment at which its record can be read
# A quiet organisation's watermark follows Xero's clock this far behind; else the last burst would come back in every
# poll for ever.
QUIET = timedelta(minutes=10)
SECOND = 1000  # milliseconds: `If-Modified-Since` has whole seconds


@dataclass(frozen=True, slots=True)
class Cursor:
    """`page` 0 rests; above, a pass is under way at that page of what changed since `since` (None: of everything).

    `high` is the watermark, milliseconds since 1970, 0 where nothing has been seen.
    """

    high: int = 0
    page: int = 0
    since: int | None = None
    hold: Look | None = None

    @property
    def resting(self) -> bool:
        """Whether the last pass has ended."""
        return self.page == 0

    @classmethod
    def since_then(cls, at: int) -> Cursor:
        """A pass over what was modified from a time on, in milliseconds since 1970."""
        return cls(page=1, since=at)

    def start(self, *, everything: bool) -> Cursor:
        """Begin a pass."""
        since = None if everything or not self.high else self.high - OVERLAP // timedelta(milliseconds=1)
        return replace(self, page=1, since=since)

    def after(self, records: list[Seen], *, last_page: bool, at: int) -> Cursor:
        """The cursor behind a page of this pass.

        The next page is asked for by time, not by number: pages are offsets, and a record that is modified meanwhile
        moves to the end and shifts the rest forward by one. Only where a page does not get past one second is the
        number used.
        """
        stamps = [record.version for record in records]
        high = max([self.high, *stamps])
        if last_page:
            return replace(self, page=0, since=None, high=max(high, at - QUIET // timedelta(milliseconds=1)))
        ordered = stamps == sorted(stamps)
        following = stamps[-1] - stamps[-1] % SECOND - SECOND if stamps and ordered else None
        if following is not None and (self.since is None or following > self.since):
            return replace(self, page=1, since=following, high=high)
        return replace(self, page=self.page + 1, high=high)

    def text(self) -> str:
        """The cursor as the lane keeps it."""
        value: dict[str, Any] = {"high": self.high, "page": self.page, "since": self.since}
        if self.hold is not None:
            value["hold"] = {"group": self.hold.group, "members": sorted(self.hold.members)}
        return encode(value).decode()

    @classmethod
    def parse(cls, text: str | None) -> Cursor | None:
        """Read a cursor; None when there is none or it is not ours: then all is read anew, which loses nothing."""
        if text is None:
            return None
        try:
            value = decode(text)
            hold = value.get("hold")
            return cls(
                high=int(value["high"]),
                page=int(value["page"]),
                since=None if value["since"] is None else int(value["since"]),
                hold=Look(str(hold["group"]), frozenset(hold["members"])) if hold else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
