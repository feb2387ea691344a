"""Whose customer a deal is, where a company's parent company pays for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.guards import isolation_guard
from schemas.change import Change
from schemas.fact import Fact
from schemas.names import Entity, Side, record_id
from tests.support.capturing import Desk, crm, crm_person, deal, erp, erp_invoice
from tests.support.contracts import contract
from tests.support.judging import Court

PARENT = {"billing": {"bill_to": "parent"}}
RULES = contract(PARENT)
HERE = contract(PARENT | {"subsidiary": {"name": "NZ", "crm": "billing_entity"}})
DEAL, CHILD, GROUP, OTHER = "hubspot/deal/7", "hubspot/company/1", "hubspot/company/2", "hubspot/company/3"


def child(payer: str = "2", *, version: int = 1, **properties: str) -> Change:
    """Company 1, which `payer` pays for."""
    return crm("1", version=version, hs_parent_company_id=payer, **properties)


def desk(*arrivals: Change) -> Desk:
    """A desk that has read both sides, and knows what arrives."""
    found = Desk(RULES).ready()
    found.take(*arrivals)
    return found


def last(found: Desk, reference: str = DEAL) -> Fact:
    """What was told of a record last."""
    return found.facts(reference)[-1]


def seated(found: Desk) -> str | None:
    """The company whose customer the deal is."""
    here = [fact for fact in found.facts(DEAL) if not fact.deleted]
    return next((ref for ref in (CHILD, GROUP, OTHER) if here and found.id_of(ref) == here[-1].customer), None)


def reread(found: Desk, *shown: Change) -> None:
    """Show again what was asked for, as it is."""
    found.take(*(each.model_copy(update={"seen_at": each.seen_at.replace(year=2027)}) for each in shown))


def test_the_deals_of_a_company_are_its_parents_and_say_who_buys():
    found = desk(crm("2"), child(), deal("7", "1"))
    assert seated(found) == GROUP
    assert last(found).fields["buyer"] == {"ref": CHILD, "subsidiary": None}
    assert last(found).related == {"buyer": found.id_of(CHILD)}


def test_people_stay_with_their_own_company():
    found = desk(crm("2"), child(), crm_person("8", "1", email="ann@people.example"))
    assert last(found, "hubspot/contact/8").customer == found.id_of(CHILD)


@pytest.mark.parametrize("payer", ["", "1"])
def test_a_company_that_names_nobody_or_itself_pays_itself(payer: str):
    found = desk(child(payer), deal("7", "1"))
    assert seated(found) == CHILD
    assert "buyer" not in last(found).fields


def test_a_parents_own_parent_does_not_pay():
    found = desk(crm("3"), crm("2", hs_parent_company_id="3"), child(), deal("7", "1"))
    assert seated(found) == GROUP


def test_two_companies_that_name_each_other_pay_for_each_other():
    found = desk(crm("2", hs_parent_company_id="1"), child(), deal("7", "1"))
    assert seated(found) == GROUP


def test_without_the_setting_nobody_pays_for_another():
    found = Desk().ready()
    found.take(crm("2"), child(), deal("7", "1"))
    assert seated(found) == CHILD


def test_a_deal_waits_until_the_company_that_pays_is_known():
    found = desk(child(), deal("7", "1"))
    assert found.waiting(DEAL)
    found.take(crm("2"))
    assert seated(found) == GROUP


def test_a_deal_that_waits_for_a_payer_goes_on_when_another_pays_or_nobody():
    found = desk(crm("3"), child(), deal("7", "1"))
    found.take(child("3", version=2))
    assert seated(found) == OTHER
    found = desk(child(), deal("7", "1"))
    found.take(child("", version=2))
    assert seated(found) == CHILD


def test_when_a_payer_is_named_later_the_company_and_its_deals_are_read_again_and_move():
    found = desk(crm("2"), child(""), deal("7", "1", dealstage="contractsent"))
    assert seated(found) == CHILD
    found.take(child(version=2))
    assert {("company", "1"), ("belongings", "1")} <= set(found.asked())
    reread(found, deal("7", "1", dealstage="contractsent"))
    assert seated(found) == GROUP
    assert [fact.ended for fact in found.facts(DEAL)] == ["", "parted", ""]
    reread(found, deal("7", "1", dealstage="contractsent"))
    assert len(found.facts(DEAL)) == 3


def test_what_is_told_of_a_payer_again_has_nothing_read():
    found = desk(crm("2"), child(), deal("7", "1"))
    found.take(child(version=2, phone="1"))
    assert found.asked() == []


def test_a_deal_whose_new_payer_is_unknown_is_told_no_further_until_it_is_known():
    found = desk(child(""), deal("7", "1", dealstage="contractsent"))
    found.take(child(version=2))
    reread(found, deal("7", "1", dealstage="contractsent"))
    assert found.waiting(DEAL)
    found.take(deal("7", "1", version=3), crm("2"))
    assert seated(found) == GROUP


def test_a_deal_that_was_billed_stays_with_who_was_billed_even_if_the_new_payer_is_unknown():
    found = desk(erp("a", ContactNumber="2"), crm("2", xero_contact_id="a"), child(), deal("7", "1"))
    found.take(erp_invoice("i", "a", InvoiceNumber="RM-7"))
    found.take(child("3", version=2))
    found.take(deal("7", "1", version=2))
    assert seated(found) == GROUP
    assert last(found).fields["buyer"]["ref"] == CHILD
    found.take(crm("3"), deal("7", "1", version=3))
    assert seated(found) == GROUP
    assert any("stays with the customer that was billed" in each.reason for each in found.verdicts("hold"))


def test_a_payer_that_was_merged_is_followed():
    found = desk(crm("2"), child(), deal("7", "1"))
    found.take(crm("9", version=2, merged="2"))
    survivor = found.id_of("hubspot/company/9")
    found.take(deal("7", "1", version=3))
    assert last(found).customer == survivor
    found = desk(crm("9", merged="2"), child(), deal("7", "1"))
    assert last(found).customer == found.id_of("hubspot/company/9")


def test_when_a_payer_becomes_another_customer_the_deals_that_it_pays_for_are_read_again():
    first = (erp("a"), erp("b"), crm("2", xero_contact_id="a"), crm("3", xero_contact_id="b"))
    found = desk(*first, child(), deal("7", "1", dealstage="contractsent"))
    found.take(crm("9", version=2, merged="2;3", xero_contact_id="b"))
    assert ("belongings", "1") in found.asked()
    reread(found, deal("7", "1", dealstage="contractsent"))
    assert last(found).customer == found.id_of("hubspot/company/9") == found.id_of("xero/contact/b")


def test_a_company_that_was_merged_into_another_keeps_what_that_one_says_of_its_payer():
    found = desk(crm("2"), child(), deal("7", "1", dealstage="contractsent"))
    found.take(crm("9", version=2, merged="1;3"))
    assert ("belongings", "9") in found.asked()
    found.take(deal("7", "9", version=3, dealstage="contractsent"))
    assert last(found).customer == found.id_of("hubspot/company/9")
    found = desk(crm("2"), child(), deal("7", "1", dealstage="contractsent"))
    found.take(crm("9", version=2, merged="1;3", hs_parent_company_id="2"))
    found.take(deal("7", "9", version=3, dealstage="contractsent"))
    assert seated(found) == GROUP


def test_a_payer_that_is_merged_with_its_child_pays_for_itself():
    found = desk(crm("2"), child(), deal("7", "1", dealstage="contractsent"))
    found.take(crm("9", version=2, merged="1;2", hs_parent_company_id="2"))
    found.take(deal("7", "9", version=3))
    assert last(found).customer == found.id_of("hubspot/company/9")
    assert "buyer" not in last(found).fields


def test_children_of_a_merged_payer_are_asked_for_once():
    found = desk(crm("2"), child(), crm("9", version=2, merged="2"))
    assert found.asked().count(("belongings", "1")) == 1
    found.take(crm("9", version=3, merged="2", phone="1"))
    assert found.asked().count(("belongings", "1")) == 1


def test_a_parent_that_is_no_id_is_refused_with_the_name_of_the_property():
    found = desk()
    result = found.take(child("none"))
    ((_, reason),) = result.refused
    assert "hs_parent_company_id" in reason


# A customer of one subsidiary never receives an invoice of another


@pytest.mark.parametrize(
    ("buys", "pays", "sells", "reason"),
    [
        ("NZ", "NZ", None, None),
        ("NZ", None, None, None),
        (None, "NZ", None, None),
        (None, None, "NZ", None),
        ("AU", "NZ", "NZ", "the company that buys is of AU, and this ERP keeps the books of NZ"),
        ("NZ", "AU", "NZ", "the company that pays is of AU, and this ERP keeps the books of NZ"),
        ("NZ", "NZ", "AU", "the deal is of AU, and this ERP keeps the books of NZ"),
        (None, None, None, "nobody says of which subsidiary it is: billing_entity is empty"),
    ],
)
def test_each_of_buyer_payer_and_deal_can_keep_a_bill_back(
    buys: str | None, pays: str | None, sells: str | None, reason: str | None
):
    sold = {"subsidiary": sells, "buyer": {"ref": CHILD, "subsidiary": buys}}
    found = isolation_guard(HERE, {"subsidiary": pays}, sold)
    assert found == (("guard.subsidiary_isolation", reason) if reason else None)


def test_when_a_child_becomes_another_subsidiarys_its_deals_are_told_again_and_held():
    found = Desk(HERE).ready()
    found.take(crm("2", billing_entity="NZ"), child(billing_entity="NZ"), deal("7", "1"))
    found.take(child(version=2, billing_entity="AU"))
    assert ("belongings", "1") in found.asked()
    reread(found, deal("7", "1"))
    assert [fact.fields["buyer"]["subsidiary"] for fact in found.facts(DEAL)] == ["NZ", "AU"]
    court = Court(HERE)
    court.hear(*found.facts())
    assert court.state(last(found).id, last(found).customer).derived["order_status"].startswith("held: ")
    assert not [each for each in court.commands() if each.entity is Entity.INVOICE]


# Any order of arrival

GIVEN = (
    erp("a", ContactNumber="2"), crm("2", xero_contact_id="a"), erp("b", ContactNumber="1"),
    crm_person("8", "1", email="ann@people.example"), crm_person("9", "2", email="bob@people.example"),
)  # fmt: skip
LATER = (
    child("", version=1, xero_contact_id="b"), child(version=2, xero_contact_id="b"),
    deal("7", "1", version=3, dealstage="contractsent"), deal("7", "1", version=4),
)  # fmt: skip


@given(st.permutations([*GIVEN, *LATER]))
def test_in_any_order_the_deal_ends_with_who_pays_and_is_billed_at_most_once(arrivals: list[Change]):
    found, court, heard, asked = Desk(RULES).ready(), Court(RULES), 0, 0
    shown: dict[str, Change] = {}  # what HubSpot shows by now
    bills: list[str] = []
    queue = list(arrivals)
    while queue:
        each = queue.pop(0)
        name = f"{each.platform}/{each.kind}/{each.record_id}"
        shown[name] = max((each, shown.get(name, each)), key=lambda one: one.version)
        found.take(each)
        facts, reads = found.facts()[heard:], found.asked()[asked:]
        heard, asked = heard + len(facts), asked + len(reads)
        for fact in facts:
            court.hear(fact)
        for command in court.commands(Side.ERP, Entity.INVOICE)[len(bills) :]:
            bills.append(command.customer)
            contact = record_id(command.links["company"])
            queue.insert(0, erp_invoice("i", contact, InvoiceNumber=command.natural_key, version=9))
        if any(number == "1" for _, number in reads):
            queue += [shown[name] for name in (CHILD, DEAL, "hubspot/contact/8") if name in shown]
    assert len(bills) <= 1
    assert seated(found) == (CHILD if bills == [found.id_of(CHILD)] else GROUP)
    assert last(found, "hubspot/contact/8").customer == found.id_of(CHILD)
