"""`revmark connect`: let a person give Revmark access to a platform, in the browser."""

from __future__ import annotations

import asyncio
import os
import secrets
import webbrowser
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from console import envfile
from console.exits import NEEDS_PERSON
from console.options import examples
from console.output import say
from console.session import Session, session_of
from schemas.contract import Contract, load_contract
from schemas.errors import ContractError, Refused, SettingsError

if TYPE_CHECKING:
    from streams.platforms.consent import Consent, Question

EXAMPLES = examples("revmark connect xero", "revmark connect hubspot --port 8000", "revmark connect xero --paste")
PORT = 8000  # of the redirect address, unless told otherwise; the app at the vendor names it
WAIT = 600.0  # seconds a person gets to log in and agree
DRAWN = 48  # bytes of randomness: 64 characters, of which a verifier has to have 43


def command(
    context: typer.Context,
    platform: Annotated[str, typer.Argument(help="hubspot or xero")],
    *,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="of http://localhost:PORT/callback, as the app has it")
    ] = PORT,
    paste: Annotated[
        bool, typer.Option("--paste", help="the browser is on another machine: paste the address it ends at")
    ] = False,
    browser: Annotated[bool, typer.Option(help="open the browser")] = True,
    older_app: Annotated[
        bool, typer.Option("--older-app", help="a Xero app from before March 2026, with the broad scopes")
    ] = False,
) -> None:
    """Connect an OAuth app: a person agrees in the browser, and the grant goes into the settings file."""
    if platform not in {"hubspot", "xero"}:
        raise Refused(f"{platform!r} is no platform: it is one of hubspot, xero")
    session = session_of(context)
    _writable(session, platform)
    question = _question(session, cast("Literal['hubspot', 'xero']", platform), port, older=older_app)
    code = _pasted(question) if paste else _awaited(question, port, open_it=browser)
    lacking = asyncio.run(_keep(session, question, code))
    say("Next: revmark check (start workers anew: they take the new grant then)")
    if lacking:
        raise typer.Exit(NEEDS_PERSON)


def _writable(session: Session, platform: str) -> None:
    """Look before anybody is asked whether the grant can be kept."""
    variable = f"REVMARK_{platform.upper()}_REFRESH_TOKEN"
    if variable in os.environ:
        raise SettingsError(
            f"{variable} is set in the environment, which wins over the settings file that the grant goes into. "
            f"Nothing was asked. Unset it, then run: revmark connect {platform}"
        )
    path = envfile.path_of(session.env_file)
    if not path.is_file():
        raise SettingsError(f"there is no settings file {path} for the grant. Nothing was asked. Run: revmark init")


def _question(session: Session, platform: Literal["hubspot", "xero"], port: int, *, older: bool) -> Question:
    from streams.platforms import consent  # noqa: PLC0415 - loads the HTTP client

    scopes = consent.hubspot_scopes(_contract(session))
    if platform == "xero":
        scopes = consent.XERO_SCOPES_OLDER if older else consent.XERO_SCOPES
    return consent.ask(
        session.settings,
        platform,
        f"http://localhost:{port}/callback",
        state=secrets.token_urlsafe(DRAWN),
        verifier=secrets.token_urlsafe(DRAWN),
        scopes=scopes,
    )


def _contract(session: Session) -> Contract | None:
    """The contract where it can be read: it may choose objects that need other scopes."""
    try:
        return load_contract(session.settings.contract)
    except ContractError:
        return None


def _awaited(question: Question, port: int, *, open_it: bool) -> str:
    from console.loopback import wait  # noqa: PLC0415 - only this command serves

    def show() -> None:
        say(f"Open this address, log in and agree ({question.redirect} must be a redirect address of the app):")
        typer.echo(question.address)
        if open_it:
            webbrowser.open(question.address)

    return wait(port, question.state, WAIT, show)


def _pasted(question: Question) -> str:
    from console.loopback import answer_of  # noqa: PLC0415 - same

    say(f"Open this address, log in and agree. The browser ends at {question.redirect}?..., which need not load:")
    typer.echo(question.address)
    return answer_of(typer.prompt("Paste the address it ended at").strip(), question.state)


async def _keep(session: Session, question: Question, code: str) -> list[str]:
    """Exchange the code and keep the grant; return the scopes that are missing."""
    from streams.platforms.consent import exchange  # noqa: PLC0415 - loads the HTTP client

    consent = await exchange(session.settings, question, code)
    path = envfile.path_of(session.env_file)
    envfile.put(path, f"{question.platform}_refresh_token", consent.refresh_token)
    say(f"The grant is in {path}, which only you can read.", "green")
    if question.platform == "xero":
        await _name_organisation(session, consent)
    elif session.settings.hubspot_token.get_secret_value():
        say("REVMARK_HUBSPOT_TOKEN is set and goes before the grant: empty it to use the app.", "yellow")
    lacking = consent.lacks(question.scopes)
    if lacking:
        say(f"Not granted: {', '.join(lacking)}. Give the app these scopes, then connect it again.", "red")
    else:
        say(f"All {len(question.scopes)} scopes that are needed were granted.")
    return lacking


async def _name_organisation(session: Session, consent: Consent) -> None:
    from streams.platforms.consent import organisations  # noqa: PLC0415 - loads the HTTP client

    reached = await organisations(session.settings, consent)
    present = session.settings.xero_tenant
    names = ", ".join(f"{each.name} ({each.id})" for each in reached) or "no organisation"
    say(f"It reaches {names}.")
    if any(each.id == present for each in reached):
        return
    if len(reached) == 1 and not present:
        envfile.put(envfile.path_of(session.env_file), "xero_tenant", reached[0].id)
        say(f"REVMARK_XERO_TENANT={reached[0].id} is in the settings file as well.")
    else:
        say("Set REVMARK_XERO_TENANT to the id of the organisation that is meant.", "yellow")
