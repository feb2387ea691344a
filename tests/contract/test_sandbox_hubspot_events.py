"""HubSpot's own Python client, unmodified, sends custom events to the pretend HubSpot, over TCP.

This release of it has no client of definitions: they are made by its general request.
"""

import json

import pytest
from hubspot import HubSpot
from hubspot.events import send

from sandbox.clock import VirtualClock
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.quirks import Quirks

YEAR = 366 * 86_400  # seconds


def define(client: HubSpot, name: str) -> dict[str, object]:
    body = {
        "name": name, "label": "Paid", "primaryObject": "DEAL", "includeDefaultProperties": False,
        "propertyDefinitions": [{"name": "number", "label": "Number", "type": "string"}],
    }  # fmt: skip
    answer = client.api_request({"method": "POST", "path": "/events/v3/event-definitions", "body": body})
    found: dict[str, object] = json.loads(answer.text)
    return found


def event(full: object, uuid: str, **more: object) -> send.BehavioralEventHttpCompletionRequest:
    given = {"properties": {"number": "RM-7"}, "object_id": "7", **more}
    return send.BehavioralEventHttpCompletionRequest(event_name=full, uuid=uuid, **given)


def told(portal: Portal, name: str) -> list[tuple[str, str]]:
    return [(each.object_id, each.uuid) for each in portal.custom_events.occurrences if each.event == name]


def test_an_event_is_defined_and_sent_one_by_one_and_many_at_once(client: HubSpot, portal: Portal) -> None:
    made = define(client, "paid_one")
    assert made["fullyQualifiedName"] == f"pe{portal.portal_id}_paid_one"
    assert (made["primaryObjectId"], made["labels"]) == ("0-3", {"singular": "Paid", "plural": "Paid"})
    client.events.send.basic_api.send(event(made["fullyQualifiedName"], "u-1"))
    batch = send.BatchedBehavioralEventHttpCompletionRequest(
        inputs=[event(made["fullyQualifiedName"], each) for each in ("u-2", "u-3")]
    )
    client.events.send.batch_api.send(batch)
    assert told(portal, "paid_one") == [("7", "u-1"), ("7", "u-2"), ("7", "u-3")]
    shown = client.api_request({"path": "/events/v3/event-definitions/paid_one"})
    assert [each["name"] for each in json.loads(shown.text)["properties"]] == ["number"]


def test_within_a_year_the_first_of_a_uuid_counts(client: HubSpot, portal: Portal, clock: VirtualClock) -> None:
    one, other = define(client, "paid_first"), define(client, "paid_other")
    for full in (one, other, one):
        client.events.send.basic_api.send(event(full["fullyQualifiedName"], "u-1"))
    assert (len(told(portal, "paid_first")), len(told(portal, "paid_other"))) == (1, 1)
    clock.move(YEAR)
    client.events.send.basic_api.send(event(one["fullyQualifiedName"], "u-1"))
    assert len(told(portal, "paid_first")) == 2


def test_what_becomes_of_the_others_is_a_switch(
    client: HubSpot, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = define(client, "paid_again")["fullyQualifiedName"]
    client.events.send.basic_api.send(event(full, "u-1"))
    monkeypatch.setattr(portal, "quirks", Quirks(repeated_event="refused"))
    with pytest.raises(send.ApiException) as refused:
        client.events.send.basic_api.send(event(full, "u-1"))
    assert (refused.value.status, len(told(portal, "paid_again"))) == (409, 1)
    monkeypatch.setattr(portal, "quirks", Quirks(repeated_event="counted"))
    client.events.send.basic_api.send(event(full, "u-1"))
    assert len(told(portal, "paid_again")) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"event_name": "pe62515_unheard_of"}, "There is no event"),
        ({"properties": {"other": "x"}}, "has no property other"),
        ({"properties": {"number": "x" * 1025}}, "a text of up to 1024 characters"),
        ({"object_id": None}, "One of objectId, email and utk is required"),
    ],
)
def test_what_does_not_fit_its_definition_is_refused(
    client: HubSpot, portal: Portal, wrong: dict[str, object], words: str
) -> None:
    if "paid_fits" not in portal.custom_events.definitions:
        define(client, "paid_fits")
    given = {"event_name": f"pe{portal.portal_id}_paid_fits", "properties": {"number": "x"}, "object_id": "7"} | wrong
    with pytest.raises(send.ApiException, match=words):
        client.events.send.basic_api.send(send.BehavioralEventHttpCompletionRequest(**given))
    assert told(portal, "paid_fits") == []


def test_below_enterprise_there_are_none(client: HubSpot, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    full = define(client, "paid_below")["fullyQualifiedName"]
    monkeypatch.setattr(portal, "enterprise", False)
    with pytest.raises(send.ApiException, match="need an Enterprise subscription"):
        client.events.send.basic_api.send(event(full, "u-1"))
