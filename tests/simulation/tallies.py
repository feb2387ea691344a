"""What was planned and what came of it, counted alike: by kind of record, and by what became of it on which platform.

Flows in: a plan; ledger, decisions, identities and the platforms' own logs. Flows out: two counts that have to be
equal. The second knows nothing of the first, nor of how it was made.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from schemas.ledger import LedgerEntry
from schemas.names import Entity, record_id
from schemas.plan import Plan
from schemas.verdict import Verdict
from tests.simulation.planned import PlannedWorld, applied

NOTED = {"propose", "review", "hold", "wait", "refuse"}
Count = Counter[tuple[str, str]]


def planned(plan: Plan) -> Count:
    """What a plan says."""
    found: Count = Counter((link.entity.value, "link") for link in plan.links)
    for write in plan.writes:
        what = "refused" if write.refused else "held" if write.held else write.action
        found[write.entity.value, f"{what} {write.platform}"] += 1
    found.update((note.entity.value, note.ruling) for note in plan.notes)
    return found


def done(world: PlannedWorld, since: datetime) -> Count:
    """What has come of it since then."""
    found: Count = Counter(_links(world))
    found.update(_written(world, since))
    last = {(one.record, one.field): one for one in _verdicts(world) if one.at >= since}
    found.update((one.entity.value, one.ruling) for one in last.values() if one.ruling in NOTED)
    return found


def _entries(world: PlannedWorld) -> list[LedgerEntry]:
    values = (record.value for record in world.all(world.topics.ledger))
    entries = (LedgerEntry.from_bytes(value) for value in values if value is not None)
    return list({entry.command.id: entry for entry in entries}.values())


def _written(world: PlannedWorld, since: datetime) -> Count:
    """Records, not commands: what was written to one of them in several steps counts once."""
    found: Count = Counter()
    refused, held = set[tuple[str, str]](), set[tuple[str, str]]()
    for entry in _entries(world):
        command = entry.command
        if entry.state == "refused" and entry.settled_at and entry.settled_at >= since:
            refused.add((command.record, command.platform))
        elif entry.state == "waiting":
            held.add((command.record, command.platform))
    for name, what in ((refused, "refused"), (held, "held")):
        found.update((record.split(":", 1)[0], f"{what} {platform}") for record, platform in name)
    joined = _joined(world)
    for name, one in applied((record.value for record in world.all(world.topics.ledger)), since).items():
        platform, record = name.split(" ", 1)
        action = "join" if (platform, record) in joined else one["action"]
        found[record.split(":", 1)[0], f"{action} {platform}"] += 1
    return found


def _joined(world: PlannedWorld) -> set[tuple[str, str]]:
    """Creates that found their record there already, as HubSpot's own log tells: it made none for us."""
    log = world.platforms.writes("hubspot")
    made = {str(write.id) for write in log if write.action == "create" and write.resource == "contacts"}
    return {
        (entry.command.platform, entry.command.record)
        for entry in _entries(world)
        if entry.state == "applied" and entry.command.kind == "create" and entry.command.entity is Entity.CONTACT
        and entry.outcome and str(entry.outcome.ref).startswith("hubspot/")
        and record_id(str(entry.outcome.ref)) not in made
    }  # fmt: skip


def _verdicts(world: PlannedWorld) -> list[Verdict]:
    return [Verdict.from_bytes(record.value) for record in world.all(world.topics.decisions)]


def _links(world: PlannedWorld) -> Count:
    """Pairs that were found, and not made by us."""
    made = {str(each.outcome.ref) for each in _entries(world) if each.command.kind == "create" and each.outcome}
    found: Count = Counter()
    for key, row in _pairs(world).items():
        if row != world.before.get(key) and not made & set(row):
            found[key.rpartition("|")[2].split(":", 1)[0], "link"] += 1
    return found


def _pairs(world: PlannedWorld) -> dict[str, tuple[Any, Any]]:
    rows = world.recorded().known
    places = {key: row for key, row in rows.items() if key.startswith("i|") and "|i|" in key}
    return {key: (row["crm"], row["erp"]) for key, row in places.items() if row.get("crm") and row.get("erp")}


def remember(world: PlannedWorld) -> datetime:
    """Begin to count: what is linked by now is not counted."""
    world.before = _pairs(world)
    return world.hours()
