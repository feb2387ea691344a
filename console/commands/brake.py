"""`revmark brake`: the rules that touched too much and wait, and a person's word that one may go on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from console.answering import goes_on, stopped
from console.answering import release as release_of
from console.deeds import doing
from console.exits import NEEDS_PERSON
from console.options import DEFAULT_LIMIT, Limit, Lines, Offline, examples
from console.output import Cell, Sheet, moment, say, show, show_lines
from console.projection.delivery import topics_of
from console.projection.filters import Filters
from console.projection.listing import find
from console.session import Session, session_of
from schemas.brake import BrakeState
from schemas.errors import Refused
from schemas.names import Entity
from schemas.verdict import Verdict

app = typer.Typer(help="Look at stopped rules, and let them go on.", no_args_is_help=True, rich_markup_mode="rich")
LOOKED_AT = 5  # decisions shown of what a stopped rule wanted: enough to see what it is about


@app.command("list", epilog=examples("revmark brake list", "revmark brake list --state released --json"))
def list_(
    context: typer.Context,
    *,
    state: Annotated[Literal["stopped", "released"] | None, typer.Option(help="how it stands")] = None,
    type: Annotated[Entity | None, typer.Option(help="kind of record")] = None,  # noqa: A002 - the option's name
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """List brakes that have acted, stopped ones first."""
    with session_of(context).projection("brakes", offline=offline) as store:
        found = find(store, BrakeState, Filters(state=state, type=type), limit)
    if json:
        show_lines(found)
    else:
        show(_sheet(found))


@app.command("status", epilog=examples("revmark brake status"))
def status(context: typer.Context, *, json: Lines = False, offline: Offline = False) -> None:
    """Show what is stopped, what waits behind it and the last it wanted. Exits 1 when a rule is stopped, else 0."""
    with session_of(context).projection("brakes", "decisions", offline=offline) as store:
        found = find(store, BrakeState, Filters(state="stopped"))
        wanted = {
            (each.entity, each.rule): [
                verdict
                for verdict in find(store, Verdict, Filters(type=each.entity), limit=1000)
                if verdict.rule == each.rule
            ][:LOOKED_AT]
            for each in found
        }
    if json:
        show_lines(found)
    else:
        show(_sheet(found, empty="no rule is stopped"))
        for each in found:
            say(f"\n{each.rule} on {each.entity.value}, the last it wanted", "bold")
            for verdict in wanted[each.entity, each.rule]:
                say(f"  {verdict.label or verdict.record}  {verdict.field}: {verdict.reason}")
            say(f"  let it go on with: revmark brake release {each.entity.value} {each.rule} --by NAME --why TEXT")
    if found:
        raise typer.Exit(NEEDS_PERSON)


@app.command("release", epilog=examples('revmark brake release company owner --by kim --why "the new price list"'))
def release(
    context: typer.Context,
    entity: Annotated[Entity, typer.Argument(help="kind of record")],
    rule: Annotated[str, typer.Argument(help="as `revmark brake list` names it")],
    *,
    by: Annotated[str, typer.Option(help="who decides; kept with the brake")],
    why: Annotated[str, typer.Option(help="the reason; kept with the brake")],
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait until a worker has taken it up")] = 30.0,
) -> None:
    """Let a stopped rule go on, with all that waits. For an hour nothing of it is counted.

    Exits 3 when no worker took it up in time (it stays on the topic).
    """
    if not by.strip() or not why.strip():
        raise Refused("--by and --why must say something: they are kept with the brake. Nothing was sent", code="usage")
    session = session_of(context)
    with session.projection("brakes") as store:
        found = stopped(store, entity, rule)
    for each in found:
        about = f"{rule} of {entity.value} in {each.platform}"
        with doing(session.settings, "let go", by.strip(), about, why):
            _release(session, each, by.strip(), why.strip(), wait)


def _release(session: Session, brake: BrakeState, by: str, why: str, wait: float) -> None:
    from console.word import hand_over, place, turned_down  # noqa: PLC0415 - loads the Kafka client

    settings = session.settings
    word = release_of(brake, by, why, datetime.now(UTC))
    lane = topics_of(settings).lane(brake.platform)
    spot = hand_over(settings, place(settings, lane, brake.connection, word), wait)
    if not wait:
        say("sent")
        return
    with session.projection("brakes", "quarantine") as store:
        if (refusal := turned_down(store, spot)) is not None:
            raise refusal
    say(goes_on(brake), "green")


def _sheet(found: list[BrakeState], empty: str = "no brake has acted") -> Sheet:
    sheet = Sheet(
        (
            "state",
            "record",
            "rule",
            "on",
            "touched>",
            "let pass>",
            "of>",
            "waiting>",
            "stopped (UTC)",
            "released (UTC)",
            "by",
            "why*",
        ),
        empty=empty,
    )
    for each in found:
        sheet.add(
            Cell(each.state, "red" if each.state == "stopped" else "dim"),
            each.entity.value,
            each.rule,
            each.platform,
            f"{each.records:,}",
            f"{each.bound:,}",
            f"{each.population:,}" if each.population is not None else "-",
            f"{each.held:,}",
            moment(each.stopped_at),
            moment(each.released_at),
            each.who,
            each.why,
        )
    return sheet
