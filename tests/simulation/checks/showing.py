"""I17: what HubSpot shows of revenue is what Xero's books say, document by document, and said once.

In: HubSpot's records of revenue, Xero's invoices, credit notes and payments. What belongs to customers that people
ended is theirs to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.simulation.marketing import CAMPAIGNS
from tests.simulation.witness import Row, Witness
from tests.support.earned import ADVANCES, IDS, KEY, money, unlike

COMPANY = "0-2"  # HubSpot's object type
PAPERS = {"invoice": "Invoices", "credit_note": "CreditNotes"}


def unearned(witness: Witness) -> list[str]:
    """Documents of which HubSpot shows another amount, day or currency, or nothing; and what is shown of none."""
    revenue = witness.contract.platforms.objects.revenue
    if revenue is None:
        return []
    shown = [row["properties"] for row in witness.sales.records(revenue.custom)]
    whose = dict(owners(witness))
    theirs = {paper for paper, owner in whose.items() if owner in witness.ended_ids}
    shelf, base = witness.finance.shelf, witness.contract.base_currency
    rows = {**{kind: shelf(name) for kind, name in PAPERS.items()}, "payment": money(shelf)}
    shelves = {kind: [row for row in some if row[IDS[kind]] not in theirs] for kind, some in rows.items()}
    return list(unlike([row for row in shown if not _ids(row) & theirs], shelves, base))


def untouched(witness: Witness) -> list[str]:
    """Invoices that count for other campaigns than those that touched their deal, or else their company.

    A deal that became another company's before its bill was known has left that bill behind, and counts for none of it.
    """
    revenue, found = witness.contract.platforms.objects.revenue, list[str]()
    if revenue is None:
        return found
    shown = [row["properties"] for row in witness.sales.records(revenue.custom)]
    deals = {row["id"]: _touched(row) for row in witness.sales.records("deals")}
    companies = {row["properties"].get("xero_contact_id"): _touched(row) for row in witness.sales.records("companies")}
    for row in witness.finance.invoices():
        names = {each.get("revmark_earned_by") or "" for each in shown
                 if row["InvoiceID"] in _ids(each) and each["revmark_kind"] == "invoice"
                 and each["revmark_status"] == "counted"}  # fmt: skip
        deal = row["InvoiceNumber"].removeprefix("RM-").split("-")[0]
        company = companies.get(row["_contact"]) or {""}
        expected = deals.get(deal) or company
        gone = row["_contact"] in witness.ended_ids or deal in witness.ended_ids
        left = deal in witness.moved and names == company
        if names and not (gone or left) and names != expected:
            found.append(f"{row['InvoiceNumber']} counts for {sorted(names)}, and was touched by {sorted(expected)}")
    return found


def unlinked(witness: Witness) -> list[str]:
    """Records that are not associated with the company of whose documents they are."""
    revenue, found = witness.contract.platforms.objects.revenue, list[str]()
    if revenue is None:
        return found
    ours = witness.world.platforms.portal.catalogue.get(revenue.custom).type_id
    linked = {
        (str(each["from"][1]), str(each["to"][1]))
        for each in witness.sales.state()["associations"]
        if (each["from"][0], each["to"][0]) == (ours, COMPANY)
    }
    companies = {row["properties"].get("xero_contact_id"): row["id"] for row in witness.sales.records("companies")}
    whose = dict(owners(witness))
    for row in witness.sales.records(revenue.custom):
        name = str(row["properties"][KEY]).split(":")[2]
        company = companies.get(whose.get(name))
        gone = whose.get(name) in witness.ended_ids or company in witness.ended_ids
        if company is not None and not gone and (row["id"], company) not in linked:
            found.append(f"{row['properties']['revmark_name']} {name} is not associated with company {company}")
    return found


def _touched(row: Row) -> set[str]:
    return set(str(row["properties"].get(CAMPAIGNS) or "").split(";")) - {""}


def _ids(row: dict[str, Any]) -> set[str]:
    return set(str(row[KEY]).split(":"))


def owners(witness: Witness) -> Iterator[tuple[str, str]]:
    """Whose a document of Xero's is; a payment is whose document it pays."""
    papers: dict[str, Row] = {}
    for shelf, key in (*((name, IDS[kind]) for kind, name in PAPERS.items()), *ADVANCES.items()):
        papers |= {row[key]: row for row in witness.finance.shelf(shelf)}
    for id_, row in papers.items():
        yield id_, row["_contact"]
    for row in witness.finance.shelf("Payments"):
        if (paid := papers.get(row["_target"])) is not None:
            yield row["PaymentID"], paid["_contact"]
