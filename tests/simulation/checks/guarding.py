"""I6: what the guards protect, in every order in which things were heard.

The facts are gone through as they stand on the topic (`judging`), with a book-keeping of our own: who was on hold, who
had ordered, when each command was asked for. A command can only know what was heard before it.
"""

from __future__ import annotations

from tests.simulation.witness import Witness

GOVERNED = {"shipping_address", "currency"}


def billed_on_hold(witness: Witness) -> list[str]:
    """Bills asked for a customer that was known to be on hold, or of whom nobody knew."""
    return [
        f"{command['record']} of {command['customer']} is billed on hold"
        for command, held in ((asked.command, asked.held) for asked in witness.judged.asked)
        if (command["kind"], command["entity"], command["side"]) == ("create", "invoice", "erp") and held
    ]


def overridden(witness: Witness) -> list[str]:
    """Addresses and currencies that the CRM was let set in the ERP although a posted invoice was known."""
    return [
        f"{command['record']}: {sorted(GOVERNED & command['fields'].keys())} is written to the ERP after an order"
        for command, ordered in ((asked.command, asked.ordered) for asked in witness.judged.asked)
        if (command["kind"], command["entity"], command["side"]) == ("update", "company", "erp")
        and GOVERNED & command["fields"].keys()
        and ordered
    ]


def called_customer(witness: Witness) -> list[str]:
    """Companies that HubSpot calls customers, and that have no order: no bill of theirs in Xero, no won deal."""
    gated = witness.contract.lifecycle.gated
    billed = {
        row["_contact"] for row in witness.finance.invoices() if row["Status"] in {"AUTHORISED", "PAID", "VOIDED"}
    }
    won = {row["customer"] for row in witness.read(witness.topics.occurrences) if row["type"] == "order_created"}
    ordered = {row["ref"] for row in witness.read(witness.topics.facts)
               if row["type"] == "fact" and row["entity"] == "company" and row["customer"] in won}  # fmt: skip
    return [
        f"company {row['id']} is {row['properties']['lifecyclestage']} without an order"
        for row in witness.sales.records("companies")
        if row["properties"].get("lifecyclestage") in gated
        and row["properties"].get("xero_contact_id") not in billed
        and f"hubspot/company/{row['id']}" not in ordered
        and f"companies/{row['id']}" not in witness.ended
    ]
