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
from console.projection.signed import ROWS, changed
from console.session import session_of
from schemas.audit import Signature
from schemas.totals import Total

EXAMPLES = examples(
    "revmark totals",
    "revmark totals --day 2026-11 --currency EUR",
    "revmark totals --json",
    "revmark totals --signed",
)


def command(
    context: typer.Context,
    *,
    day: Day = None,
    currency: Currency = None,
    signed: Annotated[
        bool, typer.Option("--signed", help="the nights that people signed, and what the stream counts otherwise since")
    ] = False,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show the reconciliation windows, both sides next to each other. With --signed, exits 1 where one has changed."""
    filters = Filters(day=day, currency=currency)
    if signed:
        _signed(context, filters, limit, json=json, offline=offline)
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


def _signed(context: typer.Context, filters: Filters, limit: int, *, json: bool, offline: bool) -> None:
    with session_of(context).projection("totals", "signatures", ROWS, offline=offline) as store:
        words = find(store, Signature, filters, limit)
        moved = {each.night: each.what for each in changed(store)}
    if json:
        show_lines({**each.model_dump(mode="json"), "changed": list(moved.get(each.night, ()))} for each in words)
    else:
        sheet = Sheet(("night", "signed by", "at (UTC)", "why*", "changed since*"), empty="no night was signed")
        for each in words:
            what = "; ".join(moved.get(each.night, ()))
            sheet.add(each.night, each.who, moment(each.at), each.why, Cell(what or "no", "red" if what else "green"))
        show(sheet)
    if any(each.night in moved for each in words):
        raise typer.Exit(NEEDS_PERSON)


def _window(*sides: Total | None) -> str:
    there = [side for side in sides if side is not None]
    word = "closed" if there and all(side.closed for side in there) else "open"
    restated = sum(side.restated for side in there)
    return f"{word}, restated {restated}x" if restated else word
