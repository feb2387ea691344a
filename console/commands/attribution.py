"""`revmark attribution`: what was posted or paid in a period, by what earned it, and whether that is all of it."""

from __future__ import annotations

import csv as rows
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from agents.rules.attribution import Attribution, attribute
from console.attributing import Proof, called, come, converted, days, document, ledger, missing, proven, within
from console.audited.table import text
from console.collecting import Collected
from console.earning import postings
from console.exits import NEEDS_PERSON
from console.explain.contract import required
from console.options import Document, Offline, examples
from console.output import Sheet, as_json, money_text, note, say, show, show_json, write_file
from console.projection.delivery import STATES
from console.session import session_of
from schemas.contract.touches import Basis, Model, named
from schemas.errors import Refused
from schemas.instants import business_day
from schemas.money import plain

EXAMPLES = examples(
    "revmark attribution --month 2026-10",
    "revmark attribution --by campaign --model first_touch --month 2026-10 --csv october.csv",
    "revmark attribution --by product --month 2026-10 --in-base --documents october-documents.csv",
    "revmark attribution --by deal --month 2026-10 --basis cash --json",
)
HEADINGS = {"posted": ("invoices>", "invoiced>", "credited>"), "cash": ("payments>", "received>", "refunded>")}
LEDGER = (
    "document", "number", "kind", "day", "customer", "customer_name", "names", "currency", "amount", "rate",
    "rate_date", "base_currency", "base_amount", "subsidiary",
)  # fmt: skip
NEXT = {
    "posted": "Next: revmark variances --state open, or revmark reconcile --night DAY for a day named above",
    "cash": "Next: revmark reconcile --night DAY counts a day named above anew. Where it differs still, hold what "
    "--documents FILE writes against Xero's payments of the day",
}
NOTHING = {"posted": "nothing was posted", "cash": "no money moved"}


def command(
    context: typer.Context,
    *,
    month: Annotated[str, typer.Option("--month", help="YYYY-MM: the documents' own days")],
    by: Annotated[
        str, typer.Option("--by", help="customer, deal, product, or what the contract's attribution or mappings name")
    ] = "customer",
    model: Annotated[
        Model | None, typer.Option("--model", help="of a name of the contract's attribution: which touch counts")
    ] = None,
    basis: Annotated[
        Basis, typer.Option("--basis", help="posted invoices less credit, or money less refunds")
    ] = "posted",
    in_base: Annotated[
        bool, typer.Option("--in-base", help="in the base currency, each document at its own rate")
    ] = False,
    documents: Annotated[
        Path | None,
        typer.Option(
            "--documents",
            help="write each document with its rate to this file: CSV, or JSON where its name ends in .json",
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="write the shares to this file")] = None,
    json: Document = False,
    offline: Offline = False,
) -> None:
    """Split a month's revenue by what earned it; the parts are the whole, to the minor unit."""
    start, end = days(month)
    session = session_of(context)
    contract = required(session.settings.contract)
    come(month, business_day(datetime.now(UTC), contract.timezone), contract.timezone)
    if not named(contract, by):
        raise Refused(missing(contract, by, model, month), code="usage")
    base = contract.base_currency
    with session.projection("totals", "nights", *STATES, offline=offline) as store:
        posted = postings(store, contract, by, model)
        turned, left = converted(posted, base) if in_base else (posted, [])
        found = attribute([*turned, *left], basis, start, end)
        listed = [] if documents is None else ledger(store, within(posted, basis, start, end), contract)
        names, proof = called(store, found, by), proven(store, contract, posted, basis, start, end, datetime.now(UTC))
    if csv is not None:
        _write(csv, "the shares", _table(found, names, month))
    if documents is not None:
        written = as_json(listed) if documents.suffix == ".json" else _sheet(listed)
        _write(documents, "the documents", written)
    if json:
        show_json(document(found, names, proof, month, by) | {"model": model, "in_base": base if in_base else None})
    else:
        _tell(found, names, proof, month, by)
    if rateless := len(within(left, basis, start, end)):
        note(
            f"{rateless} of the month's documents keep no rate and count in their own currency: they were read before "
            "rates were kept. Next: revmark backfill --platform xero"
        )
    raise typer.Exit(NEEDS_PERSON if any(each.state == "differs" for each in proof) else 0)


def _tell(found: Attribution, names: dict[str, str], proof: Sequence[Proof | Collected], month: str, by: str) -> None:
    sheet = Sheet((by, "currency", *HEADINGS[found.basis], "net>"), empty=f"{NOTHING[found.basis]} in {month}")
    for each in found.shares:
        sheet.add(names.get(each.name, "(none)"), each.currency, *_figures(each))
    for each in found.totals:
        sheet.add("all", each.currency, *_figures(each))
    show(sheet)
    for one in proof:
        say(one.says(), "green" if one.state == "agreed" else "yellow")
    if any(each.state != "agreed" for each in proof):
        note(NEXT[found.basis])


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


def _sheet(lines: Sequence[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = rows.DictWriter(out, LEDGER, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: text(value) for key, value in line.items()} for line in lines)
    return out.getvalue()


def _write(path: Path, what: str, content: str) -> None:
    def unwritable(why: str) -> Refused:
        return Refused(f"{what} cannot be written to {path}: {why}. Nothing else was changed", code="usage")

    write_file(path, content, unwritable)
