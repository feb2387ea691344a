"""`revmark repair`: what puts a variance of a night right, proposed, and done where the contract lets Revmark do it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from console.audited import words
from console.deeds import account, doing
from console.exits import NEEDS_PERSON
from console.options import Document, examples
from console.output import money_text, say, show_json
from console.session import session_of
from schemas.audit import Discrepancy
from streams.settings import Settings

if TYPE_CHECKING:  # it loads Kafka's client
    from console.word import Place

EXAMPLES = examples("revmark repair 3f9a2c71", "revmark repair 3f9a2c71 --yes", "revmark repair 3f9a2c71 --json")
WAIT = 30.0  # seconds: lanes take up what they are asked for within one, unless they are catching up


def command(
    context: typer.Context,
    variance: Annotated[str, typer.Argument(help="its id, as `revmark reconcile` shows it; the first digits do")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="do it, and do not ask")] = False,
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait for workers to take it up")] = WAIT,
    json: Document = False,
) -> None:
    """Propose the repair of a variance, and with --yes have it done: the records are read again and judged anew.

    Revmark makes, voids and pays nothing in the ERP. Exits 1 when a person has to act, and says who, where.
    """
    from console.repairing import find, repair  # noqa: PLC0415 - loads Kafka's client

    session = session_of(context)
    found = find(session.settings, variance)
    if json and not yes:
        show_json(found.variance)
        raise typer.Exit(NEEDS_PERSON)
    if not json:
        _propose(found.variance)
    if found.variance.mend.act != "read":
        raise typer.Exit(NEEDS_PERSON)
    if not (yes or _agreed()):
        say(f"Nothing was done. Next: {words.REPAIR} {found.variance.id[: words.SHORT]} --yes")
        raise typer.Exit(NEEDS_PERSON)
    with doing(session.settings, "repair", account(), found.variance.id):
        places = asyncio.run(repair(session.settings, found.variance))
        if wait:
            _await(session.settings, places, wait)
    if json:
        show_json({"variance": found.variance.id, "asked": [each.name for each in places]})
        return
    say("The records are read again, and what the contract decides is written.", "green")
    say(f"Next, in a minute: revmark reconcile --night {found.variance.night}")
    shown = found.variance.erp or found.variance.crm
    if shown is not None:
        say(f"If it still stands then, what holds it: revmark explain {shown.ref.replace('/', ':')}")


def _propose(variance: Discrepancy) -> None:
    apart = f"{variance.currency} {money_text(variance.difference, variance.currency)}"
    say(f"{variance.kind}: {apart}, night of {variance.night}", "bold")
    say(f"{variance.says}.")
    who = {"read": "Revmark", "wait": "Nobody", "person": "A person"}[variance.mend.act]
    say(f"{who}: {variance.mend.says}.")


def _agreed() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and typer.confirm("Have it done now?")


def _await(settings: Settings, places: Sequence[Place], wait: float) -> None:
    """Wait until the lanes have taken up what they were asked for.

    Raises:
        Exit: no worker did in time; that is said.
    """
    from console.word import taken_up, unheard  # noqa: PLC0415 - loads Kafka's client

    async def heard() -> bool:
        return all([await taken_up(settings, each, wait) for each in places])

    if not asyncio.run(heard()):
        raise unheard(wait)
