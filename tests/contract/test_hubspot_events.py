"""Custom events through the real client: sent once by their uuid, refused alone, defined once."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import FaultKind
from schemas.command import Command
from schemas.errors import Parked, Refused
from streams.platforms.consent import HUBSPOT_SCOPES, hubspot_scopes
from streams.platforms.hubspot import forecast
from streams.platforms.hubspot.events import uuid_of
from streams.platforms.hubspot.provisioning import lacking, provision
from streams.platforms.hubspot.shapes import shapes_of
from tests.support.contracts import contract
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import command

EVENT: dict[str, Any] = {"of": "company", "name": "invoice_paid", "properties": {"number": "{number}"}}
PAID: dict[str, Any] = {"automation": "paid", "when": "invoice.paid", "event": EVENT}
LATE: dict[str, Any] = {
    "automation": "late", "when": "invoice.overdue", "days": 3,
    "event": {"of": "deal", "name": "invoice_late", "properties": {"number": "{number}", "days": "{days}"}},
}  # fmt: skip
RULES = contract({"automations": [PAID, LATE]})
SCOPES = ["oauth", "analytics.behavioral_events.send", "behavioral_events.event_definitions.read_write"]
FIELDS: dict[str, Any] = {
    "name": "invoice_paid", "occurred_at": "2026-09-01T09:00:20Z", "properties": {"number": "RM-7"},
}  # fmt: skip


def told(key: str = "a1", **more: Any) -> Command:
    """An event of company 12."""
    given = {"natural_key": key, "links": {"company": "hubspot/company/12"}, "id": f"c-{key}"} | more
    return command("event", {**FIELDS, **given.pop("fields", {})}, **given)


async def opened(**settings: Any) -> World:
    world = World(shapes=shapes_of(RULES), settings=settings)
    world.portal.enterprise = True
    await provision(world.client, RULES, await lacking(world.client, RULES))
    return world


def sent(world: World) -> list[tuple[str, str, dict[str, str]]]:
    return [(each.event, each.object_id, dict(each.properties)) for each in world.portal.custom_events.occurrences]


async def test_it_is_sent_by_the_portals_name_of_it_and_the_account_is_asked_once():
    world = await opened()
    first, second = told(), told("a2", fields={"properties": {"number": "RM-8", "days": ""}})
    answers = [await world.written(each) for each in (first, second)]
    assert [(each.state, each.ref) for each in answers] == [
        ("applied", f"hubspot/event/{uuid_of(each)}") for each in (first, second)
    ]
    assert sent(world) == [("invoice_paid", "12", {"number": "RM-7"}), ("invoice_paid", "12", {"number": "RM-8"})]
    (one, _) = world.portal.custom_events.occurrences
    assert (one.occurred, one.uuid) == ("2026-09-01T09:00:20Z", uuid_of(first))
    paths = [call.path for call in world.portal.calls.calls]
    assert paths.count("/account-info/2026-09/details") == 1
    assert paths.count("/events/2026-09/send") == 2


async def test_events_go_beside_records_and_what_was_written_stands_whatever_becomes_of_them():
    world = await opened()
    firm = command("company", {"name": "Acme"}, natural_key="x-1", id="c-firm")
    world.fault(FaultKind.STATUS, path="/events/2026-09/send", status=503)
    answers = {each.command: each.state for each in await world.client.write([told(), firm])}
    assert answers == {"c-firm": "applied", "c-a1": "unknown"}


@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
@pytest.mark.parametrize("repeats", ["dropped", "refused"])
async def test_one_whose_answer_was_lost_is_sent_again_with_its_uuid_and_counts_once(fault: FaultKind, repeats: Any):
    world = await opened()
    world.portal.quirks.repeated_event = repeats
    world.fault(fault, path="/events/2026-09/send")
    lost = await world.written(told())
    assert lost.state == "unknown"
    assert await world.client.look_up(told()) is None, "nothing shows for certain that it has not come"
    assert [each async for each in world.client.look_up_many([told()])] == [{"c-a1": None}]
    again = await world.written(told())
    assert (again.state, len(sent(world))) == ("applied", 1)


async def test_where_hubspot_counts_a_repeated_uuid_again_it_is_told_twice():
    """What the documentation at hand rules out, and nothing on our side could prevent: docs/contract.md says so."""
    world = await opened()
    world.portal.quirks.repeated_event = "counted"
    world.fault(FaultKind.DROP_AFTER, path="/events/2026-09/send")
    states = [(await world.written(told())).state for _ in range(2)]
    assert (states, len(sent(world))) == (["unknown", "applied"], 2)


async def test_another_command_of_the_same_cause_is_the_same_event():
    assert uuid_of(told()) == uuid_of(told(id="another", fields={"properties": {}}))
    assert len({uuid_of(told()), uuid_of(told("a2")), uuid_of(told().model_copy(update={"tenant": "other"}))}) == 3


@pytest.mark.parametrize(
    ("scopes", "enterprise", "words"),
    [
        (SCOPES[:1], True, "the app lacks analytics.behavioral_events.send"),
        (SCOPES, False, "an Enterprise subscription"),
    ],
)
async def test_a_portal_that_has_no_events_refuses_each_alone_and_nothing_else_stops(
    scopes: list[str], enterprise: bool, words: str  # noqa: FBT001 - a case
):  # fmt: skip
    world = await opened()
    world.portal.access.add_static(world.portal.token, [*scopes, "crm.objects.companies.write"])
    world.portal.enterprise = enterprise
    firm = command("company", {"name": "Acme"}, natural_key="x-1", id="c-firm")
    answers = {each.command: each for each in await world.client.write([told(), told("a2"), firm])}
    assert [answers[each].state for each in ("c-a1", "c-a2", "c-firm")] == ["refused", "refused", "applied"]
    said = answers["c-a1"].message
    assert said.startswith("the event invoice_paid was not sent: ")
    assert words in said
    assert said.endswith("then have it sent: revmark quarantine list")


async def test_a_line_that_is_down_or_a_spent_quota_puts_it_off():
    world = await opened()
    world.fault(FaultKind.STATUS, path="/events/2026-09/send", status=429, policy="TEN_SECONDLY_ROLLING")
    later = await world.written(told())
    assert (later.state, later.until is not None, sent(world)) == ("again", True, [])
    other = World(shapes=shapes_of(RULES))
    other.fault(FaultKind.STATUS, path="/account-info/2026-09/details", method="GET", status=503)
    assert [each.state for each in await other.client.write([told(), told("a2")])] == ["again", "again"]
    assert not [call for call in other.portal.calls.calls if call.path.startswith("/events")]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"fields": {"properties": {"number": "x" * 1025}}}, "number of the event invoice_paid has 1025 characters"),
        ({"links": {}}, "an event has a name and one record that it is of"),
        ({"fields": {"name": "unheard_of"}}, "There is no event with the name pe62515_unheard_of"),
        ({"natural_key": None, "id": "c-a1"}, "an event is only ever made, and by its cause"),
    ],
)
async def test_what_can_never_be_sent_is_refused_and_nothing_is_told(wrong: dict[str, Any], words: str):
    world = await opened()
    answer = await world.written(told(**wrong))
    assert answer.state == "refused"
    assert words in answer.message
    assert sent(world) == []


def test_a_plan_refuses_what_would_be_refused_and_counts_a_call_for_each():
    assert forecast.shown(told(), "0f") is None
    with pytest.raises(Refused, match="has 1025 characters"):
        forecast.shown(told(fields={"properties": {"number": "x" * 1025}}), "0f")
    assert forecast.calls([told(), told("a2"), told("a3")]) == 3


async def test_events_are_shown_then_made_then_there():
    world = World(shapes=shapes_of(RULES))
    found = await lacking(world.client, RULES)
    assert [line for line in found.words if "event" in line] == [
        "event invoice_paid of company", "event invoice_late of deal",
    ]  # fmt: skip
    assert world.portal.custom_events.definitions == {}
    await provision(world.client, RULES, found)
    again = await lacking(world.client, RULES)
    assert again.nothing
    made = world.portal.custom_events.definitions
    assert {(each.full, each.primary, *sorted(each.properties)) for each in made.values()} == {
        ("pe62515_invoice_paid", "0-2", "number"), ("pe62515_invoice_late", "0-3", "days", "number"),
    }  # fmt: skip
    more = contract({"automations": [PAID | {"event": EVENT | {"properties": {"number": "x", "paid": "{total}"}}}]})
    wanted = await lacking(world.client, more)
    assert wanted.words == ["property paid of the event invoice_paid"]
    await provision(world.client, more, wanted)
    assert (await lacking(world.client, more)).nothing
    assert list(made["invoice_paid"].properties) == ["number", "paid"]


async def test_an_event_that_is_there_of_another_object_is_not_sent_to():
    world = await opened()
    world.portal.custom_events.definitions["invoice_paid"].primary = "0-1"
    with pytest.raises(Refused, match="is there as pe62515_invoice_paid, of the object 0-1"):
        await lacking(world.client, RULES)


async def test_without_the_tier_it_says_what_else_there_is():
    world = World(shapes=shapes_of(RULES))
    world.portal.enterprise = False
    found = await lacking(world.client, RULES)
    with pytest.raises(Parked, match="take event out of the contract's automations"):
        await provision(world.client, RULES, found)


def test_events_need_scopes_of_their_own():
    assert {*hubspot_scopes(RULES)} == {*HUBSPOT_SCOPES, *SCOPES}
