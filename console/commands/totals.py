"""`revmark totals`: invoice counts and sums per day, currency and side."""

from __future__ import annotations

from typing import Annotated

import typer

from console.exits import NEEDS_PERSON
from console.options import DEFAULT_LIMIT, Currency, Day, Limit, Lines, Offline, examples
from console.output import Cell, Sheet, moment, money_text, show, show_lines
from console.projection import summary
from console.projection.filters import Filters
from console.projection.listing import EVERYTHING, find
from console.projection.reconciled import nights
from console.projection.signed import ROWS
from console.session import session_of
from schemas.totals import Total

EXAMPLES = examples(
    "revmark totals",
    "revmark totals --day 2026-11 --currency EUR",
    "revmark totals --json",
    "revmark totals --nights",
)


def command(
    context: typer.Context,
    *,
    day: Day = None,
    currency: Currency = None,
    nights_: Annotated[
        bool, typer.Option("--nights", help="the nights that were reconciled or signed, and what has changed since")
    ] = False,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show the reconciliation windows, both sides next to each other. With --nights, exits 1 where one differs."""
    filters = Filters(day=day, currency=currency)
    if nights_:
        _nights(context, filters, limit, json=json, offline=offline)
        return
    with session_of(context).projection("totals", offline=offline) as store:
        found = find(store, Total, filters, limit=EVERYTHING)
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


def _nights(context: typer.Context, filters: Filters, limit: int, *, json: bool, offline: bool) -> None:
    with session_of(context).projection("totals", "signatures", "nights", ROWS, offline=offline) as store:
        found = nights(store, filters, limit)
    if json:
        show_lines(each.document() for each in found)
    else:
        sheet = Sheet(
            ("night", "reconciled (UTC)", "verdict*", "signed by", "changed since it was signed*"),
            empty="no night was reconciled or signed",
        )
        for each in found:
            says, at = (each.made.says, moment(each.made.at)) if each.made else ("-", "-")
            what = "; ".join(each.changed) or ("no" if each.signed else "-")
            verdict = Cell(says, "red" if each.differs else "")
            sheet.add(each.night, at, verdict, each.signed.who if each.signed else "-",
                      Cell(what, "red" if each.changed else ""))  # fmt: skip
        show(sheet)
    if any(each.differs or each.changed for each in found):
        raise typer.Exit(NEEDS_PERSON)


def _window(*sides: Total | None) -> str:
    there = [side for side in sides if side is not None]
    word = "closed" if there and all(side.closed for side in there) else "open"
    restated = sum(side.restated for side in there)
    return f"{word}, restated {restated}x" if restated else word
