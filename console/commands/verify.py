"""`revmark verify`: a marked test deal, billed, paid, checked on both sides and taken away again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.exits import NEEDS_PERSON
from console.options import Document, examples
from console.output import note, say, show_json
from console.session import Session, session_of
from schemas.contract import load_contract
from schemas.errors import Refused

if TYPE_CHECKING:  # it loads both platforms' clients
    from console.verifying import Report, Verifier
    from streams.verification.steps import Step

EXAMPLES = examples(
    "revmark verify",
    "revmark verify --account 090 --patience 900",
    "revmark verify --yes --json | jq .steps",
    "revmark verify --clean 3f9a2c71",
)
PATIENCE = 600.0  # seconds a step may take: where webhooks are lost, polls find it within two minutes, and each is two


def command(
    context: typer.Context,
    *,
    clean: Annotated[
        str | None, typer.Option("--clean", metavar="RUN", help="take away what is left of a run; make nothing")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="leave the records there, to be looked at")] = False,
    account: Annotated[
        str, typer.Option("--account", help="code or name of the Xero account that the payment goes to")
    ] = "",
    patience: Annotated[float, typer.Option(min=1, help="seconds that a step may take")] = PATIENCE,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before writing")] = False,
    json: Document = False,
) -> None:
    """Verify a deployment end to end: deal, invoice, payment and balances, in both accounts, then clean up.

    Workers have to run. Exits 1 when a step does not come: it says which, what is left where, and how to clean it.
    """
    session = session_of(context)
    verifier = _verifier(session, account=account, keep=keep, patience=patience, quiet=json)
    if clean is not None:
        run = verifier.find(clean)
        report = _awaited(verifier, verifier.clean(run))
    else:
        ready = asyncio.run(verifier.ready())
        for each in verifier.shelf.open():
            note(f"run {each} was never cleaned. Next: revmark verify --clean {each}", "yellow")
        _agreed(verifier, yes=yes)
        report = _awaited(verifier, verifier.verify(ready))
    if json:
        show_json(_document(verifier, report))
    else:
        _print(verifier, report)
    if not report.ok or (clean is not None and (report.run.left or not report.workers)):
        raise typer.Exit(NEEDS_PERSON)


def _verifier(session: Session, *, account: str, keep: bool, patience: float, quiet: bool) -> Verifier:
    from console.verifying import Verifier, Wish  # noqa: PLC0415 - loads Kafka's and both platforms' clients

    def tell(step: Step) -> None:
        mark, style = ("ok  ", "") if step.ok else ("NO  ", "red")
        said = f": {step.detail}" if step.detail else ""
        line = f"{mark}{step.seconds:6.1f} s  {step.name}{said}"
        if quiet:
            note(line, style or "dim")
        else:
            say(line, style)

    contract = load_contract(session.settings.contract)
    wish = Wish(account=account, keep=keep, patience=patience)
    return Verifier(session.settings, contract, wish, tell, session.keeper())


def _awaited(verifier: Verifier, playing: Coroutine[Any, Any, Report]) -> Report:
    try:
        return asyncio.run(playing)
    except KeyboardInterrupt:
        for each in verifier.shelf.open():
            note(f"run {each} was stopped, and what it has made is still there. Next: revmark verify --clean {each}")
        raise


def _agreed(verifier: Verifier, *, yes: bool) -> None:
    """Ask, once all that can be looked at beforehand is well.

    Raises:
        Refused: nobody is there to say yes.
        Exit: somebody said no.
    """
    if yes:
        return
    hubspot, xero = verifier.accounts.values()
    status = verifier.contract.invoice_defaults.status
    asked = (
        f"Make a test company, contact, product and won deal in HubSpot portal {hubspot}; have it billed in Xero "
        f"organisation {xero} ({status}, a payment is recorded), and take it all away again? Automations of yours that "
        "watch such records run for these as well."
    )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused(f"this writes to both accounts, and nobody can be asked. Next: revmark verify --yes. {asked}")
    if not typer.confirm(asked):
        raise typer.Exit


def _print(verifier: Verifier, report: Report) -> None:
    left, run = report.run.left, report.run.id
    say("")
    if report.stopped is not None:
        say(f"Run {run} stopped at: {report.stopped.name}", "red")
        say(f"  {report.stopped.detail}")
        if (deal := left.get("hubspot/deal")) is not None and "xero/invoice" not in left:
            say(f"  why, as Revmark has it: revmark explain hubspot:deal:{deal}")
    elif report.ok:
        said = "what it made is there to be looked at" if left else "nothing of it is left"
        say(f"Run {run}: all is well, and {said}.", "green")
    if left:
        say("What is left:", "bold")
        for row in _left(verifier, report):
            tail = "".join(f", {row[name]}" for name in ("why", "page") if row[name])
            say(f"  {row['role'].replace('/', ' ').replace('_', ' ')} {row['id']}{tail}")
        say(f"Next: revmark verify --clean {run}", "bold")
    elif not report.workers:
        say(
            "No worker runs: what the workers had begun for this run may still come once they do. "
            f"Next: revmark worker, then: revmark verify --clean {run}",
            "yellow",
        )


def _left(verifier: Verifier, report: Report) -> list[dict[str, str]]:
    from console.verifying import page_of  # noqa: PLC0415 - loaded by now

    return [
        {
            "role": role,
            "id": found,
            "why": report.why.get(role, ""),
            "page": page_of(verifier.settings, verifier.contract, role, found),
        }
        for role, found in report.run.left.items()
    ]


def _document(verifier: Verifier, report: Report) -> dict[str, Any]:
    stopped = None if report.stopped is None else asdict(report.stopped)
    return {
        "run": report.run.id,
        "ok": report.ok,
        "accounts": report.run.accounts,
        "workers": report.workers,
        "steps": [asdict(each) for each in report.steps],
        "stopped": stopped,
        "made": report.run.made,
        "left": _left(verifier, report),
        "next": f"revmark verify --clean {report.run.id}" if report.run.left else "",
    }
