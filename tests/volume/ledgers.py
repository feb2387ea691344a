"""What there is before the month ends: customers with won deals to come, and bystanders who have been billed already.

Flows in: how many. Flows out: the same, on both platforms' shelves, made at their own screens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.simulation.platforms import Platforms

DEALS_EACH = 10  # of a customer: a month's orders
PRIMARY_COMPANY, LINE_OF = 5, 20  # HubSpot's types of association: a deal's company, a line item's deal
STAGE = "contractsent"  # of a deal that is about to be won
DAY = "2026-08-20"


@dataclass(slots=True)
class Ledgers:
    """The ids of what was made; `invoices` are those of bystanders, by company."""

    deals: list[str] = field(default_factory=list)
    bystanders: list[str] = field(default_factory=list)
    contacts: dict[str, str] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)

    async def sell(self, both: Platforms, deals: int, bystanders: int) -> None:
        """Make customers with deals that are ready to be won, and customers without any."""
        for number in range(-(-deals // DEALS_EACH)):
            company = await _company(both, f"Customer {number:05}")
            for _ in range(min(DEALS_EACH, deals - len(self.deals))):
                self.deals.append(await _deal(both, company, len(self.deals)))
        for number in range(bystanders):
            self.bystanders.append(await _company(both, f"Bystander {number:05}"))

    async def bill(self, both: Platforms) -> None:
        """Give every bystander an invoice, which somebody made in Xero; its contact has to be there."""
        rows = both.portal.store.all(both.portal.catalogue.get("companies"))
        linked = {str(row.id): row.get("xero_contact_id") for row in rows}
        for company in self.bystanders:
            self.contacts[company] = linked[company]
            line = {"Description": "Annual plan", "Quantity": "1", "UnitAmount": "100.00", "AccountCode": "200"}
            made = await both.finance.do("PUT", "people/Invoices", {
                "Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": linked[company]}, "Date": DAY,
                "DueDate": "2026-09-20", "LineItems": [line],
            })  # fmt: skip
            self.invoices[company] = made["Invoices"][0]["InvoiceID"]


async def _company(both: Platforms, name: str) -> str:
    domain = f"{name.lower().replace(' ', '')}.example"
    return await made(both, "companies", {"name": name, "domain": domain, "revmark_currency": "NZD"})


async def _deal(both: Platforms, company: str, number: int) -> str:
    deal = await made(both, "deals", {
        "dealname": f"Order {number:05}", "dealstage": STAGE, "pipeline": "default", "deal_currency_code": "NZD",
    }, company, PRIMARY_COMPANY)  # fmt: skip
    await made(both, "line_items", {"name": "Monthly plan", "quantity": "1", "price": price(number)}, deal, LINE_OF)
    return deal


async def made(both: Platforms, kind: str, properties: dict[str, str], parent: str = "", type_id: int = 0) -> str:
    body: dict[str, Any] = {"properties": properties}
    if parent:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
        body["associations"] = [{"to": {"id": parent}, "types": types}]
    made = await both.sales.do("POST", f"people/{kind}", body)
    return str(made["id"])


def price(number: int) -> str:
    """What the `number`th sale costs: many amounts, none of them nothing."""
    return f"{10 + number % 990}.{number % 100:02}"
