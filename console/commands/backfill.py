"""`revmark backfill`: read everything once more beside live traffic, and see how far it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from console.deeds import account, doing
from console.exits import NEEDS_PERSON
from console.options import Document, Offline, examples
from console.output import Cell, Sheet, moment, note, say, show, show_json
from console.projection.delivery import topics_of
from console.projection.progress import Progress, progress
from console.session import Session, session_of
from schemas.command import Backfill
from schemas.errors import Refused
from schemas.instants import parse_instant
from schemas.names import Entity, Platform
from schemas.reading import ReadingState
from streams.platforms.shares import SHARES

EXAMPLES = examples(
    "revmark backfill", "revmark backfill --platform xero --entity invoice --since 2026-01-01", "revmark backfill stop"
)
app = typer.Typer(rich_markup_mode="rich", invoke_without_command=True, epilog=EXAMPLES)
STYLES = {
    "running": "green",
    "waiting": "yellow",
    "failing": "red",
    "stopped": "yellow",
    "dropped": "dim",
    "done": "dim",
}
Side = Annotated[str | None, typer.Option("--platform", help="hubspot or xero; both if not given")]
Wait = Annotated[float, typer.Option(min=0, help="seconds to wait until a worker has taken it up")]


@app.callback()
def start(
    context: typer.Context,
    *,
    platform: Side = None,
    entity: Annotated[
        list[Entity] | None, typer.Option("--entity", help="only these kinds of record; all if not given")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="only what was modified from then on: YYYY-MM-DD, or a time; UTC")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="judge also what shows nothing new, as after a change of the contract")
    ] = False,
    wait: Wait = 30.0,
) -> None:
    """Read everything there is once more, behind live work and within what the quota has to spare.

    It goes on where it stood after a restart, and never overwrites what is newer. Exits 3 when no worker took it up.
    """
    if context.invoked_subcommand is not None:
        return
    session, now = session_of(context), datetime.now(UTC)
    chosen = _kinds(_platforms(platform), entity or [])
    begin = None if since is None else _since(since, now)
    with session.projection("readings") as store:
        there = progress(store, now)
    for each in there:
        if each.what == "backfill" and each.open and each.platform in chosen:
            raise Refused(
                f"a backfill of {each.connection} is {each.state}: {_far(each)} read. Nothing was sent. Next: "
                f"revmark backfill {'resume' if each.state == 'stopped' else 'status'}; to begin another, let it come "
                "to its end, or: revmark backfill drop",
                code="usage",
            )
    words = {name: _word(session, name, "start", kinds=kinds, since=begin, anew=anew) for name, kinds in chosen.items()}
    _hand_over(session, words, wait)
    if wait:
        _show(session, list(chosen), begun=True)


@app.command("status", epilog=examples("revmark backfill status", "revmark backfill status --json"))
def status(context: typer.Context, *, json: Document = False, offline: Offline = False) -> None:
    """Show how far first readings and backfills are: read, still to come, rate, time left.

    Exits 1 when one keeps failing, else 0.
    """
    with session_of(context).projection("readings", offline=offline) as store:
        found = progress(store, datetime.now(UTC))
    if json:
        show_json({"readings": [each.document() for each in found]})
    else:
        tell(found)
    if any(each.state == "failing" for each in found):
        raise typer.Exit(NEEDS_PERSON)


@app.command("stop", epilog=examples("revmark backfill stop", "revmark backfill stop --platform xero"))
def stop(context: typer.Context, *, platform: Side = None, wait: Wait = 30.0) -> None:
    """Let a backfill rest where it is; it keeps its place."""
    _change(session_of(context), platform, "stop", {"running", "waiting", "failing"}, wait)


@app.command("resume", epilog=examples("revmark backfill resume"))
def resume(context: typer.Context, *, platform: Side = None, wait: Wait = 30.0) -> None:
    """Let a backfill that was stopped go on where it stood; one that waits after failures tries again at once."""
    _change(session_of(context), platform, "resume", {"stopped", "failing"}, wait)


@app.command("drop", epilog=examples("revmark backfill drop --platform hubspot"))
def drop(context: typer.Context, *, platform: Side = None, wait: Wait = 30.0) -> None:
    """Give a backfill up: what was read stays read, its place is forgotten."""
    _change(session_of(context), platform, "drop", {"running", "waiting", "failing", "stopped"}, wait)


def tell(found: list[Progress]) -> None:
    """Print how far each is."""
    sheet = Sheet(
        ("connection", "what", "kind", "state", "read>", "of about>", "a second>", "time left", "as of (UTC)"),
        empty="nothing has been read yet. Next: revmark worker",
    )
    for each in found:
        total, state = _number(each.total), Cell(each.state, STYLES[each.state])
        rate = "-" if each.rate is None else f"{each.rate:,.1f}"
        sheet.add(each.connection, each.name, "", state, f"{each.read:,}", total, rate, left(each), moment(each.at))
        if each.open:
            for kind in each.kinds:
                of = _number(None if kind.left is None else kind.read + kind.left)
                cells = ("", "", kind.kind, Cell(kind.state, "dim"), f"{kind.read:,}", of, "", "", "")
                sheet.add(*cells)
    show(sheet)
    for each in found:
        for line in _said(each):
            say(line)


def left(each: Progress) -> str:
    """How long it still takes, for people."""
    if not each.open:
        return "-"
    if each.seconds_left is None:
        return "not known yet"
    minutes = -(-each.seconds_left // 60)
    hours, rest = divmod(minutes, 60)
    days, over = divmod(hours, 24)
    return f"{days} d {over} h" if days else f"{hours} h {rest} min" if hours else f"{minutes} min"


def _said(each: Progress) -> Iterable[str]:
    if not each.open:
        return
    name = f"{each.connection}, {each.name}"
    scope = next((row.since for row in each.kinds if row.since), None)
    if scope is not None:
        yield f"{name}: what was modified from {moment(scope)} UTC on"
    if each.days > 1:
        share = SHARES[each.platform]
        yield (
            f"{name}: {each.calls_left:,} calls are left to make; of the smallest tier's {share.day_calls:,} a day a "
            f"backfill takes {share.day:,}, which is {each.days} days"
        )
    if each.why:
        until = f" until {moment(each.until)} UTC" if each.until else ""
        yield f"{name}: waits{until}: {each.why}"
    if each.state == "stopped":
        yield f"{name}: stopped, and keeps its place. Next: revmark backfill resume"


def _far(each: Progress) -> str:
    return f"{each.read:,} of about {_number(each.total)}"


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _platforms(wanted: str | None) -> list[Platform]:
    if wanted is None:
        return list(SHARES)
    found: list[Platform] = [each for each in SHARES if each == wanted]
    if not found:
        raise Refused(
            f"{wanted!r} is no platform: it is one of {', '.join(SHARES)}. Nothing was sent. "
            "Next: revmark backfill --platform hubspot",
            code="usage",
        )
    return found


def _kinds(platforms: list[Platform], entities: list[Entity]) -> dict[Platform, list[str]]:
    """The kinds to read by platform; a platform that holds none of the entities is left out."""
    found = {
        name: [kind for kind, held in SHARES[name].entities.items() if not entities or set(held) & set(entities)]
        for name in platforms
    }
    found = {name: kinds for name, kinds in found.items() if kinds}
    if not found:
        held = sorted({each.value for name in platforms for kind in SHARES[name].entities.values() for each in kind})
        raise Refused(
            f"{' and '.join(platforms)} {'holds' if len(platforms) == 1 else 'hold'} no records of kind "
            f"{', '.join(each.value for each in entities)} (there are: {', '.join(held)}). Nothing was sent. "
            f"Next: revmark backfill --entity {held[0]}",
            code="usage",
        )
    return found


def _since(text: str, now: datetime) -> datetime:
    try:
        found = parse_instant(text)
    except ValueError:
        found = None
    if found is None or found > now:
        why = "lies ahead" if found else "is no day or time"
        raise Refused(
            f"--since {text!r} {why}. Nothing was sent. Next: revmark backfill --since {now:%Y-%m-%d}", code="usage"
        )
    return found


def _word(
    session: Session, platform: Platform, act: Literal["start", "stop", "resume", "drop"], **more: Any
) -> Backfill:
    settings = session.settings
    connection = str(settings.connection(platform))
    return Backfill(tenant=settings.tenant, connection=connection, act=act, at=datetime.now(UTC), **more)


def _change(
    session: Session,
    wanted: str | None,
    act: Literal["stop", "resume", "drop"],
    states: set[str],
    wait: float,
) -> None:
    platforms = _platforms(wanted)
    with session.projection("readings") as store:
        there = [each for each in progress(store, datetime.now(UTC)) if each.what == "backfill"]
    fitting = [each for each in there if each.platform in platforms and (each.state in states or _rests(each, act))]
    if not fitting:
        stand = ", ".join(f"{each.connection} is {each.state}" for each in there if each.platform in platforms)
        raise Refused(
            f"there is no backfill to {act} ({stand or 'none was ever asked for'}). Nothing was sent. "
            f"Next: revmark backfill{' status' if stand else ''}",
            code="usage",
        )
    _hand_over(session, {each.platform: _word(session, each.platform, act) for each in fitting}, wait)
    if wait:
        _show(session, [each.platform for each in fitting])


def _rests(each: Progress, act: str) -> bool:
    """Whether a kind of it is stopped, though others go on."""
    return act == "resume" and any(row.state == "stopped" for row in each.kinds)


def _hand_over(session: Session, words: dict[Platform, Backfill], wait: float) -> None:
    from console.word import hand_over, place  # noqa: PLC0415 - loads the Kafka client

    topics = topics_of(session.settings)
    for name, word in words.items():
        with doing(session.settings, f"{word.act} a backfill", account(), word.connection):
            hand_over(session.settings, place(session.settings, topics.lane(name), word.connection, word), wait)
    if not wait:
        say("sent. Next: revmark backfill status")


def _show(session: Session, platforms: list[Platform], *, begun: bool = False) -> None:
    with session.projection("readings") as store:
        found = [each for each in progress(store, datetime.now(UTC)) if each.platform in platforms]
    tell([each for each in found if each.what == "backfill" or (begun and each.open)])
    reading = [f"{row.connection} {row.kind}" for row in _first(found)] if begun else []
    if reading:
        note(f"the first reading of {', '.join(reading)} is still under way, and reads everything of it")
    if begun:
        say("It goes on behind live work. Next: revmark backfill status")


def _first(found: list[Progress]) -> Iterable[ReadingState]:
    return (row for each in found if each.what == "first" and each.open for row in each.kinds if row.state != "done")
