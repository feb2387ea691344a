"""`revmark plan`: what the next sync would do, without doing it."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from console.options import Document, examples
from console.output import Cell, Sheet, moment, note, say, show, show_json, value_text
from console.session import Meter, Session, session_of
from schemas.contract import load_contract
from schemas.errors import Refused, Transient
from schemas.plan import Budget, Plan, PlannedBrake, PlannedField, PlannedWrite

EXAMPLES = examples(
    "revmark plan", "revmark plan --out plan.json", "revmark plan --first", "revmark plan --json | jq .budgets"
)
SHOWN = 20  # entries of a list that people are shown if they do not ask for all
TITLES = {
    "propose": "May be one, and wait for a person (revmark link)",
    "review": "For review: a person decides",
    "hold": "Held",
    "wait": "Wait for something to be mended",
    "refuse": "Refused",
}


def command(
    context: typer.Context,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="write the plan to a file, for `revmark apply`")] = None,
    first: Annotated[bool, typer.Option("--first", help="as if no worker had ever run; no broker is asked")] = False,
    sweep: Annotated[bool, typer.Option("--sweep", help="read everything, not only what changed since")] = False,
    every: Annotated[bool, typer.Option("--all", help=f"list everything, not the first {SHOWN}")] = False,
    json: Document = False,
) -> None:
    """Read both sides, write nothing, and show what the next sync would do.

    Links, creates, updates by field, what waits for a person, what a guard holds, and the calls and time it takes.
    """
    session = session_of(context)
    if out is not None and not out.parent.is_dir():  # before both sides are read for nothing
        raise _unwritable(out, f"there is no folder {out.parent}")
    made = make(session, first=first, sweep=sweep)
    if out is not None:
        save(made, out)
    if json:
        show_json(made)
        return
    _print(made, None if every else SHOWN)
    if out is not None:
        say(f"\nThe plan is in {out}. Next: revmark apply {out}")


def make(session: Session, *, first: bool, sweep: bool) -> Plan:
    """Make a plan with the session's settings."""
    from console.planning import Means, Wish, plan  # noqa: PLC0415 - loads Kafka's and both platforms' clients

    contract = load_contract(session.settings.contract)
    meter = Meter(f"reading {session.settings.broker}")
    means = Means(session.keeper(), note, meter)
    try:
        return asyncio.run(plan(session.settings, contract, Wish(first=first, sweep=sweep), means))
    except Transient as error:
        if error.code != "broker":
            raise
        step = "start the broker (`revmark broker`), or plan the first sync without one: revmark plan --first"
        raise Transient(f"{error.message}. Nothing was read. Next: {step}", code=error.code) from error
    finally:
        meter.close()


def save(plan: Plan, path: Path) -> None:
    """Write a plan file.

    Raises:
        Refused: it cannot be written there.
    """
    try:
        path.write_text(plan.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _unwritable(path: Path, why: str) -> Refused:
    said = f"the plan cannot be written to {path}: {why}. Nothing was written. Next: revmark plan --out {path.name}"
    return Refused(said, code="usage")


def _print(plan: Plan, limit: int | None) -> None:
    which = "the first sync" if plan.first else "the next sync"
    say(
        f"What {which} would do, under {plan.contract_name} (digest {plan.contract}), as of {moment(plan.made_at)} UTC",
        "bold",
    )
    say("Nothing was written.\n")
    show(_counts(plan))
    _listed("\nLinks that were found", _links(plan), limit)
    _listed("\nWrites", _writes(plan), limit)
    for ruling, title in TITLES.items():
        _listed(f"\n{title}", _notes(plan, ruling), limit)
    for brake in plan.brakes:
        say(_stop(brake), "yellow")
    if plan.unreadable:
        say("\nCannot be read, and would go to quarantine", "bold")
        for reason in plan.unreadable[:limit]:
            say(f"  {reason}")
    say("")
    for platform, budget in plan.budgets.items():
        say(_cost(platform, budget))


def _stop(brake: PlannedBrake) -> str:
    """What a brake would do, and what a person can do about it."""
    entity = brake.entity.value.replace("_", " ")
    named = f"The brake of {brake.rule} on {entity} in {brake.platform}"
    if brake.stopped_before:
        said = f"{named} is on. Commands that wait behind it: {brake.held}."
    else:
        said = (
            f"{named} would stop it at record {brake.at} "
            f"({brake.first}): {brake.bound} may pass within an hour. Commands that would wait: {brake.held}."
        )
    meant = f"  if that is meant, once it is on: {brake.release}"
    return f"\n{said}\n{meant}\n  if not, mend what asks for it, then: revmark plan"


def _counts(plan: Plan) -> Sheet:
    made: Counter[tuple[str, str]] = Counter((str(link.entity.value), "links") for link in plan.links)
    for write in plan.writes:
        fate = "refused" if write.refused else "behind a brake" if write.held else f"{write.action} {write.platform}"
        made[write.entity.value, fate] += 1
    for each in plan.notes:
        made[each.entity.value, each.ruling] += 1
    written = [f"{action} {platform}" for action in ("create", "join", "update") for platform in plan.budgets]
    columns = ["links", *written, "propose", "review", "hold", "wait", "behind a brake", "refused", "refuse"]
    columns = [name for name in columns if any(key[1] == name for key in made)]
    sheet = Sheet(("entity", *(f"{name}>" for name in columns)), empty="both sides agree: there is nothing to do")
    for entity in sorted({entity for entity, _ in made}):
        sheet.add(entity.replace("_", " "), *(str(made[entity, name] or "-") for name in columns))
    return sheet


def _listed(title: str, sheet: Sheet, limit: int | None) -> None:
    if not sheet.rows:
        return
    left = len(sheet.rows) - limit if limit is not None else 0
    sheet.rows = sheet.rows[:limit]
    say(title, "bold")
    show(sheet)
    if left > 0:
        say(f"  and {left} more: --all lists them", "dim")


def _links(plan: Plan) -> Sheet:
    sheet = Sheet(("entity", "name", "crm record", "erp record", "known by*"))
    for link in plan.links:
        sheet.add(link.entity.value.replace("_", " "), link.label, link.crm, link.erp, link.by)
    return sheet


def _writes(plan: Plan) -> Sheet:
    sheet = Sheet(("where", "what", "record", "field", "is", "becomes*", "rule"))
    for write in plan.writes:
        what = Cell("refused", "red") if write.refused else Cell("held", "yellow") if write.held else write.action
        record = f"{write.entity.value.replace('_', ' ')} {write.label or write.record}"
        if write.refused:
            sheet.add(write.platform, what, record, "", "", write.refused, "")
        elif write.action == "create":
            sheet.add(write.platform, what, record, "", "", _made(write), _rule(write))
        elif write.action == "join" and not write.fields:
            sheet.add(write.platform, what, record, "", "", "it is there already, and is taken as it is", _rule(write))
        else:
            for name, each in write.fields.items():
                sheet.add(write.platform, what, record, name, value_text(each.was), _becomes(name, each), each.rule)
    return sheet


def _becomes(name: str, field: PlannedField) -> str:
    if field.stated:
        return value_text(field.becomes)
    return "the new record's id" if name in {"crm_id", "erp_id"} else "as the ERP will state it"


def _made(write: PlannedWrite) -> str:
    named = [name for name in ("name", "email", "number", "total", "sku", "price") if name in write.fields]
    said = [f"{name} {value_text(write.fields[name].becomes)}" for name in named if write.fields[name].stated]
    return "; ".join(said) or write.reason


def _rule(write: PlannedWrite) -> str:
    return next((each.rule for each in write.fields.values() if each.rule), "create")


def _notes(plan: Plan, ruling: str) -> Sheet:
    sheet = Sheet(("record", "field", "crm", "erp", "agreed", "rule", "reason*"))
    for each in plan.notes:
        if each.ruling == ruling:
            record = f"{each.entity.value.replace('_', ' ')} {each.label or each.record}"
            sheet.add(record, each.field, *map(value_text, (each.crm, each.erp, each.baseline)), each.rule, each.reason)
    return sheet


def _cost(platform: str, budget: Budget) -> str:
    read = sum(budget.records.values())
    said = f"{platform}: {read} records read in {budget.reads} calls; {budget.writes} calls to write"
    least, most = budget.day_limits
    time = f"at {budget.minute_limit} calls a minute at least {_duration(budget.seconds)}"
    day = f"{budget.calls / least:.1%} of the day's {least:,} calls on the smallest tier"
    if budget.calls > least:
        days = budget.calls / least, budget.calls / most
        day = f"{days[0]:.1f} days on the smallest tier ({least:,} a day), {days[1]:.1f} on the largest"
    return f"{said}: {time}, {day}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
