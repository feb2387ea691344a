"""`revmark quarantine`: what could not go on, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from console.options import DEFAULT_LIMIT, Day, Document, Limit, Lines, Offline, examples
from console.output import Sheet, moment, say, show, show_json, show_lines, value_text
from console.projection.filters import Filters
from console.projection.held import Held
from console.projection.listing import find, held
from console.session import session_of

app = typer.Typer(help="Look at records that could not go on.", no_args_is_help=True, rich_markup_mode="rich")


@app.command(
    "list", epilog=examples("revmark quarantine list", "revmark quarantine list --type revmark.changes --json")
)
def list_(
    context: typer.Context,
    *,
    type: Annotated[str | None, typer.Option(help="the topic it came from")] = None,  # noqa: A002 - the option's name
    day: Day = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """List quarantined records with the reason."""
    with session_of(context).projection("quarantine", offline=offline) as store:
        found = find(store, Held, Filters(type=type, day=day), limit)
    if json:
        show_lines(found)
        return
    sheet = Sheet(("name", "time (UTC)", "from", "reason*"), empty="quarantine is empty")
    for record in found:
        sheet.add(record.name, moment(record.at), record.topic, record.reason)
    show(sheet)


@app.command("show", epilog=examples("revmark quarantine show revmark.changes-0-17"))
def show_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="as `revmark quarantine list` names it")],
    *,
    json: Document = False,
    offline: Offline = False,
) -> None:
    """Show one quarantined record whole."""
    with session_of(context).projection("quarantine", offline=offline) as store:
        record = held(store, name)
    if json:
        show_json(record)
        return
    say(record.name, "bold")
    for label, text in (
        ("reason", record.reason),
        ("code", record.code),
        ("since", f"{moment(record.at)} UTC"),
        ("topic", f"{record.topic}, partition {record.partition}, offset {record.offset}"),
        ("key", record.key or "-"),
        *((name, value_text(value)) for name, value in (record.model_extra or {}).items()),
    ):
        if text:
            say(f"{label:<8}  {text}")
    say("")
    say(record.value or "(no value)")
