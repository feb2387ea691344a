"""What people do on both platforms, one thing at a time.

Flows in: the platforms as they are, lots drawn for this one deed. Flows out: edits through the platforms' own screens.
Invariant: a deed chooses among what is there, so that it still means something when deeds before it are left out.
"""

from __future__ import annotations

from random import Random

from tests.simulation.cashier import TAKING_BACK, one
from tests.simulation.marketing import crm_touch
from tests.simulation.ordering import SHIPPING, SUBSCRIBING, crm_call_off, crm_win_again
from tests.simulation.platforms import Declined, Platforms
from tests.simulation.screens import Deed, associate, edit

SKUS = ("HONEY-1", "BOX-L", "ARM-7", "TEA-3", "OIL-2")
DAY = "2026-09-01"
PARENT, CHILD_TO_PARENT = "hs_parent_company_id", 14  # HubSpot's property, and the association that it follows


def _name(lots: Random) -> str:
    return f"Firm {lots.randrange(10**6):06}"


async def crm_company(both: Platforms, lots: Random) -> None:
    """Sales meets a company."""
    name = _name(lots)
    await both.sales.do("POST", "people/companies", {"properties": {
        "name": name, "domain": f"{name.lower().replace(' ', '')}.example", "revmark_currency": "NZD",
    }})  # fmt: skip


async def erp_contact(both: Platforms, lots: Random) -> None:
    """Finance meets a customer."""
    terms = {"Sales": {"Day": lots.choice((14, 20, 30)), "Type": "DAYSAFTERBILLDATE"}}
    body = {"Name": _name(lots), "DefaultCurrency": "NZD", "PaymentTerms": terms}
    await both.finance.do("PUT", "people/Contacts", body)


async def crm_rename(both: Platforms, lots: Random) -> None:
    """Sales renames a company: its own field."""
    row = one(lots, both.records("companies"))
    await edit(both, "companies", row, name=_name(lots))


async def erp_rename(both: Platforms, lots: Random) -> None:
    """Finance renames a customer: sales' field."""
    row = one(lots, both.shelf("Contacts"))
    await both.finance.do("POST", "people/Contacts", {"ContactID": row["ContactID"], "Name": _name(lots)})


async def crm_terms(both: Platforms, lots: Random) -> None:
    """Sales edits payment terms: finance's field."""
    row = one(lots, both.records("companies"))
    await edit(both, "companies", row, revmark_payment_terms=f"{lots.choice((60, 90))} DAYSAFTERBILLDATE")


async def erp_terms(both: Platforms, lots: Random) -> None:
    """Finance edits payment terms."""
    row = one(lots, both.shelf("Contacts"))
    terms = {"Sales": {"Day": lots.choice((7, 10, 20, 30)), "Type": "DAYSAFTERBILLDATE"}}
    await both.finance.do("POST", "people/Contacts", {"ContactID": row["ContactID"], "PaymentTerms": terms})


async def crm_phone(both: Platforms, lots: Random) -> None:
    """Sales edits the phone: the later edit wins."""
    row = one(lots, both.records("companies"))
    await edit(both, "companies", row, phone=f"09 {lots.randrange(10**7):07}")


async def erp_phone(both: Platforms, lots: Random) -> None:
    """Finance edits the phone: the later edit wins."""
    row = one(lots, both.shelf("Contacts"))
    phone = {"PhoneType": "DEFAULT", "PhoneNumber": f"04 {lots.randrange(10**7):07}"}
    await both.finance.do("POST", "people/Contacts", {"ContactID": row["ContactID"], "Phones": [phone]})


async def crm_address(both: Platforms, lots: Random) -> None:
    """Sales edits an address: its own field until the first order."""
    row = one(lots, both.records("companies"))
    street = f"{lots.randrange(1, 999)} Old Road"
    await edit(both, "companies", row, revmark_shipping_street=street, revmark_shipping_country="NZ")


async def erp_address(both: Platforms, lots: Random) -> None:
    """Finance edits an address: its own field from the first order on."""
    row = one(lots, both.shelf("Contacts"))
    street = {"AddressType": "STREET", "AddressLine1": f"{lots.randrange(1, 999)} New Road", "City": "Nelson",
              "Country": "NZ"}  # fmt: skip
    await both.finance.do("POST", "people/Contacts", {"ContactID": row["ContactID"], "Addresses": [street]})


async def crm_lifecycle(both: Platforms, lots: Random) -> None:
    """Sales calls a company a customer, perhaps before it is one."""
    row = one(lots, both.records("companies"))
    await edit(both, "companies", row, lifecyclestage=lots.choice(("lead", "customer", "evangelist")))


async def crm_person(both: Platforms, lots: Random) -> None:
    """Sales meets somebody."""
    row = one(lots, both.records("companies"))
    first = f"P{lots.randrange(10**6):06}"
    made = await both.sales.do("POST", "people/contacts", {"properties": {
        "email": f"{first.lower()}@people.example", "firstname": first, "lastname": "Doe",
    }})  # fmt: skip
    await associate(both, "contacts", made, "companies", row["id"])


async def crm_product(both: Platforms, lots: Random) -> None:
    """Sales lists a product."""
    sku = lots.choice(SKUS)
    if any(row["properties"].get("hs_sku") == sku for row in both.records("products")):
        raise Declined("it is listed")
    price = f"{lots.randrange(1, 999)}.50"
    await both.sales.do("POST", "people/products", {"properties": {"name": sku, "hs_sku": sku, "price": price}})


async def erp_item(both: Platforms, lots: Random) -> None:
    """Finance lists an item."""
    sku = lots.choice(SKUS)
    details = {"UnitPrice": f"{lots.randrange(1, 999)}.25", "AccountCode": "200"}
    await both.finance.do("PUT", "people/Items", {"Code": sku, "Name": sku, "SalesDetails": details})


async def erp_price(both: Platforms, lots: Random) -> None:
    """Finance edits a price."""
    row = one(lots, both.shelf("Items"))
    details = {"UnitPrice": f"{lots.randrange(1, 999)}.75", "AccountCode": "200"}
    await both.finance.do(
        "POST", "people/Items", {"ItemID": row["ItemID"], "Code": row["Code"], "SalesDetails": details}
    )


async def crm_deal(both: Platforms, lots: Random) -> None:
    """Sales makes a deal with lines, and perhaps wins it at once."""
    row = one(lots, both.records("companies"))
    deal = await both.sales.do("POST", "people/deals", {"properties": {
        "dealname": f"Deal {lots.randrange(10**6)}", "dealstage": "contractsent", "pipeline": "default",
        "deal_currency_code": "NZD",
    }})  # fmt: skip
    await associate(both, "deals", deal, "companies", row["id"])
    for _ in range(lots.randrange(1, 3)):
        line = await both.sales.do("POST", "people/line_items", {"properties": {
            "name": "line", "quantity": str(lots.randrange(1, 9)), "price": f"{lots.randrange(1, 500)}.10",
        }})  # fmt: skip
        await associate(both, "line_items", line, "deals", deal["id"])
    if lots.random() < 0.5:
        await edit(both, "deals", deal, dealstage="closedwon")


async def crm_win(both: Platforms, lots: Random) -> None:
    """Sales wins a deal."""
    rows = [row for row in both.records("deals") if row["properties"].get("dealstage") == "contractsent"]
    await edit(both, "deals", one(lots, rows), dealstage="closedwon")


async def erp_payment(both: Platforms, lots: Random) -> None:
    """A customer pays, perhaps a part."""
    row = one(lots, [row for row in both.invoices() if row["Status"] == "AUTHORISED" and row["AmountDue"] > 0])
    due = row["AmountDue"]
    amount = due if lots.random() < 0.5 else (due / 2).quantize(due.__class__("0.01"))
    await both.finance.do("PUT", "people/Payments", {
        "Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "090"}, "Date": DAY, "Amount": str(amount),
    })  # fmt: skip


async def erp_credit(both: Platforms, lots: Random) -> None:
    """Finance credits a part of an invoice."""
    row = one(lots, [row for row in both.invoices() if row["Status"] == "AUTHORISED" and row["AmountDue"] > 1])
    amount = f"{row['AmountDue'] / 4:.2f}"
    note = await both.finance.do("PUT", "people/CreditNotes", {
        "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": row["_contact"]}, "Date": DAY,
        "LineItems": [{"Description": "Goodwill", "Quantity": "1", "UnitAmount": amount, "TaxType": "NONE",
                       "AccountCode": "200"}],
    })  # fmt: skip
    number = note["CreditNotes"][0]["CreditNoteID"]
    await both.finance.do("PUT", f"people/CreditNotes/{number}/Allocations", {
        "Amount": amount, "Date": DAY, "Invoice": {"InvoiceID": row["InvoiceID"]},
    })  # fmt: skip


async def erp_void(both: Platforms, lots: Random) -> None:
    """Finance voids an invoice."""
    rows = [row for row in both.invoices() if row["Status"] == "AUTHORISED" and row["AmountDue"] == row["Total"]]
    row = one(lots, rows)
    await both.finance.do("POST", f"people/Invoices/{row['InvoiceID']}", {"Status": "VOIDED"})


async def erp_hold(both: Platforms, lots: Random) -> None:
    """Finance puts a customer on hold, or lifts it."""
    row = one(lots, both.shelf("Contacts"))
    group = both.shelf("ContactGroups")[0]["ContactGroupID"]
    path = f"people/ContactGroups/{group}/Contacts"
    if lots.random() < 0.5:
        await both.finance.do("PUT", path, {"Contacts": [{"ContactID": row["ContactID"]}]})
    else:
        await both.finance.do("DELETE", f"{path}/{row['ContactID']}")


DEEDS: dict[str, tuple[int, Deed]] = {
    deed.__name__: (weight, deed)
    for weight, deed in (
        (4, crm_company), (3, erp_contact), (8, crm_rename), (6, erp_rename), (6, crm_terms), (6, erp_terms),
        (6, crm_phone), (4, crm_person), (2, crm_product), (2, erp_item), (3, erp_price), (8, crm_deal), (6, crm_win),
        (8, erp_payment), (3, erp_credit), (2, erp_void), (4, erp_hold), (3, crm_address), (3, erp_address),
        (3, erp_phone), (3, crm_lifecycle),
    )
}  # fmt: skip


async def crm_merge(both: Platforms, lots: Random) -> None:
    """Sales merges two companies, linked or not."""
    rows = both.records("companies")
    if len(rows) < 2:
        raise Declined("there is one at most")
    stays, goes = lots.sample(rows, 2)
    body = {"primaryObjectId": stays["id"], "objectIdToMerge": goes["id"]}
    await both.sales.do("POST", "people/companies/merge", body)


async def crm_archive(both: Platforms, lots: Random) -> None:
    """Sales deletes a company, a person or a deal."""
    kind = lots.choice(("companies", "contacts", "deals"))
    await both.sales.do("DELETE", f"people/{kind}/{one(lots, both.records(kind))['id']}")


async def crm_restore(both: Platforms, lots: Random) -> None:
    """Sales takes something out of the recycle bin."""
    kind = lots.choice(("companies", "contacts", "deals"))
    await both.sales.do("POST", f"people/{kind}/{one(lots, both.records(kind, archived=True))['id']}/restore")


async def erp_archive(both: Platforms, lots: Random) -> None:
    """Finance archives a customer, or takes one back."""
    row = one(lots, both.shelf("Contacts"))
    status = "ARCHIVED" if row["ContactStatus"] == "ACTIVE" else "ACTIVE"
    if row.get("MergedToContactID"):
        raise Declined("it was merged")
    await both.finance.do("POST", "people/Contacts", {"ContactID": row["ContactID"], "ContactStatus": status})


async def erp_merge(both: Platforms, lots: Random) -> None:
    """Finance merges two customers, of whom the one that goes has no documents: these would move."""
    billed = {row["_contact"] for kind in ("Invoices", "CreditNotes") for row in both.shelf(kind)}
    rows = [row for row in both.shelf("Contacts") if row["ContactStatus"] == "ACTIVE"]
    goes = one(lots, [row for row in rows if row["ContactID"] not in billed])
    stays = one(lots, [row for row in rows if row is not goes])
    await both.finance.do("POST", "people/merge", {"loser": goes["ContactID"], "winner": stays["ContactID"]})


ENDINGS: dict[str, tuple[int, Deed]] = {
    deed.__name__: (weight, deed)
    for weight, deed in ((2, crm_merge), (4, crm_archive), (3, crm_restore), (3, erp_archive), (2, erp_merge))
}  # deeds after which a record is there no more, or is another one


async def erp_approve(both: Platforms, lots: Random) -> None:
    """Finance approves a draft credit note, or deletes it."""
    row = one(lots, [row for row in both.shelf("CreditNotes") if row["Status"] == "DRAFT"])
    status = lots.choice(("AUTHORISED", "DELETED"))
    await both.finance.do("POST", f"people/CreditNotes/{row['CreditNoteID']}", {"Status": status})


async def erp_uncredit(both: Platforms, lots: Random) -> None:
    """Finance takes a credit back."""
    live = [row for row in both.shelf("Allocations") if not row["IsDeleted"]]
    row = one(lots, live)
    await both.finance.do("DELETE", f"people/CreditNotes/{row['_credit']}/Allocations/{row['AllocationID']}")
    if lots.random() < 0.7:
        await both.finance.do("POST", f"people/CreditNotes/{row['_credit']}", {"Status": "VOIDED"})


CREDITING: dict[str, tuple[int, Deed]] = {
    deed.__name__: (weight, deed)
    for weight, deed in ((12, crm_call_off), (4, crm_win_again), (4, erp_credit), (3, erp_approve), (2, erp_uncredit))
}  # deeds where what is called off is credited


async def erp_due(both: Platforms, lots: Random) -> None:
    """Finance agrees on another due date, long ago."""
    row = one(lots, [row for row in both.invoices() if row["Status"] == "AUTHORISED"])
    day = lots.choice(("2026-07-31", "2026-08-10"))
    await both.finance.do("POST", f"people/Invoices/{row['InvoiceID']}", {"DueDate": day})


async def crm_consent(both: Platforms, lots: Random) -> None:
    """A customer agrees to be thanked, or does not any more."""
    await edit(both, "companies", one(lots, both.records("companies")), agreed=lots.choice(("yes", "no")))


LATENESS: dict[str, tuple[int, Deed]] = {
    deed.__name__: (weight, deed) for weight, deed in ((6, erp_due), (5, crm_consent), (3, crm_touch))
}  # deeds where HubSpot is told of what is late, and of what was earned


async def crm_parent(both: Platforms, lots: Random) -> None:
    """Sales says which company is above another, or that none is."""
    rows = both.records("companies")
    if len(rows) < 2:
        raise Declined("there is one at most")
    child, parent = lots.sample(rows, 2)
    above = child["properties"].get(PARENT)
    if above and lots.random() < 0.4:
        await both.sales.do(
            "POST", f"people/companies/{child['id']}/dissociate", {"to_type": "companies", "to_id": above}
        )
    else:
        body = {"to_type": "companies", "to_id": parent["id"], "type_ids": [CHILD_TO_PARENT]}
        await both.sales.do("POST", f"people/companies/{child['id']}/associate", body)


FAMILY: dict[str, tuple[int, Deed]] = {"crm_parent": (8, crm_parent)}  # a deed where parents pay


NEWEST = 3  # records of invoices, or deals


async def crm_figure(both: Platforms, lots: Random) -> None:
    """Sales edits the total of one of the newest records of invoices: Revmark may not know yet that it is there."""
    row = one(lots, both.records("invoices")[-NEWEST:])
    await edit(both, "invoices", row, revmark_total=f"{lots.randrange(1, 999)}.00")


async def crm_move(both: Platforms, lots: Random) -> None:
    """Sales finds that one of the newest deals is another company's."""
    deal = one(lots, both.records("deals")[-NEWEST:])
    await associate(both, "deals", deal, "companies", one(lots, both.records("companies"))["id"])


MOVES: dict[str, tuple[int, Deed]] = {"crm_move": (1, crm_move)}
FIGURES: dict[str, tuple[int, Deed]] = {"crm_figure": (1, crm_figure)}
EVERY_DEED = {
    **FIGURES,
    **MOVES,
    **DEEDS,
    **ENDINGS,
    **SHIPPING,
    **CREDITING,
    **LATENESS,
    **SUBSCRIBING,
    **FAMILY,
    **TAKING_BACK,
}
