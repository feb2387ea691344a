"""What a person says of two records: carried out once, or refused with what would be left behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas.change import Change, Link
from schemas.names import Side
from tests.support.capturing import START, Desk, crm, deal, erp, erp_invoice, link
from tests.support.shuffling import Office

ONE, A, B = "hubspot/company/1", "xero/contact/a", "xero/contact/b"


def relink(left: str, right: str, **more: Any) -> Link:
    return link(left, right, act="relink", **more)


def unlink(left: str, right: str, **more: Any) -> Link:
    return link(left, right, act="unlink", same=False, **more)


def pair() -> list[Change]:
    """A customer, and a contact of the ERP that is nobody's."""
    return [crm("1", xero_contact_id="a"), erp("a"), erp("b", Name="B"), deal("7", "1", dealstage="contractsent")]


def office(*more: Change) -> Office:
    found = Office()
    found.desk.ready()
    found.take(*pair(), *more)
    # The contact that is nobody's is made in the CRM as any other; that command is on its way, and none of ours here.
    return found


def test_a_company_is_given_another_contact_and_takes_its_open_deals_along():
    found = office()
    second = found.desk.id_of(B)
    found.take(relink("1", "b")).settle([[each] for each in pair()])
    assert found.desk.id_of(ONE) == found.desk.id_of(B) == second
    assert found.desk.facts("hubspot/deal/7")[-1].customer == second
    assert found.standing()[f"main|{second}"][:2] == (ONE, B)
    written = [command.fields for command in found.court.commands(Side.CRM) if command.ref == ONE]
    assert written[-1]["erp_id"] == "b"
    (said,) = found.desk.verdicts("link")
    assert "Ann says" in said.reason
    assert "same people" in said.reason


def test_the_contact_that_was_left_is_not_made_anew_in_the_crm():
    found = office()
    before = [command.record for command in found.court.commands(Side.CRM) if command.kind == "create"]
    first = found.desk.id_of(A)
    found.take(relink("1", "b"), erp("a", version=5)).settle([[each] for each in pair()])
    made = [command.record for command in found.court.commands(Side.CRM) if command.kind == "create"]
    assert (made, first in made) == (before, False)


@pytest.mark.parametrize("word", [relink("1", "b"), unlink("1", "a")])
def test_a_word_said_twice_changes_nothing_the_second_time(word: Link):
    found = office().take(word).settle([[each] for each in pair()])
    before = (found.links(), found.standing(), len(found.desk.outputs))
    found.take(word)
    assert (found.links(), found.standing(), len(found.desk.outputs)) == before


@pytest.mark.parametrize("word", [relink("1", "b"), unlink("1", "a")])
def test_posted_invoices_are_not_left_behind_unless_that_is_said(word: Link):
    found = office(erp_invoice("i", "a"))
    before = found.links()
    result = found.desk.take(word)
    assert "1 posted invoice of hubspot/company/1 would stay with xero/contact/a" in result.refused[0][1]
    assert "--leave-invoices" in result.refused[0][1]
    assert found.links() == before
    found.desk.take(word.model_copy(update={"leave": True}))
    first, told = found.desk.id_of(A), [verdict for verdict in found.desk.verdicts() if "Ann says" in verdict.reason]
    assert found.desk.id_of(ONE) != first
    assert "stay with xero/contact/a" in told[-1].reason


def test_a_voided_invoice_holds_nobody_back():
    found = office(erp_invoice("i", "a"), erp_invoice("i", "a", version=4, Status="VOIDED"))
    assert found.desk.take(relink("1", "b")).refused == []


def test_a_billed_deal_stays_with_the_invoice_that_was_left():
    billed = erp_invoice("i", "a", InvoiceNumber="RM-7")
    found = office(billed)
    first = found.desk.id_of(A)
    found.take(relink("1", "b", leave=True)).settle([[each] for each in [*pair(), billed]])
    assert found.desk.facts("hubspot/deal/7")[-1].customer == first


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (relink("1", "c"), "is linked with hubspot/company/3"),
        (relink("1", "typo"), "has not been seen"),
        (relink("9", "b"), "has not been seen"),
        (unlink("1", "b"), "are not one"),
        (link("1", "b"), "revmark links relink"),
        (link("1", "a", same=False), "revmark links unlink"),
    ],
)
def test_what_cannot_be_done_is_refused_and_says_what_could(word: Link, reason: str):
    found = office(erp("c", Name="C"), crm("3", xero_contact_id="c"))
    before = found.links()
    result = found.desk.take(word)
    assert reason in result.refused[0][1]
    assert found.links() == before


def test_two_that_are_parted_are_two_and_neither_is_made_anew():
    found = office()
    first = found.desk.id_of(A)
    made = [command.record for command in found.court.commands() if command.kind == "create"]
    found.take(unlink("1", "a")).settle([[each] for each in pair()])
    found.take(erp("a", version=5), crm("1", version=5, xero_contact_id="a", name="New"))
    assert found.desk.id_of(A) == first != found.desk.id_of(ONE)
    assert [command.record for command in found.court.commands() if command.kind == "create"] == made
    cleared = [command.fields for command in found.court.commands(Side.CRM) if command.ref == ONE]
    assert cleared[-1]["erp_id"] is None
    found.take(crm("1", version=6, xero_contact_id=None, name="New"))
    assert not any("New" in command.fields.values() for command in found.court.commands(Side.ERP) if command.ref == A)


def test_who_was_parted_can_be_linked_again():
    found = office().take(unlink("1", "a")).settle([[each] for each in pair()])
    later = START + timedelta(hours=1)
    found.take(relink("1", "a", seen_at=later)).settle([[each] for each in pair()])
    assert found.desk.id_of(ONE) == found.desk.id_of(A)
    assert found.standing()[f"main|{found.desk.id_of(A)}"][:2] == (ONE, A)


def test_a_word_about_merged_records_is_about_their_survivors():
    found = office(crm("9", version=5, merged="1;2", xero_contact_id="a")).take(relink("1", "b"))
    assert found.desk.id_of("hubspot/company/9") == found.desk.id_of(B)


def test_a_survivor_that_was_parted_is_not_linked_again_by_what_was_merged_into_it():
    found = office(crm("2", xero_contact_id="b"), crm("9", version=5, merged="1;2", xero_contact_id="a"))
    found.take(unlink("9", "a"), crm("9", version=6, merged="1;2", name="New"))
    assert found.desk.id_of("hubspot/company/9") not in {found.desk.id_of(A), found.desk.id_of(B)}
    found.take(erp("a", version=7, MergedToContactID="b", ContactStatus="ARCHIVED"))
    found.take(crm("92", version=8, merged="1;2;9;3", name="New"))
    assert found.desk.id_of("hubspot/company/92") not in {found.desk.id_of(A), found.desk.id_of(B)}


def test_a_company_that_waits_for_a_person_is_linked_by_relink_as_well():
    desk = Desk().ready()
    desk.take(erp("a", Name="Acme"), crm("1", name="Acme", version=2))
    assert desk.waiting(ONE)
    desk.take(relink("1", "a"))
    assert desk.id_of(ONE) == desk.id_of(A)
    assert not desk.waiting(ONE)
