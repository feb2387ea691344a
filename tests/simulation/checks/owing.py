"""I21: what HubSpot says that a company owes is what is due of its invoices, less what is left of its credits.

In: HubSpot's companies, Xero's invoices, credit notes, prepayments and overpayments. Money in advance is counted from
its allocations and refunds, not as Xero states it. What belongs to customers that people ended is theirs to look at.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from sandbox.xero.balances import amount_due, remaining_credit
from tests.simulation.witness import Witness
from tests.support.earned import ADVANCES, LIVE

CREDITS = {"CreditNotes": "CreditNoteID", **ADVANCES}


def misstated(witness: Witness) -> list[str]:
    """Companies that owe another amount by Xero's books than HubSpot says."""
    books, owed = witness.world.platforms.organisation, defaultdict[tuple[str, str], Decimal](Decimal)
    for row in witness.finance.invoices():
        if row["Status"] in LIVE:
            owed[row["_contact"], row["CurrencyCode"]] += amount_due(books, row)
    for shelf, key in CREDITS.items():
        for row in witness.finance.shelf(shelf):
            if row["Status"] in LIVE and not row["Type"].startswith(("ACCPAY", "SPEND")):
                owed[row["_contact"], row["CurrencyCode"]] -= remaining_credit(books, row, row[key])
    found = []
    for row in witness.sales.records("companies"):
        shown, contact = row["properties"], row["properties"].get("xero_contact_id") or ""
        said = shown.get("revmark_balance_due")
        if {row["id"], contact} & witness.ended_ids or not said:
            continue
        place = (contact, shown.get("revmark_currency") or books.base_currency)
        if Decimal(said) != owed[place]:
            found.append(f"{shown.get('name')} owes {owed[place]} {place[1]} by Xero's books, HubSpot says {said}")
    return found
