"""The facts of a story once more into nothing, one by one, with what was known before each command that they lead to.

In: the topic of facts. Out: the tables that it gives, and the commands. It is done once for all that look at it: no
other check takes as long.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agents.rules.result import Result
from agents.steps.arbitrate import Arbitrate
from schemas.wire import decode
from streams.topics import ORIGIN
from tests.support.recount import empty, rows_of

if TYPE_CHECKING:
    from tests.simulation.witness import Row, Witness


@dataclass(slots=True)
class Told:
    """What was known of customers at one place of the topic, in books of our own."""

    holds: dict[str, tuple[int, bool]] = field(default_factory=dict)
    ordered: set[str] = field(default_factory=set)

    def hear(self, row: Row) -> None:
        """Take a fact in."""
        if row.get("type") != "fact" or row["side"] != "erp":
            return
        fields, customer = row["fields"], row["customer"]
        if (
            row["entity"] == "company"
            and "credit_hold" in fields
            and row["version"] >= self.holds.get(customer, (-1,))[0]
        ):
            self.holds[customer] = (row["version"], bool(fields["credit_hold"]) and not row["deleted"])
        if row["entity"] == "invoice" and fields.get("status") in {"posted", "paid"} and not row["deleted"]:
            self.ordered.add(customer)


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, and whether its customer was then known to be on hold (or nobody knew), or to have ordered."""

    command: Row
    held: bool
    ordered: bool


@dataclass(slots=True)
class Judged:
    """What the replay came to."""

    records: dict[str, Any]
    customers: dict[str, Any]
    asked: list[Asked]


def judged(witness: Witness) -> Judged:
    """Judge all facts and outcomes again; a fact that was written twice, as its origin says, is one."""
    step = Arbitrate(witness.contract)
    records, customers = empty(), empty()
    asked: list[Asked] = []
    topic = witness.topics.facts
    for partition, rows in enumerate(witness.rows(topic)):
        told, met = Told(), set[bytes]()
        for record, row in zip(witness.world.broker.records[witness.topics.name(topic), partition], rows, strict=True):
            made = {content for name, content in record.headers if name == ORIGIN}
            if made & met:
                continue
            met |= made
            result = step([record.value], records, customers)
            if row is not None and not result.refused:
                told.hear(row)
            asked += _asked(result, told)
    return Judged(rows_of(records), rows_of(customers), asked)


def _asked(result: Result, told: Told) -> list[Asked]:
    works = [decode(output.value) for output in result.outputs if output.topic.startswith("lanes.")]
    return [
        Asked(each, told.holds.get(each["customer"], (0, True))[1], each["customer"] in told.ordered)
        for each in works
        if each["type"] == "command"
    ]
