"""An audit on a terminal: the verdict, the totals, then each difference with its documents and its repair."""

from __future__ import annotations

from console.audited import words
from console.output import Cell, Sheet, moment, money_text, say, show
from schemas.audit import Audit, Discrepancy, Tally

HEADINGS = ("currency", "subsidiary", "documents", "HubSpot>", "HubSpot total>", "Xero>", "Xero total>", "difference>",
            "stream")  # fmt: skip

TOUCHED = 20  # documents that changed after a signature; a person looks at no more on a screen


def tell(audit: Audit) -> None:
    """Print it."""
    say(words.verdict(audit), "green" if audit.agreed else "red" if audit.discrepancies else "yellow")
    for each in (*audit.stirred, *audit.alarms):
        say(f"Changed: {each}", "red")
    for shown in audit.touched[:TOUCHED]:
        say(f"   {words.document(shown)}")
    if len(audit.touched) > TOUCHED:
        say(f"   and {len(audit.touched) - TOUCHED} more: --json lists them all")
    for each in audit.gaps:
        say(f"Not read: {each}", "yellow")
    say("")
    sheet = Sheet(HEADINGS, empty="no documents on either side")
    for tally in audit.tallies:
        sheet.add(*_line(tally))
    show(sheet)
    for number, found in enumerate(audit.discrepancies, start=1):
        _tell(number, found)
    if audit.notes or audit.signed:
        say("")
    for each in audit.notes:
        say(f"Note: {each}")
    if audit.signed:
        say(words.signature(audit))
    say(f"\nRead {moment(audit.at)} UTC: {words.reading(audit)}.", "dim")


def _line(tally: Tally) -> list[Cell | str]:
    apart, stream = words.gap(tally), words.stream(tally)
    return [
        tally.currency,
        tally.subsidiary or "-",
        words.kind(tally),
        *words.figures(tally.crm, tally.currency),
        *words.figures(tally.erp, tally.currency),
        Cell(apart, {"agreed": "green", "-": "dim"}.get(apart, "red")),
        Cell(stream, {"behind": "yellow", "-": "dim"}.get(stream, "green")),
    ]


def _tell(number: int, found: Discrepancy) -> None:
    apart = f"{found.currency} {money_text(found.difference, found.currency)}"
    say(f"\n{number}. {found.kind}: {apart}  [{found.id[: words.SHORT]}]", "bold")
    say(f"   {found.says}.")
    for side, shown in words.sides(found):
        say(f"   {side:<9} {words.document(shown)}")
    for cause in found.causes:
        say(f"   {'behind it':<9} {words.document(cause)}")
    say(f"   {'repair':<9} {words.repair(found)}")
