"""What people say of what is in quarantine: edited, put back or dropped, by whom and why. Topic `quarantine`.

It lies beside the record that it is about. What a platform refused to write is kept in the ledger; what people say of
such a command is here as well, under the command's id.

The records themselves are written by the engine (`streams.engine.quarantine`), which knows nothing of people.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.instants import Instant
from schemas.wire import Wire


class Settlement(Wire):
    """A person's word on the record that lay at `topic`, `partition`, `offset`. It holds whatever comes first.

    A record that is put back and cannot go on again comes into quarantine from its new place, `returned`, as another.
    """

    type: Literal["settlement"] = "settlement"
    topic: str
    partition: int
    offset: int
    state: Literal["replayed", "dropped"]
    who: str
    why: str = ""
    at: Instant
    returned: int | None = Field(default=None, description="the offset at which it lies since it was put back")
    command: str = Field(default="", description="the refused command that this is about, in place of a record")

    @property
    def name(self) -> str:
        """The record's name in quarantine."""
        return self.command or place_name(self.topic, self.partition, self.offset)


class Edit(Wire):
    """What a person put in place of a record's value, or of the values that a refused command writes.

    The record, or the command, itself stays as it was. The newest edit counts.
    """

    type: Literal["edit"] = "edit"
    topic: str
    partition: int
    offset: int
    value: str = Field(description="the JSON that is put back instead; of a command, its fields")
    who: str
    why: str
    at: Instant
    command: str = Field(default="", description="the refused command that this is about, in place of a record")

    @property
    def name(self) -> str:
        """The record's name in quarantine."""
        return self.command or place_name(self.topic, self.partition, self.offset)


def place_name(topic: str, partition: int, offset: int) -> str:
    """What a record is called in quarantine: by where it lay."""
    return f"{topic}-{partition}-{offset}"
