"""Foreseen: what a rehearsal came to, in the words of a plan.

In: a rehearsal, and the rows that it began with. Out: links, writes by record, notes for people. Pure; every list is
sorted by what it names, so that two rehearsals of the same evidence give the same plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from agents.rehearsal import Asked, Rehearsal, rows_of
from agents.rules.decision import is_empty, same
from schemas.command import Command
from schemas.names import Entity, Side, record_id
from schemas.plan import Budget, PlannedBrake, PlannedField, PlannedLink, PlannedNote, PlannedWrite
from schemas.verdict import Verdict

NOTED = {"propose", "review", "hold", "wait", "refuse"}
CROSS_IDS = {"erp_id", "crm_id"}  # the id of a record that is made by the same plan is the platform's to give
# What an invoice of ours comes to is worked out by the ERP: tax, and what follows from the total.
STATED_BY_ERP = {"subtotal", "tax", "total", "amount_due", "balance_due"}


def writes(rehearsal: Rehearsal) -> list[PlannedWrite]:
    """What would be written, one entry for each record of a side."""
    rules: dict[tuple[str, str], str] = {}
    for verdict in rehearsal.verdicts.values():
        if verdict.command or verdict.written_to:
            rules[verdict.command or verdict.record, verdict.field] = verdict.rule
    grouped: dict[tuple[str, str, str], list[Asked]] = defaultdict(list)
    for asked in rehearsal.asked:
        command = asked.command
        fate = "refused" if asked.refused else "held" if asked.held else ""
        grouped[command.platform, command.record, fate].append(asked)
    folded = [_folded(rehearsal, steps, rules) for steps in grouped.values()]
    found = [write for write in folded if write.fields or write.action != "update"]
    return sorted(found, key=lambda one: (one.platform, one.action, one.entity.value, one.label, one.record))


def _folded(rehearsal: Rehearsal, steps: list[Asked], rules: Mapping[tuple[str, str], str]) -> PlannedWrite:
    fields: dict[str, PlannedField] = {}
    imagined = {record_id(reference) for reference in rehearsal.imagined}
    for asked in steps:
        command = asked.command
        for name, value in command.fields.items():
            before = fields.get(name)
            was = before.was if before else (command.expected or {}).get(name)
            new_id = name in CROSS_IDS and value in imagined
            stated = not new_id and not (name in STATED_BY_ERP and command.customer in rehearsal.unstated)
            told = (found for key in _asking(command, name) if (found := rules.get(key)))
            rule = next(told, command.rules[0] if len(command.rules) == 1 else "")
            fields[name] = PlannedField(was=was, becomes=value if stated else None, rule=rule, stated=stated)
    first, last = steps[0], steps[-1]
    label = first.label if first.label != first.command.record else last.label
    creates = any(asked.command.kind == "create" for asked in steps)
    joined = next((asked.joined for asked in steps if asked.joined), None)
    there = {first.command.side.value: joined.ref} if joined else {}
    if joined:  # what people have entered there stays as it is
        fields = {name: each for name, each in fields.items() if is_empty(joined.fields.get(name))}
    if not creates:  # a field that ends where it was is no write, whatever way it took
        fields = {name: each for name, each in fields.items() if not (each.stated and same(each.was, each.becomes))}
    return PlannedWrite(
        name=_name(first.command, label, imagined),
        platform=first.command.platform,
        side=first.command.side,
        action="join" if joined else "create" if creates else "update",
        entity=first.command.entity,
        record=first.command.record,
        label=label,
        refs={**{side: ref for side, ref in first.refs.items() if ref not in rehearsal.imagined}, **there},
        revisions={side: first.revisions[side] for side, ref in first.refs.items() if ref not in rehearsal.imagined},
        fields=fields,
        reason=first.command.reason,
        refused=first.refused,
        held=first.held,
    )


def _name(command: Command, label: str, imagined: set[str]) -> str:
    """By its reference where it is there; a new record by its natural key, or, where that is new as well, its label."""
    if command.ref:
        return f"{command.platform} {command.ref}"
    key = label if command.natural_key is None or command.natural_key in imagined else command.natural_key
    return f"{command.platform} new {command.entity.value} {key}"


def _asking(command: Command, name: str) -> tuple[tuple[str, str], ...]:
    """Where the rule is noted that asked for a field: with the command, for the whole of it, or with the record."""
    return (command.id, name), (command.id, ""), (command.record, name)


def links(rehearsal: Rehearsal, before: Mapping[str, Any]) -> list[PlannedLink]:
    """The records that were found to be one, and were not known to be before."""
    known = dict(_pairs(before))
    states = {key.rpartition("|")[2]: row for key, row in rows_of(rehearsal.accounts.rows, "r")}
    found = [
        _link(record, *pair, states.get(record))
        for record, pair in _pairs(rehearsal.known.rows)
        if known.get(record) != pair
    ]
    return sorted(found, key=lambda link: (link.entity.value, link.label, link.record))


def _pairs(rows: Mapping[str, Any]) -> list[tuple[str, tuple[str, str]]]:
    """Canonical id -> references of both sides, where both are known."""
    identities = ((key.split("|"), row) for key, row in rows_of(rows, "i"))
    return [
        (parts[-1], (row[Side.CRM.value], row[Side.ERP.value]))
        for parts, row in identities
        if len(parts) > 1 and parts[1] == "i" and row.get(Side.CRM.value) and row.get(Side.ERP.value)
    ]


def _link(record: str, crm: str, erp: str, state: Mapping[str, Any] | None) -> PlannedLink:
    entity = Entity(record.split(":", 1)[0])
    left, right = (state[side.value]["fields"] if state else {} for side in Side)
    if left.get("erp_id") == record_id(erp) or right.get("crm_id") == record_id(crm):
        by = "the id that one side keeps of the other"
    else:
        by = {Entity.PRODUCT: "the SKU", Entity.CONTACT: "the e-mail address"}.get(entity, "what was known")
    label = next(
        (str(each[name]) for each in (left, right) for name in ("number", "name", "email") if each.get(name)), ""
    )
    return PlannedLink(entity=entity, record=record, label=label, crm=crm, erp=erp, by=by)


def notes(rehearsal: Rehearsal) -> list[PlannedNote]:
    """What waits for a person, or is held, in the end."""
    last: dict[tuple[str, str], Verdict] = {}
    for verdict in rehearsal.verdicts.values():
        last[verdict.record, verdict.field] = verdict
    found = [
        PlannedNote(**{name: getattr(verdict, name) for name in PlannedNote.model_fields})
        for verdict in last.values()
        if verdict.ruling in NOTED
    ]
    return sorted(found, key=lambda note: (note.ruling, note.entity.value, note.label, note.record, note.field))


def brakes(rehearsal: Rehearsal) -> list[PlannedBrake]:
    """The brakes that would stand in the end."""
    return [brake for platform in sorted(rehearsal.stoppages) for brake in rehearsal.stoppages[platform].told()]


def budgets(rehearsal: Rehearsal, *, minute_limits: Mapping[str, int]) -> dict[str, Budget]:
    """What the writes cost, by platform; a limit that is named goes before the platform's usual one."""
    waves: dict[str, dict[int, list[Any]]] = {platform: defaultdict(list) for platform in rehearsal.forecasts}
    for asked in rehearsal.asked:
        if not asked.refused and not asked.held:
            waves[asked.command.platform][asked.wave].append(asked.command)
    return {
        platform: Budget(
            writes=sum(forecast.calls(wave) for wave in waves[platform].values()),
            minute_limit=minute_limits.get(platform, forecast.minute_limit),
            day_limits=forecast.day_limits,
        )
        for platform, forecast in rehearsal.forecasts.items()
    }


def differences(planned: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(platform and record, what differs) between what two plans promise."""
    found: list[tuple[str, str]] = []
    for name in sorted(planned.keys() | now.keys()):
        then, found_now = planned.get(name), now.get(name)
        if then == found_now:
            continue
        if found_now is None:
            found.append((name, "it was planned, and there is nothing to write any more"))
        elif then is None:
            found.append((name, "it was not planned"))
        else:
            found.append((name, _difference(then, found_now)))
    return found


def _difference(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if any(then.get(name) != now.get(name) for name in ("action", "refused", "held")):
        fate = " and refused" if now["refused"] else " and held by a brake" if now["held"] else ""
        return f"{then['action']} was planned, now it is {now['action']}{fate}"
    before, after = then["fields"], now["fields"]
    names = sorted(name for name in before.keys() | after.keys() if _differ(before, after, name))
    return ", ".join(names)


def _differ(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    return (name in before) != (name in after) or before.get(name) != after.get(name)
