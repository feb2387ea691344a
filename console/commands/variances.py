"""`revmark variances`: differences between the sides' totals, with the document behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import typer

from console.listed import Wish, present
from console.options import DEFAULT_LIMIT, Currency, Day, Limit, Lines, Offline, Record, examples
from console.output import Cell, Sheet, moment, money_text
from console.projection.filters import Filters
from schemas.totals import Variance, VarianceClass

EXAMPLES = examples(
    "revmark variances --state open", "revmark variances --type missing --day 2026-11", "revmark variances --json"
)


def command(
    context: typer.Context,
    *,
    record: Record = None,
    state: Annotated[Literal["open", "closed"] | None, typer.Option(help="whether it still stands")] = None,
    kind: Annotated[VarianceClass | None, typer.Option("--type", help="kind of difference")] = None,
    day: Day = None,
    currency: Currency = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show variances, open ones first. Of kind balance it is what is due that differs, else the total."""
    wish = Wish(Filters(record=record, state=state, type=kind, day=day, currency=currency), limit, json, offline)
    present(context, Variance, wish, _sheet, shelves=("variances",))


def _sheet(found: Sequence[Variance], _names: Mapping[str, str]) -> Sheet:
    sheet = Sheet(
        (
            "state",
            "day",
            "document",
            "kind",
            "figure",
            "crm>",
            "erp>",
            "difference>",
            "currency",
            "opened (UTC)",
            "closed (UTC)",
        ),
        empty="no variances found",
    )
    for variance in found:
        crm, erp = variance.figures
        sheet.add(
            Cell(variance.state, "yellow" if variance.state == "open" else "dim"),
            variance.day,
            variance.number or variance.document,
            variance.kind,
            variance.figure,
            money_text(crm, variance.currency),
            money_text(erp, variance.currency),
            money_text(variance.difference, variance.currency),
            variance.currency,
            moment(variance.opened_at),
            moment(variance.closed_at),
        )
    return sheet
