"""`revmark explain`: one record whole: both sides, who owns what and why, what was decided and what followed."""

from __future__ import annotations

from typing import Annotated

import typer

from console.exits import WRONG_USE
from console.explain.contract import read
from console.explain.document import Candidates, Explanation
from console.explain.explanation import explain
from console.explain.search import search
from console.explain.text import show_explanation
from console.options import Document, Offline, examples
from console.output import Sheet, note, show, show_json
from console.projection.delivery import SHELVES, STATES
from console.projection.tables import Known
from console.session import session_of

EXAMPLES = examples(
    'revmark explain "Harakeke Foods"',
    "revmark explain INV-0042",
    "revmark explain hubspot:company:123",
    "revmark explain xero:contact:4f0c... --json | jq .standing",
)
VERDICTS = 20  # what is read out in a meeting; --history shows more


def command(
    context: typer.Context,
    record: Annotated[
        str,
        typer.Argument(
            help="hubspot:company:123, xero:invoice:<id>, an id of ours, or a name, number, domain or e-mail"
        ),
    ],
    *,
    history: Annotated[int, typer.Option(min=0, help="at most this many verdicts, newest first")] = VERDICTS,
    json: Document = False,
    offline: Offline = False,
) -> None:
    """Explain one record. Exits 2 when there is none of that name, or more than one (they are listed)."""
    session = session_of(context)
    with session.projection(*SHELVES, *STATES, offline=offline) as store:
        known = Known(store, session.settings.tenant)
        found = search(known, record)
        said: Explanation | Candidates
        said = found if isinstance(found, Candidates) else explain(known, found, read(session.settings.contract))
    if json:
        show_json(said)
    elif isinstance(said, Candidates):
        _choose(said)
    else:
        show_explanation(said, history)
    if isinstance(said, Candidates):
        raise typer.Exit(WRONG_USE)


def _choose(found: Candidates) -> None:
    left = found.found - len(found.candidates)
    note(f"{found.asked!r} can be any of these{f', and {left:,} more' if left > 0 else ''}:", "yellow")
    sheet = Sheet(("what", "called", "of", "explain it with"))
    for each in found.candidates:
        sheet.add(each.entity.replace("_", " "), each.label, each.customer, each.command)
    show(sheet)
