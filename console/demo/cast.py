"""The cast: what both systems hold before Revmark comes, partly the same, partly not.

Harakeke is known by its ERP id on both sides; Kauri only by its domain; Tui is in HubSpot only, Rimu in Xero only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from console.demo.people import Finance, Sales

OLD_INVOICE_DATE = "2026-07-01"  # history: billed before Revmark came


@dataclass
class Cast:
    """Ids of what was there, by the names that the story uses."""

    companies: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    deals: dict[str, str] = field(default_factory=dict)


def assemble(sales: Sales, finance: Finance) -> Cast:
    """Put the records into both systems, as people would have."""
    cast = Cast()
    _xero(finance, cast)
    _hubspot(sales, cast)
    return cast


def _xero(finance: Finance, cast: Cast) -> None:
    for name, first, last, domain, terms in (
        ("Harakeke Foods", "Hana", "Ropata", "harakeke.example", 30),
        ("Kauri Logistics Limited", "Kiri", "Ngata", "kauri.example", 20),
        ("Rimu Books", "Rawiri", "Tamihana", "rimu.example", 14),
    ):
        made = finance.put(
            "Contacts",
            {
                "Name": name,
                "FirstName": first,
                "LastName": last,
                "EmailAddress": f"{first.lower()}@{domain}",
                "DefaultCurrency": "NZD",
                "PaymentTerms": {"Sales": {"Day": terms, "Type": "DAYSAFTERBILLDATE"}},
                "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "5550100", "PhoneAreaCode": "09"}],
                "Addresses": [
                    {
                        "AddressType": "STREET",
                        "AddressLine1": "1 Queen Street",
                        "City": "Auckland",
                        "PostalCode": "1010",
                    }
                ],
            },
        )
        cast.contacts[name.split()[0]] = made["ContactID"]
    for code, name, price in (("HONEY-1", "Manuka honey, 1 kg", "48.50"), ("BOX-L", "Shipping box, large", "3.20")):
        made = finance.put(
            "Items", {"Code": code, "Name": name, "SalesDetails": {"UnitPrice": price, "AccountCode": "200"}}
        )
        cast.products[code] = made["ItemID"]
    finance.put(
        "Invoices",
        {
            "Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": "INV-0001",
            "Contact": {"ContactID": cast.contacts["Harakeke"]}, "Date": OLD_INVOICE_DATE, "DueDate": "2026-07-31",
            "LineItems": [
                {"Description": "Before Revmark", "Quantity": "1", "UnitAmount": "100.00", "AccountCode": "200"}
            ],
        },
    )  # fmt: skip


def _hubspot(sales: Sales, cast: Cast) -> None:
    cast.companies["Harakeke"] = sales.create(
        "companies", name="Harakeke Foods", domain="harakeke.example", xero_contact_id=cast.contacts["Harakeke"]
    )
    cast.companies["Kauri"] = sales.create("companies", name="Kauri Logistics", domain="kauri.example")
    cast.companies["Tui"] = sales.create(
        "companies", name="Tui Robotics", domain="tui.example", phone="09 555 0177", revmark_currency="NZD"
    )
    for company, first, last in (("Harakeke", "Hana", "Ropata"), ("Tui", "Tama", "Heke")):
        email = f"{first.lower()}@{company.lower()}.example"
        sales.create("contacts", {"companies": cast.companies[company]}, email=email, firstname=first, lastname=last)
    sales.create("products", name="Manuka honey", hs_sku="HONEY-1", price="45.00", description="From the East Cape")
    sales.create("products", name="Robot arm", hs_sku="ARM-7", price="1200.00", description="Seven axes")
    cast.deals["history"] = sales.create(
        "deals",
        {"companies": cast.companies["Harakeke"]},
        dealname="Last year's honey", dealstage="closedwon", pipeline="default", amount="970.00",
    )  # fmt: skip


def win_deal(sales: Sales, cast: Cast, company: str, name: str, lines: list[tuple[str, str, str, str]]) -> str:
    """A deal with lines (SKU, name, quantity, price) is made and closed won; returns its id."""
    deal = sales.create(
        "deals",
        {"companies": cast.companies[company]},
        dealname=name, dealstage="contractsent", pipeline="default", deal_currency_code="NZD",
    )  # fmt: skip
    for sku, label, quantity, price in lines:
        sales.create("line_items", {"deals": deal}, name=label, hs_sku=sku, quantity=quantity, price=price)
    sales.edit("deals", deal, dealstage="closedwon")
    cast.deals[name] = deal
    return deal
