"""Automations in the contract: what cannot be meant is found, and texts take named values only."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import yaml

from schemas.contract import Pattern, lint, template
from schemas.contract.automations import Automation, filled
from schemas.errors import ContractError
from schemas.names import Entity
from streams.platforms.hubspot.event_definitions import events_of
from streams.platforms.hubspot.properties import PORTAL_PROPERTIES, properties_of
from streams.platforms.hubspot.shapes import SHAPES, shapes_of
from tests.support.contracts import contract

SET = {"of": "deal", "property": "thank_you_for", "value": "{number}"}
PAID: dict[str, Any] = {"automation": "thanks", "when": "invoice.paid", "set": SET}
LATE: dict[str, Any] = {"automation": "late", "when": "invoice.overdue", "days": 3, "task": {"subject": "{open}"}}
DUE: dict[str, Any] = {
    "automation": "renew", "when": "subscription.renewal_due", "days": 30, "task": {"subject": "{deal} {ends_on}"},
}  # fmt: skip
EVENT = {"of": "deal", "name": "invoice_paid", "properties": {"number": "{number}"}}
TOLD: dict[str, Any] = {"automation": "told", "when": "invoice.paid", "event": EVENT}
HELD: dict[str, Any] = {"automation": "held", "when": "credit_hold.set", "task": {"subject": "{customer}"}}


def said(*automations: dict[str, Any], **more: Any) -> list[str]:
    """What lint says of automations."""
    found = lint(contract({"automations": list(automations), **more}))
    return [f"{each.level}: {each.message}" for each in found if each.path.startswith("automations")]


@pytest.mark.parametrize("pattern", get_args(Pattern))
def test_those_that_the_shipped_contracts_have_switched_off_are_fine(pattern: Pattern):
    text = template(pattern)
    lines = text[text.index("# automations:") :].split("\n\n", 1)[0]
    loaded = yaml.safe_load("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines.splitlines()))
    assert len(loaded["automations"]) == 4
    assert said(*loaded["automations"]) == []
    assert said(PAID, LATE, HELD, TOLD) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (PAID | {"set": None}, "it does nothing: give it 'set', 'task' or 'event', or several"),
        (LATE | {"days": None}, "say how many days after its due date: days: 14"),
        (PAID | {"days": 3}, "'days' goes with invoice.overdue and subscription.renewal_due, and"),
        (LATE | {"task": {"subject": "{opn}"}}, "task.subject knows no {opn}: did you mean {open}?"),
        (HELD | {"task": {"subject": "x", "body": "{number}"}}, "task.body knows no {number}: there are customer, day"),
        (PAID | {"set": SET | {"property": "amount"}}, "'amount' is no property's name in HubSpot"),
        (PAID | {"set": SET | {"property": "hs_priority"}}, "'hs_priority' is no property's name in HubSpot"),
        (PAID | {"set": SET | {"property": "revmark_key"}}, "'revmark_key' is no property's name in HubSpot"),
        (
            TOLD | {"event": EVENT | {"properties": {"n": "{nr}"}}},
            "event.properties.n knows no {nr}: there are currency",
        ),
        (
            TOLD | {"event": EVENT | {"properties": {"hs_n": "1"}}},
            "the property hs_n of the event invoice_paid begins as",
        ),
        (
            HELD | {"event": EVENT | {"properties": {}}},
            "a credit hold is a customer's: the event is of company, not of",
        ),
        (HELD | {"set": SET | {"value": "{day}"}}, "a credit hold is a customer's: set it of company, not of deal"),
    ],
)
def test_what_cannot_be_meant_is_an_error(wrong: dict[str, Any], message: str):
    (found,) = said(wrong)
    assert found.startswith(f"error: {message}")


def test_a_renewal_is_of_deals_that_are_billed_period_by_period():
    (found,) = said(DUE)
    assert found == (
        "error: no deal is billed period by period, so no term ends: name timing.subscriptions, or leave this out"
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"days": None}, "say how many days before the end of its term: days: 30"),
        (
            {"set": SET | {"of": "invoice", "value": "x"}},
            "a subscription is a deal's: set it of deal or company, not",
        ),
        ({"task": {"subject": "{number}"}}, "task.subject knows no {number}: there are currency, customer, day, days,"),
    ],
)
def test_of_a_renewal_there_is_no_invoice_and_there_are_days(more: dict[str, Any], message: str):
    recurring = {"timing": {"subscriptions": {}}}
    assert said(DUE, DUE | {"automation": "set", "set": SET | {"value": "{worth} {every}"}}, **recurring) == []
    (found,) = said(DUE | more, **recurring)
    assert found.startswith(f"error: {message}")


def test_two_of_one_name_cannot_be_told_apart():
    assert said(PAID, PAID) == ["error: there is an automation 'thanks' already"]


def test_a_property_that_is_kept_for_something_else_is_refused():
    own = {"deal": {"custom_thanks": {"crm": "thank_you_for"}}}
    assert said(PAID, mappings=own) == ["error: thank_you_for is the place of deal.custom_thanks already"]


def test_a_mirror_that_is_never_made_cannot_be_told():
    quiet = {"invoice": {"create": {"crm": "never"}}}
    (found,) = said(PAID | {"set": SET | {"of": "invoice"}}, entities=quiet)
    assert found.startswith("error: no invoice is mirrored in the CRM")


def test_two_may_send_the_same_event_of_the_same_kind_of_record_with_properties_of_their_own():
    other = TOLD | {"automation": "other", "event": EVENT | {"properties": {"total": "{total}"}}}
    assert said(TOLD, other) == []
    (found,) = events_of(contract({"automations": [TOLD, other]}))
    assert (found.name, found.of, found.properties) == ("invoice_paid", "deal", ("number", "total"))
    of_another = other | {"event": EVENT | {"of": "company"}}
    assert said(TOLD, of_another) == [
        "error: the event invoice_paid is of deal already, and HubSpot has an event on one kind of record"
    ]


def test_an_event_has_no_more_properties_than_hubspot_lets_it_have():
    halves = [{f"{half}{each}": "x" for each in range(26)} for half in "ab"]
    both = [
        TOLD | {"automation": f"n{place}", "event": EVENT | {"properties": half}} for place, half in enumerate(halves)
    ]
    assert said(both[0]) == []
    assert (
        said(*both)
        == ["error: the event invoice_paid has more than 50 properties, the most that HubSpot lets it have"] * 2
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"when": "invoice.sent"},
        {"automation": "Thank you"},
        {"sett": SET},
        {"at_most": 0},
        {"task": {"subject": ""}},
        {"event": EVENT | {"of": "invoice"}},
        {"event": EVENT | {"name": "Paid"}},
        {"event": EVENT | {"properties": {"N": "x"}}},
    ],
)
def test_what_there_is_not_does_not_load(wrong: dict[str, Any]):
    with pytest.raises(ContractError, match="automations"):
        contract({"automations": [PAID | wrong]})


def test_a_text_takes_named_values_and_evaluates_nothing():
    text = " {number} {number.__class__} {} {{open}} %s {nobody} "
    assert filled(text, {"number": "INV-1", "open": "5"}) == "INV-1   {5} %s"


def test_each_has_a_brake_for_what_it_touches():
    both = Automation.model_validate(PAID | {"task": {"subject": "x"}, "event": EVENT, "at_most": 7})
    assert [(each.about, each.rule, each.records) for each in both.brakes] == [
        (Entity.DEAL, "automation.thanks", 7), (Entity.TASK, "automation.thanks", 7),
        (Entity.EVENT, "automation.thanks", 7),
    ]  # fmt: skip
    held = contract({"automations": [PAID]})
    assert [each.rule for each in held.all_brakes[len(held.brakes) :]] == ["automation.thanks"]


def test_the_portal_needs_what_they_write_and_nothing_where_there_are_none():
    other = PAID | {"automation": "again", "when": "invoice.overdue", "days": 1}
    needed = properties_of(contract({"automations": [PAID, other, LATE]}))[len(PORTAL_PROPERTIES) :]
    assert [(each.kind, each.name, each.unique) for each in needed] == [
        ("deal", "thank_you_for", False), ("task", "revmark_task_key", True),
    ]  # fmt: skip
    assert "owner" in shapes_of(contract({"automations": [LATE]}))["company"].held
    assert (set(shapes_of(contract())), "owner" in shapes_of(contract())["company"].held) == (set(SHAPES), False)
