"""Batch writes: who of a batch was written, who was refused, and about whom nothing was said.

In: jobs and HubSpot's reply. Out: a `Sorting`. Pure. Invariant: every job is in exactly one of the three; nothing is
joined by position, for no order is promised.
Source: HubSpot's error-handling page (207 and objectWriteTraceId).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.command import Command
from schemas.errors import Parked, RevmarkError, Throttled
from schemas.instants import parse_instant, to_millis
from schemas.names import Ref
from streams.platforms.hubspot.api import Json, Reply
from streams.platforms.hubspot.limits import TRANSIENT
from streams.platforms.hubspot.payloads import key_of, links_of, properties_of, shape_of, target_of
from streams.platforms.hubspot.shapes import SHAPES, Shape
from streams.platforms.interface import Written


@dataclass(frozen=True, slots=True)
class Job:
    """A command made ready: what to write where. `target` is HubSpot's id, known beforehand for an update.

    `joins`: it is a create whose record is there already, as `target`.
    """

    command: Command
    shape: Shape
    properties: dict[str, str]
    links: dict[str, str]
    target: str = ""
    key: str = ""
    version: int | None = None  # of the record as the write left it, milliseconds since 1970
    joins: bool = False

    @property
    def creates(self) -> bool:
        """Whether it makes a record, which goes by the unique property."""
        return self.command.kind == "create" and not self.joins

    def at(self, target: str, version: int | None = None) -> Job:
        """The same job on the record that it turned out to be."""
        return replace(self, target=target, version=version)

    def body(self) -> Json:
        """One input of a batch."""
        body: Json = {"objectWriteTraceId": self.command.id, "properties": self.properties}
        if self.creates:
            return {"id": self.key, "idProperty": self.shape.key, **body}
        return {"id": self.target, **body}


def job_of(command: Command, shapes: Mapping[str, Shape] = SHAPES) -> Job:
    """Make a command ready.

    Raises:
        Refused: it can never be written as it is.
    """
    shape, properties, links = shape_of(command, shapes), properties_of(command, shapes), links_of(command)
    if command.kind == "create":
        return Job(command, shape, properties, links, key=key_of(command, shapes))
    return Job(command, shape, properties, links, target=target_of(command, shapes))


def put_off(command: str, error: RevmarkError, now: datetime, reference: Ref | None = None) -> Written:
    """The answer to a command of which nothing was written, and that may be sent again later."""
    until = error.until if isinstance(error, Parked | Throttled) else now + TRANSIENT
    return Written(command, "again", reference, code=error.code, message=error.message, until=until)


@dataclass(slots=True)
class Sorting:
    """What a reply says of each job."""

    written: list[Job] = field(default_factory=list)
    refused: list[tuple[Job, str, str]] = field(default_factory=list)  # job, code, message
    unsaid: list[Job] = field(default_factory=list)


def sort_out(jobs: Sequence[Job], reply: Reply) -> Sorting:
    """Sort the jobs of a batch that was answered 2xx."""
    sorting = Sorting()
    by_trace = {job.command.id: job for job in jobs}
    left = dict(by_trace)
    for result in reply.results:
        job = by_trace.get(str(result.get("objectWriteTraceId"))) or _by_record(left, result)
        if job is not None and left.pop(job.command.id, None) is not None:
            sorting.written.append(job.at(str(result.get("id") or job.target), _version(result)))
    for error in reply.errors:
        code, message = str(error.get("category") or "refused"), str(error.get("message") or "refused")
        for job in _blamed(left, error):
            del left[job.command.id]
            sorting.refused.append((job, code, message))
    sorting.unsaid = list(left.values())
    return sorting


def _by_record(left: dict[str, Job], result: Json) -> Job | None:
    properties = result.get("properties") or {}
    for job in left.values():
        if job.creates:
            if str(properties.get(job.shape.key) or "").lower() == job.key.lower():
                return job
        elif str(result.get("id")) == job.target:
            return job
    return None


def _blamed(left: dict[str, Job], error: Json) -> list[Job]:
    context = error.get("context") or {}
    traces = context.get("objectWriteTraceId") or []
    blamed = [left[trace] for trace in traces if trace in left] if isinstance(traces, list) else []
    if blamed:
        return blamed
    ids = context.get("ids") or context.get("id") or []
    names = {str(each) for each in ids} if isinstance(ids, list) else set()
    return [job for job in left.values() if (job.key if job.creates else job.target) in names]


def _version(result: Json) -> int | None:
    try:
        return to_millis(parse_instant(result["updatedAt"]))
    except (KeyError, TypeError, ValueError):
        return None  # it was written all the same; reading it back tells


def rounds(jobs: Sequence[Job]) -> list[list[Job]]:
    """At most one job per record in a round, each record's in their order.

    A record is the same by its canonical id or by its place in HubSpot: two ids may have been merged into one place.
    """
    found: list[list[Job]] = []
    turns: dict[str, int] = {}
    for job in jobs:
        names = (job.command.record, f"{job.shape.path}/{job.target or job.key}")
        turn = max(turns.get(name, 0) for name in names)
        turns |= dict.fromkeys(names, turn + 1)
        if turn == len(found):
            found.append([])
        found[turn].append(job)
    return found
