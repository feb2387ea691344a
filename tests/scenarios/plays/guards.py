"""What finance's guards hold, take back, and let go."""

from __future__ import annotations

from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, holds, scenario


def billed(customer: Customer, deal: str) -> Then:
    """Its invoice is posted, and HubSpot knows of the customer's balance."""
    return Then("billed", ([("", "AUTHORISED", "115.00")], "115.00"), lambda: (
        customer.bills(deal), customer.balance(),
    ))  # fmt: skip


@scenario("A customer on credit hold: its won deal waits and says so, and is billed once when the hold is lifted")
def credit_hold(customer: Customer) -> Play:
    customer.held(on=True)
    yield Then("HubSpot shows the hold", ("true",), lambda: customer.in_hubspot("revmark_credit_hold"))
    deal = customer.wins(("2", "50.00"))
    says = f"held: {customer.name} is on credit hold in the ERP"
    yield Then("the deal waits", ((says,), []), lambda: (customer.shown(deal, "order_status"), customer.bills(deal)))
    customer.held(on=False)
    yield Then("billed once", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    yield Then("told", ["order_created", "invoice_posted"], lambda: customer.events(deal))


@scenario("Payment terms are finance's: an edit of sales is taken back")
def payment_terms_taken_back(customer: Customer) -> Play:
    customer.sales_edits(revmark_payment_terms="91 DAYSAFTERBILLDATE")
    taken = ("owner", "write_back")
    yield holds(
        "noted", lambda: customer.in_doubt or taken in customer.decided("payment_terms", crm="91 DAYSAFTERBILLDATE")
    )
    yield Then("taken back", ("20 DAYSAFTERBILLDATE",), lambda: customer.in_hubspot("revmark_payment_terms"))


@scenario("A shipping address is sales' until the first order and finance's from then on")
def address_guard(customer: Customer) -> Play:
    customer.sales_edits(revmark_shipping_street="1 Old Road", revmark_shipping_country="NZ")
    yield Then("Xero takes it", ("1 Old Road", "1 Old Road"), customer.street)
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    customer.sales_edits(revmark_shipping_street="2 Wrong Road")
    yield holds("noted", lambda: customer.in_doubt or "2 Wrong Road" in customer.streets_taken_back())
    yield Then("taken back", ("1 Old Road", "1 Old Road"), customer.street)


@scenario("The currency of a customer who has ordered cannot be changed in HubSpot")
def currency_guard(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    customer.sales_edits(revmark_currency="EUR")
    yield holds(
        "noted",
        lambda: (
            customer.in_doubt or ("guard.currency_lock", "write_back") in customer.decided_here("currency", crm="EUR")
        ),
    )
    yield Then("taken back", ("NZD",), lambda: customer.in_hubspot("revmark_currency"))


@scenario("Nobody is a customer before the first order: the stage is taken back, and comes with the order")
def lifecycle_gating(customer: Customer) -> Play:
    customer.sales_edits(lifecyclestage="customer")
    yield Then("taken back", ("opportunity",), lambda: customer.in_hubspot("lifecyclestage"))
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    yield Then("a customer now", ("customer",), lambda: customer.in_hubspot("lifecyclestage"))


@scenario("The name is sales': a new name goes to Xero, one that finance types is taken back")
def name_is_sales(customer: Customer) -> Play:
    customer.sales_edits(name="Name Of Sales")
    yield Then("Xero takes it", ("Name Of Sales",), lambda: customer.in_xero("Name"))
    customer.finance_edits(Name="Name Of Finance")
    yield holds(
        "noted", lambda: customer.in_doubt or ("owner", "write_back") in customer.decided("name", erp="Name Of Finance")
    )
    yield Then("taken back", ("Name Of Sales",), lambda: customer.in_xero("Name"))


@scenario("A phone number is whoever's who edits it last")
def phone_of_the_last(customer: Customer) -> Play:
    customer.sales_edits(phone="04 1001")
    yield Then("Xero takes it", "04 1001", customer.phone_in_xero)
    customer.finance_edits(Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": "04 2002"}])
    yield Then("HubSpot takes it", ("04 2002",), lambda: customer.in_hubspot("phone"))


@scenario("Two tax numbers: nothing is overwritten, a person is asked, and what the person says goes to both systems",
          known=False, before=True)  # fmt: skip
def a_person_decides(customer: Customer) -> Play:
    customer.opens(TaxNumber="111-111-111")
    customer.meets("", xero_contact_id=customer.contact, revmark_tax_number="222-222-222")
    yield holds("a person is asked", lambda: ("review", "review") in customer.decided(
        "tax_number", crm="222-222-222", erp="111-111-111"
    ))  # fmt: skip
    listed = customer.types("review", "list", "--json")
    yield holds("it is on the list", lambda: bool(listed() and customer.review(listed())))
    chosen = customer.types("review", "choose", customer.review(listed()), "--side", "value=333-333-333", "--by", "kim",
                            "--why", "she asked the customer", "--wait", "100")  # fmt: skip
    yield holds("the person is heard", lambda: bool(chosen()))
    yield Then("both have it", (("333-333-333",), ("333-333-333",)), lambda: (
        customer.in_hubspot("revmark_tax_number"), customer.in_xero("TaxNumber"),
    ))  # fmt: skip
