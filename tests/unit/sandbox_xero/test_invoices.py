from datetime import date
from decimal import Decimal

import pytest

from tests.unit.sandbox_xero.conftest import Xero

IMMUTABLE = "Invoice not of valid status for modification"
HAS_MONEY = "This document cannot be edited as it has a payment or credit note allocated to it."
LINE = {"Description": "Seats", "Quantity": 1, "UnitAmount": 10, "AccountCode": "200"}


def body(contact_id: str, **more: object) -> dict[str, object]:
    return {
        "Type": "ACCREC",
        "Contact": {"ContactID": contact_id},
        "LineItems": [LINE],
        "DueDate": "2026-10-01",
        "Status": "AUTHORISED",
        **more,
    }


async def test_a_new_invoice_is_a_draft_of_today_where_the_organisation_is(xero: Xero) -> None:
    xero.later(4 * 3600)  # 13:00 UTC is past midnight in Auckland
    made = await xero.save("PUT", "Invoices", {"Type": "ACCREC", "Contact": {"Name": "New"}})
    assert (made["Status"], made["DateString"]) == ("DRAFT", "2026-09-02T00:00:00")
    assert (made["InvoiceNumber"], made["LineAmountTypes"]) == ("INV-0001", "Exclusive")
    assert made["Contact"]["Name"] == "New"


async def test_numbers_in_use_are_skipped(xero: Xero) -> None:
    id_ = await xero.contact()
    await xero.invoice(id_, InvoiceNumber="INV-0001")
    assert (await xero.invoice(id_))["InvoiceNumber"] == "INV-0002"


async def test_a_bill_has_no_number_of_its_own(xero: Xero) -> None:
    id_ = await xero.contact()
    bill = {"Type": "ACCPAY", "LineItems": [{**LINE, "AccountCode": "300"}]}
    first = await xero.save("PUT", "Invoices", body(id_, InvoiceNumber="B-1", **bill))
    second = await xero.save("PUT", "Invoices", body(id_, InvoiceNumber="B-1", **bill))
    third = await xero.save("POST", "Invoices", body(id_, InvoiceNumber="B-1", **bill))
    assert len({each["InvoiceID"] for each in (first, second, third)}) == 3
    assert "InvoiceNumber" not in await xero.save("PUT", "Invoices", body(id_, **bill))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Type": None}, "Type must be specified"),
        ({"Type": "SALE"}, "Type 'SALE' is not valid"),
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        ({"Contact": {}}, "A Contact must be specified for this type of transaction"),
        ({"Contact": {"ContactNumber": "none"}}, "A Contact must be specified for this type of transaction"),
        ({"DueDate": None}, "DueDate must be specified"),
        ({"LineItems": []}, "At least one line item must be specified"),
        ({"LineItems": [{"Description": "words only"}]}, "At least one line item must be specified"),
        ({"LineItems": [{**LINE, "AccountCode": None}]}, "Account code or ID must be specified"),
        ({"LineItems": [{**LINE, "AccountCode": "999"}]}, "Account code '999' is not a valid code for this document."),
        ({"LineItems": [{**LINE, "AccountCode": "090"}]}, "Account code '090' is not a valid code for this document."),
        ({"LineItems": [{**LINE, "AccountCode": "610"}]}, "Account code '610' is not a valid code for this document."),
        ({"LineItems": [{**LINE, "ItemCode": "NONE"}]}, "Item code 'NONE' is not valid"),
        ({"LineItems": [{**LINE, "Description": ""}]}, "Description must be at least 1 character long"),
        ({"LineItems": [{**LINE, "LineAmount": 9}]}, "The line total 9 does not match the expected line total 10.00"),
        ({"LineItems": [{**LINE, "DiscountRate": 101}]}, "DiscountRate must be between 0 and 100"),
        ({"LineItems": [{**LINE, "UnitAmount": -1}]}, "The document total cannot be negative"),
        ({"LineItems": [{**LINE, "Tracking": [{}] * 3}]}, "A line item cannot have more than 2 tracking categories"),
        (
            {"LineItems": [{**LINE, "LineItemID": "11111111-1111-4111-8111-111111111111"}]},
            "The line item 11111111-1111-4111-8111-111111111111 does not belong to this document",
        ),
        (
            {"LineItems": [{**LINE, "TaxType": "OUTPUT"}]},
            "The TaxType code 'OUTPUT' does not exist or cannot be used for this type of transaction.",
        ),
        (
            {"LineItems": [{**LINE, "TaxType": "INPUT2"}]},
            "TaxType code 'INPUT2' cannot be used with account code '200'.",
        ),
        ({"CurrencyCode": "CHF"}, "Organisation is not subscribed to currency CHF"),
        ({"LineAmountTypes": "Both"}, "LineAmountTypes 'Both' is not valid"),
        ({"Status": "PAID"}, "Invoice not of valid status for creation"),
        ({"InvoiceNumber": "x" * 256}, "InvoiceNumber must not be longer than 255 characters"),
    ],
)
async def test_refusals_of_a_new_invoice(xero: Xero, change: dict[str, object], message: str) -> None:
    assert await xero.refused("PUT", "Invoices", body(await xero.contact(), **change)) == [message]
    assert (await xero.get("Invoices"))["Invoices"] == []


async def test_an_unknown_contact_is_404_for_the_whole_request(xero: Xero) -> None:
    reply = await xero.call("PUT", "Invoices", body("11111111-1111-4111-8111-111111111111"))
    assert reply.status_code == 404


async def test_a_sales_number_is_unique_until_its_holder_is_void(xero: Xero) -> None:
    id_ = await xero.contact()
    first = await xero.invoice(id_, InvoiceNumber="A-1")
    assert await xero.refused("PUT", "Invoices", body(id_, InvoiceNumber="a-1")) == ["Invoice # must be unique."]
    await xero.save("POST", "Invoices", {"InvoiceID": first["InvoiceID"], "Status": "VOIDED"})
    assert await xero.refused("POST", "Invoices", body(id_, InvoiceNumber="A-1")) == [IMMUTABLE]
    second = await xero.invoice(id_, InvoiceNumber="A-1")
    assert (await xero.get("Invoices/A-1"))["Invoices"][0]["InvoiceID"] == second["InvoiceID"]


async def test_post_matches_a_sales_invoice_by_number(xero: Xero) -> None:
    id_ = await xero.contact()
    first = await xero.invoice(id_, InvoiceNumber="A-1", Reference="old")
    again = await xero.save("POST", "Invoices", {"Type": "ACCREC", "InvoiceNumber": "A-1", "Reference": "new"})
    assert (again["InvoiceID"], again["Reference"], again["Total"]) == (first["InvoiceID"], "new", first["Total"])


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("DRAFT", "SUBMITTED", True),
        ("DRAFT", "AUTHORISED", True),
        ("DRAFT", "DELETED", True),
        ("DRAFT", "VOIDED", False),
        ("SUBMITTED", "DRAFT", True),
        ("SUBMITTED", "AUTHORISED", True),
        ("SUBMITTED", "DELETED", True),
        ("AUTHORISED", "VOIDED", True),
        ("AUTHORISED", "DELETED", False),
        ("AUTHORISED", "DRAFT", False),
        ("AUTHORISED", "PAID", False),
        ("VOIDED", "AUTHORISED", False),
        ("DELETED", "DRAFT", False),
    ],
)
async def test_transitions(xero: Xero, before: str, after: str, allowed: bool) -> None:  # noqa: FBT001
    start = {"VOIDED": "AUTHORISED", "DELETED": "DRAFT"}.get(before, before)
    made = await xero.save("PUT", "Invoices", body(await xero.contact(), Status=start))
    change = {"InvoiceID": made["InvoiceID"]}
    if start != before:
        await xero.save("POST", "Invoices", {**change, "Status": before})
    if allowed:
        assert (await xero.save("POST", "Invoices", {**change, "Status": after}))["Status"] == after
    else:
        assert await xero.refused("POST", "Invoices", {**change, "Status": after}) == [IMMUTABLE]


async def test_a_draft_without_an_account_cannot_be_approved(xero: Xero) -> None:
    bare = {"Description": "Seats", "UnitAmount": 10}
    made = await xero.save("PUT", "Invoices", body(await xero.contact(), Status="DRAFT", LineItems=[bare]))
    change = {"InvoiceID": made["InvoiceID"], "Status": "AUTHORISED"}
    assert await xero.refused("POST", "Invoices", change) == ["Account code or ID must be specified"]


async def test_an_invoice_with_money_on_it_cannot_be_edited(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10)
    change = {"InvoiceID": made["InvoiceID"]}
    await xero.pay(made["InvoiceID"], 4)
    for field in ({"Reference": "x"}, {"DueDate": "2026-11-01"}, {"LineItems": [LINE]}):
        assert await xero.refused("POST", "Invoices", {**change, **field}) == [HAS_MONEY]
    assert await xero.refused("POST", "Invoices", {**change, "Status": "VOIDED"}) == [
        "The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it."
    ]
    before = (await xero.get(f"Invoices/{made['InvoiceID']}"))["Invoices"][0]
    sent = await xero.save("POST", "Invoices", {**change, "SentToContact": True})
    assert (sent["SentToContact"], sent["UpdatedDateUTC"]) == (True, before["UpdatedDateUTC"]), "a trap: no new stamp"


async def test_a_person_may_move_the_due_date_of_a_part_paid_invoice_unseen(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10)
    await xero.pay(made["InvoiceID"], 4)
    before = (await xero.get(f"Invoices/{made['InvoiceID']}"))["Invoices"][0]
    path = f"http://xero.test/_sandbox/people/api.xro/2.0/Invoices/{made['InvoiceID']}"
    await xero.save("POST", path, {"DueDate": "2026-12-01"})
    after = (await xero.get(f"Invoices/{made['InvoiceID']}"))["Invoices"][0]
    assert after["DueDateString"] == "2026-12-01T00:00:00"
    assert after["UpdatedDateUTC"] == before["UpdatedDateUTC"]


async def test_lines_sent_without_ids_are_new_lines(xero: Xero) -> None:
    made = await xero.save("PUT", "Invoices", body(await xero.contact(), LineItems=[LINE, LINE]))
    first, second = (row["LineItemID"] for row in made["LineItems"])
    kept = await xero.save("POST", f"Invoices/{made['InvoiceID']}",
                           {"LineItems": [{"LineItemID": second, "Quantity": 3}]})  # fmt: skip
    assert [(row["LineItemID"], row["LineAmount"]) for row in kept["LineItems"]] == [(second, 30)]
    new = await xero.save("POST", f"Invoices/{made['InvoiceID']}", {"LineItems": [LINE]})
    assert new["LineItems"][0]["LineItemID"] not in {first, second}
    same = await xero.save("POST", f"Invoices/{made['InvoiceID']}", {"Reference": "kept"})
    assert same["LineItems"][0]["LineItemID"] == new["LineItems"][0]["LineItemID"]


async def test_contact_fields_beyond_the_id_update_the_contact(xero: Xero) -> None:
    id_ = await xero.contact(ContactPersons=[{"FirstName": "Bo"}])
    await xero.invoice(id_)
    assert (await xero.get(f"Contacts/{id_}"))["Contacts"][0]["ContactPersons"] != []
    await xero.invoice(id_, Contact={"ContactID": id_, "EmailAddress": "new@acme.test"})
    shown = (await xero.get(f"Contacts/{id_}"))["Contacts"][0]
    assert (shown["EmailAddress"], shown["ContactPersons"]) == ("new@acme.test", [])


async def test_a_named_contact_is_found_and_not_made_twice(xero: Xero) -> None:
    id_ = await xero.contact("Acme")
    made = await xero.save("PUT", "Invoices", body("", Contact={"Name": "ACME"}))
    assert made["Contact"]["ContactID"] == id_
    writes = (await xero.call("GET", "http://xero.test/_sandbox/writes")).json()
    assert [write["resource"] for write in writes] == ["Contacts", "Invoices"]


async def test_an_archived_contact_takes_no_documents(xero: Xero) -> None:
    id_ = await xero.contact()
    await xero.save("POST", f"Contacts/{id_}", {"ContactStatus": "ARCHIVED"})
    assert (await xero.refused("PUT", "Invoices", body(id_)))[0].startswith("The specified contact details matched")


@pytest.mark.parametrize("lock", ["period", "end_of_year"])
async def test_locked_days_take_no_postings(xero: Xero, lock: str) -> None:
    id_ = await xero.contact()
    old = await xero.invoice(id_, Date="2026-03-31")
    setattr(xero.organisation, f"{lock}_lock_date", date(2026, 3, 31))
    words = lock.replace("_", " ")
    text = f"The document date cannot be before the {words} lock date, currently set at 2026-03-31"
    assert await xero.refused("PUT", "Invoices", body(id_, Date="2026-03-31")) == [text]
    assert await xero.refused("POST", "Invoices", {"InvoiceID": old["InvoiceID"], "Status": "VOIDED"}) == [text]
    assert await xero.refused("POST", "Invoices", {"InvoiceID": old["InvoiceID"], "Date": "2026-09-01"}) == [text]
    pay = {"Invoice": {"InvoiceID": old["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": 1, "Date": "2026-03-31"}
    assert "lock date" in (await xero.refused("PUT", "Payments", pay))[0]
    await xero.save("PUT", "Invoices", body(id_, Date="2026-03-31", Status="DRAFT"))
    shown = (await xero.get("Organisation"))["Organisations"][0]
    assert shown["PeriodLockDate" if lock == "period" else "EndOfYearLockDate"] == "/Date(1774915200000+0000)/"


async def test_a_foreign_invoice_takes_the_rate_given_or_the_days(xero: Xero) -> None:
    id_ = await xero.contact()
    assert (await xero.invoice(id_, CurrencyCode="USD"))["CurrencyRate"] == Decimal("0.61")
    assert (await xero.invoice(id_, CurrencyCode="USD", CurrencyRate=Decimal("0.7")))["CurrencyRate"] == Decimal("0.7")
    assert (await xero.invoice(id_, CurrencyRate=Decimal("0.7")))["CurrencyRate"] == 1


async def test_stated_totals_are_ignored(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10, Total=99, SubTotal=98, TotalTax=1, AmountDue=5, AmountPaid=2)
    assert (made["Total"], made["AmountDue"], made["AmountPaid"]) == (10, 10, 0)


async def test_an_invoice_of_nothing_is_paid_at_once_and_can_be_voided(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 0)
    assert (made["Status"], made["FullyPaidOnDate"]) == ("PAID", "/Date(1788220800000+0000)/")
    assert (await xero.save("POST", f"Invoices/{made['InvoiceID']}", {"Status": "VOIDED"}))["Status"] == "VOIDED"


async def test_a_void_owes_nothing_when_read(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10)
    void = await xero.save("POST", f"Invoices/{made['InvoiceID']}", {"Status": "VOIDED"})
    assert void["AmountDue"] == 10, "as recorded in the answer to the write"
    assert (await xero.get(f"Invoices/{made['InvoiceID']}"))["Invoices"][0]["AmountDue"] == 0


async def test_email_marks_it_sent(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact())
    assert (await xero.call("POST", f"Invoices/{made['InvoiceID']}/Email")).status_code == 204
    assert (await xero.get(f"Invoices/{made['InvoiceID']}"))["Invoices"][0]["SentToContact"] is True


async def test_type_cannot_change(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact())
    assert await xero.refused("POST", f"Invoices/{made['InvoiceID']}", {"Type": "ACCPAY"}) == [
        "The Type of a document cannot be changed"
    ]
