from decimal import Decimal

import pytest

from tests.unit.sandbox_xero.conftest import Xero


async def invoice(xero: Xero, invoice_id: str):
    return (await xero.get(f"Invoices/{invoice_id}"))["Invoices"][0]


async def test_status_follows_the_balance_both_ways(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10)
    id_ = made["InvoiceID"]
    await xero.pay(id_, 4, Date="2026-09-02")
    part = await invoice(xero, id_)
    assert (part["Status"], part["AmountPaid"], part["AmountDue"]) == ("AUTHORISED", 4, 6)
    assert part["UpdatedDateUTC"] > made["UpdatedDateUTC"]
    last = await xero.pay(id_, 6, Date="2026-09-05")
    paid = await invoice(xero, id_)
    assert (paid["Status"], paid["FullyPaidOnDate"]) == ("PAID", "/Date(1788566400000+0000)/")
    assert [row["Amount"] for row in paid["Payments"]] == [4, 6]
    gone = await xero.save("POST", f"Payments/{last['PaymentID']}", {"Status": "DELETED"})
    assert gone["Status"] == "DELETED"
    again = await invoice(xero, id_)
    assert (again["Status"], again["AmountDue"], again.get("FullyPaidOnDate")) == ("AUTHORISED", 6, None)


async def test_the_stamp_can_be_switched_not_to_move(xero: Xero) -> None:
    xero.organisation.payment_bumps_invoice = False
    made = await xero.invoice(await xero.contact(), 10)
    await xero.pay(made["InvoiceID"], 10)
    paid = await invoice(xero, made["InvoiceID"])
    assert (paid["Status"], paid["UpdatedDateUTC"]) == ("PAID", made["UpdatedDateUTC"])


async def test_a_payment_has_no_natural_key(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10)
    first = await xero.pay(made["InvoiceID"], 5, Reference="same")
    second = await xero.pay(made["InvoiceID"], 5, Reference="same")
    assert first["PaymentID"] != second["PaymentID"], "a trap: a repeated payment is a second payment"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Amount": 11}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Amount": 0}, "The payment amount must be greater than zero"),
        ({"Amount": None}, "Amount must be specified"),
        ({"Invoice": None}, "A payment must name an Invoice, CreditNote, Prepayment or Overpayment"),
        ({"Account": {"Code": "999"}}, "You must specify a valid account to make the payment from or to"),
        ({"Account": None}, "You must specify a valid account to make the payment from or to"),
        ({"Account": {"Code": "200"}}, "Payments cannot be made to account code '200'"),
    ],
)
async def test_refusals(xero: Xero, change: dict[str, object], message: str) -> None:
    made = await xero.invoice(await xero.contact(), 10)
    body = {"Invoice": {"InvoiceID": made["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": 1, **change}
    assert await xero.refused("PUT", "Payments", body) == [message]


async def test_only_authorised_documents_take_money(xero: Xero) -> None:
    id_ = await xero.contact()
    for status in ("DRAFT", "SUBMITTED"):
        made = await xero.invoice(id_, Status=status)
        body = {"Invoice": {"InvoiceID": made["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": 1}
        assert await xero.refused("PUT", "Payments", body) == ["Payments can only be made against Authorised documents"]


async def test_documents_and_accounts_can_be_named_otherwise(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10, InvoiceNumber="A-1")
    account = xero.organisation.accounts.find("code", "881")[0]["AccountID"]
    first = await xero.save("PUT", "Payments", {"InvoiceNumber": "A-1", "Code": "090", "Amount": 1})
    second = await xero.save(
        "POST", "Payments", {"Invoice": {"InvoiceNumber": "A-1"}, "Account": {"AccountID": account}, "Amount": 1}
    )
    assert {first["Invoice"]["InvoiceID"], second["Invoice"]["InvoiceID"]} == {made["InvoiceID"]}
    assert second["Account"]["Code"] == "881"
    ghost = {"Invoice": {"InvoiceNumber": "none"}, "Account": {"Code": "090"}, "Amount": 1}
    assert (await xero.call("PUT", "Payments", ghost)).status_code == 404


async def test_a_payment_is_deleted_and_never_edited(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 10)
    id_ = (await xero.pay(made["InvoiceID"], 1))["PaymentID"]
    assert await xero.refused("POST", f"Payments/{id_}", {"Amount": 2}) == [
        "A payment cannot be edited; it can only be deleted"
    ]
    await xero.save("POST", "Payments", {"PaymentID": id_, "Status": "DELETED"})
    assert await xero.refused("POST", f"Payments/{id_}", {"Status": "DELETED"}) == [
        "Payment not of valid status for modification"
    ]
    ghost = "11111111-1111-4111-8111-111111111111"
    assert (await xero.call("POST", f"Payments/{ghost}", {"Status": "DELETED"})).status_code == 404
    assert (await xero.call("POST", "Payments", {"PaymentID": ghost, "Status": "DELETED"})).status_code == 404


async def test_the_bank_sees_its_own_currency(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), 61, CurrencyCode="USD", CurrencyRate=Decimal("0.61"))
    payment = await xero.pay(made["InvoiceID"], 61)
    assert (payment["Amount"], payment["BankAmount"]) == (61, 100)


async def note(xero: Xero, contact_id: str, amount: int = 10, **more: object):
    line = {"Description": "Sorry", "UnitAmount": amount, "AccountCode": "200", "TaxType": "NONE"}
    return await xero.save(
        "PUT",
        "CreditNotes",
        {"Type": "ACCRECCREDIT", "Contact": {"ContactID": contact_id}, "LineItems": [line], "Status": "AUTHORISED",
         **more},
    )  # fmt: skip


async def test_allocation_moves_both_documents_and_can_be_taken_back(xero: Xero) -> None:
    id_ = await xero.contact()
    bill, credit = await xero.invoice(id_, 10), await note(xero, id_, 4)
    path = f"CreditNotes/{credit['CreditNoteID']}"
    body = {"Invoice": {"InvoiceID": bill["InvoiceID"]}, "Amount": 4, "Date": "2026-09-02"}
    made = await xero.save("PUT", f"{path}/Allocations", {"Allocations": [body]})
    shown = await invoice(xero, bill["InvoiceID"])
    assert (shown["AmountCredited"], shown["AmountDue"]) == (4, 6)
    assert shown["CreditNotes"][0]["AppliedAmount"] == 4
    spent = (await xero.get(path))["CreditNotes"][0]
    assert (spent["Status"], spent["RemainingCredit"], len(spent["Allocations"])) == ("PAID", 0, 1)
    assert await xero.refused("POST", path, {"Reference": "x"}) == [
        "This document cannot be edited as it has a payment or credit note allocated to it."
    ]
    gone = await xero.call("DELETE", f"{path}/Allocations/{made['AllocationID']}")
    assert (gone.status_code, gone.json()["IsDeleted"]) == (200, True)
    assert (await invoice(xero, bill["InvoiceID"]))["AmountDue"] == 10
    assert (await xero.get(path))["CreditNotes"][0]["Status"] == "AUTHORISED"
    assert (await xero.call("DELETE", f"{path}/Allocations/{made['AllocationID']}")).status_code == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Amount": None}, "Amount must be specified"),
        ({"Date": None}, "Date must be specified"),
        ({"Amount": 0}, "The allocated amount must be greater than zero"),
        ({"Amount": 5}, "Allocation amount exceeds the credit remaining on this document"),
    ],
)
async def test_refusals_of_allocations(xero: Xero, change: dict[str, object], message: str) -> None:
    id_ = await xero.contact()
    bill, credit = await xero.invoice(id_, 10), await note(xero, id_, 4)
    body = {"Invoice": {"InvoiceID": bill["InvoiceID"]}, "Amount": 4, "Date": "2026-09-02", **change}
    assert await xero.refused("PUT", f"CreditNotes/{credit['CreditNoteID']}/Allocations", body) == [message]


async def test_pairs_that_cannot_be_allocated(xero: Xero) -> None:
    id_, other = await xero.contact(), await xero.contact("Other")
    credit = await note(xero, id_, 10)
    path = f"CreditNotes/{credit['CreditNoteID']}/Allocations"
    purchase = [{"Description": "x", "UnitAmount": 9, "AccountCode": "300"}]
    rivals = [
        (await xero.invoice(other), "The contact of the credit and of the invoice must be the same"),
        (await xero.invoice(id_, CurrencyCode="USD"), "The currency of the credit and of the invoice must be the same"),
        (await xero.invoice(id_, Status="DRAFT"), "Credit can only be allocated to an Authorised invoice"),
        (await xero.invoice(id_, 3), "Allocation amount exceeds the amount outstanding on this invoice"),
        (
            await xero.invoice(id_, Type="ACCPAY", LineItems=purchase),
            "Credit of a sale cannot be allocated to a bill, nor the reverse",
        ),
    ]
    for bill, message in rivals:
        body = {"Invoice": {"InvoiceID": bill["InvoiceID"]}, "Amount": 9, "Date": "2026-09-02"}
        assert await xero.refused("PUT", path, body) == [message]
    draft = await note(xero, id_, Status="DRAFT")
    body = {"Invoice": {"InvoiceID": rivals[3][0]["InvoiceID"]}, "Amount": 1, "Date": "2026-09-02"}
    assert await xero.refused("PUT", f"CreditNotes/{draft['CreditNoteID']}/Allocations", body) == [
        "Credit can only be allocated from an Authorised document"
    ]
    ghost = {**body, "Invoice": {"InvoiceID": "11111111-1111-4111-8111-111111111111"}}
    assert (await xero.call("PUT", path, ghost)).status_code == 404


async def test_a_refund_is_a_payment_on_the_credit_note(xero: Xero) -> None:
    credit = await note(xero, await xero.contact(), 10)
    made = await xero.save(
        "PUT",
        "Payments",
        {"CreditNote": {"CreditNoteID": credit["CreditNoteID"]}, "Account": {"Code": "090"}, "Amount": 10},
    )
    assert (made["PaymentType"], made["CreditNote"]["CreditNoteNumber"]) == ("ARCREDITPAYMENT", "CN-0001")
    shown = (await xero.get("CreditNotes/CN-0001"))["CreditNotes"][0]
    assert (shown["Status"], shown["RemainingCredit"], shown["Payments"][0]["Amount"]) == ("PAID", 0, 10)


async def test_credit_note_numbers_are_unique(xero: Xero) -> None:
    id_ = await xero.contact()
    await note(xero, id_, CreditNoteNumber="C-1")
    body = {"Type": "ACCRECCREDIT", "Contact": {"ContactID": id_}, "CreditNoteNumber": "C-1"}
    assert await xero.refused("PUT", "CreditNotes", body) == ["Credit Note # must be unique."]


@pytest.mark.parametrize(("kind", "tax"), [("PREPAYMENT", True), ("OVERPAYMENT", False)])
async def test_money_in_advance_is_banked_applied_and_refunded(xero: Xero, kind: str, tax: bool) -> None:  # noqa: FBT001
    id_ = await xero.contact()
    bill = await xero.invoice(id_, 50)
    body = {
        "Type": f"RECEIVE-{kind}", "Contact": {"ContactID": id_}, "BankAccount": {"Code": "090"}, "Reference": "early",
        "LineItems": [{"Description": "Ahead", "UnitAmount": 100, "AccountCode": "200"}],
    }  # fmt: skip
    key = f"{kind.capitalize()}ID"
    plural = f"{kind.capitalize()}s"
    banked = await xero.save("PUT", "BankTransactions", body)
    path = f"{plural}/{banked[key]}"
    credit = (await xero.get(path))[plural][0]
    assert credit["RemainingCredit"] == (115 if tax else 100)
    applied = {"Invoice": {"InvoiceID": bill["InvoiceID"]}, "Amount": 50, "Date": "2026-09-02"}
    made = await xero.save("PUT", f"{path}/Allocations", applied)
    assert (await invoice(xero, bill["InvoiceID"]))["Status"] == "PAID"
    assert (await invoice(xero, bill["InvoiceID"]))[plural][0]["AppliedAmount"] == 50
    listed = (await xero.get(f"{plural}?page=1&References=early"))[plural]
    assert [each["AppliedAmount"] for each in listed] == [50]
    deletion = {"BankTransactionID": banked["BankTransactionID"], "Status": "DELETED"}
    assert (await xero.refused("POST", "BankTransactions", deletion))[0].startswith("This document cannot be edited")
    await xero.call("DELETE", f"{path}/Allocations/{made['AllocationID']}")
    assert (await xero.save("POST", "BankTransactions", deletion))["Status"] == "DELETED"
    assert (await xero.get(path))[plural][0]["Status"] == "VOIDED"
    assert (await xero.get("BankTransactions"))["BankTransactions"][0]["LineItems"] == []


async def test_bank_transactions_need_a_bank(xero: Xero) -> None:
    id_ = await xero.contact()
    body = {"Type": "RECEIVE", "Contact": {"ContactID": id_}, "LineItems": [{"Description": "x", "UnitAmount": 1}]}
    assert await xero.refused("PUT", "BankTransactions", {**body, "BankAccount": {"Code": "200"}}) == [
        "A valid bank account must be specified"
    ]
    assert await xero.refused("PUT", "BankTransactions", {**body, "Date": "2026-09-01"}) == [
        "Type, BankAccount and LineItems must be specified"
    ]
