"""I15: what is billed of an order, counted at the platforms: never more than was sold, and nothing forgotten.

In: deals with their line items, invoices by their numbers, HubSpot's log of what was said to be shipped. The numbers
are read, and the taxes worked out, with books of our own: the sandbox's arithmetic is Xero's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from sandbox.xero.arithmetic import money, tax, totals
from tests.simulation.ordering import SHIPPED
from tests.simulation.witness import Row, Witness

NUMBER = re.compile(r"RM-([0-9]+)(?:-([0-9]+))?")
BEFORE = "Billed before: "
DEPOSIT = "Deposit "
COMPANY, DEAL, LINE_ITEM = "0-2", "0-3", "0-8"  # HubSpot's object types
NOTHING = Decimal(0)
GST = Decimal(15)  # percent: every address of a story is in New Zealand
Quantities = dict[tuple[str, Decimal], Decimal]  # by description and price


def overbilled(witness: Witness) -> list[str]:
    """Orders of which more is billed than was sold, or was ever said to be shipped, and whose bills leave gaps."""
    found = []
    for deal, bills in bills_of(witness).items():
        lines, parts = lines_of(witness, deal), sorted(bills)
        if any(row["starts"] for row in lines):
            continue  # its periods are looked at by themselves
        if parts != list(range(1, len(parts) + 1)):
            found.append(f"deal {deal} has the bills {parts}")
        most = _sold(lines, _most_shipped(witness) if witness.contract.timing.invoice_when == "shipped" else None)
        for what, quantity in _billed(bills.values()).items():
            if quantity > most.get(what, 0):
                found.append(f"deal {deal}: {quantity} of {what} are billed, {most.get(what, 0)} were sold and shipped")
        whole = totals(_amounts((row["quantity"], row["price"]) for row in lines), "Exclusive")
        stated = [sum((Decimal(str(row[name])) for row in bills.values()), NOTHING) for name in ("TotalTax", "Total")]
        done = _status(witness, deal) == "created"
        if stated[1] > whole.total or (done and stated != [whole.tax, whole.total]):
            found.append(f"deal {deal} is billed {stated[1]} with {stated[0]} of tax, and was sold for {whole}")
    return found


def unbilled(witness: Witness) -> list[str]:
    """Orders that wait for nothing but their shipment, and of which something that was shipped is not billed."""
    found = []
    bills = bills_of(witness)
    for row in witness.sales.records("deals"):
        status = str(row["properties"].get("revmark_order_status") or "")
        if row["properties"].get("dealstage") != "closedwon" or not status.startswith("created"):
            continue
        lines = lines_of(witness, row["id"])
        if any(each["starts"] for each in lines):
            continue
        open_ = any(each[SHIPPED] < each["quantity"] for each in lines) and ":" in status
        if open_ and witness.contract.timing.partial == "complete":
            continue  # it waits for the rest
        sold = _sold(lines, {each["id"]: each[SHIPPED] for each in lines} if ":" in status else None)
        billed = _billed(bills.get(row["id"], {}).values())
        due = {what: f"{quantity}" for what, quantity in sold.items() if quantity > billed.get(what, 0)}
        if due and not ended(witness, row["id"]):
            found.append(f"deal {row['id']} ({status}): not billed are {due}")
    return found


def ended(witness: Witness, deal: str) -> bool:
    """Whether the deal, or whom it belongs to, was deleted, merged or restored by people."""
    companies = (f"companies/{each}" for each in associated(witness, deal, COMPANY))
    return bool({f"deals/{deal}", *companies} & witness.ended)


def associated(witness: Witness, deal: str, kind: str) -> set[str]:
    """The ids of what a deal is associated with; ids of two kinds may be the same."""
    ends = ((each["from"], each["to"]) for each in witness.sales.state()["associations"])
    return {str(there[1]) for here, there in ends if tuple(here) == (DEAL, int(deal)) and there[0] == kind}


def bills_of(witness: Witness) -> dict[str, dict[int, Row]]:
    """Each deal's invoices by part; also those that were voided since."""
    found: defaultdict[str, dict[int, Row]] = defaultdict(dict)
    for row in witness.finance.invoices():
        said = NUMBER.fullmatch(row["InvoiceNumber"])
        if said:
            found[said[1]][int(said[2] or 1)] = row
    return found


def _status(witness: Witness, deal: str) -> str:
    """What a won deal says of its order; one that has no company any more is not judged, also when it is called off."""
    rows = (row["properties"] for row in witness.sales.records("deals") if row["id"] == deal)
    won = (row for row in rows if witness.contract.timing.won(str(row.get("dealstage") or "")))
    there = {row["id"] for row in witness.sales.records("companies")} & set(associated(witness, deal, COMPANY))
    return next((str(row.get("revmark_order_status") or "") for row in won if there), "")


def lines_of(witness: Witness, deal: str) -> list[dict[str, Any]]:
    """The line items of a deal, also of one that was deleted."""
    ids = associated(witness, deal, LINE_ITEM)
    rows = [row for row in witness.sales.state()["objects"]["line_items"] if row["id"] in ids]
    return [
        {
            "id": row["id"],
            **{name: Decimal(row["properties"].get(name) or "0") for name in ("quantity", "price", SHIPPED)},
            "starts": row["properties"].get("hs_recurring_billing_start_date"),
        }
        for row in rows
    ]


def _most_shipped(witness: Witness) -> dict[str, Decimal]:
    """The most that was ever said to be shipped of each line item, in HubSpot's own log."""
    found: dict[str, Decimal] = {}
    for row in witness.world.platforms.portal.writes.writes:
        body = row.body if isinstance(row.body, dict) else {}
        said = body.get("properties", body).get(SHIPPED) if row.resource == "line_items" else None
        if said:
            found[row.id] = max(found.get(row.id, NOTHING), Decimal(said))
    return found


def _sold(lines: Iterable[dict[str, Any]], shipped: dict[str, Decimal] | None) -> Quantities:
    """How much was sold at each price; where it says so, no more than was shipped."""
    found: defaultdict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for row in lines:
        found["line", row["price"]] += min(
            row["quantity"], row["quantity"] if shipped is None else shipped.get(row["id"], NOTHING)
        )
    return dict(found)


def _billed(bills: Iterable[Row]) -> Quantities:
    """How much of it is billed; a deposit is no part of what was sold."""
    found: defaultdict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for line in (line for row in bills for line in row["LineItems"]):
        what = line["Description"].removeprefix(BEFORE)
        if not what.startswith(DEPOSIT):
            found[what, line["UnitAmount"]] += line["Quantity"]
    return dict(found)


def _amounts(lines: Iterable[tuple[Decimal, Decimal]]) -> Iterator[tuple[Decimal, Decimal]]:
    for quantity, price in lines:
        amount = money(quantity * price, "NZD")
        yield amount, money(tax(amount, GST, "Exclusive"), "NZD")
