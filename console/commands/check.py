"""`revmark check`: is everything there that a worker needs."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console.exits import NEEDS_PERSON
from console.options import Document, examples
from console.output import say, show_json
from console.session import Session, session_of
from schemas.contract import load_contract
from schemas.errors import ContractError, Transient

if TYPE_CHECKING:  # it loads both platforms' clients
    from streams.checkup import Finding

EXAMPLES = examples(
    "revmark check", "revmark check --create", "revmark check --json | jq '.findings[] | select(.ok|not)'"
)
PROPERTIES = "hubspot properties"
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
        wrong = sum(not each.ok for each in found)
        say("All is well. Next: revmark worker" if well else f"{wrong} of {len(found)} need mending.", "bold")
    if not well:
        raise typer.Exit(NEEDS_PERSON)


async def _look(session: Session, *, create: bool, quiet: bool) -> list[Finding]:
    from streams.checkup import checkup  # noqa: PLC0415 - loads both platforms' clients

    found = []
    async for each in checkup(session.settings, create=create, keep=session.keeper()):
        found.append(each)
        if not quiet:
            _print(each)
    if (stopped := await _stopped(session)) is not None:
        found.append(stopped)
        if not quiet:
            _print(stopped)
    return found


async def _stopped(session: Session) -> Finding | None:
    """That workers would not start under this contract, since they ran under one that shows records elsewhere."""
    from console.projection.delivery import topics_of  # noqa: PLC0415 - loads the Kafka client
    from console.readiness import changed_objects  # noqa: PLC0415 - as above
    from console.recorded import Reader  # noqa: PLC0415 - as above
    from streams.checkup.finding import Finding  # noqa: PLC0415 - with both platforms' clients

    try:
        contract = load_contract(session.settings.contract)
        rows = await Reader(session.settings).rows(topics_of(session.settings).cursors)
    except (ContractError, Transient):  # which was found and said
        return None
    why = changed_objects(session.settings, contract, rows)
    return Finding("contract objects", ok=False, detail=why, next_step="revmark contract show") if why else None


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
