"""The plan: what the next sync would do, as `revmark plan` finds it and `revmark apply` finds it again.

A file of its own (`--out`), and no topic: it decides nothing. What it promises is in `writes`; the rest is for readers.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationError, computed_field

from schemas.errors import Refused
from schemas.instants import Instant
from schemas.names import Entity, Platform, Side, digest
from schemas.verdict import Ruling
from schemas.wire import Wire, encode, faults


class PlannedField(Wire):
    """One field of a write. `stated` is false where the ERP will say the value: what it works out is not foretold."""

    was: Any = None
    becomes: Any = None
    rule: str = ""
    stated: bool = True


class PlannedWrite(Wire):
    """What is written to one record of one platform, all steps together.

    `name` tells it from the others by what the platforms know it by: our own ids follow from which side was seen
    first. `refs` and `revisions` are the record on both sides as the plan rests on it, by side.
    """

    name: str
    platform: Platform
    side: Side
    action: Literal["create", "join", "update"] = Field(description="join: it is there already, and is taken as it is")
    entity: Entity
    record: str = Field(description="canonical id")
    label: str = ""
    refs: dict[str, str] = Field(default_factory=dict)
    revisions: dict[str, int] = Field(default_factory=dict)
    fields: dict[str, PlannedField] = Field(default_factory=dict)
    reason: str = ""
    refused: str = Field(default="", description="why the platform would not take it")
    held: str = Field(default="", description="the rule whose brake would hold it")

    @property
    def goes(self) -> bool:
        """Whether it would be written."""
        return not self.refused and not self.held

    @property
    def promise(self) -> dict[str, Any]:
        """What has to be the same when the plan is made again."""
        fields = {name: each.becomes if each.stated else None for name, each in sorted(self.fields.items())}
        return {"action": self.action, "fields": fields, "refused": bool(self.refused), "held": bool(self.held)}


class PlannedLink(Wire):
    """Two records that are one, and how that is known."""

    entity: Entity
    record: str
    label: str = ""
    crm: str
    erp: str
    by: str


class PlannedNote(Wire):
    """What is not written: proposed for a person, to be reviewed, held, or waiting, with the rule and the reason."""

    ruling: Ruling
    entity: Entity
    record: str
    label: str = ""
    field: str = ""
    rule: str
    reason: str
    baseline: Any = None
    crm: Any = None
    erp: Any = None


class PlannedBrake(Wire):
    """A brake that would stop a rule, or has stopped it before: at which write, and how many wait then."""

    platform: Platform
    connection: str
    entity: Entity
    rule: str
    bound: int = Field(description="records that the contract lets pass within an hour")
    at: int = Field(description="the record that goes beyond, counted within the hour")
    first: str = Field(default="", description="the first record that is held, as people call it")
    held: int = Field(description="commands that wait then")
    stopped_before: bool = Field(default=False, description="it stands already, before this sync")

    @property
    def release(self) -> str:
        """The command by which a person lets it go on."""
        return f"revmark brake release {self.entity.value} {self.rule} --by NAME --why TEXT"


class Budget(Wire):
    """What a plan costs on one platform: calls, and the least time that they take under its quota."""

    records: dict[str, int] = Field(default_factory=dict, description="read, by kind")
    reads: int = 0
    writes: int = 0
    minute_limit: int
    day_limits: tuple[int, int]

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way of saying it
    @property
    def calls(self) -> int:
        """All calls."""
        return self.reads + self.writes

    @computed_field  # type: ignore[prop-decorator]  # as above
    @property
    def seconds(self) -> int:
        """The least time, were the quota nobody else's."""
        return -(-60 * self.calls // self.minute_limit)


class Plan(Wire):
    """One plan."""

    plan: Literal[1] = 1
    made_at: Instant
    tenant: str
    accounts: dict[str, str] = Field(default_factory=dict, description="platform -> account or organisation")
    contract: str = Field(description="digest of the contract that it was made with")
    contract_name: str = ""
    first: bool = Field(description="nothing has been read by workers before")
    sweep: bool = False
    links: list[PlannedLink] = Field(default_factory=list)
    writes: list[PlannedWrite] = Field(default_factory=list)
    notes: list[PlannedNote] = Field(default_factory=list)
    brakes: list[PlannedBrake] = Field(default_factory=list)
    unreadable: list[str] = Field(default_factory=list, description="records that would go to quarantine, with reasons")
    budgets: dict[str, Budget] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """Names what the plan promises, whenever it was made."""
        return digest(self.tenant, self.contract, encode(self.promises).decode())

    @property
    def promises(self) -> dict[str, Any]:
        """What is compared when it is applied, by the names of the writes."""
        return {write.name: write.promise for write in self.writes}


def parse_plan(data: bytes, source: str) -> Plan:
    """Read a plan file.

    Raises:
        Refused: it is none.
    """
    try:
        return Plan.model_validate_json(data)
    except ValidationError as error:
        raise Refused(
            f"{source} is no plan: {faults(error)}. Next: revmark plan --out {source}", code="plan"
        ) from error
