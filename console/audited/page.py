"""An audit as one page that prints: no scripts, nothing loaded from anywhere, black on white on paper."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from console.audited import words
from console.output import clean, moment, money_text
from schemas.audit import Audit, Discrepancy, Shown, Tally

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .3rem .5rem; border-bottom: 1px solid #8886; }
th { text-align: left; font-weight: 600; } .n { text-align: right; font-variant-numeric: tabular-nums; }
.agreed { border-left: .4rem solid #2a8a4a; padding-left: .8rem; }
.apart { border-left: .4rem solid #b3261e; padding-left: .8rem; }
article { border: 1px solid #8886; border-radius: .4rem; padding: .2rem 1rem .8rem; margin: .8rem 0; }
article td:not(.small) { white-space: nowrap; }
.wide { overflow-x: auto; }
.small { font-size: .85rem; opacity: .8; overflow-wrap: anywhere; }
.sign { margin-top: 3rem; display: flex; gap: 3rem; } .sign div { flex: 1; border-top: 1px solid; padding-top: .3rem; }
@media print { body { margin: 0; max-width: none; font-size: 10.5pt; color: #000; background: #fff; }
  article, tr { break-inside: avoid; } thead { display: table-header-group; } @page { margin: 18mm; } }
"""
TOTALS = (
    "Currency",
    "Subsidiary",
    "Documents",
    "HubSpot",
    "HubSpot total",
    "Xero",
    "Xero total",
    "Difference",
    "Stream",
)
NUMBERS = range(3, 8)  # the columns of figures


def page(audit: Audit) -> str:
    """The page's text."""
    title = f"Reconciliation of {audit.night}"
    style = "agreed" if audit.agreed else "apart"
    parts = [
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_(title)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style></head><body><main>",
        f'<h1>{_(title)}</h1>\n<p class="{style}"><strong>{_(words.verdict(audit))}</strong></p>',
        *(f"<p><strong>Changed after it was signed:</strong> {_(each)}</p>" for each in audit.alarms),
        *(f'<p class="small">{_(words.document(each))}</p>' for each in audit.touched),
        *(f"<p><strong>Another night changed after it was signed:</strong> {_(each)}</p>" for each in audit.stirred),
        *(f"<p><strong>Not read:</strong> {_(each)}</p>" for each in audit.gaps),
        "<h2>Totals</h2>",
        _table(TOTALS, map(_total, audit.tallies)),
        *(["<h2>Variances</h2>"] if audit.discrepancies else []),
        *(_found(number, each) for number, each in enumerate(audit.discrepancies, start=1)),
        *(f"<p>{_(each)}</p>" for each in audit.notes),
        f'<p class="small">{_(_read(audit))}</p>',
        f"<p>{_(words.signature(audit))}</p>",
        '<div class="sign"><div>Name</div><div>Date and signature</div></div>',
        "</main></body></html>\n",
    ]
    return "\n".join(parts)


def _read(audit: Audit) -> str:
    whose = f"Tenant {audit.tenant}, contract {audit.contract}"
    return f"{whose}, read {moment(audit.at)} UTC: {words.reading(audit)}."


def _(text: str) -> str:
    return escape(clean(text))


def _total(tally: Tally) -> list[str]:
    crm, erp = words.figures(tally.crm, tally.currency), words.figures(tally.erp, tally.currency)
    sides = [*crm, *erp, words.gap(tally), words.stream(tally)]
    return [tally.currency, tally.subsidiary or "-", words.kind(tally), *sides]


def _table(headings: Iterable[str], rows: Iterable[list[str]]) -> str:
    head = "".join(f"<th{_align(n)}>{_(each)}</th>" for n, each in enumerate(headings))
    body = "\n".join(
        "<tr>" + "".join(f"<td{_align(n)}>{_(each)}</td>" for n, each in enumerate(row)) + "</tr>" for row in rows
    )
    return _scrolled("Totals", f"<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody>")


def _scrolled(name: str, rows: str) -> str:
    """A table that a narrow screen scrolls, by keyboard as well."""
    return f'<div class="wide" tabindex="0" role="region" aria-label="{name}"><table>{rows}</table></div>'


def _align(column: int) -> str:
    return ' class="n"' if column in NUMBERS else ""


def _found(number: int, each: Discrepancy) -> str:
    told = "".join(_side(name, shown) for name, shown in words.sides(each))
    told += "".join(_side("behind it", cause) for cause in each.causes)
    return (
        f"<article><h3>{number}. {_(each.kind)}: {_(each.currency)} {money_text(each.difference, each.currency)}</h3>\n"
        f"<p>{_(each.says)}.</p>\n{_scrolled(f'Documents of variance {number}', f'<tbody>{told}</tbody>')}\n"
        f'<p><strong>Repair:</strong> {_(words.repair(each))}</p><p class="small">Variance {_(each.id)}</p></article>'
    )


def _side(name: str, shown: Shown | None) -> str:
    if shown is None:
        return f'<tr><th>{name}</th><td colspan="6">no such document</td></tr>'
    amount = "" if shown.amount is None else money_text(shown.amount, shown.currency)
    texts = "".join(f"<td>{_(each)}</td>" for each in (shown.number, shown.day, shown.currency))
    rest = f'<td class="n">{amount}</td><td>{_(shown.status)}</td><td class="small">{_(shown.ref)}</td>'
    return f"<tr><th>{name}</th>{texts}{rest}</tr>"
