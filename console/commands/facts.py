"""`revmark facts`: fact sheets of companies and products, where the systems drift apart, and what assistants say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from console import statements
from console.assistant import Assistant
from console.exits import NEEDS_PERSON
from console.explain.contract import required
from console.facts.checking import check
from console.facts.drift import KINDS, drifts
from console.facts.drift import NEEDS_PERSON as TO_SETTLE
from console.facts.linked import unsettled
from console.facts.sheet import SELLER
from console.factual import called, document, drift_document, drift_table, publish, sheets, table
from console.options import DEFAULT_LIMIT, Document, Limit, Lines, Offline, examples
from console.output import note, show, show_json, show_lines
from console.projection.delivery import STATES
from console.session import session_of
from schemas.errors import Refused

app = typer.Typer(
    help="Fact sheets of companies and products: who owns each fact, and who says otherwise.",
    rich_markup_mode="rich",
    invoke_without_command=True,
    epilog=examples("revmark facts", "revmark facts --type product --json", "revmark facts show ARM-7"),
)
Type = Annotated[Literal["company", "product"] | None, typer.Option("--type", help="of these only")]


@app.callback()
def command(
    context: typer.Context,
    *,
    type: Type = None,  # noqa: A002 - the option's name
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show where facts drift apart, the worst first. Exits 1 where systems contradict each other."""
    if context.invoked_subcommand is not None:
        return
    session = session_of(context)
    contract = required(session.settings.contract)
    with session.projection(*STATES, offline=offline) as store:
        known = [each for each in sheets(store, contract, session.settings.tenant) if type in {None, each.entity.value}]
    found = drifts(known)
    if json:
        show_lines(map(drift_document, found[:limit]))
    else:
        show(drift_table(found[:limit]))
        counts = (sum(each.kind == kind for each in found) for kind in KINDS)
        said = ", ".join(f"{count:,} {kind}" for kind, count in zip(KINDS, counts, strict=True))
        note(f"{len(known):,} fact sheets: {said}. One of them: revmark facts show RECORD")
    raise typer.Exit(NEEDS_PERSON if any(each.kind in TO_SETTLE for each in found) else 0)


@app.command("show", epilog=examples("revmark facts show hubspot:company:123", "revmark facts show ARM-7 --json"))
def show_one(
    context: typer.Context,
    record: Annotated[str, typer.Argument(help="a record as `revmark explain` takes it, or seller")],
    *,
    json: Document = False,
    offline: Offline = False,
) -> None:
    """Show one fact sheet: each fact, the system that owns it, and what both say."""
    session = session_of(context)
    contract = required(session.settings.contract)
    with session.projection(*STATES, offline=offline) as store:
        found = called(store, contract, session.settings.tenant, record)
    if json:
        show_json(document(found))
    else:
        show(table(found))


@app.command(
    "export",
    epilog=examples(
        "revmark facts export --type product --out products.jsonld", "revmark facts export --out sheets --ids"
    ),
)
def export(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option("--out", help="a file (.jsonld, .json), or a folder: a file for each sheet")],
    type: Type = None,  # noqa: A002 - the option's name
    ids: Annotated[bool, typer.Option("--ids", help="with the platforms' own ids, for systems of your own")] = False,
    offline: Offline = False,
) -> None:
    """Write fact sheets as schema.org JSON-LD: Organization, Product with its Offer. Unsettled facts are left out."""
    session = session_of(context)
    contract = required(session.settings.contract)
    with session.projection(*STATES, offline=offline) as store:
        known = list(sheets(store, contract, session.settings.tenant))
    seller = next((each for each in known if each.record == SELLER), None)
    wanted = [each for each in known if type in {None, each.entity.value} or each is seller]
    publish(out, wanted, seller, ids=ids)
    if left := unsettled(wanted):
        note(f"left out, since nobody has settled them: {left:,} fact{'s'[: left != 1]}. Next: revmark facts")


@app.command(
    "check",
    epilog=examples(
        "revmark facts check answers.txt",
        "revmark facts check answers.jsonl --json",
        "revmark facts check --ask --keep answers.jsonl",
        "revmark facts check --ask --about seller --about ARM-7",
    ),
)
def check_answers(
    context: typer.Context,
    said: Annotated[
        Path | None, typer.Argument(help="answers: a text, or .jsonl with answer, about and assistant")
    ] = None,
    *,
    ask: Annotated[bool, typer.Option("--ask", help="ask the assistant at REVMARK_ASSISTANT_URL instead")] = False,
    about: Annotated[
        list[str] | None,
        typer.Option("--about", help="with --ask: a record's id, name or SKU; seller and products, if not given"),
    ] = None,
    keep: Annotated[Path | None, typer.Option("--keep", help="with --ask: write its answers to this file")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="with --ask: at most this many questions")] = 30,
    json: Document = False,
    offline: Offline = False,
) -> None:
    """Compare answers of AI assistants with the sheets. Exits 1 where a sentence contradicts one."""
    if ask == (said is not None) or (not ask and (about or keep)):
        raise Refused(
            "give a file of answers, or --ask with its --about and --keep. Nothing was compared", code="usage"
        )
    session = session_of(context)
    contract = required(session.settings.contract)
    assistant = Assistant(session.settings) if ask else None
    with session.projection(*STATES, offline=offline) as store:
        known = list(sheets(store, contract, session.settings.tenant))
    if assistant is not None:
        answers = statements.asked(assistant, known, about or [], limit, keep)
    else:
        answers = statements.answers(said or Path(), known)
    found = check(answers, known)
    if json:
        show_json(statements.document(found))
    else:
        show(statements.contradictions(found))
        if found.uncompared:
            show(statements.not_compared(found))
        note(statements.summary(found))
    raise typer.Exit(NEEDS_PERSON if found.contradictions else 0)
