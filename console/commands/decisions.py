"""`revmark decisions`: what was decided, by which rule, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from console.options import DEFAULT_LIMIT, Customer, Day, Limit, Lines, Offline, Record, examples
from console.output import Cell, Sheet, moment, show, show_lines, value_text
from console.projection.filters import Filters
from console.projection.listing import find, labels
from console.session import session_of
from schemas.names import Entity
from schemas.verdict import Ruling, Verdict

EXAMPLES = examples(
    "revmark decisions --customer acme",
    "revmark decisions --state write_back",
    "revmark decisions --record INV-0042 --json",
)
_STYLES = {"write_back": "cyan", "hold": "yellow", "review": "yellow", "propose": "yellow", "refuse": "red"}


def command(
    context: typer.Context,
    *,
    record: Record = None,
    customer: Customer = None,
    state: Annotated[Ruling | None, typer.Option(help="the ruling")] = None,
    type: Annotated[Entity | None, typer.Option(help="kind of record")] = None,  # noqa: A002 - the option's name
    day: Day = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show decisions with their reasons."""
    filters = Filters(record=record, customer=customer, state=state, type=type, day=day)
    with session_of(context).projection("decisions", "revenue", offline=offline) as store:
        found = find(store, Verdict, filters, limit)
        names = labels(store, (verdict.record for verdict in found))
    if json:
        show_lines(found)
        return
    sheet = Sheet(
        ("time (UTC)", "record", "field", "ruling", "crm", "erp", "chosen", "rule", "reason*"),
        empty="no decisions found",
    )
    for verdict in found:
        sheet.add(
            moment(verdict.at),
            f"{verdict.entity.value} {verdict.label or names.get(verdict.record, verdict.record)}",
            verdict.field,
            Cell(verdict.ruling.replace("_", " "), _STYLES.get(verdict.ruling, "")),
            value_text(verdict.crm),
            value_text(verdict.erp),
            value_text(verdict.chosen),
            verdict.rule,
            verdict.reason,
        )
    show(sheet)
