from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.change import Change, Link, Mark
from schemas.names import Entity, Side
from schemas.wire import encode
from tests.support.capturing import (
    Desk,
    change,
    crm,
    crm_invoice,
    crm_person,
    deal,
    erp,
    erp_invoice,
    link,
    mark,
    payment,
    product,
)
from tests.support.contracts import contract

A_CRM, A_ERP = "hubspot/company/1", "xero/contact/a"


# Versions


def test_a_new_change_is_a_fact_the_same_again_a_duplicate_and_an_older_one_stale():
    desk = Desk().ready()
    desk.take(crm("1", version=5), crm("1", version=5), crm("1", version=4, name="old"))
    told = [(fact.version, fact.past) for fact in desk.facts(A_CRM)]
    assert told == [(crm("1", version=5).version, False), (crm("1", version=4).version, True)]
    assert (desk.counts["duplicate"], desk.counts["stale"]) == (1, 1)


def test_other_content_under_the_same_version_is_news_when_it_was_seen_later():
    desk = Desk().ready()
    first = crm("1", version=5)
    later = crm("1", version=5, name="renamed").model_copy(update={"seen_at": crm("1", version=9).seen_at})
    desk.take(first, later, first.model_copy(update={"raw": {"properties": {"name": "before"}}}))
    assert [fact.fields["name"] for fact in desk.facts(A_CRM)] == ["Company 1", "renamed"]
    assert desk.counts["stale"] == 1


def test_what_adds_nothing_is_not_read_at_all():
    desk = Desk().ready()
    broken = change(Side.CRM, "company", "1", {"properties": {"revmark_balance_due": "plenty"}})
    desk.take(crm("1", version=5))
    assert desk.take(broken.model_copy(update={"version": crm("1", version=4).version})).counts == {"stale": 1}
    later = broken.model_copy(update={"version": crm("1", version=6).version})
    assert len(desk.take(later, later).refused) == 2  # never admitted, so never a duplicate


def test_a_malformed_change_is_refused_with_its_reason_and_its_neighbours_go_on():
    desk = Desk().ready()
    broken = change(Side.CRM, "company", "2", {"properties": {"revmark_balance_due": "plenty"}})
    result = desk.take(crm("1"), b"{", broken, change(Side.CRM, "ghost", "3", {}), b'{"type": "change"}', crm("4"))
    assert [index for index, _ in result.refused] == [1, 2, 3, 4]
    assert "revmark_balance_due" in result.refused[1][1]
    assert [fact.ref for fact in desk.facts()] == [A_CRM, "hubspot/company/4"]


def test_a_refused_change_can_be_repaired_and_sent_again_under_its_version():
    desk = Desk().ready()
    desk.take(change(Side.CRM, "company", "1", {"properties": {"revmark_balance_due": "plenty"}}))
    desk.take(change(Side.CRM, "company", "1", {"properties": {"name": "Acme", "revmark_balance_due": "1"}}))
    assert len(desk.facts(A_CRM)) == 1


def test_a_number_beyond_all_measure_is_refused_and_its_neighbours_go_on():
    desk = Desk().ready()
    huge = crm("1").to_bytes().replace(b'"Company 1"', b"1" + b"0" * 30)
    wide = crm("2", revmark_balance_due="1e40")
    result = desk.take(huge, wide, crm("3"))
    assert [index for index, _ in result.refused] == [0, 1]
    assert len(desk.facts()) == 1


# Companies


@pytest.mark.parametrize("ready", [True, False])
@pytest.mark.parametrize("names_it", ["crm", "erp"])
def test_an_id_of_the_other_side_links_at_once_whichever_record_comes_first(names_it: str, *, ready: bool):
    pair = [crm("1", xero_contact_id="a"), erp("a")] if names_it == "crm" else [crm("1"), erp("a", ContactNumber="1")]
    for order in itertools.permutations(pair):
        desk = Desk().ready() if ready and names_it == "crm" and order[0] is pair[0] else Desk()
        desk.take(*order)
        assert desk.id_of(A_CRM) == desk.id_of(A_ERP) is not None
        ids = {fact.id for fact in desk.facts() if fact.entity is Entity.COMPANY}
        assert len(ids) == 1
        assert not any(fact.alone for fact in desk.facts() if fact.entity is Entity.COMPANY)


def test_nothing_is_new_before_both_sides_have_been_read_once():
    desk = Desk()
    desk.take(crm("1"), erp("a", Name="Other"))
    assert desk.facts() == []
    desk.take(mark(Side.CRM, "company"))
    assert desk.facts() == []
    desk.take(mark(Side.ERP, "contact"))
    assert {fact.ref: fact.alone for fact in desk.facts()} == {A_CRM: True, A_ERP: True}
    assert all(fact.first for fact in desk.facts())


def test_a_deal_or_person_that_waits_for_its_company_does_not_make_it_new_before_its_time():
    desk = Desk()
    desk.take(deal("7", "1"), crm_person("8", "1", email="ann@acme.example"), crm("1"))
    assert desk.facts() == []
    desk.take(erp("a", Name="company 1"))
    desk.take(mark(Side.CRM, "company"), mark(Side.ERP, "contact"))
    assert desk.facts() == []
    assert len(desk.verdicts("propose")) == 2


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"name": "Acme"}, {"Name": " ACME "}),
        ({"domain": "acme.example"}, {"EmailAddress": "ann@acme.example"}),
    ],
)
def test_a_domain_or_a_name_only_proposes(left: dict[str, str], right: dict[str, str]):
    desk = Desk()
    desk.take(crm("1", **left), erp("a", **right), mark(Side.CRM, "company"), mark(Side.ERP, "contact"))
    assert [fact for fact in desk.facts() if fact.entity is Entity.COMPANY] == []
    proposal = desk.verdicts("propose")[0]
    assert (proposal.crm, proposal.erp) == (A_CRM, A_ERP)
    assert f"revmark link {A_CRM} {A_ERP} --yes" in proposal.reason


def test_proposals_can_be_switched_off():
    desk = Desk(contract({"identity": {"domain_proposes": False, "name_proposes": False}})).ready()
    desk.take(crm("1", name="Acme"), erp("a", Name="Acme"))
    assert desk.id_of(A_CRM) != desk.id_of(A_ERP)


def test_a_person_links_a_proposal():
    desk = Desk().ready()
    desk.take(erp("a", Name="Acme"), crm("1", name="Acme", version=2))
    assert desk.waiting(A_CRM)
    desk.take(link("1", "a"))
    assert desk.id_of(A_CRM) == desk.id_of(A_ERP)
    assert desk.facts(A_CRM)[-1].id == desk.facts(A_ERP)[-1].id
    said = desk.verdicts("link")[-1]
    assert "Ann says" in said.reason
    assert (said.who, said.why) == ("Ann", "same people")


def test_a_person_links_two_that_both_wait():
    desk = Desk()
    desk.take(crm("1", name="Acme"), erp("a", Name="Acme"), mark(Side.CRM, "company"), mark(Side.ERP, "contact"))
    desk.take(link("1", "a"))
    assert desk.id_of(A_CRM) == desk.id_of(A_ERP) is not None
    companies = [fact for fact in desk.facts() if fact.entity is Entity.COMPANY]
    assert {(fact.ref, fact.alone) for fact in companies} == {(A_CRM, False), (A_ERP, False)}


def test_a_person_parts_a_proposal_and_both_go_on_alone():
    desk = Desk()
    desk.take(crm("1", name="Acme"), erp("a", Name="Acme"), mark(Side.CRM, "company"), mark(Side.ERP, "contact"))
    desk.take(link("1", "a", same=False))
    assert None not in {desk.id_of(A_CRM), desk.id_of(A_ERP)}
    assert desk.id_of(A_CRM) != desk.id_of(A_ERP)
    desk.take(crm("1", name="Acme", version=9))
    assert desk.facts(A_CRM)[-1].id == desk.id_of(A_CRM)


def test_a_link_to_a_record_that_nobody_has_seen_is_refused():
    desk = Desk().ready()
    desk.take(crm("1"))
    result = desk.take(link("1", "typo"), link("9", "typo"))
    assert [index for index, _ in result.refused] == [0, 1]
    assert desk.id_of("xero/contact/typo") is None


def test_a_link_of_records_that_belong_to_others_is_refused():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"), crm("2"), erp("b", Name="B"))
    assert len(desk.take(link("2", "a")).refused) == 1
    assert len(desk.take(link("1", "b")).refused) == 1
    assert desk.id_of(A_CRM) == desk.id_of(A_ERP)


def test_two_companies_with_one_erp_id_are_a_conflict_that_is_named():
    desk = Desk().ready()
    desk.take(erp("a"), crm("1", xero_contact_id="a"), crm("2", xero_contact_id="a"))
    assert desk.id_of(A_CRM) == desk.id_of(A_ERP)
    assert desk.id_of("hubspot/company/2") is None
    assert desk.waiting("hubspot/company/2")
    verdict = desk.verdicts("wait")[-1]
    assert A_CRM in verdict.reason
    desk.take(crm("2", version=5, xero_contact_id=None))
    assert desk.id_of("hubspot/company/2") not in {None, desk.id_of(A_CRM)}


def test_the_survivor_of_a_merge_is_who_the_losers_were():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"))
    before = desk.id_of(A_CRM)
    desk.take(crm("1", version=3, deleted=True), crm("9", version=3, merged="1;2"))
    assert desk.id_of("hubspot/company/9") == before
    assert desk.facts("hubspot/company/9")[-1].id == before


@pytest.mark.parametrize("loser_first", [True, False])
def test_the_end_of_a_merged_record_does_not_take_the_survivors_place(*, loser_first: bool):
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"))
    news = [crm("1", version=4, deleted=True), crm("9", version=3, merged="1", xero_contact_id="a")]
    desk.take(*(news if loser_first else reversed(news)))
    # A third company with the same ERP id conflicts with the survivor, not with the one that is gone.
    desk.take(crm("10", version=5, xero_contact_id="a"))
    assert "hubspot/company/9" in desk.verdicts("wait")[-1].reason


def test_a_company_that_takes_the_place_of_a_deleted_one_is_linked():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"))
    desk.take(crm("1", version=3, deleted=True), crm("2", version=4, xero_contact_id="a"))
    assert desk.id_of("hubspot/company/2") == desk.id_of(A_ERP)


def test_the_customer_that_has_taken_another_in_stands_for_it_when_it_was_not_known():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"))
    desk.take(erp("a", version=3, ContactStatus="ARCHIVED", MergedToContactID="b"), erp("b", version=3, Name="New"))
    assert desk.id_of("xero/contact/b") == desk.id_of(A_CRM)
    assert [fact.deleted for fact in desk.facts(A_ERP)] == [False, True]


# Nothing is silent

CRMS, ERPS, TIMES = st.sampled_from("12"), st.sampled_from("ab"), st.integers(1, 4)
ERP_IDS = st.sampled_from([None, "a", "b"])
ARRIVALS = st.lists(
    st.one_of(
        st.builds(crm, CRMS, version=TIMES, xero_contact_id=ERP_IDS, deleted=st.sampled_from([False, False, True])),
        st.builds(erp, ERPS, version=TIMES, Name=st.sampled_from(["Company 1", "Other"])),
        st.builds(deal, st.sampled_from("78"), CRMS, version=TIMES),
        st.builds(erp_invoice, st.sampled_from("ij"), ERPS),
        st.builds(crm_invoice, st.sampled_from(["20", "21"]), st.sampled_from("ij")),
        st.builds(payment, st.just("p"), st.sampled_from("ij"), ERPS),
        st.sampled_from([mark(Side.CRM, "company"), mark(Side.ERP, "contact"), mark(Side.CRM, "deal")]),
        st.builds(link, CRMS, ERPS, same=st.booleans()),
    ),
    max_size=25,
)


@given(ARRIVALS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_arrival_is_accounted_for_and_nobody_is_two(arrivals: list[Change | Mark | Link]):
    desk = Desk()
    for arrival in arrivals:
        result = desk.take(arrival)
        said = result.counts
        told = sum(said.values()) - said["decisions"]
        assert told >= 1, arrival
        assert len(result.refused) == said["quarantined"]
    desk.ready()
    shown = Counter((fact.ref, fact.version, fact.deleted, encode(fact.fields)) for fact in desk.facts())
    # once when it is known, once when it is known to be alone or not, once when all invoices have been read; a record
    # may show A, B and A again under one version
    sights = max(1, sum(isinstance(arrival, Change) for arrival in arrivals))
    assert max(shown.values(), default=0) <= 3 * sights
    holders: dict[tuple[str, str], str] = {}
    for key, row in desk.names.rows.items():
        kind, name = key.split("|", 2)[1:3]
        if kind == "i":
            for side, reference in row.items():
                assert holders.setdefault((side, reference), name) == name


@given(ARRIVALS, st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_changes_delivered_again_give_no_second_fact(arrivals: list[Change | Mark | Link], data: st.DataObject):
    known = {(one.kind, one.record_id, one.version): one for one in arrivals if isinstance(one, Change)}
    changes = list(known.values())
    desk = Desk().ready()
    desk.take(*changes)
    before = [fact.model_dump() for fact in desk.facts()]
    again = data.draw(st.lists(st.sampled_from(changes), max_size=6)) if changes else []
    desk.take(*again)
    assert [fact.model_dump() for fact in desk.facts()] == before


# The rest


def test_a_deleted_record_that_comes_back_conflicts_with_its_successor():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"), crm("1", version=2, deleted=True))
    desk.take(crm("2", version=3, xero_contact_id="a"), crm("1", version=4))
    assert "hubspot/company/2" in desk.verdicts("wait")[-1].reason
    assert desk.facts(A_CRM)[-1].version != crm("1", version=4).version


def test_an_email_links_nobody_where_the_contract_forbids_it():
    desk = Desk(contract({"identity": {"email_links": False}})).ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a", EmailAddress="ann@acme.example"))
    desk.take(crm_person("8", "1", email="ann@acme.example"))
    assert desk.id_of("hubspot/contact/8") != desk.id_of("xero/person/a")


def test_an_invoice_that_only_the_crm_knows_is_none_of_ours():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"), crm_invoice("20", None))
    assert desk.facts("hubspot/invoice/20") == []
    assert desk.counts["waits_ignored"] >= 1


def test_a_second_mirror_of_one_invoice_is_a_conflict():
    desk = Desk().ready()
    desk.take(erp("a"), erp_invoice("i", "a"), crm_invoice("20", "i"), crm_invoice("21", "i"))
    assert "hubspot/invoice/20" in desk.verdicts("wait")[-1].reason
    desk.take(crm_invoice("20", "i", version=2))
    assert len(desk.facts("hubspot/invoice/20")) == 2


def test_two_that_are_linked_to_others_are_not_linked_to_each_other():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"), crm("2", xero_contact_id="b"), erp("b", Name="B"))
    result = desk.take(link("1", "b"))
    assert "linked to others already" in result.refused[0][1]


def test_linking_twice_changes_nothing():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"))
    before = dict(desk.names.rows)
    result = desk.take(link("1", "a"))
    assert (result.refused, result.counts) == ([], {"links": 1})
    assert desk.names.rows == before


def test_products_are_kept_apart_where_the_contract_forbids_linking_by_sku():
    desk = Desk(contract({"identity": {"sku_links": False}})).ready()
    desk.take(product(Side.CRM, "1", "W-1"), product(Side.ERP, "x", "W-1"))
    assert desk.id_of("hubspot/product/1") != desk.id_of("xero/item/x")


def test_a_record_that_is_gone_without_a_time_is_news_of_its_newest_version():
    desk = Desk().ready()
    desk.take(erp("a"), product(Side.ERP, "p", "W-1", version=5))
    gone = product(Side.ERP, "p", "W-1", version=9, deleted=True).model_copy(update={"version": 0})
    desk.take(gone)
    last = desk.facts("xero/item/p")[-1]
    assert (last.deleted, last.version) == (True, product(Side.ERP, "p", "W-1", version=5).version)
