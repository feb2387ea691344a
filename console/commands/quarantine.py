"""`revmark quarantine`: what could not go on, and why; and a person's word on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from console import named
from console.deeds import account, doing
from console.exits import NEEDS_PERSON, UNREACHABLE
from console.options import DEFAULT_LIMIT, Day, Limit, Lines, Offline, examples
from console.output import Cell, Sheet, moment, note, say, show, show_lines
from console.projection.delivery import STATES
from console.projection.filters import Filters
from console.projection.held import Bytes, Held
from console.projection.listing import EVERYTHING, quarantined
from console.projection.refusals import Refusal, refusals
from console.projection.store import Store
from console.projection.summary import held_standing
from console.session import Session, session_of
from schemas.errors import Refused

if TYPE_CHECKING:  # they load the Kafka client
    from console.quarantining import Returned
    from console.retrying import Asked

app = typer.Typer(
    help="What could not go on: look, edit, put back, drop.", no_args_is_help=True, rich_markup_mode="rich"
)
COMMANDS = "commands"  # what --type calls the refused writes
By = Annotated[str | None, typer.Option("--by", help="you, if not given")]


@app.command(
    "list", epilog=examples("revmark quarantine list", "revmark quarantine list --type revmark.changes --json")
)
def list_(
    context: typer.Context,
    *,
    state: Annotated[Literal["held", "replayed", "dropped", "any"], typer.Option(help="what became of it")] = "held",
    topic: Annotated[
        str | None, typer.Option("--type", help="the topic it came from, or `commands` for refused writes")
    ] = None,
    day: Day = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """List what could not go on, with the reason: records, and commands that a platform refused.

    Those that were put back or dropped are listed only when asked for.
    """
    filters = Filters(state=None if state == "any" else state, type=topic, day=day)
    with session_of(context).projection("quarantine", "ledger", offline=offline) as store:
        records = quarantined(store, filters, limit) if topic != COMMANDS else []
        refused = refusals(store, state, day=day, limit=limit) if topic in {None, COMMANDS} else []
        there = held_standing(store)
    both: list[Held | Refusal] = [*records, *refused]
    found = sorted(both, key=lambda each: each.at, reverse=True)[:limit]
    if json:
        show_lines(each.document() if isinstance(each, Refusal) else each for each in found)
        return
    sheet = Sheet(
        ("name", "time (UTC)", "from", "state", "tries>", "reason*"),
        empty=_nothing(there, state, asked=bool(topic or day)),
    )
    for each in found:
        tries = each.entry.attempts if isinstance(each, Refusal) else each.attempts
        sheet.add(each.name, moment(each.at), _origin(each), _state(each), str(tries), each.reason)
    show(sheet)


def _origin(found: Held | Refusal) -> str:
    if isinstance(found, Held):
        return found.topic
    command = found.entry.command
    return f"{command.platform}: {command.kind} {command.entity.value.replace('_', ' ')}"


def _nothing(there: int, state: str, *, asked: bool) -> str:
    if asked and there:
        return f"nothing in quarantine is like that; {_counted(there)} in all. Next: revmark quarantine list"
    return "quarantine is empty" if state == "held" else f"nothing in quarantine is {state}"


def _state(found: Held | Refusal) -> Cell:
    if found.settlement:
        return Cell(found.settlement.state, "dim")
    if isinstance(found, Refusal):
        return Cell("edited", "yellow") if found.edit else Cell("refused", "red")
    return Cell("edited" if found.edit else "held", "yellow")


@app.command(
    "replay",
    epilog=examples(
        "revmark quarantine replay revmark.changes-0-17",
        "revmark quarantine replay --all",
        'revmark quarantine replay 9f3a21c07b6d5e48 --why "account 205 was added in Xero"',
    ),
)
def replay_(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="as `revmark quarantine list` names them")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="all records that are held")] = False,
    by: By = None,
    why: Annotated[str, typer.Option(help="what was mended; kept with it, and needed for a command")] = "",
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait until workers have taken it up")] = 30.0,
) -> None:
    """Put records back on their topics, as they were or as edited, in the order in which they came.

    A command that was refused is judged anew from what both sides show now, and tried again. Exits 1 when one came back
    into quarantine, 3 when no worker took it up in time (it stays on the topic).
    """
    if bool(names) is all_:
        raise Refused("say which, or --all. Next: revmark quarantine list", code="usage")
    from console.quarantining import Say, replay  # noqa: PLC0415 - loads the Kafka client
    from console.retrying import retry  # noqa: PLC0415 - as above

    session = session_of(context)
    with session.projection("quarantine", "ledger", *(STATES if names else ())) as store:
        refused = [found for name in dict.fromkeys(names or ()) if (found := named.refused(store, name)) is not None]
        others = [name for name in dict.fromkeys(names or ()) if name not in {each.name for each in refused}]
        chosen = [named.record(store, name) for name in others] if names else _all_held(store)
        records = [named.going(store, record) for record in chosen]
        owned = [(each, named.customer(store, session.settings.tenant, each)) for each in refused]
        _tell_older(store, chosen)
    if any(each.edit is None for each, _ in owned) and not why.strip():
        raise Refused("--why must say what was mended: it is kept with the command. Nothing was sent", code="usage")
    if not records and not owned:
        note("quarantine is empty")
        return
    say_ = Say(by or account(), why.strip())
    with doing(session.settings, "put back", say_.who, ", ".join(names or ["all that is held"]), say_.why):
        returned = asyncio.run(replay(session.settings, records, say_)) if records else []
        asked = asyncio.run(retry(session.settings, owned, say_)) if owned else []
        if not wait:
            say(f"{_counted(len(returned) + len(asked), 'one')} put back")
            return
        if returned:
            _report(session, returned, wait)
        if asked:
            _follow(session, asked, wait)


def _all_held(store: Store) -> list[Held]:
    return quarantined(store, Filters(state="held"), EVERYTHING)


def _tell_older(store: Store, chosen: Sequence[Held]) -> None:
    going = {each.name for each in chosen}
    for each in chosen:
        if older := named.older(store, each, going):
            note(f"{each.name}: an older one of the same record stays held, {older[-1]}", "yellow")


def _follow(session: Session, asked: Sequence[Asked], wait: float) -> None:
    """Say what came of retries."""
    from console.projection.reviews import answered  # noqa: PLC0415 - only here
    from console.word import taken_up, turned_down, unheard  # noqa: PLC0415 - as above

    for each in asked:
        if not asyncio.run(taken_up(session.settings, each.place, wait)):
            raise unheard(wait)
    failed = None
    with session.projection("quarantine", "decisions", "ledger") as store:
        for each in asked:
            failed = turned_down(store, each.place) or failed
            came = answered(store, each.word.answer)
            again = _asked_again(store, each) if came else []
            if again:
                say(f"{each.refused.command.id} is judged anew: {', '.join(again)}. Next: revmark ledger", "green")
            elif came:
                say(f"{each.refused.command.id} is judged anew: nothing is left to write", "green")
    if failed is not None:
        raise failed


def _asked_again(store: Store, asked: Asked) -> list[str]:
    """The commands that came of a retry."""
    rows = store.rows(
        "SELECT DISTINCT command FROM decisions WHERE at = ? AND customer = ? AND command IS NOT NULL",
        [asked.word.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), asked.word.customer],
    )
    return [f"command {row['command']}" for row in rows]


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
    """Say that a record, or a refused write, is not needed.

    It stays readable, and counts no more as something that needs a person.
    """
    if not why.strip():
        raise Refused("--why must say something: it is kept with the record. Nothing was sent", code="usage")
    from console.quarantining import Say, drop  # noqa: PLC0415 - as above
    from console.retrying import drop as forgo  # noqa: PLC0415 - as above

    session = session_of(context)
    said = Say(by or account(), why.strip())
    with session.projection("quarantine", "ledger") as store:
        refused = named.refused(store, name)
        record = None if refused else named.record(store, name)
    with doing(session.settings, "drop", said.who, name, said.why):
        if refused is not None:
            asyncio.run(forgo(session.settings, refused, said))
        elif record is not None:
            spot = Bytes(record.topic, record.partition, record.offset, None, None)
            asyncio.run(drop(session.settings, [spot], said))
    say(f"{name} is dropped; it can still be seen with `revmark quarantine show {name}`", "green")


def _counted(number: int, what: str = "record") -> str:
    return f"1 {what}".removesuffix(" one") if number == 1 else f"{number:,} {what}s".removesuffix(" ones")
