"""What a lane is asked to do. Topics `lanes.<platform>`, keyed by connection.

Reads (hints from webhooks), polls, sweeps, backfills, commands and releases share the lane, so that one worker owns a
connection's quota, token, cursors and order.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from schemas.errors import Refused
from schemas.instants import Instant
from schemas.names import Entity, Platform, Side
from schemas.wire import Wire, faults


class Command(Wire):
    """One write wanted on a platform, with an id derived from its cause.

    `create` makes the record unless `natural_key` shows that it is there; `update` writes `fields` (only those);
    `fields` are canonical and the platform's payload module translates them. `links` name platform records to refer
    to or to associate with, by role (company, deal, contact).
    """

    type: Literal["command"] = "command"
    id: str
    tenant: str
    connection: str
    platform: Platform
    side: Side
    kind: Literal["create", "update"]
    entity: Entity
    customer: str
    record: str = Field(description="canonical id")
    ref: str | None = Field(default=None, description="the platform's record, for an update")
    natural_key: str | None = Field(default=None, description="what the record is looked up by when in doubt")
    fields: dict[str, Any] = Field(default_factory=dict)
    links: dict[str, str] = Field(default_factory=dict, description="role -> platform reference")
    expected: dict[str, Any] | None = Field(
        default=None, description="what the target showed in those fields when the command was judged, canonical"
    )
    version: int | None = Field(default=None, description="the target's version when the command was judged")
    on: str | None = Field(
        default=None, description="of a create: the platform's record that it was judged on, whose version it names"
    )
    compare: bool = Field(
        default=False,
        description="read the record right before the write: a later edit that nobody has heard of yet would win",
    )
    tier: Literal[1, 2, 3] = 2
    reason: str = ""
    rules: list[str] = Field(default_factory=list, description="the rules that want it, as decisions name them")
    first: bool = Field(default=False, description="asked for by the first reading")
    at: Instant

    @property
    def judged(self) -> str | None:
        """The platform's record on which it was judged; None: a create that hangs on none."""
        return self.on or self.ref


class Event(BaseModel):
    """One event of a webhook: its name, which it has however often it is sent, and what it says.

    `field` had a value of the hash `value` from then on; `made`: the record is there from then on. Neither: it only
    says that there is something to read.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    occurred: int = Field(description="by the platform's clock, milliseconds since 1970")
    field: str | None = None
    value: str | None = None
    made: bool = False


class Read(Wire):
    """Read these records now: a webhook hinted at them, a write changed them, or their customer has changed.

    The kind `belongings` means the people and deals of the named companies. A webhook's read names, for each record,
    the events that asked for it, where all of them can be told from others.
    """

    type: Literal["read"] = "read"
    tenant: str
    connection: str
    kind: str
    record_ids: list[str]
    events: dict[str, list[Event]] | None = Field(
        default=None,
        description="record id -> its events; null: it is no webhook that asks, and the records are told whatever they "
        "show",
    )
    anew: bool = Field(default=False, description="a person wants them judged even where they show nothing new")
    tier: Literal[1, 2, 3] = 1
    at: Instant


class Poll(Wire):
    """Read what changed since the cursor; `sweep` reads everything, whatever its modified time says.

    `missed`: webhooks may have been missed, so what is listed seldom, because webhooks tell of it, is listed as well.
    """

    type: Literal["poll"] = "poll"
    tenant: str
    connection: str
    kinds: list[str] = Field(default_factory=list, description="empty: all kinds of the platform")
    sweep: bool = False
    missed: bool = False
    at: Instant


class Backfill(Wire):
    """A person asks for everything to be read once more, beside the polls; or to stop, to go on, to give it up.

    With `anew` also what shows nothing new is judged, as after a change of the contract.
    """

    type: Literal["backfill"] = "backfill"
    tenant: str
    connection: str
    act: Literal["start", "stop", "resume", "drop"] = "start"
    kinds: list[str] = Field(default_factory=list, description="empty: all kinds of the platform")
    since: Instant | None = Field(default=None, description="only what was modified from then on")
    anew: bool = False
    at: Instant


class Resume(Wire):
    """Take up what waits: a park is over, or a batch left commands in the backlog or a reading under way."""

    type: Literal["resume"] = "resume"
    tenant: str
    connection: str
    at: Instant


class Release(Wire):
    """A person lets a rule go on that a brake has stopped."""

    type: Literal["release"] = "release"
    tenant: str
    connection: str
    entity: Entity
    rule: str
    who: str
    why: str
    at: Instant


class Withdrawal(Wire):
    """A command is wanted no more: it is not written if nothing of it was begun, and goes on if it was.

    It travels behind its command, on the same key, so that the lane has heard of what it takes back.
    """

    type: Literal["withdrawal"] = "withdrawal"
    tenant: str
    connection: str
    command: str = Field(description="id of the command")
    record: str = Field(description="canonical id of the command's record")
    why: str
    at: Instant


class Approval(Wire):
    """A person's word to a gated lane, under one contract: write what a plan named, or everything, or nothing more.

    A plan of many records comes in several of them.
    """

    type: Literal["approval"] = "approval"
    tenant: str
    connection: str
    contract: str = Field(description="digest of the contract that the plan was made with")
    plan: str = Field(description="what the plan promised, as a digest")
    lets: Literal["planned", "everything", "nothing"] = "everything"
    records: dict[str, list[str]] = Field(
        default_factory=dict, description="of a plan: canonical id -> fields that may be written; * of one that is made"
    )
    who: str
    at: Instant


Work = Annotated[
    Command | Withdrawal | Read | Poll | Backfill | Resume | Release | Approval, Field(discriminator="type")
]
_WORK: TypeAdapter[Command | Withdrawal | Read | Poll | Backfill | Resume | Release | Approval] = TypeAdapter(Work)


def parse_work(data: bytes | None) -> Command | Withdrawal | Read | Poll | Backfill | Resume | Release | Approval:
    """Parse a value of a lane topic.

    Raises:
        Refused: it is none of these; the message names the fields.
    """
    if data is None:
        raise Refused("lane work is expected and the value is empty", code="empty")
    try:
        return _WORK.validate_json(data)
    except ValidationError as error:
        raise Refused(f"not lane work: {faults(error)}", code="malformed") from error
