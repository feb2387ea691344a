"""`revmark totals`: invoice counts and sums per day, currency and side."""

from __future__ import annotations

import typer

from console.options import DEFAULT_LIMIT, Currency, Day, Limit, Lines, Offline, examples
from console.output import Cell, Sheet, money_text, show, show_lines
from console.projection import summary
from console.projection.filters import Filters
from console.projection.listing import find
from console.session import session_of
from schemas.totals import Total

EXAMPLES = examples("revmark totals", "revmark totals --day 2026-11 --currency EUR", "revmark totals --json")


def command(
    context: typer.Context,
    *,
    day: Day = None,
    currency: Currency = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show the reconciliation windows, both sides next to each other."""
    filters = Filters(day=day, currency=currency)
    with session_of(context).projection("totals", offline=offline) as store:
        found = find(store, Total, filters, limit=summary.EVERYTHING)
    if json:
        show_lines(found[:limit])
        return
    sheet = Sheet(
        (
            "day",
            "currency",
            "subsidiary",
            "crm>",
            "crm total>",
            "erp>",
            "erp total>",
            "erp due>",
            "difference>",
            "window",
        ),
        empty="no totals found",
    )
    for window in summary.windows(found)[:limit]:
        crm, erp = window.crm, window.erp
        apart = money_text(window.difference, window.currency)
        sheet.add(
            window.day,
            window.currency,
            window.subsidiary or "-",
            str(crm.invoices if crm else 0),
            money_text(crm.total, window.currency) if crm else "-",
            str(erp.invoices if erp else 0),
            money_text(erp.total, window.currency) if erp else "-",
            money_text(erp.due, window.currency) if erp else "-",
            Cell("agreed", "green") if window.agreed else Cell(apart, "yellow"),
            _window(crm, erp),
        )
    show(sheet)


def _window(*sides: Total | None) -> str:
    there = [side for side in sides if side is not None]
    word = "closed" if there and all(side.closed for side in there) else "open"
    restated = sum(side.restated for side in there)
    return f"{word}, restated {restated}x" if restated else word
