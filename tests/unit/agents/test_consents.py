"""Consent is the CRM's to give and to take: what needs it is told only while it stands, and never afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contract import lint
from schemas.fact import Fact
from schemas.names import Entity, Side, digest
from streams.platforms.hubspot.properties import PORTAL_PROPERTIES, properties_of
from streams.platforms.hubspot.shapes import shapes_of
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, at, company, invoice, linked

PAID: dict[str, Any] = {"status": "paid", "amount_due": "0.00", "amount_paid": "115.00"}
THANKS: dict[str, Any] = {
    "automation": "thanks", "when": "invoice.paid", "task": {"subject": "Thank {customer}"}, "needs_consent": True,
}  # fmt: skip
CALL: dict[str, Any] = {"automation": "call", "when": "invoice.paid", "task": {"subject": "Look at {number}"}}
ASKED = {"consent": {"property": "marketing_consent", "granted": ["yes", "implied"]}}
AGREED = contract({**ASKED, "automations": [THANKS, CALL]})


def court(consent: str | None = None, **more: Any) -> Court:
    """Acme, linked, with what the CRM says of its consent at first."""
    return Court(AGREED).known_everywhere(crm={"consent": consent}, **more)


def rules(here: Court) -> list[str]:
    """The automations that made a task."""
    return sorted(rule for each in here.commands(Side.CRM, Entity.TASK) for rule in each.rules)


def news(here: Court) -> list[str]:
    """What is told of consent."""
    return [each.type for each in here.events() if each.type.startswith("consent_")]


@pytest.mark.parametrize("value", ["yes", "implied"])
def test_who_has_agreed_is_thanked(value: str):
    here = court(value)
    here.hear(invoice(10), invoice(20, **PAID))
    assert rules(here) == ["automation.call", "automation.thanks"]


@pytest.mark.parametrize(("value", "said"), [("no", "no"), (None, "empty"), ("Yes", "Yes")])
def test_who_has_not_agreed_is_not_and_it_says_why(value: str | None, said: str):
    here = court(value)
    here.hear(invoice(10), invoice(20, **PAID))
    assert rules(here) == ["automation.call"], "what does not ask for consent goes on"
    (verdict,) = [each for each in here.verdicts() if each.ruling == "withhold"]
    assert (verdict.record, verdict.rule) == ("invoice:1", "automation.thanks")
    assert verdict.reason == (
        f"the invoice is paid, and the customer is not told: no consent (marketing_consent: {said}); "
        "a consent that comes later changes nothing"
    )


def test_a_consent_that_comes_after_the_cause_changes_nothing_and_the_next_cause_is_told():
    here = court("no")
    here.hear(invoice(10), invoice(20, **PAID), linked(30, consent="yes"))
    here.hear(invoice(40, **PAID), invoice(50, **PAID, reference="edited"))
    assert rules(here) == ["automation.call"]
    here.hear(invoice(60, record="invoice:2"), invoice(70, record="invoice:2", **PAID))
    assert rules(here) == ["automation.call", "automation.call", "automation.thanks"]


def test_a_consent_that_was_taken_back_is_none():
    here = court("yes")
    here.hear(linked(10, consent="no"), invoice(20), invoice(30, **PAID))
    assert (rules(here), news(here)) == (["automation.call"], ["consent_granted", "consent_withdrawn"])


def test_nothing_that_the_erp_shows_changes_it():
    here = court("no")
    here.hear(company(Side.ERP, 10, consent="yes"), invoice(20), invoice(30, **PAID))
    assert (rules(here), here.customer().consent, news(here)) == (["automation.call"], False, [])
    assert [each for each in here.commands() if "consent" in each.fields] == []


def test_what_is_not_in_the_crm_has_agreed_to_nothing():
    here = court("yes")
    here.hear(linked(10, consent="yes").model_copy(update={"deleted": True}), invoice(20), invoice(30, **PAID))
    (verdict,) = [each for each in here.verdicts() if each.ruling == "withhold"]
    assert "its company is not in the CRM, which keeps its consent" in verdict.reason
    assert (here.customer().consent, news(here)) == (None, ["consent_granted"])
    here.hear(linked(40, consent="yes"))
    assert (here.customer().consent, news(here)) == (True, ["consent_granted"]), "it stands where it stood"


def test_each_change_is_an_event_of_its_own():
    here = court()
    assert news(here) == []
    here.hear(*(linked(seconds, consent=value) for seconds, value in ((10, "yes"), (20, "yes"), (30, "no"))))
    here.hear(linked(20, consent="yes"), linked(40, consent="implied"), linked(40, consent="implied"))
    assert news(here) == ["consent_granted", "consent_withdrawn", "consent_granted"]
    event = next(each for each in here.events() if each.type == "consent_granted")
    version = here.events()[0].occurred_at
    assert event.id == digest("main", "consent_granted", ACME, str(linked(10).version))
    assert (event.customer, event.customer_name, event.document) == (ACME, "Acme", ACME)
    assert (event.day, event.occurred_at, event.occurred_at >= version) == ("2026-09-01", at(10), True)
    assert len({each.id for each in here.events()}) == len(here.events())


def test_what_the_first_reading_shows_is_no_news_and_counts():
    here = court("yes", first=True)
    assert (news(here), here.customer().consent) == ([], True)
    here.hear(linked(10, consent="no"))
    assert news(here) == ["consent_withdrawn"]


def test_what_was_so_when_the_contract_asked_for_it_is_no_news_and_counts():
    here = Court(contract({"automations": [CALL]})).known_everywhere()
    assert here.customer().consent is None
    later = Court(AGREED, here.records, here.customers, clock=here.clock)
    later.hear(linked(100, consent="yes"), invoice(110), invoice(120, **PAID))
    assert (news(later), rules(later)) == ([], ["automation.call", "automation.thanks"])


EDITS = [linked(seconds, consent=value) for seconds, value in ((100, "yes"), (200, "no"), (300, "yes"), (400, None))]


@settings(max_examples=40)
@given(heard=st.permutations(EDITS * 2), rests=st.sets(st.integers(min_value=0, max_value=7)))
def test_in_whatever_order_it_is_heard_the_last_word_stands_and_news_alternate(
    heard: list[Fact], rests: set[int]
) -> None:
    here = court()
    for place, each in enumerate(heard):
        here.hear(each)
        if place in rests:
            here.hear(*heard[:place])
    found = news(here)
    assert here.customer().consent is False
    assert found == ["consent_granted", "consent_withdrawn"] * (len(found) // 2)


def said(changes: dict[str, Any]) -> list[str]:
    """What lint says of consent."""
    found = lint(contract(changes))
    return [f"{each.level} {each.path}: {each.message}" for each in found if "consent" in f"{each.path}{each.message}"]


def test_a_contract_that_asks_for_it_is_fine_and_its_property_is_made_and_read():
    assert said({**ASKED, "automations": [THANKS]}) == []
    (made,) = properties_of(contract(ASKED))[len(PORTAL_PROPERTIES) :]
    assert (made.kind, made.name) == ("company", "marketing_consent")
    assert "consent" in shapes_of(contract(ASKED))["company"].held
    assert "consent" not in shapes_of(contract())["company"].held


RULE = {"entities": {"company": {"fields": {"consent": {"owner": "erp"}}}}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"automations": [THANKS]}, "error automations.0: nothing says who has agreed, so it never acts: name consent"),
        (ASKED, "warning consent: it is read and told, and nothing asks for it"),
        (RULE, "error entities.company.fields.consent: a customer's consent is the CRM's alone: no edit in the ERP"),
        (
            {"entities": {"company": {"fields": {"consent": {"policy": "newest"}}}}},
            "error entities.company.fields.consent: a customer's consent is the CRM's alone",
        ),
        (
            {**ASKED, "automations": [THANKS], "consent": {"property": "Yes No", "granted": ["yes"]}},
            "error consent.property: 'Yes No' is no property's name in HubSpot",
        ),
        (
            {**ASKED, "automations": [THANKS],
             "mappings": {"company": {"custom_yes": {"crm": "marketing_consent", "erp": "CompanyNumber"}}}},
            "error consent.property: marketing_consent is the place of company.custom_yes already, which may change it",
        ),
        (
            {**ASKED, "automations": [
                THANKS | {"set": {"of": "company", "property": "marketing_consent", "value": "{day}"}}
            ]},
            "error automations.0: marketing_consent is the place of consent already",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_found(changes: dict[str, Any], message: str):
    found = said(changes)
    assert any(each.startswith(message) for each in found), found
