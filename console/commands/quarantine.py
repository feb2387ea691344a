"""`revmark quarantine`: what could not go on, and why; and a person's word on it."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from console.exits import NEEDS_PERSON, UNREACHABLE
from console.options import DEFAULT_LIMIT, Day, Document, Limit, Lines, Offline, examples
from console.output import Cell, Sheet, moment, note, say, show, show_json, show_lines, value_text
from console.projection.filters import Filters
from console.projection.held import Bytes, Held
from console.projection.listing import bytes_of, held, quarantined
from console.projection.store import Store
from console.projection.summary import EVERYTHING, held_standing
from console.session import Session, session_of
from schemas.errors import Refused

if TYPE_CHECKING:  # it loads the Kafka client
    from console.quarantining import Returned

app = typer.Typer(
    help="Records that could not go on: look, put back, drop.", no_args_is_help=True, rich_markup_mode="rich"
)
By = Annotated[str | None, typer.Option("--by", help="you, if not given")]


@app.command(
    "list", epilog=examples("revmark quarantine list", "revmark quarantine list --type revmark.changes --json")
)
def list_(
    context: typer.Context,
    *,
    state: Annotated[Literal["held", "replayed", "dropped", "any"], typer.Option(help="what became of it")] = "held",
    topic: Annotated[str | None, typer.Option("--type", help="the topic it came from")] = None,
    day: Day = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """List quarantined records with the reason; those that were put back or dropped only when asked for."""
    filters = Filters(state=None if state == "any" else state, type=topic, day=day)
    with session_of(context).projection("quarantine", offline=offline) as store:
        found = quarantined(store, filters, limit)
        there = held_standing(store)
    if json:
        show_lines(found)
        return
    sheet = Sheet(
        ("name", "time (UTC)", "from", "state", "reason*"), empty=_nothing(there, state, asked=bool(topic or day))
    )
    for record in found:
        sheet.add(record.name, moment(record.at), record.topic, _state(record), record.reason)
    show(sheet)


def _nothing(there: int, state: str, *, asked: bool) -> str:
    if asked and there:
        return f"nothing in quarantine is like that; {_counted(there)} in all. Next: revmark quarantine list"
    return "quarantine is empty" if state == "held" else f"nothing in quarantine is {state}"


def _state(record: Held) -> Cell:
    return Cell(record.settlement.state, "dim") if record.settlement else Cell("held", "yellow")


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
    rows = (
        ("reason", record.reason),
        ("code", record.code),
        ("since", f"{moment(record.at)} UTC"),
        ("topic", f"{record.topic}, partition {record.partition}, offset {record.offset}"),
        ("key", record.key or "-"),
        ("about", record.about),
        ("state", _settled(record)),
        *((name, value_text(value)) for name, value in (record.model_extra or {}).items() if value not in ([], True)),
    )
    width = max(len(label) for label, text in rows if text)
    for label, text in rows:
        if text:
            say(f"{label:<{width}}  {text}")
    say("")
    say(record.value or "(no value)")


def _settled(record: Held) -> str:
    found = record.settlement
    if found is None:
        return (
            f"held. Next: revmark quarantine replay {record.name}, or revmark quarantine drop {record.name} --why ..."
        )
    return f"{found.state} by {found.who} at {moment(found.at)} UTC" + (f": {found.why}" if found.why else "")


@app.command(
    "replay", epilog=examples("revmark quarantine replay revmark.changes-0-17", "revmark quarantine replay --all")
)
def replay_(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="as `revmark quarantine list` names it")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="all that are held")] = False,
    by: By = None,
    why: Annotated[str, typer.Option(help="what was mended; it is kept with the record")] = "",
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait until workers have taken it up")] = 30.0,
) -> None:
    """Put records back on their topics as they were, once their cause is mended.

    Exits 1 when one came back into quarantine, 3 when no worker took it up in time (it stays on the topic).
    """
    if (name is None) is not all_:
        raise Refused("say which record, or --all. Next: revmark quarantine list", code="usage")
    from console.quarantining import Say, replay  # noqa: PLC0415 - loads the Kafka client

    session = session_of(context)
    with session.projection("quarantine") as store:
        chosen = [_held(store, name)] if name else quarantined(store, Filters(state="held"), EVERYTHING)
        records = [_bytes(store, record) for record in chosen]
    if not records:
        note("quarantine is empty")
        return
    returned = asyncio.run(replay(session.settings, records, Say(by or getpass.getuser(), why.strip())))
    if not wait:
        say(f"{_counted(len(returned))} put back")
        return
    _report(session, returned, wait)


def _report(session: Session, returned: Sequence[Returned], wait: float) -> None:
    from console.word import taken_up  # noqa: PLC0415 - as above

    places = {each.place.name: each.name for each in returned}
    # They were put back in their order: the last of a partition is taken up after the others.
    last = {(each.place.topic, each.place.partition): each.place for each in returned}
    if not all(asyncio.run(taken_up(session.settings, spot, wait)) for spot in last.values()):
        note(
            f"{_counted(len(places))} put back, but not all were taken up within {wait:g} s; they stay on their topics "
            "and are taken up when a worker runs. Next: revmark worker",
            "yellow",
        )
        raise typer.Exit(UNREACHABLE)
    with session.projection("quarantine") as store:
        again = [record for record in quarantined(store, Filters(state="held"), EVERYTHING) if record.name in places]
    for record in again:
        note(f"{places[record.name]} cannot go on as it is: {record.reason}. It is held as {record.name}", "red")
        note(f"Next: mend the cause, or revmark quarantine drop {record.name} --why TEXT")
    if again:
        raise typer.Exit(NEEDS_PERSON)
    say(f"{_counted(len(places))} put back and taken up", "green")


@app.command("drop", epilog=examples('revmark quarantine drop revmark.changes-0-17 --why "a test record"'))
def drop_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="as `revmark quarantine list` names it")],
    *,
    why: Annotated[str, typer.Option("--why", help="the reason; it is kept with the record")],
    by: By = None,
) -> None:
    """Say that a record is not needed. It stays readable, and counts no more as something that needs a person."""
    if not why.strip():
        raise Refused("--why must say something: it is kept with the record. Nothing was sent", code="usage")
    from console.quarantining import Say, drop  # noqa: PLC0415 - as above

    session = session_of(context)
    with session.projection("quarantine") as store:
        record = _held(store, name)
    spot = Bytes(record.topic, record.partition, record.offset, None, None)
    asyncio.run(drop(session.settings, [spot], Say(by or getpass.getuser(), why.strip())))
    say(f"{name} is dropped; it can still be seen with `revmark quarantine show {name}`", "green")


def _held(store: Store, name: str) -> Held:
    """A record that nobody has settled yet."""
    found = held(store, name)
    if found.settlement is not None:
        raise Refused(f"{name} was {_settled(found)}. Nothing was sent. Next: revmark quarantine list", code="settled")
    return found


def _bytes(store: Store, record: Held) -> Bytes:
    found = bytes_of(store, record.name)
    if found is None:
        raise Refused(
            f"{record.name} does not say what lay where: it cannot be put back. Nothing was sent. "
            f"Next: revmark quarantine drop {record.name} --why ...",
            code="unreadable",
        )
    return found


def _counted(number: int) -> str:
    return "1 record" if number == 1 else f"{number:,} records"
