"""The document that explains a record: what `revmark explain --json` prints and the page draws.

Amounts are decimal strings, times are UTC in ISO 8601, and a field that has no value is null. Keys are only ever added.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.instants import Instant, Moment
from schemas.names import Entity, Side

Became = Literal["written", "refused", "unknown", "parked", "superseded", "being sent", "asked for"]
State = Literal["held", "review", "waits", "refused", "parked", "unknown", "quarantined", "proposed", "variance"]
FieldState = Literal[
    "agreed", "on its way", "asked", "refused", "waits", "differs", "one side only", "not compared", "gone"
]


class Part(BaseModel):
    """Base of the document's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(Part):
    """Another record."""

    role: str = ""
    record: str
    label: str


class Shown(Part):
    """The record on one side."""

    platform: str
    ref: str = Field(description="<platform>:<kind>:<id>, as `revmark explain` takes it")
    modified: Moment | None = Field(description="the platform's own time of the version last seen or written")
    deleted: bool = False


class Customer(Part):
    """What the rules know of the record's customer. `on_hold` is null as long as the ERP has not said.

    `consent` is null where the CRM has not said, or the contract does not ask.
    """

    record: str
    label: str
    ordered: bool
    on_hold: bool | None
    consent: bool | None
    settled: bool = Field(description="all invoices have been read: a customer that has not ordered is a prospect")


class Line(Part):
    """Where the contract says it. `written` false: the line is of a key above it, whose default holds."""

    path: str
    file: str = ""
    line: int | None = None
    text: str = ""
    written: bool = True


class Owner(Part):
    """Who decides about a field in the present state, and why."""

    decides: Literal["crm", "erp", "newest", "review", "merge", "waits", "nobody", "unknown"]
    rule: str = ""
    why: str
    contract: Line | None = None


class FieldNow(Part):
    """One field as it stands."""

    field: str
    crm: Any = None
    erp: Any = None
    agreed: Any = Field(default=None, description="the baseline: what both sides last agreed on")
    ever_agreed: bool = Field(default=False, description="false: both sides have never agreed on it yet")
    on_its_way: dict[Side, Any] = Field(default_factory=dict, description="side -> the value being written there")
    state: FieldState
    owner: Owner


class Standing(Part):
    """Something that stands still: why, what ends it, and the command to run next."""

    state: State
    field: str = ""
    says: str
    then: str = ""
    next: str


class Write(Part):
    """A command to a platform, and what came of it."""

    command: str
    platform: str
    side: Side
    kind: str
    fields: dict[str, Any]
    reason: str = ""
    became: Became
    at: Instant | None = Field(description="when that became of it; null: nothing has yet")
    attempts: int = 0
    code: str = ""
    message: str = ""
    until: Instant | None = Field(default=None, description="before then it is not tried again")
    ref: str | None = None


class Step(Part):
    """One verdict, with its evidence and what followed."""

    id: str
    at: Instant
    field: str
    ruling: str
    rule: str
    meaning: str = Field(description="the rule in a sentence")
    reason: str
    agreed: Any = None
    crm: Any = None
    erp: Any = None
    chosen: Any = None
    written_to: Side | None = None
    versions: dict[str, Moment] = Field(default_factory=dict, description="side -> the version that was judged")
    contract: str = Field(description="digest of the contract that was applied")
    write: Write | None = None


class Agreement(Part):
    """The contract that owners are named by: the file that this command reads."""

    file: str
    name: str
    pattern: str
    digest: str
    others: tuple[str, ...] = Field(default=(), description="digests of other contracts that verdicts below applied")


class Explanation(Part):
    """Everything about one record."""

    record: str = Field(description="canonical id; a platform's reference while nobody knows whose the record is")
    entity: Entity
    label: str
    customer: Customer | None = None
    sides: dict[Side, Shown]
    contract: Agreement | None = Field(default=None, description="null: it could not be read; `problem` says why")
    problem: str = ""
    fields: tuple[FieldNow, ...]
    standing: tuple[Standing, ...]
    history: tuple[Step, ...] = Field(description="newest first")
    nothing_decided: str = Field(default="", description="why there is no verdict, where there is none")
    other_writes: tuple[Write, ...] = Field(default=(), description="commands that no verdict names")
    related: tuple[Named, ...] = ()
    holds: tuple[Named, ...] = Field(default=(), description="records that belong to it, newest first, the first 50")


class Candidates(Part):
    """More than one record has that name; each comes with the command that explains it."""

    asked: str
    candidates: tuple[Candidate, ...]
    found: int = Field(default=0, description="how many there are; the first of them are listed")


class Candidate(Part):
    """One of them."""

    record: str
    entity: str
    label: str
    customer: str = ""
    command: str


Candidates.model_rebuild()
