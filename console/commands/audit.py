"""`revmark audit`: what people did, here and on the page, and what came of it."""

from __future__ import annotations

from typing import Annotated

import typer

from console.options import DEFAULT_LIMIT, Day, Limit, Lines, Offline, examples
from console.output import Cell, Sheet, moment, show, show_lines
from console.projection.filters import Filters
from console.projection.listing import EVERYTHING, find
from console.session import session_of
from schemas.deed import Deed, Outcome

EXAMPLES = examples("revmark audit", "revmark audit --who kim --day 2026-11", "revmark audit --state refused --json")
STYLES = {"done": "green", "sent": "yellow", "begun": "yellow", "refused": "red", "failed": "red"}


def command(
    context: typer.Context,
    *,
    who: Annotated[
        str | None, typer.Option("--who", help="only what this person did, or an account did for them")
    ] = None,
    what: Annotated[str | None, typer.Option("--what", help="only this, as: sign in, answer, drop, put back")] = None,
    state: Annotated[Outcome | None, typer.Option(help="what came of it")] = None,
    day: Day = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show what people did: who, when, what, why, and what came of it. Sign-ins and refusals are among it."""
    with session_of(context).projection("audit", offline=offline) as store:
        there = find(store, Deed, Filters(state=state, type=what, day=day), limit if who is None else EVERYTHING)
        any_ = bool(there or find(store, Deed, limit=1))
    found = [each for each in there if who in {None, each.who, each.account}][:limit]
    if json:
        show_lines(found)
        return
    empty = "nothing that was done is like that. Next: revmark audit" if any_ else "nobody has done anything yet"
    sheet = Sheet(("time (UTC)", "who", "at", "what", "about", "came", "why*"), empty=empty)
    for each in found:
        as_ = f"{each.who} (as {each.account})" if each.account not in {"", each.who} else each.who
        came = Cell(each.outcome, STYLES[each.outcome])
        sheet.add(moment(each.at), as_, each.via, each.what, each.about, came, each.why or each.said)
    show(sheet)
