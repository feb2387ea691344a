from urllib.parse import quote

import pytest

from sandbox.xero.filters import where
from sandbox.xero.problems import BadQuery
from tests.unit.sandbox_xero.conftest import Xero


async def five(xero: Xero) -> list[str]:
    """Five invoices a minute apart; their ids."""
    contact_id = await xero.contact()
    made = []
    for number in range(5):
        xero.clock.move(60)
        made.append(
            await xero.invoice(contact_id, number + 1, InvoiceNumber=f"A-{number}", Reference=f"Ref {number % 2}")
        )
    return [each["InvoiceID"] for each in made]


def numbers(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["InvoiceNumber"] for each in answer["Invoices"]]


async def test_pages_are_whole_and_end_empty(xero: Xero) -> None:
    await five(xero)
    first = await xero.get("Invoices?page=1&pageSize=2")
    assert numbers(first) == ["A-0", "A-1"]
    assert first["pagination"] == {"page": 1, "pageSize": 2, "pageCount": 3, "itemCount": 5}
    assert first["Invoices"][0]["LineItems"][0]["Description"] == "Seats"
    assert numbers(await xero.get("Invoices?page=4&pageSize=2")) == []


async def test_paging_by_offset_shifts_under_writes(xero: Xero) -> None:
    ids = await five(xero)
    assert numbers(await xero.get("Invoices?page=1&pageSize=2")) == ["A-0", "A-1"]
    xero.clock.move(60)
    await xero.save("POST", f"Invoices/{ids[0]}", {"Reference": "touched"})
    assert numbers(await xero.get("Invoices?page=2&pageSize=2")) == ["A-3", "A-4"], "a trap: A-2 was skipped"


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=1&pageSize=1001", "pageSize=0", "page=-1"])
async def test_bad_pages_are_refused(xero: Xero, query: str) -> None:
    reply = await xero.call("GET", f"Invoices?{query}")
    assert (reply.status_code, reply.json()["Type"]) == (400, "QueryParseException")


async def test_lists_without_page_have_no_lines(xero: Xero) -> None:
    await five(xero)
    answer = await xero.get("Invoices")
    assert len(answer["Invoices"]) == 5
    assert all(each["LineItems"] == [] for each in answer["Invoices"])
    assert answer["Invoices"][0]["Contact"]["Addresses"] == []


async def test_summary_only_leaves_much_out(xero: Xero) -> None:
    await five(xero)
    shown = (await xero.get("Invoices?summaryOnly=True&page=1"))["Invoices"][0]
    assert not {"LineItems", "Payments", "CreditNotes"} & shown.keys()
    assert shown["AmountDue"] == 1


@pytest.mark.parametrize(
    "since",
    ["2026-09-01T09:04:00", "2026-09-01T09:04:00Z", "Tue, 01 Sep 2026 09:04:00 GMT", "2026-09-01T21:04:00.900+12:00"],
)
async def test_if_modified_since_counts_in_seconds(xero: Xero, since: str) -> None:
    await five(xero)
    assert numbers(await xero.get("Invoices", If_Modified_Since=since)) == ["A-3", "A-4"]


async def test_an_unreadable_since_is_ignored_and_payments_count_as_changes(xero: Xero) -> None:
    ids = await five(xero)
    assert len((await xero.get("Invoices", If_Modified_Since="yesterday"))["Invoices"]) == 5
    xero.clock.move(60)
    await xero.pay(ids[0], 1)
    assert numbers(await xero.get("Invoices", If_Modified_Since="2026-09-01T09:06:00")) == ["A-0"]


async def test_named_filters(xero: Xero) -> None:
    ids = await five(xero)
    await xero.save("POST", f"Invoices/{ids[4]}", {"Status": "VOIDED"})
    contact_id = (await xero.get("Contacts"))["Contacts"][0]["ContactID"]
    assert numbers(await xero.get(f"Invoices?IDs={ids[1]},{ids[0].upper()}")) == ["A-0", "A-1"]
    assert numbers(await xero.get("Invoices?InvoiceNumbers=a-2,none")) == ["A-2"]
    assert numbers(await xero.get("Invoices?Statuses=voided,paid")) == ["A-4"]
    assert len(numbers(await xero.get(f"Invoices?ContactIDs={contact_id}"))) == 5
    assert numbers(await xero.get("Invoices?searchTerm=ref 1")) == ["A-1", "A-3"]
    path = "http://xero.test/_sandbox/people/Invoices"
    await xero.save("PUT", path, {"Type": "ACCREC", "Contact": {"ContactID": contact_id}, "InvoiceNumber": "H-1"})
    assert "H-1" not in numbers(await xero.get("Invoices?createdByMyApp=true"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('InvoiceNumber=="a-2"', ["A-2"]),
        ('Reference.Contains("F 1") AND AmountDue>=4', ["A-3"]),
        ('Reference.ToLower().StartsWith("REF") && (Total<2 || Total==5)', ["A-0", "A-4"]),
        ('InvoiceNumber.EndsWith("4") OR Total=1', ["A-0", "A-4"]),
        ("Date>=DateTime(2026, 09, 01) AND Date<DateTime(2026,9,2,0,0,0) AND Total>4", ["A-4"]),
        ('UpdatedDateUTC>=DateTime.Parse("2026-09-01T09:05:00")', ["A-4"]),
        ("FullyPaidOnDate!=null", []),
        ("FullyPaidOnDate==null&&SentToContact==false AND !(Total<5)", ["A-4"]),
        ("FullyPaidOnDate>DateTime(2026,1,1)", []),
        ('Contact.Name=="ACME" AND Total>4', ["A-4"]),
        ('Contact.ContactID==Guid("{contact}") AND Total>4', ["A-4"]),
        ('Status!="AUTHORISED"', []),
        ("SentToContact", []),
    ],
)
async def test_where(xero: Xero, text: str, expected: list[str]) -> None:
    await five(xero)
    contact_id = (await xero.get("Contacts"))["Contacts"][0]["ContactID"]
    wanted = quote(text.replace("{contact}", contact_id), safe="")
    assert numbers(await xero.get(f"Invoices?where={wanted}")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Colour==1", "Total==", "Total", "==1", "Total>1 Total", "(Total>1", "Reference.Contains(1)", "Total @ 1",
        "Total==maybe", "Date>DateTime(2026)", 'Total>"x"', "Reference.Contains",
    ],
)  # fmt: skip
async def test_where_that_cannot_be_read(xero: Xero, text: str) -> None:
    await five(xero)
    reply = await xero.call("GET", f"Invoices?where={quote(text, safe='')}")
    assert text == "Total" or (reply.status_code, reply.json()["ErrorNumber"]) == (400, 16)


def test_where_is_pure() -> None:
    test = where('Name=="A\\"B"', frozenset({"Name"}))
    assert test({"Name": 'a"b'})
    assert not test({})
    with pytest.raises(BadQuery):
        where('"x"==Name', frozenset({"Name"}))


async def test_order(xero: Xero) -> None:
    await five(xero)
    assert numbers(await xero.get("Invoices?order=Reference DESC, Total ASC")) == ["A-1", "A-3", "A-0", "A-2", "A-4"]
    assert numbers(await xero.get("Invoices?order=UpdatedDateUTC DESC&page=1&pageSize=1")) == ["A-4"]
    for bad in ("Colour", "Total SIDEWAYS", "Total ASC please", ""):
        reply = await xero.call("GET", f"Invoices?order={bad or ','}")
        assert (reply.status_code, reply.json()["ErrorNumber"]) == (400, 16)


async def test_records_are_read_by_their_human_keys(xero: Xero) -> None:
    await five(xero)
    await xero.save("PUT", "Items", {"Code": "SEAT"})
    assert (await xero.get("Items/seat"))["Items"][0]["Code"] == "SEAT"
    assert numbers(await xero.get("Invoices/a-1")) == ["A-1"]
    assert (await xero.get("TaxRates/OUTPUT2"))["TaxRates"][0]["EffectiveRate"] == 15
    assert (await xero.call("GET", "Items/none")).status_code == 404
    assert (await xero.call("GET", "TaxRates/nope")).status_code == 404


async def test_settings_ignore_pages(xero: Xero) -> None:
    answer = await xero.get("Accounts?page=2")
    assert "pagination" not in answer
    assert [each["Code"] for each in answer["Accounts"]][:3] == ["090", "091", "200"]
    assert [each["Name"] for each in (await xero.get("TrackingCategories"))["TrackingCategories"]] == ["Region"]
    assert (await xero.get("BrandingThemes"))["BrandingThemes"][0]["Name"] == "Standard"
    assert len((await xero.get("Items?page=9"))["Items"]) == 0


async def test_items(xero: Xero) -> None:
    details = {"UnitPrice": 1.005, "AccountCode": "200", "TaxType": "OUTPUT2"}
    made = await xero.save("PUT", "Items", {"Code": "SEAT", "Name": "Seat", "SalesDetails": details})
    assert float(made["SalesDetails"]["UnitPrice"]) == 1.01
    assert "+" not in made["UpdatedDateUTC"]
    assert await xero.refused("PUT", "Items", {"Code": "seat"}) == ["Price List Item with Code 'seat' already exists"]
    assert await xero.refused("PUT", "Items", {"Name": "x"}) == ["Price List Item Code must be supplied"]
    assert (await xero.save("POST", "Items", {"Code": "SEAT", "Name": "Chair"}))["ItemID"] == made["ItemID"]
    bad = {"Code": "B", "SalesDetails": {"AccountCode": "999"}}
    assert await xero.refused("PUT", "Items", bad) == ["Account code '999' is not a valid code for this document."]
    bad = {"Code": "B", "SalesDetails": {"TaxType": "X"}}
    assert "does not exist" in (await xero.refused("PUT", "Items", bad))[0]
    fine = await xero.save("POST", "Items?unitdp=4", {"ItemID": made["ItemID"], "SalesDetails": {"UnitPrice": 1.0055}})
    assert str(fine["SalesDetails"]["UnitPrice"]) == "1.0055"
    assert str((await xero.get("Items/SEAT"))["Items"][0]["SalesDetails"]["UnitPrice"]) == "1.01"
    assert (await xero.call("DELETE", f"Items/{made['ItemID']}")).status_code == 204
    assert (await xero.call("DELETE", f"Items/{made['ItemID']}")).status_code == 404
    ghost = {"ItemID": "11111111-1111-4111-8111-111111111111"}
    assert (await xero.call("POST", "Items", ghost)).status_code == 404
    writes = (await xero.call("GET", "http://xero.test/_sandbox/writes")).json()
    assert [write["action"] for write in writes] == ["create", "update", "update", "delete"]


async def test_accounts_and_currencies_can_be_added(xero: Xero) -> None:
    made = await xero.save(
        "PUT", "Accounts", {"Code": "092", "Name": "USD account", "Type": "BANK", "CurrencyCode": "USD"}
    )
    assert (made["Class"], made["CurrencyCode"]) == ("ASSET", "USD")
    renamed = await xero.save("POST", f"Accounts/{made['AccountID']}", {"Name": "Dollars"})
    assert (renamed["Name"], renamed["Code"]) == ("Dollars", "092")
    assert await xero.refused("PUT", "Accounts", {"Code": "092", "Name": "x", "Type": "BANK"}) == [
        "Please enter a unique Code."
    ]
    assert await xero.refused("PUT", "Accounts", {"Code": "1"}) == ["Name and Type must be specified"]
    assert await xero.refused("PUT", "Accounts", {"Code": "1", "Name": "x", "Type": "Y"}) == ["Type 'Y' is not valid"]
    await xero.save("PUT", "Currencies", {"Code": "CHF"})
    assert await xero.refused("PUT", "Currencies", {"Description": "x"}) == ["Code must be specified"]
    assert (await xero.invoice(await xero.contact(), CurrencyCode="CHF"))["CurrencyCode"] == "CHF"


async def test_quotes(xero: Xero) -> None:
    contact_id = await xero.contact(EmailAddress="a@b.c")
    body = {
        "Contact": {"ContactID": contact_id}, "Date": "2026-09-01", "ExpiryDate": "2026-10-01", "Title": "Seats",
        "LineItems": [{"Description": "Seats", "UnitAmount": 100, "AccountCode": "200", "DiscountRate": 10}],
        "LineAmountTypes": "EXCLUSIVE",
    }  # fmt: skip
    made = await xero.save("PUT", "Quotes", body)
    assert (made["QuoteNumber"], made["LineAmountTypes"], made["SubTotal"]) == ("QU-0001", "EXCLUSIVE", 90)
    assert (made["Total"], made["TotalDiscount"], made["Date"]) == (
        made["SubTotal"] + made["TotalTax"],
        10,
        "/Date(1788220800000)/",
    )
    listed = await xero.get(
        "Quotes?page=1&Status=draft&DateFrom=2026-09-01&DateTo=2026-09-01&ExpiryDateFrom=2026-09-30"
    )
    assert "pagination" not in listed
    assert len(listed["Quotes"]) == 1
    assert (await xero.get("Quotes?QuoteNumber=none"))["Quotes"] == []
    assert (await xero.call("GET", "Quotes?DateTo=soon")).status_code == 400
    for status in ("SENT", "ACCEPTED", "INVOICED"):
        assert (await xero.save("POST", f"Quotes/{made['QuoteID']}", {"Status": status}))["Status"] == status
    assert await xero.refused("POST", "Quotes", {"QuoteNumber": "QU-0001", "Status": "DRAFT"}) == [
        "Quote not of valid status for modification"
    ]
    assert await xero.refused("PUT", "Quotes", {**body, "QuoteNumber": "qu-0001"}) == ["Quote # must be unique."]
    assert await xero.refused("PUT", "Quotes", {**body, "Date": None}) == ["Date and LineItems must be specified"]
    assert await xero.refused("PUT", "Quotes", {**body, "Status": "ACCEPTED"}) == [
        "Quote not of valid status for creation"
    ]
    other = await xero.contact("Other")
    second = await xero.save("PUT", "Quotes", {**body, "Contact": {"ContactID": other}})
    moved = await xero.save(
        "POST", f"Quotes/{second['QuoteID']}", {"Contact": {"ContactID": contact_id}, "LineItems": body["LineItems"]}
    )
    assert moved["Contact"] == {"ContactID": contact_id, "Name": "Acme", "EmailAddress": "a@b.c"}
    assert (await xero.call("GET", "Quotes/none")).status_code == 404
    mixed = await xero.call("PUT", "Quotes?summarizeErrors=false", {"Quotes": [body, {**body, "Title": "x" * 101}]})
    assert mixed.json()["SummarizeErrors"] is False
    assert [each["StatusAttributeString"] for each in mixed.json()["Quotes"]] == ["OK", "ERROR"]
