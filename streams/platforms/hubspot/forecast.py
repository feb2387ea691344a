"""Forecast: what HubSpot would show of a record that a command makes, without asking HubSpot. Pure.

In: a command, the id that the record is imagined under. Out: the record as the client would read it. Invariant: what
the payload cannot spell is refused here as it is before a call, so that a plan shows it too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from schemas.command import Command
from schemas.names import Entity, record_id
from streams.platforms.hubspot.batches import job_of
from streams.platforms.hubspot.events import occurrence_of
from streams.platforms.hubspot.limits import BATCH
from streams.platforms.hubspot.shapes import SHAPES, Shape
from streams.platforms.interface import Seen, Unique

# Calls a minute and a day: 100 in ten seconds and 250,000 on the Free and Starter tiers, a million on Enterprise.
LIMITS = (600, (250_000, 1_000_000))
# The other keys are the ERP's ids, which nobody else writes.
UNIQUE = {
    Entity.CONTACT: Unique(
        "email",
        "another contact already has the e-mail address {value}",
        joins=True,
        apart="{value} is {ref} already, of another company: one address is one contact there",
    )
}
COMPARED_CALLS = 1  # of a batch that compares: the look right before the write; histories come with the reading back
PORTAL = "0"  # in the name of an event that is not sent
WRITE_CALLS = 2  # of a batch: the write, and the reading back


def number_of(name: str) -> str:
    """An id as HubSpot's are, drawn from a name of 16 hex digits."""
    return str(int(name, 16))


def payload(command: Command, shapes: Mapping[str, Shape] = SHAPES) -> object:
    """What the client makes of a command before it calls.

    Raises:
        Refused: HubSpot cannot take the command.
    """
    return occurrence_of(command, PORTAL) if command.entity is Entity.EVENT else job_of(command, shapes)


def shown(command: Command, name: str, shapes: Mapping[str, Shape] = SHAPES) -> Seen | None:
    """The record that a create makes, under the id of `name`; None for an update, and of what is not followed.

    Raises:
        Refused: HubSpot cannot take the command.
    """
    if command.entity is Entity.EVENT:
        payload(command, shapes)
        return None
    job = job_of(command, shapes)
    if not job.creates or not job.shape.followed:
        return None
    properties: dict[str, str | None] = dict.fromkeys(job.shape.properties)
    associations = {
        role: [record_id(command.links[role])] if role in command.links else [] for role in job.shape.parents
    }
    raw = {"id": number_of(name), "properties": {**properties, **job.properties}, "associations": associations}
    return Seen(job.shape.kind, number_of(name), 0, raw)


def calls(commands: Sequence[Command]) -> int:
    """How many calls a wave takes: events one by one, the rest by batches of one kind, with what comes with each."""
    counted = Counter(map(_group, commands)).items()
    return sum(count if kind[0] is Entity.EVENT else math.ceil(count / BATCH) * _each(kind) for kind, count in counted)


Group = tuple[Entity, str, tuple[str, ...], bool, bool]


def _group(command: Command) -> Group:
    links, compared = tuple(sorted(command.links)), command.compare and command.kind == "update"
    return command.entity, command.kind, links, LIFECYCLE_FIELD in command.fields, compared


LIFECYCLE_FIELD = "lifecycle"  # which HubSpot moves back only when it was cleared: the present one is looked at first


def _each(group: Group) -> int:
    entity, kind, links, moves, compared = group
    spared = entity is Entity.CONTACT and kind == "create"  # somebody may be there under the e-mail: looked at first
    parents = {Entity.CONTACT: 1, Entity.INVOICE: 2, Entity.DEAL: 4}.get(entity, 0)  # associations that are read back
    looked = compared and COMPARED_CALLS
    return WRITE_CALLS + len(links) + parents + spared + (moves and kind == "update") + looked
