from __future__ import annotations

from typing import Any, get_args

import pytest

from agents.trial import Ended, Miss, Ruled, Trial, compared, no_longer_hold, trials
from schemas.contract import Pattern, parse_contract, template
from schemas.errors import ContractError
from tests.support.contracts import contract

WON = {"stage": "closedwon", "currency": "NZD", "lines": [{"description": "Widget", "unit_price": "50"}]}
TERMS = {"agreed": {"payment_terms": "30 DAYS"}}


def trial(changes: dict[str, Any] | None = None, **words: Any) -> Trial:
    """One example, played under the shipped contract with `changes`."""
    example = {"example": "a case", "when": {"crm": {"payment_terms": "90 DAYS"}}} | words
    (played,) = trials(contract({**(changes or {}), "examples": [example]}))
    return played


PAYS = {"billing": {"bill_to": "parent"}}


@pytest.mark.parametrize(
    ("changes", "buyer", "then", "missed"),
    [
        (PAYS, {}, {"order": "created", "invoice": "asked"}, ""),
        (
            PAYS | {"subsidiary": {"name": "NZ", "crm": "billing_entity"}},
            {"subsidiary": "AU"},
            {"order": "held", "invoice": "none", "by": "guard.subsidiary_isolation"},
            "",
        ),
        (PAYS, {}, {"order": "held"}, "created"),
        ({}, {}, {"order": "created"}, "nobody pays for another: given.buyer needs billing: {bill_to: parent}"),
    ],
    ids=["a child's order is billed", "of another subsidiary it is held", "a miss", "nobody pays for another"],
)
def test_what_a_child_buys_is_judged_as_its_parents(
    changes: dict[str, Any], buyer: dict[str, Any], then: dict[str, Any], missed: str
):
    played = trial(changes, about="deal", given={"buyer": buyer}, when={"crm": WON}, then=then)
    assert "; ".join(miss.came for miss in played.misses) == missed


def test_only_a_deal_has_a_buyer():
    with pytest.raises(ContractError, match=r"given\.buyer buys by a deal"):
        trial(given={"buyer": {}}, then={"fields": {"payment_terms": "erp"}})


CREDIT = {"timing": {"called_off_posted": "credit"}}


@pytest.mark.parametrize(
    ("changes", "bill", "then", "missed"),
    [
        (CREDIT, {"total": "115"}, {"credit": "posted"}, ""),
        ({"timing": {"called_off_posted": "draft_credit"}}, {"total": "115", "paid": "40"}, {"credit": "draft"}, ""),
        (CREDIT, {"total": "115", "paid": "100", "credited": "15"}, {"credit": "none"}, ""),
        (CREDIT, {"total": "115", "credited": "15"}, {"credit": "draft"}, "posted"),
        ({}, {"total": "115"}, {"credit": "none"}, ""),
        (CREDIT | {"timing": {"invoice_when": "never"}}, {"total": "1"}, {"credit": "none"},
         "given.billed needs a deal that is billed: agreed, with a won stage and lines"),
    ],
    ids=["in full", "a draft", "nothing is due", "a miss", "a person's", "nothing is billed"],
)  # fmt: skip
def test_what_is_called_off_after_it_was_posted_is_credited(
    changes: dict[str, Any], bill: dict[str, str], then: dict[str, Any], missed: str
):
    given = {"agreed": WON, "billed": bill}
    played = trial(changes, about="deal", given=given, when={"crm": {"stage": "closedlost"}}, then=then)
    assert "; ".join(miss.came for miss in played.misses) == missed


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"given": {"billed": {"total": "1"}}}, "say about: deal"),
        ({"about": "deal", "given": {"billed": {"total": "0"}}}, "a bill has a total"),
        ({"about": "deal", "given": {"billed": {"total": "2", "paid": "1.5", "credited": "1"}}}, "no more of it"),
    ],
)
def test_a_bill_is_a_deals_and_is_not_settled_twice(words: dict[str, Any], says: str):
    with pytest.raises(ContractError, match=says):
        trial(**{"when": {"crm": WON}, "then": {"credit": "none"}} | words)


@pytest.mark.parametrize("pattern", get_args(Pattern))
def test_every_shipped_example_holds(pattern: Pattern):
    played = trials(parse_contract(template(pattern)))
    assert [each for each in played if not each.holds] == []
    assert len(played) >= 15


@pytest.mark.parametrize(
    ("then", "missed"),
    [
        ({"fields": {"payment_terms": "erp"}}, None),
        ({"fields": {"payment_terms": {"wins": "erp", "value": "30 DAYS", "by": "owner"}}}, None),
        ({"fields": {"phone": "nobody"}}, None),
        ({"fields": {"payment_terms": "crm"}}, ("payment_terms", "crm", "erp by owner")),
        (
            {"fields": {"payment_terms": {"wins": "erp", "by": "newest"}}},
            ("payment_terms", "erp by newest", "erp by owner"),
        ),
        (
            {"fields": {"payment_terms": {"wins": "erp", "value": "90 DAYS"}}},
            ("payment_terms", "erp with '90 DAYS'", "erp with '30 DAYS' by owner"),
        ),
        ({"fields": {"name": "crm"}}, ("name", "crm", "nobody")),
        ({"create": "erp"}, ("create", "erp", "none")),
        ({"create": "none", "by": "create"}, ("by", "create", "no rule spoke")),
    ],
)  # fmt: skip
def test_what_came_out_is_compared_with_what_is_expected(then: dict[str, Any], missed: tuple[str, ...] | None):
    misses = trial(given=TERMS, then=then).misses
    assert [(miss.about, miss.expected, miss.came) for miss in misses] == ([missed] if missed else [])


def test_a_miss_says_which_rule_spoke_and_why():
    (miss,) = trial(given=TERMS, then={"fields": {"payment_terms": "crm"}}).misses
    assert (miss.by, miss.reason) == ("owner", "the ERP owns it: the edit in the CRM is taken back")


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ({}, {"order": "created", "invoice": "asked", "by": "timing"}),
        ({"on_hold": True}, {"order": "held", "invoice": "none", "by": "guard.credit_hold"}),
        ({"on_hold": "unknown"}, {"order": "held", "by": "guard.credit_hold"}),
        ({"customer": "ordered"}, {"order": "created"}),
    ],
)
def test_a_won_deal_is_judged_with_its_customer(given: dict[str, Any], then: dict[str, Any]):
    assert trial(about="deal", given=given, when={"crm": WON}, then=then).holds


def test_an_example_follows_the_contract():
    words = {"about": "deal", "given": {"on_hold": True}, "when": {"crm": WON}, "then": {"order": "created"}}
    assert not trial(**words).holds
    assert trial({"guards": {"credit_hold": False}}, **words).holds


@pytest.mark.parametrize(("seconds", "holds"), [(6, True), (5, False)])
def test_the_moments_of_both_edits_count(seconds: int, holds: bool):  # noqa: FBT001 - a column of the table
    when = {"crm": {"phone": "2"}, "erp": {"phone": "3"}, "at_second": {"crm": seconds}}
    assert trial(given={"agreed": {"phone": "1"}}, when=when, then={"fields": {"phone": "crm"}}).holds is holds


def test_what_was_never_agreed_is_a_first_comparison():
    then = {"fields": {"phone": {"wins": "crm", "by": "newest"}, "payment_terms": {"wins": "erp", "value": None}}}
    assert trial(when={"crm": {"phone": "2", "payment_terms": "90 DAYS"}}, then=then).holds


def test_parts_of_an_address_that_are_not_named_are_empty():
    old, new = {"street": "1 Old Road"}, {"street": "2 New Road"}
    then = {"fields": {"shipping_address": {"wins": "crm", "value": new}}}
    assert trial(given={"agreed": {"shipping_address": old}}, when={"crm": {"shipping_address": new}}, then=then).holds


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"when": {"crm": {"nmae": "A"}}}, "nmae"),
        ({"when": {"crm": {"name": 7}}}, "name"),
        ({"about": "deal", "when": {"crm": WON | {"currency": "dollars"}}}, "currency"),
    ],
)
def test_an_example_that_no_platform_could_show_is_a_miss_of_its_own(words: dict[str, Any], said: str):
    (miss,) = trial(**words, then={"fields": {"name": "crm"}}).misses
    assert miss.about == "the example"
    assert said in miss.came


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"then": {}}, "has to expect something"),
        ({"then": {"fields": {"phone": "crm"}, "by": "owner"}}, "expect one of them"),
        ({"when": {}, "then": {"order": "none"}}, "nothing happens"),
        ({"given": {"exists": "erp"}, "then": {"create": "crm"}}, "there is none"),
        ({"then": {"fields": {"phone": "sales"}}}, "Input should be"),
        ({"then": {"filds": {}}}, "did you mean 'fields'?"),
    ],
)
def test_an_example_that_cannot_be_meant_is_refused(words: dict[str, Any], said: str):
    with pytest.raises(ContractError, match="examples") as caught:
        trial(**words)
    assert said in caught.value.message


def test_an_outcome_that_depends_on_the_order_of_arrival_is_a_miss():
    example = trial(given=TERMS, then={"fields": {"payment_terms": "erp"}}).example
    one, other = (Ended(fields={"payment_terms": Ruled("erp", by=rule)}) for rule in ("owner", "newest"))
    assert compared(contract(), example, [one, one]) == []
    assert [miss.about for miss in compared(contract(), example, [one, other])] == ["the order of arrival"]


def test_lint_is_told_where_an_example_stands_and_what_came_out():
    played = trial(given=TERMS, then={"fields": {"payment_terms": "crm"}})
    assert no_longer_hold([played]) == [
        ("examples.0", "'a case' no longer holds: payment_terms: expected crm, came out erp by owner")
    ]
    assert isinstance(played.misses[0], Miss)
