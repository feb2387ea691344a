"""`revmark decisions`: what was decided, by which rule, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from console.listed import Wish, present
from console.options import DEFAULT_LIMIT, Customer, Day, Kind, Limit, Lines, Offline, Record, examples
from console.output import Cell, Sheet, moment, value_text
from console.projection.filters import Filters
from schemas.verdict import Ruling, Verdict

EXAMPLES = examples(
    "revmark decisions --customer acme",
    "revmark decisions --state write_back",
    "revmark decisions --record INV-0042 --json",
)
STYLES = {"write_back": "cyan", "hold": "yellow", "review": "yellow", "propose": "yellow", "refuse": "red"}


def command(
    context: typer.Context,
    *,
    record: Record = None,
    customer: Customer = None,
    state: Annotated[Ruling | None, typer.Option(help="the ruling")] = None,
    kind: Kind = None,
    day: Day = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show decisions with their reasons."""
    wish = Wish(Filters(record=record, customer=customer, state=state, type=kind, day=day), limit, json, offline)
    shelves = ("decisions", "revenue")  # events say what people call a record
    present(context, Verdict, wish, _sheet, shelves=shelves, named=lambda verdict: verdict.record)


def _sheet(found: Sequence[Verdict], names: Mapping[str, str]) -> Sheet:
    sheet = Sheet(
        ("time (UTC)", "record", "field", "ruling", "crm", "erp", "chosen", "rule", "reason*"),
        empty="no decisions found",
    )
    for verdict in found:
        sheet.add(
            moment(verdict.at),
            f"{verdict.entity.value} {verdict.label or names.get(verdict.record, verdict.record)}",
            verdict.field,
            Cell(verdict.ruling.replace("_", " "), STYLES.get(verdict.ruling, "")),
            value_text(verdict.crm),
            value_text(verdict.erp),
            value_text(verdict.chosen),
            verdict.rule,
            verdict.reason,
        )
    return sheet
