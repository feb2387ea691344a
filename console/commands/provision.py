"""`revmark provision`: what HubSpot has to have for the contract, shown, and made once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from console.exits import NEEDS_PERSON
from console.options import Document, examples
from console.output import say, show_json
from console.session import Session, session_of
from schemas.contract import load_contract

if TYPE_CHECKING:  # it loads the platform's client
    from streams.platforms.hubspot.provisioning import Lacking

EXAMPLES = examples(
    "revmark provision", "revmark provision --yes", "revmark provision --json | jq -r '.properties[].name'"
)


def command(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="make what is shown")] = False,
    json: Document = False,
) -> None:
    """Show the objects, associations, properties and events that HubSpot lacks for the contract; with --yes make them.

    What is there is never changed, and nothing is made twice. Exits 1 while something is lacking.
    """
    found = asyncio.run(_provision(session_of(context), yes=yes))
    made = yes and not found.nothing
    if json:
        show_json({"made": made, **found.document()})
    else:
        _show(found, made=made)
    if not (made or found.nothing):
        raise typer.Exit(NEEDS_PERSON)


async def _provision(session: Session, *, yes: bool) -> Lacking:
    from streams.platforms.hubspot.provisioning import lacking, provision  # noqa: PLC0415 - loads the client
    from streams.platforms.registry import hubspot_auth, hubspot_client  # noqa: PLC0415 - the same

    settings = session.settings
    contract = load_contract(settings.contract)
    client = hubspot_client(settings, contract, hubspot_auth(settings))
    try:
        found = await lacking(client, contract)
        if yes:
            await provision(client, contract, found)
        return found
    finally:
        await client.close()


def _show(found: Lacking, *, made: bool) -> None:
    for line in found.says:
        say(line)
    for line in found.words:
        say(f"{'made ' if made else '+    '}{line}", "green" if made else "")
    if found.nothing:
        say("All is there: nothing was made. Next: revmark check", "bold")
    elif made:
        say(f"{len(found.words)} made. Next: revmark check", "bold")
    else:
        say(f"{len(found.words)} are lacking; nothing was made. Next: revmark provision --yes", "bold")
