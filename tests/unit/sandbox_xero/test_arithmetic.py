from decimal import Decimal

import pytest

from sandbox.xero.arithmetic import discounted, money, rounded, tax, totals
from tests.unit.sandbox_xero.conftest import Xero

LINE = {"Description": "Seats", "AccountCode": "200"}


def test_half_goes_up_and_away_from_zero() -> None:
    assert rounded(Decimal("0.125")) == Decimal("0.13")
    assert rounded(Decimal("-0.125")) == Decimal("-0.13")


def test_yen_has_no_minor_unit() -> None:
    assert (money(Decimal("10.5"), "JPY"), money(Decimal("10.005"), "NZD")) == (Decimal("11.00"), Decimal("10.01"))


def test_tax_in_and_on_top() -> None:
    assert money(tax(Decimal("541.25"), Decimal(15), "Inclusive"), "NZD") == Decimal("70.60")
    assert tax(Decimal(100), Decimal(15), "Exclusive") == 15
    assert tax(Decimal(100), Decimal(15), "NoTax") == 0


def test_inclusive_totals_subtract() -> None:
    assert totals([(Decimal("541.25"), Decimal("70.60"))], "Inclusive") == (
        Decimal("470.65"), Decimal("70.60"), Decimal("541.25"),
    )  # fmt: skip


def test_discounts() -> None:
    assert discounted(Decimal(100), Decimal(10), None) == 90
    assert discounted(Decimal(100), None, Decimal(7)) == 93
    assert discounted(Decimal(100), None, None) == 100


async def total(xero: Xero, lines: list[dict[str, object]], **more: object) -> tuple[Decimal, Decimal, Decimal]:
    made = await xero.invoice(await xero.contact(f"C{xero.organisation.count('c')}"), LineItems=lines, **more)
    return made["SubTotal"], made["TotalTax"], made["Total"]


async def test_each_line_is_rounded_before_the_sum(xero: Xero) -> None:
    lines = [{**LINE, "UnitAmount": Decimal(amount)} for amount in ("25.06", "25.61", "25.63")]
    assert await total(xero, lines) == (Decimal("76.30"), Decimal("11.44"), Decimal("87.74")), "not 87.75"


async def test_the_accounts_tax_is_used_where_the_line_has_none(xero: Xero) -> None:
    assert await total(xero, [{**LINE, "UnitAmount": 100}]) == (100, 15, 115)
    assert await total(xero, [{**LINE, "UnitAmount": 100, "AccountCode": "202"}]) == (100, 0, 100)
    assert await total(xero, [{**LINE, "UnitAmount": 100, "TaxType": "output2"}], LineAmountTypes="NoTax") == (
        100,
        0,
        100,
    )


async def test_a_stated_tax_amount_overrides(xero: Xero) -> None:
    assert await total(xero, [{**LINE, "UnitAmount": 100, "TaxAmount": Decimal("14.99")}]) == (
        100, Decimal("14.99"), Decimal("114.99"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"Quantity": 3, "LineAmount": 10}, (3, Decimal("3.33"), 10)),
        ({"UnitAmount": 4, "LineAmount": 10}, (Decimal("2.5"), 4, 10)),
        ({"UnitAmount": 4}, (1, 4, 4)),
        ({"LineAmount": 4}, (1, 4, 4)),
        ({"Quantity": 2, "UnitAmount": 50, "DiscountRate": 10}, (2, 50, 90)),
        ({"Quantity": 2, "UnitAmount": 50, "DiscountAmount": 5}, (2, 50, 95)),
        ({"Quantity": 2, "LineAmount": 90, "DiscountRate": 10}, (2, 50, 90)),
        ({"Quantity": 1, "UnitAmount": Decimal("1.23456")}, (1, Decimal("1.23"), Decimal("1.23"))),
    ],
)
async def test_two_of_three_make_the_third(xero: Xero, line: dict[str, object], expected: tuple[object, ...]) -> None:
    made = await xero.invoice(await xero.contact(), LineItems=[{**LINE, **line}])
    row = made["LineItems"][0]
    assert (row["Quantity"], row["UnitAmount"], row["LineAmount"]) == expected


async def test_four_places_are_for_those_who_ask_on_write_and_on_read(xero: Xero) -> None:
    line = {**LINE, "Quantity": 1000, "UnitAmount": Decimal("0.0125"), "TaxType": "NONE"}
    id_ = await xero.contact()
    body = {"Type": "ACCREC", "Contact": {"ContactID": id_}, "LineItems": [line]}
    fine = await xero.save("PUT", "Invoices?unitdp=4", body)
    rough = await xero.save("PUT", "Invoices", body)
    assert (fine["Total"], rough["Total"]) == (Decimal("12.50"), 10)
    assert (await xero.get(f"Invoices/{fine['InvoiceID']}"))["Invoices"][0]["LineItems"][0]["UnitAmount"] == Decimal(
        "0.01"
    )
    exact = await xero.get(f"Invoices/{fine['InvoiceID']}?unitdp=4")
    assert exact["Invoices"][0]["LineItems"][0]["UnitAmount"] == Decimal("0.0125")


async def test_discounts_show_and_are_for_sales_only(xero: Xero) -> None:
    id_ = await xero.contact()
    line = {**LINE, "Quantity": 2, "UnitAmount": 50, "DiscountRate": 10}
    made = await xero.invoice(id_, LineItems=[line])
    assert (made["IsDiscounted"], made["TotalDiscount"]) == (True, 10)
    note = {"Type": "ACCRECCREDIT", "Contact": {"ContactID": id_}, "LineItems": [line]}
    assert await xero.refused("PUT", "CreditNotes", note) == [
        "Discounts are supported on sales invoices and quotes only"
    ]


async def test_a_line_may_be_words_alone_and_tracking_is_by_name(xero: Xero) -> None:
    tracking = [{"Name": "Region", "Option": "North"}, {"Name": "Moon", "Option": "Dark side"}]
    made = await xero.invoice(
        await xero.contact(),
        LineItems=[{"Description": "Dear customer"}, {**LINE, "UnitAmount": 1, "Tracking": tracking}],
    )
    words, line = made["LineItems"]
    assert "LineAmount" not in words
    assert [row["Option"] for row in line["Tracking"]] == ["North"], "unknown categories vanish"


async def test_switching_to_inclusive_works_the_tax_out_again(xero: Xero) -> None:
    made = await xero.invoice(await xero.contact(), LineItems=[{**LINE, "UnitAmount": 115}])
    assert made["Total"] == Decimal("132.25")
    changed = await xero.save("POST", f"Invoices/{made['InvoiceID']}", {"LineAmountTypes": "Inclusive"})
    assert (changed["SubTotal"], changed["TotalTax"], changed["Total"]) == (100, 15, 115)


async def test_approving_a_draft_keeps_the_places_of_its_lines(xero: Xero) -> None:
    line = {**LINE, "Quantity": 1000, "UnitAmount": Decimal("0.0125"), "TaxType": "NONE"}
    body = {"Type": "ACCREC", "Contact": {"Name": "A"}, "LineItems": [line], "DueDate": "2026-10-01"}
    draft = await xero.save("PUT", "Invoices?unitdp=4", body)
    approved = await xero.save("POST", f"Invoices/{draft['InvoiceID']}", {"Status": "AUTHORISED"})
    assert (approved["Status"], approved["Total"]) == ("AUTHORISED", Decimal("12.50"))
    assert approved["LineItems"][0]["LineItemID"] == draft["LineItems"][0]["LineItemID"]
