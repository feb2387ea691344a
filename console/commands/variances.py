"""`revmark variances`: differences between the sides' totals, with the document behind each."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from console.options import DEFAULT_LIMIT, Currency, Day, Limit, Lines, Offline, Record, examples
from console.output import Cell, Sheet, moment, money_text, show, show_lines
from console.projection.filters import Filters
from console.projection.listing import find
from console.session import session_of
from schemas.totals import Variance, VarianceClass

EXAMPLES = examples(
    "revmark variances --state open", "revmark variances --type missing --day 2026-11", "revmark variances --json"
)


def command(
    context: typer.Context,
    *,
    record: Record = None,
    state: Annotated[Literal["open", "closed"] | None, typer.Option(help="whether it still stands")] = None,
    type: Annotated[VarianceClass | None, typer.Option(help="kind of difference")] = None,  # noqa: A002 - the option's name
    day: Day = None,
    currency: Currency = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show variances, open ones first."""
    filters = Filters(record=record, state=state, type=type, day=day, currency=currency)
    with session_of(context).projection("variances", offline=offline) as store:
        found = find(store, Variance, filters, limit)
    if json:
        show_lines(found)
        return
    sheet = Sheet(
        ("state", "day", "document", "kind", "crm>", "erp>", "difference>", "currency", "since (UTC)"),
        empty="no variances found",
    )
    for variance in found:
        sheet.add(
            Cell(variance.state, "yellow" if variance.state == "open" else "dim"),
            variance.day,
            variance.number or variance.document,
            variance.kind,
            money_text(variance.crm_total),
            money_text(variance.erp_total),
            money_text(variance.difference),
            variance.currency,
            moment(variance.closed_at or variance.opened_at),
        )
    show(sheet)
