"""From a won deal to its invoice."""

from __future__ import annotations

from decimal import Decimal

from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, holds, scenario
from tests.scenarios.seen import money

POSTED = ["order_created", "invoice_posted"]


@scenario("A deal that is won is billed once, and sales sees the bill with its deal and company")
def won_deal_is_billed(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield Then("one posted invoice, price and tax", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    yield Then("the bill in HubSpot", [("", "posted", "115.00", "115.00", "1")], lambda: customer.mirrors(deal))
    yield Then("told to subscribers", POSTED, lambda: customer.events(deal))
    yield Then("what is owed", "115.00", customer.balance)


@scenario("A customer who orders the same again gets a second order and a second invoice")
def reorder(customer: Customer) -> Play:
    first, again = customer.wins(("2", "50.00")), customer.wins(("2", "50.00"))
    for deal in (first, again):
        yield Then("a bill of its own", [("", "AUTHORISED", "115.00")], lambda deal=deal: customer.bills(deal))
        yield Then("told of its own", POSTED, lambda deal=deal: customer.events(deal))
    yield Then("both are owed", "230.00", customer.balance)


@scenario("The discount of each line is on the bill")
def discount_of_a_line(customer: Customer) -> Play:
    deal = customer.wins(("3", "99.99", "12.5"), ("1", "10.00"))
    yield Then("12.5 % off the first line", [("", "AUTHORISED", "313.34")], lambda: customer.bills(deal))


@scenario("A product that Xero does not know is billed as it stands on the deal")
def sku_without_item(customer: Customer) -> Play:
    deal = customer.wins(("1", "80.00", "", "NO-SUCH-SKU"))
    yield Then("billed as text", [("", "AUTHORISED", "92.00")], lambda: customer.bills(deal))
    yield Then("no item on the line", [("Line 1", None)], lambda: [
        (line["Description"], line.get("ItemCode")) for line in customer.invoice(deal)["LineItems"]
    ])  # fmt: skip


@scenario("A customer in Australia is billed without New Zealand's tax", revmark_shipping_country="AU",
          revmark_shipping_street="1 Bay Street")  # fmt: skip
def tax_by_region(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield Then("zero-rated", [("", "AUTHORISED", "100.00")], lambda: customer.bills(deal))
    yield Then("the tax type", ["ZERORATEDOUTPUT"], lambda: [
        line["TaxType"] for line in customer.invoice(deal)["LineItems"]
    ])  # fmt: skip


@scenario("A customer who buys in US dollars is billed, pays and owes in US dollars", currency="USD")
def billed_in_dollars(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield Then("a bill in dollars", ("115.00", "USD"), lambda: (
        money(customer.invoice(deal)["Total"]), customer.invoice(deal)["CurrencyCode"],
    ))  # fmt: skip
    customer.pays(deal, "15.00")
    yield Then("part of it paid", ("part_paid", "100.00"), lambda: customer.shown(deal, "invoice_status", "amount_due"))
    yield Then("told in dollars", ["15.00"], lambda: customer.amounts("payment_received"))


@scenario("A bill in Kuwaiti dinars says the same in both systems, though Xero keeps two of its three decimals",
          currency="KWD")  # fmt: skip
def billed_in_dinars(customer: Customer) -> Play:
    deal = customer.wins(("1", "33.333"))
    yield Then("two decimals in Xero", "38.33", lambda: money(customer.invoice(deal)["Total"]))
    yield Then("the same in HubSpot", [Decimal("38.33")], lambda: [Decimal(row[2]) for row in customer.mirrors(deal)])
    yield Then("told to the fils", ["38.330"], lambda: customer.amounts("invoice_posted"))


@scenario("The bill is due by the customer's own payment terms")
def due_by_terms(customer: Customer) -> Play:
    customer.finance_edits(PaymentTerms={"Sales": {"Day": 7, "Type": "DAYSAFTERBILLDATE"}})
    terms = "7 DAYSAFTERBILLDATE"
    yield Then("sales sees the new terms", (terms,), lambda: customer.in_hubspot("revmark_payment_terms"))
    deal = customer.wins(("2", "50.00"))
    yield Then("due after a week", 7, lambda: customer.days_to_pay(deal))


@scenario("The customer's own order number is on the bill")
def purchase_order_number(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"), po_number="PO-4711")
    yield Then("as reference", "PO-4711", lambda: customer.invoice(deal)["Reference"])


@scenario("A deal without anything on it is no order; it says what it lacks, and is billed once it is there")
def order_without_lines(customer: Customer) -> Play:
    deal = customer.wins()
    lacks = "held: an order needs: lines"
    yield Then("it says what it lacks", (lacks,), lambda: customer.shown(deal, "order_status"))
    customer.adds(deal, "1", "20.00")
    yield Then("billed", [("", "AUTHORISED", "23.00")], lambda: customer.bills(deal))
    yield Then("told", POSTED, lambda: customer.events(deal))


@scenario("A deal that is edited after its bill was posted changes nothing on the bill")
def edited_after_posting(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield Then("posted", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    customer.adds(deal, "5", "1000.00")
    kept = ("guard.posted_immutable", "hold")
    yield holds("noted as a decision", lambda: kept in customer.decided_on(deal, "lines"))
    yield Then("the bill stands", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))


@scenario("Sales edits the total of an invoice in HubSpot, and finance's figure comes back")
def mirror_is_finances(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    mirror = [("", "posted", "115.00", "115.00", "1")]
    yield Then("the bill in HubSpot", mirror, lambda: customer.mirrors(deal))
    (record,) = customer.mirrored(deal)
    customer.desks.sales.edit("invoices", record, revmark_total="1.00")
    yield holds(
        "noted",
        lambda: customer.in_doubt or ("owner", "write_back") in customer.decided("total", crm="1.00", erp="115.00"),
    )
    yield Then("finance's figure is back", mirror, lambda: customer.mirrors(deal))


@scenario("A company that only sales knows is entered in Xero once, and billed there", known=False)
def new_customer_from_sales(customer: Customer) -> Play:
    yield holds("nobody knows it", lambda: True)
    customer.meets()
    yield Then("entered in Xero", 1, lambda: len(customer.contacts()))
    customer.contact = customer.contacts()[0]["ContactID"]
    yield Then("HubSpot has its number", (customer.contact,), lambda: customer.in_hubspot("xero_contact_id"))
    deal = customer.wins(("2", "50.00"))
    yield Then("billed", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    yield Then("to the one contact", (1, customer.contact), lambda: (
        len(customer.contacts()), customer.invoice(deal)["_contact"],
    ))  # fmt: skip


@scenario("A customer that only finance knows is shown to sales once", known=False)
def new_customer_from_finance(customer: Customer) -> Play:
    yield holds("nobody knows it", lambda: True)
    customer.opens()
    yield Then("one company in HubSpot", 1, lambda: len(customer.companies()))
    customer.company = customer.companies()[0]["id"]
    yield Then("with Xero's number", (customer.contact,), lambda: customer.in_hubspot("xero_contact_id"))
    deal = customer.wins(("2", "50.00"))
    yield Then("and sales sells to it", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))


@scenario("A price list is finance's: a price that changes in Xero shows in HubSpot, one edited there is taken back")
def price_change(customer: Customer) -> Play:
    finance, sales = customer.desks.finance, customer.desks.sales
    sku = "PRICE-1"
    item = finance.put(
        "Items", {"Code": sku, "Name": "Rope", "SalesDetails": {"UnitPrice": "10", "AccountCode": "200"}}
    )
    yield Then("listed in HubSpot", ["10.00"], lambda: customer.prices(sku))
    finance.post("Items", {"ItemID": item["ItemID"], "Code": sku,
                           "SalesDetails": {"UnitPrice": "12.50", "AccountCode": "200"}})  # fmt: skip
    yield Then("the new price", ["12.50"], lambda: customer.prices(sku))
    sales.edit("products", customer.products(sku)[0]["id"], price="1.00")
    yield Then("taken back", ["12.50"], lambda: customer.prices(sku))
