"""`revmark links` and `revmark link`: what may be one record, and a person's word on it."""

from __future__ import annotations

import asyncio
import getpass
from typing import Annotated

import typer

from console.exits import NEEDS_PERSON, UNREACHABLE
from console.options import DEFAULT_LIMIT, Limit, Lines, Offline, examples
from console.output import Sheet, moment, note, say, show, show_lines
from console.projection.summary import open_proposals
from console.session import Session, session_of
from schemas.errors import Refused

EXAMPLES = examples("revmark links", "revmark links --json")
LINK_EXAMPLES = examples(
    'revmark link hubspot/company/17 xero/contact/4f0c... --yes --why "same VAT number"',
    'revmark link hubspot/company/17 xero/contact/4f0c... --no --why "a namesake in another city"',
)
PARTS = 3  # of a reference: platform, kind, id


def command(
    context: typer.Context, *, limit: Limit = DEFAULT_LIMIT, json: Lines = False, offline: Offline = False
) -> None:
    """Show the links that were proposed and wait for a person."""
    with session_of(context).projection("decisions", offline=offline) as store:
        found = open_proposals(store)[:limit]
    if json:
        show_lines(found)
        return
    sheet = Sheet(("crm record", "erp record", "name", "since (UTC)", "reason*"), empty="no links are proposed")
    for verdict in found:
        sheet.add(str(verdict.crm), str(verdict.erp), verdict.label, moment(verdict.at), verdict.reason)
    show(sheet)


def link(
    context: typer.Context,
    left: Annotated[str, typer.Argument(help="the CRM's record, as hubspot/company/17")],
    right: Annotated[str, typer.Argument(help="the ERP's record, as xero/contact/4f0c...")],
    *,
    same: Annotated[bool, typer.Option("--yes/--no", help="whether the two are one")],
    why: Annotated[str, typer.Option("--why", help="the reason; it is kept with the decision")],
    who: Annotated[str | None, typer.Option("--who", help="you, if not given")] = None,
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait until a worker has taken it up")] = 30.0,
) -> None:
    """Say that two records are one, or are not. Exits 3 when no worker took it up in time (it stays on the topic)."""
    session = session_of(context)
    _check(left, right, why)
    from console.word import Word, put, taken_up  # noqa: PLC0415 - loads the Kafka client

    word = Word(session.settings, left, right, same=same, who=who or getpass.getuser(), why=why.strip())
    place = asyncio.run(put(word))
    if wait and not asyncio.run(taken_up(session.settings, place, wait)):
        note(
            f"sent, but no worker took it up within {wait:g} s; it stays on the topic and is taken up when one runs. "
            "Next: revmark worker",
            "yellow",
        )
        raise typer.Exit(UNREACHABLE)
    if wait:
        _report(session, place.name, left, right, same=same)
    else:
        say("sent")


def _check(left: str, right: str, why: str) -> None:
    for reference, platform in ((left, "hubspot"), (right, "xero")):
        parts = reference.split("/", PARTS - 1)
        if len(parts) != PARTS or not all(parts):
            raise Refused(f"{reference!r} is no reference: write <platform>/<kind>/<id>, as `revmark links` shows them")
        if parts[0] != platform:
            raise Refused(f"{reference!r} is not on {platform}: first the CRM's record, then the ERP's")
    if not why.strip():
        raise Refused("--why must say something: it is kept with the decision")


def _report(session: Session, name: str, left: str, right: str, *, same: bool) -> None:
    with session.projection("quarantine", "decisions") as store:
        refused = store.rows("SELECT reason FROM quarantine WHERE key = ?", [name])
    if refused:
        note(f"not done: {refused[0]['reason']}. It is in quarantine as {name}", "red")
        raise typer.Exit(NEEDS_PERSON)
    say(f"{left} and {right} are now one" if same else f"{left} and {right} are kept apart", "green")
