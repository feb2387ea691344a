"""`revmark quarantine show`: one record, or one refused command, with all that a person needs to decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from console.named import settled
from console.options import Document, Offline, examples
from console.output import Sheet, moment, say, show, show_json, value_text
from console.projection.delivery import SHELVES, STATES
from console.projection.held import Held
from console.projection.listing import held
from console.projection.refusals import Refusal, refusal
from console.session import session_of
from schemas.ledger import LedgerEntry
from schemas.quarantine import Edit

if TYPE_CHECKING:  # it loads the platforms
    from console.dossier import Dossier

EXAMPLES = examples(
    "revmark quarantine show revmark.changes-0-17",
    "revmark quarantine show 9f3a21c07b6d5e48 --json | jq .behind",
)
NAMES = 5  # of other records that a line names


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="as `revmark quarantine list` names it")],
    *,
    json: Document = False,
    offline: Offline = False,
) -> None:
    """Show one whole: cause, class, attempts, the verdicts that led to it, what waits behind it, an edit of it."""
    from console.dossier import of_command, of_record  # noqa: PLC0415 - loads the platforms

    session = session_of(context)
    with session.projection(*SHELVES, *STATES, offline=offline) as store:
        refused = refusal(store, name)
        if refused is not None:
            found: Held | Refusal = refused
            dossier = of_command(store, session.settings, refused.entry)
        else:
            found = held(store, name)
            dossier = of_record(store, session.settings, found)
    if json:
        shown = found.document() if isinstance(found, Refusal) else found.model_dump(mode="json")
        show_json(shown | dossier.document())
        return
    say(found.name, "bold")
    _rows(_of_command(found) if isinstance(found, Refusal) else _of_record(found), dossier)
    _around(dossier)
    if isinstance(found, Held):
        say("")
        say(found.value or "(no value)")
        _edit(found, dossier)


def _of_record(record: Held) -> list[tuple[str, str]]:
    return [
        ("cause", record.reason),
        ("code", record.code),
        ("since", f"{moment(record.at)} UTC"),
        ("topic", f"{record.topic}, partition {record.partition}, offset {record.offset}"),
        ("key", record.key or "-"),
        ("about", record.about),
        ("state", settled(record.name, record.settlement)),
        ("before", ", ".join(record.earlier)),
        *((name, value_text(value)) for name, value in (record.model_extra or {}).items() if value not in ([], True)),
    ]


def _of_command(refused: Refusal) -> list[tuple[str, str]]:
    wanted = refused.entry.command
    return [
        ("cause", refused.reason),
        ("since", f"{moment(refused.at)} UTC"),
        ("command", f"{wanted.kind} {wanted.entity.value.replace('_', ' ')} on {wanted.platform}: {wanted.reason}"),
        ("about", wanted.record),
        ("writes", orjson.dumps(wanted.fields).decode()),
        *([("edited", _amended(refused.edit, refused.instead))] if refused.edit else []),
        ("rules", ", ".join(wanted.rules)),
        ("state", settled(refused.name, refused.settlement)),
    ]


def _amended(edit: Edit, instead: dict[str, Any]) -> str:
    return f"{_value(instead)} by {edit.who} at {moment(edit.at)} UTC: {edit.why}"


def _rows(rows: Iterable[tuple[str, str]], dossier: Dossier) -> None:
    told = [*rows, ("class", f"{dossier.recovery}: {dossier.remedy}"), ("attempts", str(dossier.attempts))]
    width = max(len(label) for label, text in told if text)
    for label, text in told:
        if text:
            say(f"{label:<{width}}  {text}")


def _around(dossier: Dossier) -> None:
    if dossier.verdicts:
        say("")
        sheet = Sheet(("time (UTC)", "field", "ruling", "rule", "reason*"), title="Decided about it, newest first")
        for verdict in dossier.verdicts:
            ruling = verdict.ruling.replace("_", " ")
            sheet.add(moment(verdict.at), verdict.field, ruling, verdict.rule, verdict.reason)
        show(sheet)
    say("")
    if dossier.before:
        say(f"older ones of the same record are held, which go first: {_named(dossier.before)}", "yellow")
    waiting = [
        *([f"{len(dossier.behind)} younger held here: {_named(dossier.behind)}"] if dossier.behind else []),
        *([f"{len(dossier.writes)} writes of the record: {_writes(dossier.writes)}"] if dossier.writes else []),
        *([f"{len(dossier.waiting)} records of the customer: {_named(dossier.waiting)}"] if dossier.waiting else []),
    ]
    say("behind it: " + ("; ".join(waiting) if waiting else "nothing waits; its neighbours have gone on"))


def _named(names: list[str]) -> str:
    return ", ".join(names[:NAMES]) + (f" and {len(names) - NAMES:,} more" if len(names) > NAMES else "")


def _writes(found: list[LedgerEntry]) -> str:
    return _named([f"{each.command.id} ({each.state})" for each in found])


def _edit(record: Held, dossier: Dossier) -> None:
    if record.edit is None:
        return
    say("")
    say(f"edited by {record.edit.who} at {moment(record.edit.at)} UTC: {record.edit.why}", "bold")
    for path, was, now in dossier.changed:
        say(f"  {path or 'all of it'}: {_value(was)} -> {_value(now)}")
    say(record.edit.value)


def _value(value: Any) -> str:
    return orjson.dumps(value).decode()
