"""An audit's differences as CSV, one a line. A text that a spreadsheet would take for a formula is told as text."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from console.audited import words
from schemas.audit import Audit, Discrepancy, Shown
from schemas.money import plain

SIDE = ("ref", "number", "day", "currency", "amount", "status")
HEADINGS = (
    "night", "variance", "class", "figure", "currency", "difference", *(f"hubspot_{name}" for name in SIDE),
    *(f"xero_{name}" for name in SIDE), "causes", "says", "act", "repair",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(audit: Audit) -> str:
    """The file's text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for each in audit.discrepancies:
        writer.writerow(_row(each))
    return out.getvalue()


def _row(each: Discrepancy) -> list[str]:
    causes = "; ".join(f"{cause.number or cause.ref} {plain(cause.amount or Decimal(0))}" for cause in each.causes)
    texts = [causes, each.says, each.mend.act, words.repair(each)]
    head = [each.night, each.id, each.kind, each.figure, each.currency, plain(each.difference)]
    return [*head, *_side(each.crm), *_side(each.erp), *map(text, texts)]


def _side(shown: Shown | None) -> list[str]:
    if shown is None:
        return [""] * len(SIDE)
    amount = "" if shown.amount is None else plain(shown.amount)
    return [text(shown.ref), text(shown.number), shown.day, text(shown.currency), amount, text(shown.status)]


def text(value: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value
