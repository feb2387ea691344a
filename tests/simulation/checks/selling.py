"""I20: each order and subscription of Revmark's is shown in HubSpot once, with what is billed of it, and whose it is.

In: HubSpot's records of orders and of subscriptions, its deals, Xero's invoices, and what was told of orders. What
belongs to deals and customers that people ended is theirs to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from schemas.names import record_id
from tests.simulation.checks.billing import COMPANY, DEAL, ended
from tests.simulation.checks.periods import today
from tests.simulation.witness import Row, Witness
from tests.support.ordered import KEY, NUMBER, SUBSCRIPTION_KEY, standing, unlike

MOVED_HERE = "and then moved here"  # of what a deal says
OWN = {"order": "orders", "subscription": "subscriptions"}  # HubSpot's own objects
TOLD = {"order": "order_created", "subscription": "subscription_started"}


def misordered(witness: Witness) -> list[str]:
    """Orders of which HubSpot shows other bills, amounts or words, nothing, or two records."""
    records = _shown(witness, "order")
    if records is None:
        return []
    orders = _told(witness, "order")
    said = _said(witness)
    # Of a deal that was another company's when it was won, the record says what became of the order there.
    gone = {deal for deal in witness.moved if MOVED_HERE in said.get(deal, "")}
    theirs = {key for key, deal in orders.items() if deal in gone or ended(witness, deal)}
    shown = [row["properties"] for row in records if row["properties"][KEY] not in theirs]
    left = {key: deal for key, deal in orders.items() if key not in theirs}
    return list(unlike(shown, left, said, witness.finance.invoices()))


def missubscribed(witness: Witness) -> list[str]:
    """Subscriptions of which HubSpot shows another state or other periods, nothing, or two records."""
    records = _shown(witness, "subscription")
    if records is None:
        return []
    keys = Counter(row["properties"][SUBSCRIPTION_KEY] for row in records)
    found = [f"subscription {key} has {count} records" for key, count in keys.items() if count > 1]
    ends = _ends(witness, "subscription")
    held = {deal: row["properties"] for row in records for deal in ends.get((row["id"], DEAL), ())}
    said = _said(witness)
    for deal in _told(witness, "subscription").values():
        if ended(witness, deal):
            continue
        if deal in held:
            found += [f"the subscription of deal {deal} {fault}" for fault in _unlike(witness, deal, held[deal], said)]
        else:
            found.append(f"the subscription of deal {deal} is not shown")
    return found


def unassociated(witness: Witness) -> list[str]:
    """Records that are not associated with their deal, or with the company that is billed for it."""
    found = list[str]()
    companies = {row["properties"].get("xero_contact_id"): row["id"] for row in witness.sales.records("companies")}
    for kind in OWN:
        ends, books = _ends(witness, kind), witness.finance.invoices()
        there = {deal for (_, end), deals in ends.items() if end == DEAL for deal in deals}
        found += [
            f"no {kind} is associated with deal {deal}"
            for deal in _told(witness, kind).values()
            if _shown(witness, kind) is not None and deal not in there and not ended(witness, deal)
        ]
        for row in _shown(witness, kind) or ():
            for deal in ends.get((row["id"], DEAL), ()):
                payers = {companies.get(bill["_contact"]) for bill in standing(books, deal)} - {None}
                if not payers <= ends.get((row["id"], COMPANY), set()) and not ended(witness, deal):
                    found.append(f"the {kind} of deal {deal} is not associated with company {payers}")
    return found


def _unlike(witness: Witness, deal: str, row: Row, said: Mapping[str, str]) -> list[str]:
    """Where the record of a subscription differs from what its deal says, and from its bills."""
    numbers = (NUMBER.fullmatch(each["InvoiceNumber"]) for each in witness.finance.invoices())
    periods = sum("." not in each[0] for each in numbers if each and each[1] == deal)
    state, words = row["revmark_subscription_status"], said.get(deal, "")
    coming = str(row.get("revmark_next_bill_on") or "")[:10]
    found = []
    if int(row["revmark_periods"]) != periods:
        found.append(f"shows {row['revmark_periods']} periods, and {periods} have bills")
    if words.split(": ")[0] in {"running", "paused", "ended"} - {state}:
        found.append(f"is {state}: {words}")
    late = words.startswith("running: ") and coming <= f"{today(witness)}"  # one that is held is late
    if coming and (state != "running" or late):
        found.append(f"is {state} and billed next on {coming}: {words}")
    return found


def _shown(witness: Witness, kind: str) -> list[Row] | None:
    """HubSpot's records of a kind; None: the contract shows none."""
    chosen = getattr(witness.contract.platforms.objects, kind)
    return None if chosen is None else witness.sales.records(_object(witness, kind))


def _object(witness: Witness, kind: str) -> str:
    chosen = getattr(witness.contract.platforms.objects, kind)
    return OWN[kind] if chosen == "native" else str(chosen.custom)


def _told(witness: Witness, kind: str) -> dict[str, str]:
    """The deal of each order, or of each order that recurs, by the id of the order."""
    rows = (row for row in witness.read(witness.topics.revenue) if row["type"] == TOLD[kind])
    return {row["document"]: record_id(row["refs"]["crm"]) for row in rows}


def _said(witness: Witness) -> dict[str, str]:
    """What deals say of their orders."""
    rows = ((row["id"], row["properties"].get("revmark_order_status")) for row in witness.sales.records("deals"))
    return {deal: words for deal, words in rows if words}


def _ends(witness: Witness, kind: str) -> dict[tuple[str, str], set[str]]:
    """What records of a kind are associated with: by their ids and the object type there."""
    if getattr(witness.contract.platforms.objects, kind) is None:
        return {}
    ours = witness.world.platforms.portal.catalogue.get(_object(witness, kind)).type_id
    found: dict[tuple[str, str], set[str]] = {}
    for each in witness.sales.state()["associations"]:
        if each["from"][0] == ours:
            found.setdefault((str(each["from"][1]), each["to"][0]), set()).add(str(each["to"][1]))
    return found
