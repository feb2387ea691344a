"""What became of a record in quarantine: put back or dropped, by whom and why. Topic `quarantine`, beside the record.

The records themselves are written by the engine (`streams.engine.quarantine`), which knows nothing of people.
"""

from __future__ import annotations

from typing import Literal

from schemas.instants import Instant
from schemas.wire import Wire


class Settlement(Wire):
    """A person's word on the record that lay at `topic`, `partition`, `offset`. It holds whatever comes first.

    A record that is put back and cannot go on again comes into quarantine from its new place, as another one.
    """

    type: Literal["settlement"] = "settlement"
    topic: str
    partition: int
    offset: int
    state: Literal["replayed", "dropped"]
    who: str
    why: str = ""
    at: Instant

    @property
    def name(self) -> str:
        """The record's name in quarantine."""
        return f"{self.topic}-{self.partition}-{self.offset}"
