"""`revmark apply`: let the sync go that was planned, if it still would do the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from console.approval import Lets, approvals
from console.commands.plan import make
from console.deeds import account, doing
from console.exits import NEEDS_PERSON
from console.options import Document, examples
from console.output import Sheet, say, show, show_json
from console.projection.delivery import topics_of
from console.session import session_of
from schemas.contract import load_contract
from schemas.errors import Refused
from schemas.plan import Plan, parse_plan
from streams.settings import Settings

EXAMPLES = examples(
    "revmark apply plan.json",
    "revmark apply plan.json --check",
    "revmark apply plan.json --stay-open",
    "revmark apply --close",
)


def command(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="what `revmark plan --out` wrote")] = None,
    *,
    stay_open: Annotated[
        bool, typer.Option("--stay-open", help="and whatever comes later under this contract")
    ] = False,
    close: Annotated[bool, typer.Option("--close", help="let nothing more go, also of what was applied")] = False,
    check: Annotated[bool, typer.Option("--check", help="compare only; let nothing go")] = False,
    who: Annotated[str | None, typer.Option("--who", help="you, if not given")] = None,
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait until workers have taken it up")] = 30.0,
    json: Document = False,
) -> None:
    """Make the plan again, and let gated workers write if it is still the same.

    Exits 1 when the world has moved: it says which records and fields differ, and nothing is let go. The writes go the
    ordinary way: the workers' own decisions, commands and ledger. What the plan did not name waits for another plan.
    """
    session = session_of(context)
    settings = session.settings
    if close:
        _close(settings, who or account(), wait)
        return
    if file is None:
        raise Refused("which plan? Next: revmark plan --out plan.json, then: revmark apply plan.json", code="plan")
    planned = _planned(file, settings, check=check)
    from console.planning import moved  # noqa: PLC0415 - loads Kafka's and both platforms' clients

    now = make(session, first=False, sweep=planned.sweep)
    differences = moved(planned, now)
    if json:
        rows = [{"record": record, "differs": what} for record, what in differences]
        show_json({"plan": planned.id, "same": not rows, "differences": rows})
    if differences:
        if not json:
            _print(file, planned, differences)
        raise typer.Exit(NEEDS_PERSON)
    if not json:
        count = sum(write.goes for write in planned.writes)
        say(f"{file} still is what the next sync would do: {count} records to write", "green")
    if check:
        return
    _tell(settings, now, who or account(), wait, "everything" if stay_open else "planned")
    if not json:
        later = (
            "and whatever comes later under this contract" if stay_open else "what comes later waits for another plan"
        )
        say(f"The workers write it now, {later}. Next: revmark ledger, revmark status")


def _close(settings: Settings, who: str, wait: float) -> None:
    """Let nothing more go."""
    contract = load_contract(settings.contract)
    nothing = Plan(made_at=datetime.now(UTC), tenant=settings.tenant, contract=contract.digest, first=False)
    _tell(settings, nothing, who, wait, "nothing")
    gated = "" if settings.gated else ", if they were started with REVMARK_GATED=true"
    say(f"The workers write nothing more{gated}. Next: revmark plan --out plan.json")


def _tell(settings: Settings, plan: Plan, who: str, wait: float, lets: Lets) -> None:
    what = {"nothing": "close", "planned": "apply", "everything": "apply and stay open"}[lets]
    with doing(settings, what, who, f"contract {plan.contract}" if lets == "nothing" else f"plan {plan.id}"):
        if not asyncio.run(_release(settings, plan, who, wait, lets)):
            from console.word import unheard  # noqa: PLC0415 - loads the Kafka client

            raise unheard(wait, "closed" if lets == "nothing" else "released")


def _planned(file: Path, settings: Settings, *, check: bool) -> Plan:
    """The plan, if these settings could carry it out."""
    planned = _load(file)
    if planned.contract != (present := load_contract(settings.contract).digest):
        raise Refused(
            f"the plan was made with contract {planned.contract} and {settings.contract} is {present} now. Nothing was "
            "let go. Next: revmark plan",
            code="contract",
        )
    if not check and not settings.gated:
        raise Refused(
            "these workers are not gated: they write what they decide as they go, and there is nothing to let go. "
            f"Set REVMARK_GATED=true before they start, or compare only: revmark apply {file} --check",
            code="not_gated",
        )
    return planned


def _load(file: Path) -> Plan:
    try:
        return parse_plan(file.read_bytes(), str(file))
    except OSError as error:
        raise Refused(f"there is no plan at {file} ({error.strerror}). Next: revmark plan --out {file}") from error


def _print(file: Path, planned: Plan, differences: Sequence[tuple[str, str]]) -> None:
    sheet = Sheet(("record*", "what differs*"))
    for record, what in differences:
        sheet.add(record, what)
    say(f"The world has moved since {planned.made_at:%Y-%m-%d %H:%M:%S} UTC; nothing was let go.", "red")
    show(sheet)
    say(f"Next: revmark plan --out {file}")


async def _release(settings: Settings, plan: Plan, who: str, wait: float, lets: Lets) -> bool:
    """Tell both lanes; whether both took it up in time."""
    from console.projection.cluster import describe  # noqa: PLC0415 - loads the Kafka client
    from console.word import send, taken_up  # noqa: PLC0415 - as above
    from streams.platforms.registry import PLATFORMS  # noqa: PLC0415 - as above

    topics = topics_of(settings)
    lanes = {name: topics.lane(name) for name in PLATFORMS}
    there = (await describe(settings.kafka, topics, [lane.name for lane in lanes.values()])).partitions
    missing = [topics.name(lane) for lane in lanes.values() if lane.name not in there]
    if missing or plan.first:
        lacking = f"{missing[0]} is not there" if missing else "nothing has been read"
        raise Refused(
            f"no worker has run here yet ({lacking}). Nothing was let go. Next: start the workers with "
            "REVMARK_GATED=true (they read, and write nothing), then: revmark apply",
            code="topic",
        )
    places = []
    for name, lane in lanes.items():
        connection = str(settings.connection(name))
        words = approvals(plan, name, connection, who, datetime.now(UTC), lets)
        places += [await send(settings.kafka, topics.name(lane), connection, word) for word in words]
    found = [await taken_up(settings, place, wait) for place in places] if wait else []
    return all(found)
