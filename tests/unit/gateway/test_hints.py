import pytest

from schemas.change import Erasure, parse_arrival
from schemas.command import Poll, Read
from schemas.names import Side
from streams.gateway.hubspot import hubspot_hints
from tests.unit.gateway.callers import Callers

CONTACT = "d3b1a6e0-0f3b-4b0e-9a55-2f7f0c1b7a11"
INVOICE = "0a9c2b7e-5c55-4d0e-8b0c-6a4d7c1f2e33"


async def test_a_hundred_events_of_one_record_become_one_read_on_its_lane():
    callers = Callers()
    events = [{"subscriptionType": "company.propertyChange", "objectId": 12, "propertyName": "name"}] * 100
    assert await callers.hubspot(*events) == 200
    ((topic, key, value),) = callers.log.records
    assert (topic, key) == ("revmark.lanes.hubspot", b"main.hubspot")
    assert Read.from_bytes(value) == Read(
        tenant="main",
        connection="main.hubspot",
        kind="company",
        record_ids=["12"],
        events={},
        tier=1,
        at=callers.clock.now,
    )
    assert callers.gateway.counts.of("events", "hubspot", "accepted") == 100
    assert callers.gateway.counts.of("hints", "hubspot", "produced") == 1


async def test_an_erasure_is_told_to_capture_as_well_for_a_reading_would_only_find_nobody():
    callers = Callers()
    assert await callers.hubspot({"subscriptionType": "contact.privacyDeletion", "objectId": 8}) == 200
    (lane, _, _), (topic, key, value) = sorted(callers.log.records, reverse=True)
    assert (lane, topic, key) == ("revmark.lanes.hubspot", "revmark.changes", b"main")
    assert parse_arrival(value) == Erasure(
        tenant="main", platform="hubspot", side=Side.CRM, kind="contact", record_id="8", seen_at=callers.clock.now
    )


@pytest.mark.parametrize(
    ("event", "reads"),
    [
        ({"subscriptionType": "company.creation", "objectId": 1}, {"company": ["1"]}),
        ({"subscriptionType": "contact.deletion", "objectId": 1}, {"contact": ["1"]}),
        ({"subscriptionType": "contact.privacyDeletion", "objectId": 1}, {"contact": ["1"]}),
        ({"subscriptionType": "product.restore", "objectId": 1}, {"product": ["1"]}),
        ({"subscriptionType": "deal.propertyChange", "objectId": 1}, {"deal": ["1"]}),
        ({"subscriptionType": "line_item.propertyChange", "objectId": 1}, {"line_item": ["1"]}),
        ({"subscriptionType": "object.propertyChange", "objectTypeId": "0-53", "objectId": 1}, {"invoice": ["1"]}),
        ({"subscriptionType": "object.creation", "objectTypeId": "0-2", "objectId": 1}, {"company": ["1"]}),
        (
            {
                "subscriptionType": "company.merge",
                "primaryObjectId": 1,
                "mergedObjectIds": [2, 3],
                "newObjectId": 9,
                "objectId": 1,
            },
            {"company": ["9", "1", "2", "3"]},
        ),
        (
            {
                "subscriptionType": "deal.associationChange",
                "fromObjectId": 5,
                "toObjectId": 6,
                "fromObjectTypeId": "0-3",
                "toObjectTypeId": "0-2",
            },
            {"deal": ["5"]},
        ),
        (
            {
                "subscriptionType": "company.associationChange",
                "fromObjectId": 6,
                "toObjectId": 7,
                "associationType": "COMPANY_TO_CONTACT",
            },
            {"contact": ["7"]},
        ),
        (
            {
                "subscriptionType": "company.associationChange",
                "fromObjectId": 6,
                "toObjectId": 8,
                "fromObjectTypeId": "0-2",
                "toObjectTypeId": "0-2",
                "associationTypeId": 14,
            },
            {"company": ["6", "8"]},
        ),
        (
            {
                "subscriptionType": "deal.associationChange",
                "fromObjectId": 5,
                "toObjectId": 7,
                "associationType": "DEAL_TO_CONTACT",
            },
            {"deal": ["5"], "contact": ["7"]},
        ),
    ],
)
async def test_each_event_of_hubspot_asks_for_the_record_that_can_tell(
    event: dict[str, object], reads: dict[str, list[str]]
):
    callers = Callers()
    assert await callers.hubspot(event) == 200
    assert callers.log.reads() == reads


@pytest.mark.parametrize(
    ("event", "result"),
    [
        ({"subscriptionType": "ticket.creation", "objectId": 1}, "ignored"),
        ({"subscriptionType": "object.creation", "objectTypeId": "2-77", "objectId": 1}, "ignored"),
        ({"subscriptionType": "conversation.newMessage", "objectId": 1}, "ignored"),
        ({"subscriptionType": "company.creation"}, "malformed"),
        ({"subscriptionType": "company.creation", "objectId": True}, "malformed"),
        ({"subscriptionType": "company.creation", "objectId": "../1"}, "malformed"),
        ({"subscriptionType": 5, "objectId": 1}, "malformed"),
        ({"subscriptionType": "deal.associationChange", "fromObjectId": 5}, "malformed"),
        ({"subscriptionType": "company.creation", "objectId": 1, "portalId": 999}, "unknown_connection"),
    ],
)
async def test_what_is_not_ours_or_not_understood_is_answered_and_counted(event: dict[str, object], result: str):
    callers = Callers()
    assert await callers.hubspot(event) == 200
    assert callers.log.records == []
    assert callers.gateway.counts.of("events", "hubspot", result) == 1


def test_a_deployment_without_a_portal_id_takes_every_portal():
    hints = hubspot_hints([{"subscriptionType": "company.creation", "objectId": 1, "portalId": 5}], "")
    assert hints.number == 1


async def test_one_strange_event_does_not_cost_its_neighbours():
    callers = Callers()
    assert await callers.hubspot({"subscriptionType": "x"}, {"subscriptionType": "deal.creation", "objectId": 3}) == 200
    assert callers.log.reads() == {"deal": ["3"]}


async def test_xeros_events_become_reads_of_its_kinds():
    callers = Callers()
    assert (
        await callers.xero(
            {"eventCategory": "CONTACT", "eventType": "UPDATE", "resourceId": CONTACT},
            {"eventCategory": "INVOICE", "eventType": "CREATE", "resourceId": INVOICE},
            {"eventCategory": "INVOICE", "eventType": "UPDATE", "resourceId": INVOICE},
            {
                "eventCategory": "CREDITNOTE",
                "eventType": "UPDATE",
                "resourceId": INVOICE,
                "data": {"Type": "ACCRECCREDIT"},
            },
            {"eventCategory": "PREPAYMENT", "eventType": "CREATE", "resourceId": INVOICE},
            {"eventCategory": "OVERPAYMENT", "eventType": "UPDATE", "resourceId": INVOICE},
            {"eventCategory": "SUBSCRIPTION", "tenantType": "APPLICATION", "resourceId": INVOICE},
            {"eventCategory": "CONTACT", "resourceId": "not-an-id"},
            {"eventCategory": "CONTACT", "resourceId": CONTACT, "tenantId": INVOICE},
            {"resourceId": CONTACT},
        )
        == 200
    )
    assert callers.log.reads() == {
        "contact": [CONTACT], "invoice": [INVOICE], "credit_note": [INVOICE], "prepayment": [INVOICE],
        "overpayment": [INVOICE],
    }  # fmt: skip
    assert {topic for topic, _, _ in callers.log.records} == {"revmark.lanes.xero"}
    counts = callers.gateway.counts
    assert [counts.of("events", "xero", result) for result in ("accepted", "ignored", "malformed", "unknown_connection")
            ] == [6, 1, 2, 1]  # fmt: skip


async def test_a_gap_in_xeros_sequence_asks_for_a_poll_once_in_five_minutes():
    callers = Callers()
    event = {"eventCategory": "CONTACT", "eventType": "UPDATE", "resourceId": CONTACT}
    polls = []
    for first in (10, 11, 15, 12, 30):  # 15: a gap; 12: a late retry; 30: a gap again, too soon
        await callers.xero(event, first=first)
        polls.append(sum(isinstance(work, Poll) for work in callers.log.work()))
    callers.clock.move(301)
    await callers.xero(event, first=40)
    polls.append(sum(isinstance(work, Poll) for work in callers.log.work()))
    assert polls == [0, 0, 1, 1, 1, 2]
    poll = next(work for work in callers.log.work() if isinstance(work, Poll))
    assert poll.kinds == ["contact", "invoice", "credit_note", "prepayment", "overpayment"]
    assert poll.missed


async def test_a_gap_that_could_not_be_handed_on_is_still_a_gap_when_xero_tries_again():
    callers = Callers()
    event = {"eventCategory": "CONTACT", "eventType": "UPDATE", "resourceId": CONTACT}
    await callers.xero(event, first=1)
    callers.log.away = True
    assert await callers.xero(event, first=9) == 503
    callers.log.away = False
    assert await callers.xero(event, first=9) == 200
    assert any(isinstance(work, Poll) for work in callers.log.work())
