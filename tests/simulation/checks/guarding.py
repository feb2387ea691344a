"""I6: what the guards protect, in every order in which things were heard.

The facts are gone through as they stand on the topic, with a book-keeping of our own: who was on hold, who had ordered,
when each command was asked for. A command can only know what was heard before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agents.steps.arbitrate import Arbitrate
from schemas.wire import decode
from tables.view import MemoryView
from tests.simulation.witness import Row, Witness

GOVERNED = {"shipping_address", "currency"}


class Told:
    """What was known of customers at one place of the topic."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.holds: dict[str, tuple[int, bool]] = {}
        self.ordered: set[str] = set()

    def hear(self, row: Row) -> None:
        """Take a fact in."""
        if row.get("type") != "fact" or row["side"] != "erp":
            return
        fields, customer = row["fields"], row["customer"]
        if (
            row["entity"] == "company"
            and "credit_hold" in fields
            and row["version"] >= self.holds.get(customer, (-1,))[0]
        ):
            self.holds[customer] = (row["version"], bool(fields["credit_hold"]) and not row["deleted"])
        if row["entity"] == "invoice" and fields.get("status") in {"posted", "paid"} and not row["deleted"]:
            self.ordered.add(customer)


def asked(witness: Witness) -> Iterator[tuple[Told, Row, Row]]:
    """Every command of a replay, with the finding that led to it and what was known before."""
    step = Arbitrate(witness.contract)
    records, customers = MemoryView(), MemoryView()
    for partition in witness.records(witness.topics.facts).values():
        told = Told()
        for _, value in partition:
            result = step([value], records, customers)
            row: Any = {}
            if not result.refused:
                row = decode(value or b"{}")
                told.hear(row)
            for output in result.outputs:
                if output.topic.startswith("lanes."):
                    yield told, row, decode(output.value)


def billed_on_hold(witness: Witness) -> list[str]:
    """Bills asked for a customer that was known to be on hold, or of whom nobody knew."""
    return [
        f"{command['record']} of {command['customer']} is billed on hold"
        for told, _, command in asked(witness)
        if (command["kind"], command["entity"], command["side"]) == ("create", "invoice", "erp")
        and told.holds.get(command["customer"], (0, True))[1]
    ]


def overridden(witness: Witness) -> list[str]:
    """Addresses and currencies that the CRM was let set in the ERP although a posted invoice was known."""
    return [
        f"{command['record']}: {sorted(GOVERNED & command['fields'].keys())} is written to the ERP after an order"
        for told, _, command in asked(witness)
        if (command["kind"], command["entity"], command["side"]) == ("update", "company", "erp")
        and GOVERNED & command["fields"].keys()
        and command["customer"] in told.ordered
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
