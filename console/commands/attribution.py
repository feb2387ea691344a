"""`revmark attribution`: what was posted or paid in a period, by what earned it, and whether that is all of it."""

from __future__ import annotations

import csv as rows
import io
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from agents.rules.attribution import Attribution, Basis, attribute
from console.attributing import Proof, called, days, document, postings, proofs, says
from console.audited.table import text
from console.exits import NEEDS_PERSON
from console.explain.contract import Unreadable, read
from console.options import Document, Offline, examples
from console.output import Sheet, money_text, note, say, show, show_json, write_file
from console.projection.delivery import STATES
from console.session import session_of
from schemas.errors import ContractError, Refused
from schemas.money import plain

EXAMPLES = examples(
    "revmark attribution --month 2026-10",
    "revmark attribution --by custom_campaign --month 2026-10 --csv october.csv",
    "revmark attribution --by deal --month 2026-10 --basis cash --json",
)
HEADINGS = {"posted": ("invoices>", "invoiced>", "credited>"), "cash": ("payments>", "received>", "refunded>")}
NOTHING = {"posted": "nothing was posted", "cash": "no money moved"}


def command(
    context: typer.Context,
    *,
    month: Annotated[str, typer.Option("--month", help="YYYY-MM: the documents' own days")],
    by: Annotated[str, typer.Option("--by", help="customer, deal, or a field of the contract's mappings")] = "customer",
    basis: Annotated[
        Basis, typer.Option("--basis", help="posted invoices less credit, or money less refunds")
    ] = "posted",
    csv: Annotated[Path | None, typer.Option("--csv", help="write the shares to this file")] = None,
    json: Document = False,
    offline: Offline = False,
) -> None:
    """Split a month's revenue by what earned it; the parts are the whole, to the minor unit."""
    start, end = days(month)
    session = session_of(context)
    agreed = read(session.settings.contract)
    if isinstance(agreed, Unreadable):
        raise ContractError(agreed.why, code="contract")
    with session.projection("totals", *STATES, offline=offline) as store:
        documents = postings(store, agreed.contract, by)
        found = attribute(documents, basis, start, end)
        names, proven = called(store, found, by), proofs(store, documents, start, end)
    if csv is not None:
        write_file(csv, _table(found, names, month), partial(_unwritable, csv))
    if json:
        show_json(document(found, names, proven, month, by))
    else:
        _tell(found, names, proven, month, by)
    raise typer.Exit(0 if all(each.holds for each in proven) else NEEDS_PERSON)


def _tell(found: Attribution, names: dict[str, str], proven: list[Proof], month: str, by: str) -> None:
    sheet = Sheet((by, "currency", *HEADINGS[found.basis], "net>"), empty=f"{NOTHING[found.basis]} in {month}")
    for each in found.shares:
        sheet.add(names.get(each.name, "(none)"), each.currency, *_figures(each))
    for each in found.totals:
        sheet.add("all", each.currency, *_figures(each))
    show(sheet)
    for proof in proven:
        # money has no totals on the stream to be compared with
        about = "Of the month's invoices, not of the money: " if found.basis == "cash" else ""
        say(f"{about}{says(proof)}", "green" if proof.holds else "yellow")
    if any(not proof.holds for proof in proven):
        note("Next: revmark variances --state open, or revmark reconcile --night DAY for a day named above")


def _figures(share: Any) -> tuple[str, ...]:
    amounts = (share.counted, share.deducted, share.net)
    return str(share.documents), *(money_text(each, share.currency) for each in amounts)


def _table(found: Attribution, names: dict[str, str], month: str) -> str:
    out = io.StringIO()
    writer = rows.writer(out, lineterminator="\r\n")
    writer.writerow(("month", "basis", "id", "name", "currency", "documents", "counted", "deducted", "net"))
    for each in found.shares:
        amounts = (plain(value) for value in (each.counted, each.deducted, each.net))
        named = (text(each.name), text(names.get(each.name, "")))
        writer.writerow((month, found.basis, *named, each.currency, each.documents, *amounts))
    return out.getvalue()


def _unwritable(path: Path, why: str) -> Refused:
    return Refused(f"the shares cannot be written to {path}: {why}. Nothing else was changed", code="usage")
