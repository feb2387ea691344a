"""What ends in one system does not end in the other; what comes back finds its link; what was erased stays erased."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.change import Change, Erasure
from schemas.names import Entity, Side
from schemas.wire import encode
from tests.support import judging
from tests.support.capturing import START, crm, crm_person, deal, erp, erp_invoice
from tests.support.judging import Court
from tests.support.shuffling import Office

ONE, A, PERSON = "hubspot/company/1", "xero/contact/a", "hubspot/contact/8"
ANN = {"email": "ann@acme.example", "firstname": "Annabel", "lastname": "Quux"}
SENTINELS = (b"ann@acme.example", b"Annabel", b"Quux")


def office(*more: Change) -> Office:
    found = Office()
    found.desk.ready()
    return found.take(crm("1", xero_contact_id="a"), erp("a"), *more)


def writes(found: Office, side: Side) -> list[dict[str, Any]]:
    return [command.fields for command in found.court.commands(side)]


def reasons(court: Court, rule: str) -> list[str]:
    return [verdict.reason for verdict in court.verdicts() if verdict.rule == rule]


# Deleted, archived, restored


def test_a_company_deleted_in_the_crm_deletes_nothing_in_the_erp_and_says_so():
    found = office(erp_invoice("i", "a"))
    before = len(found.court.commands(Side.ERP))
    found.take(crm("1", version=5, deleted=True))
    assert len(found.court.commands(Side.ERP)) == before
    assert any("stays in the ERP with its documents" in each for each in reasons(found.court, "guard.finance_kept"))
    assert "invoice_voided" not in found.court.told()


@pytest.mark.parametrize(
    ("gone", "back"),
    [
        (crm("1", version=5, deleted=True), crm("1", version=6, xero_contact_id="a")),
        (erp("a", version=5, ContactStatus="ARCHIVED"), erp("a", version=6)),
    ],
)
def test_what_is_restored_finds_its_link_and_nothing_is_made_twice(gone: Change, back: Change):
    found = office()
    made = [command.record for command in found.court.commands() if command.kind == "create"]
    links = {key: row for key, row in found.links().items() if "|i|" not in key}
    found.take(gone, back)
    assert {key: row for key, row in found.links().items() if "|i|" not in key} == links
    assert found.desk.id_of(ONE) == found.desk.id_of(A)
    assert found.standing()[f"main|{found.desk.id_of(A)}"][:2] == (ONE, A)
    assert [command.record for command in found.court.commands() if command.kind == "create"] == made
    assert any(
        "the link holds again" in verdict.reason for verdict in found.court.verdicts() if verdict.ruling == "link"
    )


def test_an_archived_contact_keeps_its_place():
    found = office().take(erp("a", version=5, ContactStatus="ARCHIVED"))
    found.take(erp("z", Name="Z", ContactNumber="1"))
    assert found.desk.id_of("xero/contact/z") != found.desk.id_of(A)


def test_a_bill_waits_while_its_customer_is_archived():
    court = Court()
    court.known_everywhere()
    court.hear(judging.company(Side.ERP, 50).model_copy(update={"deleted": True, "ended": "archived"}))
    court.hear(judging.deal(60))
    assert court.commands(Side.ERP, Entity.INVOICE) == []
    assert any("archived" in verdict.reason for verdict in court.verdicts("order_status"))
    court.hear(judging.company(Side.ERP, 100, alone=False))
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1


def test_a_billed_deal_that_is_deleted_leaves_order_and_invoice():
    court = Court()
    court.known_everywhere()
    court.hear(judging.deal(60))
    court.settle()
    before = len(court.commands(Side.ERP))
    court.hear(judging.deal(100).model_copy(update={"deleted": True, "ended": "deleted"}))
    assert len(court.commands(Side.ERP)) == before
    assert any("order and invoice stand" in reason for reason in reasons(court, "guard.finance_kept"))
    assert "invoice_voided" not in court.told()


# Erased


def erasure(number: str = "8") -> Erasure:
    return Erasure(
        tenant="main", platform="hubspot", side=Side.CRM, kind="contact", record_id=number, seen_at=START
    )  # fmt: skip


def tables(found: Office) -> bytes:
    views = (found.desk.rows, found.desk.names, found.court.records, found.court.customers)
    return b"".join(key.encode() + encode(row) for view in views for key, row in view.rows.items())


def known_person() -> Office:
    """Ann, on both sides, with an invoice."""
    found = office(crm_person("8", "1", **ANN), erp_invoice("i", "a"))
    found.take(erp("a", version=3, EmailAddress=ANN["email"], FirstName="Annabel", LastName="Quux"))
    assert all(each in tables(found) for each in SENTINELS)
    return found


@pytest.mark.parametrize("first", ["erasure", "deletion"])
def test_nothing_personal_of_an_erased_person_is_left_in_the_tables(first: str):
    found = known_person()
    told = [erasure(), crm_person("8", "1", version=9, deleted=True)]
    found.take(*(told if first == "erasure" else reversed(told)))
    assert [each for each in SENTINELS if each in tables(found)] == []
    assert any("under privacy law" in reason for reason in reasons(found.court, "privacy"))
    assert found.standing()[f"main|{found.desk.id_of(A)}"][2] == {"NZD": "115.00"}


def test_an_erased_person_is_not_written_again_whatever_still_comes():
    found = known_person()
    found.take(erasure())
    before, told = [list(writes(found, side)) for side in Side], found.desk.facts()
    found.take(
        crm_person("8", "1", version=10, **ANN), erasure(),
        erp("a", version=11, EmailAddress=ANN["email"], FirstName="Annabel", LastName="Quux", Phones=[]),
    )  # fmt: skip
    assert [each for each in SENTINELS if each in tables(found)] == []
    assert not any(fact.entity is Entity.CONTACT for fact in found.desk.facts()[len(told) :])
    found.court.hear(*(fact for fact in told if not fact.deleted))  # as after a crash, before the erasure comes again
    assert [each for each in SENTINELS if each in tables(found)] == []
    later = [each for side, known in zip(Side, before, strict=True) for each in writes(found, side)[len(known) :]]
    assert not any(set(each) & {"email", "first_name", "last_name"} for each in later)


def test_an_outcome_that_comes_after_the_erasure_brings_nothing_back():
    found = office(crm_person("8", "1", **ANN))
    (create,) = [command for command in found.court.commands(Side.ERP) if command.entity is Entity.CONTACT]
    found.take(erasure())
    found.court.hear(judging.outcome(create, seconds=50, ref="xero/person/a"))
    assert [each for each in SENTINELS if each in tables(found)] == []


def test_a_person_erased_before_anybody_knew_is_never_taken_in():
    found = office()
    found.take(erasure(), crm_person("8", "1", **ANN), deal("7", "1", dealstage="contractsent"))
    assert found.desk.facts(PERSON) == []
    assert [each for each in SENTINELS if each in tables(found)] == []
    assert found.desk.counts["erased"] == 2


def test_finance_can_be_asked_to_forget_a_person_as_well():
    found = known_person()
    found.take(
        erp(
            "a",
            version=12,
            ContactStatus="GDPRREQUEST",
            EmailAddress=ANN["email"],
            FirstName="Annabel",
            LastName="Quux",
        )
    )
    assert [each for each in SENTINELS if each in tables(found)] == []
    assert found.desk.facts("xero/invoice/i")[-1].deleted is False
