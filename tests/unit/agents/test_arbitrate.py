from __future__ import annotations

import pytest

from schemas.instants import to_millis
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, at, company, deal, fact, invoice, linked, outcome

INVOICE_OF_DEAL = {"deal": "deal:1"}


# Creation


def test_a_company_of_the_crm_is_made_in_the_erp_once_and_then_agreed():
    court = Court()
    court.hear(company(Side.CRM, name="Acme", tax_number="123"))
    (made,) = court.commands(Side.ERP)
    assert (made.kind, made.natural_key, made.connection) == ("create", "acme-crm", "main.xero")
    assert made.fields["name"] == "Acme"
    assert not {"credit_hold", "payment_terms", "balance_due"} & set(made.fields)
    court.settle()
    assert court.made == {("erp", ACME): 1}
    assert court.state().erp.present


def test_a_company_of_the_erp_is_made_in_the_crm_with_what_finance_says_of_it():
    court = Court()
    court.hear(company(Side.ERP, payment_terms="20 DAYSAFTERBILLDATE", credit_hold=True))
    (made,) = court.commands(Side.CRM)
    assert made.kind == "create"
    assert made.fields["payment_terms"] == "20 DAYSAFTERBILLDATE"
    assert made.fields["credit_hold"] is True
    assert court.settle() >= 1
    assert court.made == {("crm", ACME): 1}


def test_a_company_without_a_name_waits_and_the_verdict_says_what_is_lacking():
    court = Court()
    court.hear(company(Side.CRM, name=None))
    assert court.commands() == []
    assert "without: name" in court.verdicts("")[0].reason
    court.hear(company(Side.CRM, 5, name="Acme"))
    assert [command.kind for command in court.commands(Side.ERP)] == ["create"]


def test_when_ordered_makes_the_customer_at_its_first_won_deal():
    court = Court(contract({"entities": {"company": {"create": {"erp": "when_ordered"}}}}))
    court.hear(company(Side.CRM), deal(1, stage="proposal"))
    assert court.commands(Side.ERP) == []
    court.hear(deal(2))
    assert [command.entity for command in court.commands(Side.ERP)] == [Entity.COMPANY]
    court.settle()
    assert [(c.entity, c.kind) for c in court.commands(Side.ERP)] == [
        (Entity.COMPANY, "create"),
        (Entity.INVOICE, "create"),
    ]


def test_a_creation_that_was_refused_is_not_tried_again_until_the_record_changes():
    court = Court()
    court.hear(company(Side.CRM))
    (made,) = court.commands(Side.ERP)
    court.answered.add(made.id)
    court.hear(outcome(made, "refused", message="the name is taken"))
    assert len(court.commands(Side.ERP)) == 1
    assert "the name is taken" in court.verdicts("")[-1].reason
    court.hear(company(Side.CRM, 9, name="Acme Ltd"))
    assert len(court.commands(Side.ERP)) == 2


def test_a_refused_mirror_of_an_invoice_is_not_tried_for_ever():
    court = Court().known_everywhere()
    court.hear(invoice(10))
    (made,) = court.commands(Side.CRM, Entity.INVOICE)
    court.hear(outcome(made, "refused", message="no such property"))
    assert len(court.commands(Side.CRM, Entity.INVOICE)) == 1


def test_a_person_waits_for_its_company_and_is_made_with_it():
    court = Court()
    person = fact(
        Entity.CONTACT, Side.CRM, {"email": "ann@acme.example", "first_name": "Ann", "last_name": None},
        record="contact:ann",
    )  # fmt: skip
    court.hear(company(Side.CRM), person)
    assert [command.entity for command in court.commands()] == [Entity.COMPANY]
    court.settle()
    (made,) = court.commands(Side.ERP, Entity.CONTACT)
    assert made.links == {"company": court.customer().erp}


def test_only_one_person_of_a_customer_is_written_to_the_erp():
    court = Court().known_everywhere()
    for name in ("ann", "bob"):
        court.hear(
            fact(Entity.CONTACT, Side.CRM, {"email": f"{name}@acme.example", "first_name": name, "last_name": None},
                 record=f"contact:{name}")
        )  # fmt: skip
    court.settle()
    assert [command.record for command in court.commands(Side.ERP, Entity.CONTACT)] == ["contact:ann"]


def test_a_hundred_waiting_records_are_taken_up_when_their_customer_arrives():
    court = Court()
    for number in range(100):
        court.hear(invoice(number, record=f"invoice:{number}"))
    result = court.hear(company(Side.ERP, 500), company(Side.CRM, 500))
    assert result.refused == []
    court.settle()
    assert len(court.commands(Side.CRM, Entity.INVOICE)) == 100


# Who wins about a field


def test_a_sales_rep_who_edits_payment_terms_gets_them_written_back_with_the_reason():
    court = Court().known_everywhere()
    court.hear(linked(3000, payment_terms="90 DAYSAFTERBILLDATE"))
    back = court.commands(Side.CRM)[-1]
    assert back.fields == {"payment_terms": "30 DAYSAFTERBILLDATE"}
    assert "the ERP owns it" in back.reason
    verdict = court.verdicts("payment_terms")[-1]
    assert (verdict.ruling, verdict.rule, verdict.crm, verdict.chosen, verdict.command) == (
        "write_back", "owner", "90 DAYSAFTERBILLDATE", "30 DAYSAFTERBILLDATE", back.id,
    )  # fmt: skip
    assert court.settle() == 1


def test_on_hold_the_reason_for_taking_terms_back_is_the_hold():
    court = Court().known_everywhere(erp={"credit_hold": True})
    court.hear(linked(3000, payment_terms="90 DAYSAFTERBILLDATE", credit_hold=True))
    verdict = court.verdicts("payment_terms")[-1]
    assert (verdict.ruling, verdict.rule) == ("write_back", "guard.credit_hold")


def test_the_phone_edited_on_both_sides_goes_to_the_later_edit():
    court = Court().known_everywhere()
    court.hear(linked(3000, phone="111"))
    (write,) = [c for c in court.commands(Side.ERP) if "phone" in c.fields]
    assert write.fields["phone"] == "111"
    # The ERP's own edit, a minute later, is seen before our write has been answered.
    court.hear(company(Side.ERP, 3060, phone="222", crm_id="acme-crm"))
    court.settle()
    assert court.shown(Side.CRM, "phone") == court.shown(Side.ERP, "phone")


def test_a_write_that_a_later_edit_would_win_over_is_compared_and_one_of_an_owner_is_not():
    court = Court().known_everywhere()
    court.hear(linked(3000, name="Acme Ltd"))
    court.hear(linked(3060, name="Acme Ltd", phone="111"))
    asked = {tuple(command.fields): command.compare for command in court.commands(Side.ERP) if command.kind == "update"}
    assert asked == {("crm_id",): False, ("name",): False, ("phone",): True}


def test_the_phone_edited_on_both_sides_within_the_tolerance_asks_a_person_once():
    court = Court()
    court.hear(company(Side.ERP, 0, phone="111", alone=False), company(Side.CRM, 3, phone="222", alone=False))
    court.settle()
    court.hear(company(Side.CRM, 3, phone="222", alone=False))
    assert [verdict.ruling for verdict in court.verdicts("phone")].count("review") == 1
    assert not any("phone" in command.fields for command in court.commands())


def test_the_first_order_hands_the_currency_to_the_erp():
    court = Court().known_everywhere()
    court.hear(linked(3000, currency="AUD"))
    court.settle()
    assert court.shown(Side.ERP, "currency") == ["AUD"]
    court.hear(deal(3100, currency="AUD"))
    court.settle()
    court.hear(linked(9000, currency="USD"))
    court.settle()
    assert court.shown(Side.CRM, "currency") == ["AUD"]
    assert court.verdicts("currency")[-1].rule == "guard.currency_lock"


def test_the_crm_keeps_the_address_of_a_prospect_and_the_erp_that_of_a_customer():
    here = {"street": "1 High St", "city": "Wellington", "region": "", "postal_code": "6011", "country": "NZ"}
    there = here | {"street": "2 Low St"}
    court = Court().known_everywhere()
    court.hear(linked(3000, shipping_address=here))
    court.settle()
    assert court.shown(Side.ERP, "shipping_address") == [here]
    court.hear(deal(3100))
    court.settle()
    court.hear(linked(9000, shipping_address=there, lifecycle="customer"))
    court.settle()
    assert court.shown(Side.CRM, "shipping_address") == [here]
    assert court.verdicts("shipping_address")[-1].rule == "guard.address_governance"


def test_no_company_is_customer_before_its_order_and_every_one_is_after_it():
    court = Court().known_everywhere()
    court.hear(linked(3000, lifecycle="customer"))
    court.settle()
    assert court.shown(Side.CRM, "lifecycle") == ["lead"]
    assert court.verdicts("lifecycle")[-1].ruling == "write_back"
    court.hear(deal(3100))
    court.settle()
    assert court.shown(Side.CRM, "lifecycle") == ["customer"]


def test_a_customer_stage_outside_the_gated_ones_comes_to_rest():
    court = Court(contract({"lifecycle": {"gated": ["evangelist"]}})).known_everywhere()
    court.hear(deal(3100))
    court.settle()
    assert court.shown(Side.CRM, "lifecycle") == ["customer"]


def test_the_ids_of_both_sides_are_kept_and_the_erps_does_not_change():
    court = Court().known_everywhere()
    assert court.shown(Side.CRM, "erp_id") == ["acme-erp"]
    assert court.shown(Side.ERP, "crm_id") == ["acme-crm"]
    court.hear(linked(3000, erp_id="wrong"))
    court.settle()
    assert court.shown(Side.CRM, "erp_id") == ["acme-erp"]
    assert court.verdicts("erp_id")[-1].ruling == "write_back"


def test_a_value_that_was_refused_is_tried_again_when_it_changes():
    court = Court().known_everywhere()
    court.hear(linked(3000, name="Acme!"))
    write = court.commands(Side.ERP)[-1]
    court.answered.add(write.id)
    court.hear(outcome(write, "refused", message="no exclamation marks"))
    court.hear(linked(3001, name="Acme!"))
    assert court.commands(Side.ERP)[-1].id == write.id
    court.hear(linked(3002, name="Acme"), linked(3003, name="Acme Ltd"))
    assert court.commands(Side.ERP)[-1].fields == {"name": "Acme Ltd"}


def test_changes_of_a_held_credit_go_out_on_the_first_tier():
    court = Court().known_everywhere()
    court.hear(company(Side.ERP, 3000, credit_hold=True, crm_id="acme-crm"))
    (write,) = [command for command in court.commands(Side.CRM) if command.fields.get("credit_hold")]
    assert write.tier == 1


# Deletion and merging


def test_a_deleted_record_writes_nothing_and_is_not_made_again():
    court = Court().known_everywhere()
    before = len(court.commands())
    court.hear(fact(Entity.COMPANY, Side.CRM, {}, seconds=3000, deleted=True))
    court.hear(company(Side.ERP, 3100, name="Acme Holding", crm_id="acme-crm"))
    assert len(court.commands()) == before
    assert court.customer().crm is None


def test_the_loser_of_a_merge_does_not_take_the_survivor_with_it():
    court = Court().known_everywhere()
    survivor = fact(Entity.COMPANY, Side.CRM, linked().fields, seconds=3000, ref="hubspot/company/9")
    court.hear(survivor)
    court.hear(fact(Entity.COMPANY, Side.CRM, {}, seconds=3001, deleted=True))
    assert court.customer().crm == "hubspot/company/9"
    assert court.state().crm.present


def test_the_survivor_of_a_merge_takes_over_even_when_it_is_older_than_the_losers_end():
    court = Court().known_everywhere()
    court.hear(fact(Entity.COMPANY, Side.CRM, {}, seconds=3001, deleted=True))
    survivor = fact(Entity.COMPANY, Side.CRM, company(Side.CRM).fields, seconds=3000, ref="hubspot/company/9")
    court.hear(survivor)
    assert court.customer().crm == "hubspot/company/9"


# What cannot be taken


def test_a_malformed_finding_is_refused_and_its_neighbours_go_on():
    court = Court()
    result = court.hear(b"{", company(Side.CRM), b'{"type": "fact"}', b"null")
    assert [index for index, _ in result.refused] == [0, 2, 3]
    assert len(court.commands()) == 1


def test_a_refused_finding_leaves_nothing_behind():
    court = Court().known_everywhere()
    before = dict(court.records.rows), dict(court.customers.rows)
    result = court.hear(invoice(10, amount_due="plenty"))
    assert len(result.refused) == 1
    assert (court.records.rows, court.customers.rows) == before
    assert result.outputs == []


def test_versions_are_the_platforms_own_time():
    court = Court().known_everywhere()
    court.hear(invoice(10))
    assert court.events()[-1].occurred_at == at(10)
    assert court.documents()[0].version == to_millis(at(10))


def test_an_entity_that_the_contract_does_not_speak_of_is_left_alone():
    court = Court(contract({"entities": {"contact": None}})).known_everywhere()
    person = {"email": "ann@acme.example", "first_name": "Ann", "last_name": None}
    result = court.hear(fact(Entity.CONTACT, Side.CRM, person, record="contact:ann"))
    assert result.outputs == []


@pytest.mark.parametrize("side", list(Side))
def test_a_product_is_made_on_the_side_that_lacks_it(side: Side):
    shown = {"sku": "W-1", "name": "Widget", "description": None, "price": "5.00"}
    court = Court()
    court.hear(fact(Entity.PRODUCT, side, shown, record="product:w", customer="product:w"))
    (made,) = court.commands()
    assert (made.side, made.kind, made.fields["sku"]) == (side.other, "create", "W-1")
    assert made.natural_key == ("W-1" if side is Side.CRM else "w-erp")
    court.settle()
    assert court.made == {(side.other.value, "product:w"): 1}


# What a lane is told of the rules


def test_a_command_names_the_rules_that_want_it():
    court = Court().known_everywhere()
    court.hear(linked(3000, payment_terms="90 DAYSAFTERBILLDATE", erp_id="other"))
    assert court.commands(Side.CRM)[-1].rules == ["identity", "owner"]
    court.settle()
    court.hear(linked(9000, lifecycle="customer"))
    assert court.commands(Side.CRM)[-1].rules == ["guard.lifecycle_gating"]


def test_what_follows_from_the_first_reading_says_so_through_its_own_writes():
    court = Court()
    person = fact(
        Entity.CONTACT, Side.CRM, {"email": "ann@acme.example", "first_name": "Ann", "last_name": None},
        record="contact:ann", first=True,
    )  # fmt: skip
    court.hear(company(Side.CRM, first=True), person)
    court.settle()
    made = {command.entity: command for command in court.commands() if command.kind == "create"}
    assert set(made) == {Entity.COMPANY, Entity.CONTACT}
    assert all((command.first, command.rules) == (True, ["create"]) for command in made.values())
    court.hear(deal(500))
    court.settle()
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    assert (bill.first, bill.rules) == (False, ["timing"])
