"""I19: each payment and refund of Xero's is shown in HubSpot once, with its amount and state, and whose it is.

In: HubSpot's records of payments, Xero's payments and what came before an invoice or beyond it. What belongs to
customers that people ended is theirs to look at.
"""

from __future__ import annotations

from tests.simulation.checks.showing import COMPANY, owners
from tests.simulation.witness import Witness
from tests.support.earned import money
from tests.support.receipted import KEY, unlike

INVOICE = "0-53"  # HubSpot's object type


def mispaid(witness: Witness) -> list[str]:
    """Payments of which HubSpot shows another amount or state, nothing, or two records."""
    name = _object(witness)
    if name is None:
        return []
    ended = {paper for paper, owner in owners(witness) if owner in witness.ended_ids}
    shown = [row["properties"] for row in witness.sales.records(name)]
    payments = [row for row in money(witness.finance.shelf) if row["PaymentID"] not in ended]
    return list(unlike([row for row in shown if row[KEY] not in ended], payments))


def unjoined(witness: Witness) -> list[str]:
    """Records that are not associated with the company that paid, or with the mirror of what was paid."""
    name, found = _object(witness), list[str]()
    if name is None:
        return found
    ours = witness.world.platforms.portal.catalogue.get(name).type_id
    linked = {
        (str(each["from"][1]), each["to"][0], str(each["to"][1]))
        for each in witness.sales.state()["associations"]
        if each["from"][0] == ours
    }
    companies = {row["properties"].get("xero_contact_id"): row["id"] for row in witness.sales.records("companies")}
    mirrors = {row["properties"].get("xero_invoice_id"): row["id"] for row in witness.sales.records("invoices")}
    whose, paid = dict(owners(witness)), {row["PaymentID"]: row["_target"] for row in witness.finance.shelf("Payments")}
    for row in witness.sales.records(name):
        key = row["properties"][KEY]
        ends = {COMPANY: companies.get(whose.get(key)), INVOICE: mirrors.get(paid.get(key))}
        if whose.get(key) in witness.ended_ids or {*ends.values()} & {*witness.ended_ids}:
            continue
        for kind, end in ends.items():
            if end is not None and (row["id"], kind, end) not in linked:
                found.append(f"the record of payment {key} is not associated with {kind} {end}")
    return found


def _object(witness: Witness) -> str | None:
    chosen = witness.contract.platforms.objects.payment
    if chosen is None or chosen == "native":
        return "commerce_payments" if chosen else None
    return chosen.custom
