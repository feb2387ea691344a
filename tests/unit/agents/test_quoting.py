"""A quote that was accepted makes its deal an order: once, of its own lines, and of two nobody guesses."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.contract import lint
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, company, deal, line

RULES: dict[str, Any] = {"timing": {"order_when": "quote_accepted"}}


def quote(number: str = "7", **said: Any) -> dict[str, Any]:
    """An accepted quote."""
    return {"id": number, "accepted_at": None, "currency": "NZD"} | said


def court(*quotes: dict[str, Any], **fields: Any) -> Court:
    """Acme, with a deal whose stage is right."""
    return shown(Court(contract(RULES)).known_everywhere(), *quotes, **fields)


def shown(here: Court, *quotes: dict[str, Any], **fields: Any) -> Court:
    """The deal shows these quotes; its lines are the first one's."""
    lines = fields.pop("lines", [line()] if quotes else [])
    here.hear(deal(here.clock + 60, quotes=list(quotes), lines=lines, **fields))
    here.settle()
    return here


def bills(here: Court) -> list[str]:
    """What the ERP was asked for."""
    return [str(each.natural_key) for each in here.commands(Side.ERP, Entity.INVOICE) if each.kind == "create"]


def status(here: Court) -> Any:
    """What the deal says of its order."""
    return here.shown(Side.CRM, "order_status", record="deal:1")[0]


def test_a_deal_is_an_order_once_a_quote_of_it_is_accepted():
    here = court()
    assert (bills(here), status(here), here.told()) == ([], None, [])
    assert here.verdicts("order_status")[-1].reason == "no quote of it is accepted yet"
    shown(here, quote(accepted_at="2026-08-20T22:00:00Z"), lines=[line("Q", "3", "40")], amount="999.00")
    assert (bills(here), status(here)) == (["RM-1"], "created")
    (bill,) = here.commands(Side.ERP, Entity.INVOICE)
    assert [(row["sku"], row["quantity"]) for row in bill.fields["lines"]] == [("Q", "3")]
    assert bill.fields["date"] == "2026-08-21", "the business day of its acceptance"
    (event,) = [each for each in here.events() if each.type == "order_created"]
    assert event.money is not None
    assert str(event.money.amount) == "120.00", "what the quote says, not the deal's own amount"
    shown(here, quote(accepted_at="2026-08-20T22:00:00Z"), lines=[line("Q", "3", "40")])
    assert bills(here) == ["RM-1"]


def test_an_accepted_quote_waits_for_the_stage_that_the_contract_names():
    here = court(quote(), stage="contractsent")
    assert bills(here) == []
    assert bills(shown(here, quote())) == ["RM-1"]


def test_of_two_accepted_quotes_a_person_says_which_one_counts():
    here = court(quote("7"), quote("8"))
    assert (bills(here), status(here)) == (
        [],
        "held: quotes 7, 8 are accepted: recall those that do not count",
    )
    assert bills(shown(here, quote("8"))) == ["RM-1"]


def test_a_second_quote_after_the_order_is_asked_about_and_bills_nothing():
    here = shown(court(quote("7")), quote("7"), quote("8"))
    assert bills(here) == ["RM-1"]
    assert status(here) == (
        "held: it was ordered by quote 7, and quote 8 was accepted as well: bill that by hand, or recall it"
    )
    (said,) = [each for each in here.verdicts("order_status") if each.ruling == "create"]
    assert (said.rule, said.reason) == ("timing", "quote 7 was accepted: the deal becomes an order")
    assert (bills(shown(here, quote("7"))), status(here)) == (["RM-1"], "created")


def test_a_quote_that_is_deleted_after_its_bill_changes_nothing():
    here = shown(court(quote("7")))
    assert (bills(here), status(here), here.verdicts("lines")) == (["RM-1"], "created", [])


def test_a_quote_that_is_recalled_before_its_bill_is_not_billed():
    here = Court(contract(RULES)).known_everywhere()
    here.hear(company(Side.ERP, here.clock + 60, credit_hold=True, alone=False))
    shown(here, quote("7"))
    assert bills(shown(here, quote("8"))) == []
    assert status(here) == "held: Acme is on credit hold in the ERP"
    shown(here)
    here.hear(company(Side.ERP, here.clock + 60, credit_hold=False, alone=False))
    here.settle()
    assert bills(here) == []
    assert bills(shown(here, quote("7"))) == ["RM-1"]


def test_a_quote_in_another_currency_than_its_deal_is_held():
    here = court(quote(currency="USD"))
    assert (bills(here), status(here)) == ([], "held: quote 7 is in USD, and the deal in NZD: make them one")


def test_called_off_and_wanted_again_it_is_the_same_order():
    here = shown(shown(court(quote()), quote(), stage="closedlost"), quote())
    assert bills(here) == ["RM-1"]


def test_what_was_accepted_before_the_first_reading_is_never_billed():
    here = Court(contract(RULES)).known_everywhere()
    here.hear(deal(60, first=True, quotes=[quote()]))
    here.settle()
    assert bills(here) == []
    later = Court(contract(RULES)).known_everywhere()
    later.hear(deal(60, first=True, quotes=[], lines=[]))
    later.settle()
    assert bills(shown(later, quote())) == ["RM-1"], "it is accepted now"


@pytest.mark.parametrize("timing", [{"invoice_when": "shipped"}, {"subscriptions": {}}])
def test_lint_refuses_what_locked_lines_cannot_say(timing: dict[str, Any]):
    found = lint(contract({"timing": {"order_when": "quote_accepted", **timing}}))
    assert [(each.level, each.path) for each in found if "locked" in each.message] == [("error", "timing.order_when")]


@pytest.mark.parametrize(("later", "by"), [([], "7"), (["8"], "7"), (["8", "9"], "7")])
def test_an_order_whose_quote_is_gone_before_its_bill_is_a_persons_to_settle(later: list[str], by: str):
    here = Court(contract(RULES | {"timing": RULES["timing"] | {"invoice_when": "never"}})).known_everywhere()
    shown(here, quote(by))
    shown(here, *(quote(each) for each in later))
    assert status(here) == f"held: quote {by}, by which it was ordered, is not accepted any more"
    assert status(shown(here, quote(by))) == "created"


def test_three_quotes_name_those_that_it_was_not_ordered_by():
    here = Court(contract(RULES)).known_everywhere()
    shown(shown(here, quote("8")), quote("7"), quote("8"), quote("9"))
    assert status(here).startswith("held: it was ordered by quote 8, and quote 7, 9 was accepted as well")


def test_an_order_of_before_the_contract_asked_for_quotes_is_billed_by_hand():
    here = Court(contract({"timing": {"invoice_when": "never"}})).known_everywhere()
    shown(here, lines=[line()])
    here.contract = contract(RULES)
    shown(here, quote("7"))
    assert (bills(here), status(here)) == (
        [], "held: it was ordered by its stage, before the contract asked for quotes: bill it by hand"
    )  # fmt: skip


def test_lines_of_an_accepted_quote_that_were_edited_after_the_bill_are_held():
    here = shown(court(quote("7")), quote("7"))
    shown(here, quote("7"), lines=[line("W-1", "3")])
    assert [each.rule for each in here.verdicts("lines")] == ["guard.posted_immutable"]


def test_a_quote_says_nothing_where_the_stage_makes_the_order():
    here = Court(contract({})).known_everywhere()
    shown(here, quote(accepted_at="2026-08-20T22:00:00Z", currency="USD"))
    (bill,) = here.commands(Side.ERP, Entity.INVOICE)
    assert (bill.fields["date"], status(here)) == ("2026-09-01", "created")


def test_a_deal_without_a_currency_is_sold_in_the_customers():
    assert status(court(quote(currency="USD"), currency=None)) == (
        "held: quote 7 is in USD, and the deal in NZD: make them one"
    )
