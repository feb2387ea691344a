"""`revmark check`: is everything there that a worker needs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from console.exits import NEEDS_PERSON
from console.options import Document, examples
from console.output import moment, say, show_json
from console.session import Session, session_of
from schemas.contract import load_contract
from schemas.errors import ContractError, Transient

if TYPE_CHECKING:  # it loads both platforms' clients
    from streams.checkup import Finding

EXAMPLES = examples(
    "revmark check", "revmark check --create", "revmark check --json | jq '.findings[] | select(.ok|not)'"
)
PROPERTIES = "hubspot properties"
STANDS_STILL = " work"  # ends the name of what is found of a connection that stands still
MENDED = "mend what it says and, where that was a setting, start the workers again. Then see: revmark status"
MAKING = ("revmark check --create", "revmark provision --yes")  # the steps that this command can take itself


def command(
    context: typer.Context,
    *,
    create: Annotated[
        bool, typer.Option("--create", help="make what HubSpot lacks, as revmark provision --yes does")
    ] = False,
    json: Document = False,
) -> None:
    """Test contract, broker, credentials, scopes, properties, accounts and tax rates. Exits 1 if one is not well.

    For each it says what is wrong, why, and what to do next. Nothing is written to the platforms without --create.
    """
    session = session_of(context)
    found = asyncio.run(_look(session, create=create, quiet=json))
    if not json and not create and _lacks_properties(found) and sys.stdin.isatty() and sys.stdout.isatty():
        say("")
        if typer.confirm("Make now what HubSpot lacks?"):
            found = asyncio.run(_look(session, create=True, quiet=False))
    well = all(each.ok for each in found)
    if json:
        show_json({"ok": well, "findings": [asdict(each) for each in found]})
    else:
        say("")
        say(last_word(found), "bold")
    if not well:
        raise typer.Exit(NEEDS_PERSON)


async def _look(session: Session, *, create: bool, quiet: bool) -> list[Finding]:
    from streams.checkup import checkup  # noqa: PLC0415 - loads both platforms' clients

    found = []
    async for each in checkup(session.settings, create=create, keep=session.keeper()):
        found.append(each)
        if not quiet:
            _print(each)
    for each in await _at_work(session):
        found.append(each)
        if not quiet:
            _print(each)
    return found


async def _at_work(session: Session) -> list[Finding]:
    """What the workers have left: that they would not start under this contract, and where they stand still."""
    from console.projection.delivery import topics_of  # noqa: PLC0415 - loads the Kafka client
    from console.readiness import changed_objects, parked  # noqa: PLC0415 - as above
    from console.recorded import Reader  # noqa: PLC0415 - as above
    from streams.checkup.finding import Finding  # noqa: PLC0415 - with both platforms' clients

    try:
        contract = load_contract(session.settings.contract)
        rows = await Reader(session.settings).rows(topics_of(session.settings).cursors)
    except (ContractError, Transient):  # which was found and said
        return []
    why = changed_objects(session.settings, contract, rows)
    found = [Finding("contract objects", ok=False, detail=why, next_step="revmark contract show")] if why else []
    for connection, standing in parked(session.settings, rows, datetime.now(UTC)):
        until = f"tried again at {moment(standing.parked_until())} UTC"
        said = f"the connection {connection} stands still, {until}: {standing.why}"
        name = f"{connection.rpartition('.')[2]}{STANDS_STILL}"
        found.append(Finding(name, ok=not standing.person, detail=said, next_step=MENDED if standing.person else ""))
    return found


def last_word(found: Sequence[Finding]) -> str:
    """What it comes to, and what to do next."""
    wrong = sum(not each.ok for each in found)
    if wrong:
        return f"{wrong} of {len(found)} need mending."
    if any(each.name.endswith(STANDS_STILL) for each in found):
        return "Nothing needs mending; a connection waits until it may be called again. Next: revmark status"
    return "All is well. Next: revmark worker"


def mark(finding: Finding) -> str:
    """How a finding stands, in a word: what is not broken, and somebody should look at, is `see`."""
    if not finding.ok:
        return "NO"
    return "see" if finding.next_step else "ok"


def _print(finding: Finding) -> None:
    say(f"{mark(finding):<4}{finding.name}: {finding.detail}", "" if finding.ok else "red")
    if finding.next_step:
        say(f"      -> {finding.next_step}", "yellow")


def _lacks_properties(found: list[Finding]) -> bool:
    return any(each.name == PROPERTIES and not each.ok and each.next_step in MAKING for each in found)
