"""Customers that are linked, merged, archived, deleted and restored, and their people."""

from __future__ import annotations

from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, holds, scenario


@scenario("Two records with the same domain are proposed as one customer; a person agrees, and nothing is doubled",
          known=False, before=True)  # fmt: skip
def link_proposed_and_accepted(customer: Customer) -> Play:
    customer.opens("Linked Limited", FirstName="Lin", EmailAddress="lin@linkproposedandaccepted.example")
    customer.meets()
    pair = (f"hubspot/company/{customer.company}", f"xero/contact/{customer.contact}")
    yield holds("proposed", lambda: pair in customer.proposals())
    said = customer.types("link", *pair, "--yes", "--why", "the same, says finance", "--wait", "100")
    yield holds("the person is heard", lambda: bool(said()))
    yield Then("linked", (customer.contact,), lambda: customer.in_hubspot("xero_contact_id"))
    deal = customer.wins(("2", "50.00"))
    yield Then("billed to that contact", customer.contact, lambda: customer.invoice(deal)["_contact"])
    yield Then("nothing is doubled", (1, 1), lambda: (len(customer.companies()), len(customer.contacts())))


@scenario("A contact that is archived in Xero: the won deal waits, and is billed when finance takes the contact back")
def archived_and_restored_contact(customer: Customer) -> Play:
    customer.finance_edits(ContactStatus="ARCHIVED")
    yield Then("archived", ("ARCHIVED",), lambda: customer.in_xero("ContactStatus"))
    deal = customer.wins(("2", "50.00"))
    yield holds("the deal waits", lambda: customer.shown(deal, "order_status")[0].startswith("held"))
    customer.finance_edits(ContactStatus="ACTIVE")
    yield Then("billed once", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))


@scenario("A company that is deleted in HubSpot stays in Xero; restored, it is the same customer again")
def deleted_and_restored_company(customer: Customer) -> Play:
    customer.desks.sales.delete("companies", customer.company)
    yield holds("finance keeps it", customer.was_kept)
    yield Then("as it was", ("ACTIVE", customer.name), lambda: customer.in_xero("ContactStatus", "Name"))
    customer.desks.sales.restore("companies", customer.company)
    customer.sales_edits(phone="04 7007")
    yield Then("linked as before", "04 7007", customer.phone_in_xero)
    yield Then("not entered twice", 1, lambda: len(customer.contacts()))


@scenario("The customer's contact person gets another e-mail address, and finance's invoices go there")
def contact_changes_email(customer: Customer) -> Play:
    sales = customer.desks.sales
    person = sales.create(
        "contacts", {"companies": customer.company}, email="old@person.example", firstname="Pat", lastname="Lee"
    )
    yield Then("in Xero", ("old@person.example",), lambda: customer.in_xero("EmailAddress"))
    sales.edit("contacts", person, email="new@person.example")
    yield Then("the new address", ("new@person.example",), lambda: customer.in_xero("EmailAddress"))
    yield Then("one person", 1, lambda: customer.people("@person.example"))


@scenario("A person who asked to be forgotten is not brought back by finance's copy")
def person_is_forgotten(customer: Customer) -> Play:
    sales = customer.desks.sales
    person = sales.create(
        "contacts", {"companies": customer.company}, email="ana@forgotten.example", firstname="Ana", lastname="Roe"
    )
    yield Then("in Xero", ("ana@forgotten.example",), lambda: customer.in_xero("EmailAddress"))
    sales.erase("contacts", person)
    customer.finance_edits(Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": "04 3003"}])
    yield Then("the customer goes on", ("04 3003",), lambda: customer.in_hubspot("phone"))
    deal = customer.wins(("2", "50.00"))
    yield Then("and is billed", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    yield Then("the person stays away", 0, lambda: customer.people("@forgotten.example"))
