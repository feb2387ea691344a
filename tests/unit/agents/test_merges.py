"""Merges on either side: the link follows, or what is left behind is a person's to settle. Nothing is made twice."""

from __future__ import annotations

from schemas.change import Change
from schemas.names import Side
from tests.support.capturing import Desk, crm, crm_person, deal, erp, erp_invoice
from tests.support.contracts import contract
from tests.support.shuffling import Office

ARCHIVED = {"ContactStatus": "ARCHIVED"}
ONE, TWO, NINE = "hubspot/company/1", "hubspot/company/2", "hubspot/company/9"
A, B = "xero/contact/a", "xero/contact/b"


def two_pairs() -> list[Change]:
    """Two customers that are linked, each with an invoice and an open deal."""
    return [
        erp("a"), erp("b", Name="B"), crm("1", xero_contact_id="a"), crm("2", name="B", xero_contact_id="b"),
        erp_invoice("i", "a"), erp_invoice("j", "b"), deal("7", "1", dealstage="contractsent"),
        deal("8", "2", dealstage="contractsent"),
    ]  # fmt: skip


def office() -> Office:
    found = Office()
    found.desk.ready()
    return found.take(*two_pairs())


def creations(found: Office) -> list[tuple[Side, str]]:
    return [(command.side, command.record) for command in found.court.commands() if command.kind == "create"]


def proposals(desk: Desk) -> list[tuple[str | None, str | None]]:
    return [(verdict.crm, verdict.erp) for verdict in desk.verdicts("propose")]


def test_the_link_of_merged_companies_follows_and_the_other_contact_is_proposed():
    found = office()
    made = creations(found)
    first, second = found.desk.id_of(A), found.desk.id_of(B)
    found.take(crm("9", version=5, merged="1;2", xero_contact_id="a"))
    assert (found.desk.id_of(NINE), found.desk.id_of(A), found.desk.id_of(B)) == (first, first, second)
    assert proposals(found.desk) == [(NINE, B)]
    assert creations(found) == made
    links = [
        command for command in found.court.commands(Side.ERP) if command.ref == B and "crm_id" not in command.fields
    ]
    assert links == []
    assert found.standing()[f"main|{first}"][:2] == (NINE, A)
    assert found.standing()[f"main|{second}"] == (None, B, {"NZD": "115.00"})


def test_the_invoices_of_the_other_contact_stay_and_are_kept_up_to_date():
    found = office()
    second = found.desk.id_of(B)
    found.take(crm("9", version=5, merged="1;2", xero_contact_id="a"))
    found.take(erp_invoice("j", "b", version=6, AmountDue="15.00"))
    assert found.desk.facts("xero/invoice/j")[-1].customer == second
    assert found.standing()[f"main|{second}"][2] == {"NZD": "15.00"}


def test_open_deals_move_with_their_company_and_are_billed_where_it_is_linked():
    found = office()
    found.take(
        crm("9", version=5, merged="1;2", xero_contact_id="a"), deal("8", "9", version=6, dealstage="contractsent")
    )
    lines = [{"id": "3", "properties": {"name": "W", "quantity": "1", "price": "50"}}]
    won = deal("8", "9", version=7, deal_currency_code="NZD")
    found.take(won.model_copy(update={"raw": won.raw | {"line_items": lines}}))
    (bill,) = [command for command in found.court.commands(Side.ERP) if command.kind == "create"]
    assert (bill.customer, bill.links) == (found.desk.id_of(A), {"company": A})


def test_a_billed_deal_stays_with_the_customer_that_was_billed():
    found = office()
    second = found.desk.id_of(B)
    found.take(erp_invoice("k", "b", version=3, InvoiceNumber="RM-8"))
    found.take(crm("9", version=5, merged="1;2", xero_contact_id="a"), deal("8", "9", version=6))
    assert found.desk.facts("hubspot/deal/8")[-1].customer == second
    assert any("billed before" in verdict.reason for verdict in found.desk.verdicts("hold"))
    found.take(erp_invoice("k", "b", version=8, InvoiceNumber="RM-8", Status="PAID", AmountDue="0", AmountPaid="115"))
    written = [c for c in found.court.commands(Side.CRM) if c.ref == "hubspot/deal/8" and "invoice_status" in c.fields]
    assert written[-1].fields["invoice_status"] == "paid"


def test_what_is_still_heard_of_a_merged_company_is_nobodys_news():
    found = office().take(crm("9", version=5, merged="1;2", xero_contact_id="a"))
    before = found.links()
    found.take(crm("2", version=4, name="late", xero_contact_id="b"), crm("1", version=9, deleted=True))
    assert found.links() == before
    assert all(fact.deleted for fact in found.desk.facts(TWO)[1:])
    assert not any("late" in command.fields.values() for command in found.court.commands())


def test_a_deal_that_names_a_company_which_was_merged_unseen_is_the_survivors():
    desk = Desk().ready()
    desk.take(erp("a"), crm("9", version=5, merged="1;2", xero_contact_id="a"), deal("7", "1"))
    assert desk.facts("hubspot/deal/7")[-1].customer == desk.id_of(NINE)


def test_a_deal_that_waited_for_a_company_goes_on_with_its_survivor():
    desk = Desk().ready()
    desk.take(erp("a"), deal("7", "1"))
    assert desk.facts("hubspot/deal/7") == []
    desk.take(crm("9", version=5, merged="1;2", xero_contact_id="a"))
    assert desk.facts("hubspot/deal/7")[-1].customer == desk.id_of(NINE)


def test_a_contact_that_names_a_merged_company_is_linked_with_the_survivor():
    desk = Desk().ready()
    desk.take(crm("9", version=5, merged="1;2"), erp("a", ContactNumber="2", Name="Other"))
    assert desk.id_of(A) == desk.id_of(NINE)


def test_merged_people_are_one_person_with_the_address_in_the_books():
    found = Office()
    found.desk.ready()
    found.take(
        crm("1", xero_contact_id="a"), crm_person("5", "1", email="ann@acme.example"),
        erp("a", EmailAddress="ann@acme.example", FirstName="Ann"), crm_person("6", "1", email="ann.b@acme.example"),
    )  # fmt: skip
    person = found.desk.id_of("xero/person/a")
    found.take(crm_person("7", "1", version=5, email="ann@acme.example", hs_merged_object_ids="5;6"))
    assert found.desk.id_of("hubspot/contact/7") == person
    assert creations(found) == []


def test_of_merged_deals_the_other_one_ends():
    found = office()
    found.take(deal("7", "1", version=5, dealstage="contractsent", hs_merged_object_ids="8"))
    assert [fact.deleted for fact in found.desk.facts("hubspot/deal/8")] == [False, True]


def test_merged_contacts_of_the_erp_leave_the_other_company_to_a_person():
    found = office()
    made = creations(found)
    first, second = found.desk.id_of(ONE), found.desk.id_of(TWO)
    found.take(erp("b", version=5, Name="B", MergedToContactID="a", **ARCHIVED), erp_invoice("j", "a", version=6))
    assert (found.desk.id_of(ONE), found.desk.id_of(TWO)) == (first, second)
    assert proposals(found.desk) == [(TWO, A)]
    assert creations(found) == made
    assert [fact.customer for fact in found.desk.facts("xero/invoice/j")] == [second, second]


def test_a_won_deal_of_a_company_whose_contact_was_merged_away_waits_and_says_why():
    found = office().take(erp("b", version=5, Name="B", MergedToContactID="a", **ARCHIVED))
    lines = [{"id": "3", "properties": {"name": "W", "quantity": "1", "price": "50"}}]
    won = deal("8", "2", version=7, deal_currency_code="NZD")
    found.take(won.model_copy(update={"raw": won.raw | {"line_items": lines}}))
    assert [command for command in found.court.commands(Side.ERP) if command.kind == "create"] == []
    assert any("merged away" in verdict.reason for verdict in found.court.verdicts("order_status"))


def test_the_link_follows_to_a_contact_that_has_none():
    rule = {"entities": {"company": {"master": "crm", "create": {"crm": "never", "erp": "never"}}}}
    found = Office(desk=Desk(contract(rule)))
    found.court.contract = found.desk.contract
    found.desk.ready()
    told = [
        erp("a"),
        erp("b", Name="B"),
        crm("2", name="B", xero_contact_id="b"),
        deal("8", "2", dealstage="contractsent"),
    ]
    found.take(*told)
    found.take(erp("b", version=5, Name="B", MergedToContactID="a", **ARCHIVED))
    assert found.desk.id_of(TWO) == found.desk.id_of(A)
    assert ("company", "2") in found.desk.asked()
    assert ("belongings", "2") in found.desk.asked()
    found.settle([[each] for each in told])
    assert found.desk.facts("hubspot/deal/8")[-1].customer == found.desk.id_of(A)
    assert any(command.fields.get("erp_id") == "a" for command in found.court.commands(Side.CRM))


def test_a_company_that_names_the_survivor_has_the_better_claim():
    found = Office()
    found.desk.ready()
    found.take(erp("b", Name="B"), crm("2", name="B", xero_contact_id="b"))
    found.take(erp("b", version=5, Name="B", MergedToContactID="a", **ARCHIVED))
    assert found.desk.id_of(TWO) == found.desk.id_of(A)
    found.take(crm("1", xero_contact_id="a")).settle([[crm("2", name="B", xero_contact_id="b")]])
    assert found.desk.id_of(ONE) == found.desk.id_of(A) != found.desk.id_of(TWO)
    assert proposals(found.desk) == [(TWO, A)]


def test_a_merge_on_the_other_side_answers_what_a_person_was_asked():
    found = office().take(crm("9", version=5, merged="1;2", xero_contact_id="a"))
    found.take(erp("b", version=6, Name="B", MergedToContactID="a", **ARCHIVED))
    (answer,) = found.desk.verdicts("refuse")
    assert (answer.crm, answer.erp) == (NINE, B)
    assert "nothing left to decide" in answer.reason


def test_what_is_told_twice_is_asked_once():
    found = office().take(crm("9", version=5, merged="1;2", xero_contact_id="a"))
    found.take(crm("9", version=6, merged="1;2", xero_contact_id="a", name="New"), erp("b", version=6, Name="B2"))
    assert len(proposals(found.desk)) == 1
