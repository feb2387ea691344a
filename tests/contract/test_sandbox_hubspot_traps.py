"""The traps a HubSpot client must not fall into: each is a way in which the real one surprises."""

import httpx
import orjson
import pytest

from sandbox.faults import Fault, FaultKind, Faults
from tests.support.trap import BASE, Trap

UNIQUE = {
    "name": "xero_contact_id", "label": "Xero", "type": "string", "fieldType": "text",
    "groupName": "companyinformation", "hasUniqueValue": True,
}  # fmt: skip


async def test_search_does_not_see_a_record_until_the_index_has_it(trap: Trap) -> None:
    record = await trap.make("companies", name="Late")
    mine = {"propertyName": "hs_object_id", "operator": "EQ", "value": record}
    assert (await trap.search("companies", mine)).json()["total"] == 0
    assert (await trap.get("companies", record))["id"] == record
    await trap.clock.advance(trap.portal.index.lag_seconds)
    assert (await trap.search("companies", mine)).json()["total"] == 1
    await trap.set("companies", record, name="Later")
    stale = (await trap.search("companies", mine, properties=["name"])).json()["results"][0]
    assert stale["properties"]["name"] == "Late"
    await trap.clock.advance(trap.portal.index.lag_seconds)
    await trap.client.delete(f"{BASE}/companies/{record}")
    await trap.clock.advance(trap.portal.index.lag_seconds)
    assert (await trap.search("companies", mine)).json()["total"] == 0


async def test_one_bad_input_fails_a_batch_without_trace_ids(trap: Trap) -> None:
    good, bad = {"properties": {"name": "Good"}}, {"properties": {"name": "Bad", "nonsense": "1"}}
    reply = await trap.batch("companies", "create", good, bad)
    assert reply.status_code == 400
    assert (await trap.client.get(f"{BASE}/companies")).json()["results"] == []
    half = await trap.batch("companies", "create", {**good, "objectWriteTraceId": "a"}, bad)
    assert half.status_code == 400


async def test_trace_ids_on_every_input_tell_failures_apart(trap: Trap) -> None:
    reply = await trap.batch(
        "companies",
        "create",
        {"properties": {"name": "Good"}, "objectWriteTraceId": "good"},
        {"properties": {"name": "Bad", "nonsense": "1"}, "objectWriteTraceId": "bad"},
    )
    body = reply.json()
    assert reply.status_code == 207
    assert (body["status"], body["numErrors"]) == ("COMPLETE", 1)
    assert [each["objectWriteTraceId"] for each in body["results"]] == ["good"]
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["bad"]
    assert body["errors"][0]["category"] == "VALIDATION_ERROR"


async def test_a_duplicate_in_a_batch_create_is_409_for_all(trap: Trap) -> None:
    first = await trap.make("contacts", email="taken@example.com")
    reply = await trap.batch(
        "contacts",
        "create",
        {"properties": {"email": "free@example.com"}},
        {"properties": {"email": "TAKEN@example.com"}},
    )
    assert (reply.status_code, reply.json()["category"]) == (409, "CONFLICT")
    assert reply.json()["message"] == f"Contact already exists. Existing ID: {first}"
    assert len((await trap.client.get(f"{BASE}/contacts")).json()["results"]) == 1


async def test_ids_that_are_not_there_are_207_in_batch_reads_and_updates(trap: Trap) -> None:
    record = await trap.make("companies", name="Here")
    read = await trap.batch("companies", "read", {"id": record}, {"id": "404"}, properties=["name"])
    assert read.status_code == 207
    assert read.json()["errors"][0]["context"] == {"ids": ["404"]}
    assert read.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    update = await trap.batch(
        "companies",
        "update",
        {"id": record, "properties": {"name": "There"}, "objectWriteTraceId": "1"},
        {"id": "404", "properties": {"name": "Nowhere"}, "objectWriteTraceId": "2"},
    )
    assert update.status_code == 207
    assert update.json()["results"][0]["properties"]["name"] == "There"
    assert update.json()["errors"][0]["context"]["objectWriteTraceId"] == ["2"]


async def test_batch_replies_come_in_any_order(trap: Trap) -> None:
    names = [f"Firm {number:02}" for number in range(30)]
    reply = await trap.batch("companies", "create", *({"properties": {"name": name}} for name in names))
    answered = [each["properties"]["name"] for each in reply.json()["results"]]
    assert answered != names
    assert sorted(answered) == names


async def test_a_batch_takes_a_hundred(trap: Trap) -> None:
    inputs = [{"properties": {"name": str(number)}} for number in range(101)]
    assert (await trap.batch("companies", "create", *inputs)).status_code == 400
    assert (await trap.batch("companies", "create", *inputs[:100])).status_code == 201


async def test_every_value_is_text(trap: Trap) -> None:
    line = await trap.make("line_items", name="W", price=12.50, quantity=2, hs_discount_percentage=10)
    shown = (await trap.get("line_items", line, properties="price,quantity,amount,discount"))["properties"]
    assert (shown["price"], shown["quantity"], shown["amount"], shown["discount"]) == (
        "12.5",
        "2",
        "22.5",
        None,
    )
    invoice = await trap.make("invoices", hs_currency="USD", hs_invoice_billable=False, hs_amount_billed="87.70")
    shown = (await trap.get("invoices", invoice, properties="hs_invoice_billable,hs_amount_billed"))["properties"]
    assert (shown["hs_invoice_billable"], shown["hs_amount_billed"]) == ("false", "87.70")


async def test_merged_contacts_get_a_new_id_and_old_ids_still_work_one_by_one(trap: Trap) -> None:
    one = await trap.make("contacts", email="one@example.com", firstname="One")
    two = await trap.make("contacts", email="two@example.com", firstname="Two", phone="555")
    merged = await trap.client.post(f"{BASE}/contacts/merge", json={"primaryObjectId": one, "objectIdToMerge": two})
    new = merged.json()["id"]
    assert new not in {one, two}
    read = await trap.get("contacts", two, properties="email,phone,hs_merged_object_ids")
    assert read["id"] == new
    assert read["properties"]["email"] == "one@example.com"
    assert read["properties"]["phone"] == "555"
    assert read["properties"]["hs_merged_object_ids"] == f"{one};{two}"
    assert (await trap.set("contacts", one, lastname="Merged")).json()["id"] == new
    batch = await trap.batch("contacts", "read", {"id": one}, {"id": new})
    assert batch.status_code == 200
    assert [each["id"] for each in batch.json()["results"]] == [new]
    update = await trap.batch("contacts", "update", {"id": two, "properties": {"lastname": "Lost"}})
    assert update.json()["results"] == []
    assert (await trap.get("contacts", new, properties="lastname"))["properties"]["lastname"] == "Merged"


async def test_merged_deals_keep_the_primary_id(trap: Trap) -> None:
    one = await trap.make("deals", dealname="One", dealstage="contractsent")
    two = await trap.make("deals", dealname="Two", dealstage="contractsent")
    reply = await trap.client.post(f"{BASE}/deals/merge", json={"primaryObjectId": one, "objectIdToMerge": two})
    assert reply.json()["id"] == one
    assert (await trap.get("deals", two))["id"] == one


async def test_associations_follow_a_merge(trap: Trap) -> None:
    firm, other = await trap.make("companies", name="One"), await trap.make("companies", name="Two")
    deal = await trap.make("deals", dealname="D", dealstage="contractsent")
    await trap.client.put(f"{BASE}/deals/{deal}/associations/default/companies/{other}")
    merged = await trap.client.post(f"{BASE}/companies/merge", json={"primaryObjectId": firm, "objectIdToMerge": other})
    read = await trap.client.post(
        "/crm/associations/2026-09/deals/companies/batch/read", json={"inputs": [{"id": deal}]}
    )
    assert [to["toObjectId"] for to in read.json()["results"][0]["to"]] == [merged.json()["id"]]


async def test_search_replies_have_no_rate_headers_and_five_a_second_is_all(trap: Trap) -> None:
    ordinary = await trap.client.get(f"{BASE}/companies")
    assert ordinary.headers["X-HubSpot-RateLimit-Max"] == "190"
    for _ in range(5):
        reply = await trap.search("companies")
        assert not [name for name in reply.headers if "ratelimit" in name.lower()]
    refused = await trap.search("contacts")
    assert (refused.status_code, refused.json()["policyName"]) == (429, "SECONDLY")
    assert refused.json()["message"] == "You have reached your secondly limit."
    assert not [name for name in refused.headers if "ratelimit" in name.lower()]
    await trap.clock.advance(1)
    assert (await trap.search("companies")).status_code == 200


async def test_webhooks_come_twice_and_out_of_order(trap: Trap, faults: Faults) -> None:
    faults.add(Fault(FaultKind.WEBHOOK_DUPLICATE, path="creation", params={"copies": 3}))
    faults.add(Fault(FaultKind.WEBHOOK_REORDER, path="company", seed=7, params={"window_seconds": 1}))
    made = [await trap.make("companies", name=f"Firm {number}") for number in range(8)]
    await trap.deliverer.drain()
    received = trap.received
    created = [e["objectId"] for e in received if e["subscriptionType"] == "company.creation"]
    assert len(created) == 24
    assert {str(i) for i in created} == set(made)
    assert created != sorted(created)


async def test_event_ids_repeat(trap: Trap) -> None:
    for number in range(40):
        await trap.make("companies", name=f"Firm {number}")
    await trap.deliverer.drain()
    ids = [event["eventId"] for event in trap.received]
    assert len(ids) >= 80
    assert len(set(ids)) < len(ids)


async def test_ids_are_unique_within_a_type_only(trap: Trap) -> None:
    assert await trap.make("companies", name="A") == await trap.make("contacts", firstname="A")


async def test_names_and_type_ids_are_the_same_in_both_families_of_paths(trap: Trap) -> None:
    record = await trap.make("0-3", dealname="D", dealstage="closedwon")
    for path in (f"/crm/v3/objects/deals/{record}", f"/crm/v3/objects/0-3/{record}", f"{BASE}/deal/{record}"):
        assert (await trap.client.get(path)).status_code == 200
    assert (await trap.client.get(f"{BASE}/deals/{record}/associations/contacts")).status_code == 404
    assert (await trap.client.get(f"/crm/v4/objects/deals/{record}/associations/contacts")).status_code == 200


async def test_unknown_properties_are_ignored_when_read_and_refused_when_written(trap: Trap) -> None:
    record = await trap.make("companies", name="A")
    assert "nonsense" not in (await trap.get("companies", record, properties="nonsense,name"))["properties"]
    reply = await trap.set("companies", record, nonsense="1")
    assert reply.status_code == 400
    head, _, details = reply.json()["message"].partition(": ")
    assert head == "Property values were not valid"
    assert orjson.loads(details)[0]["error"] == "PROPERTY_DOESNT_EXIST"
    assert reply.json()["correlationId"]


async def test_the_lifecycle_stage_only_moves_forward_unless_cleared(trap: Trap) -> None:
    record = await trap.make("contacts", email="stage@example.com", lifecyclestage="customer")
    assert (await trap.set("contacts", record, lifecyclestage="lead")).status_code == 200

    async def stage() -> str:
        return str((await trap.get("contacts", record, properties="lifecyclestage"))["properties"]["lifecyclestage"])

    assert await stage() == "customer"
    await trap.set("contacts", record, lifecyclestage="")
    await trap.set("contacts", record, lifecyclestage="lead")
    assert await stage() == "lead"


async def test_a_line_item_belongs_to_one_parent(trap: Trap) -> None:
    deal = await trap.make("deals", dealname="D", dealstage="contractsent")
    invoice = await trap.make("invoices", hs_currency="USD")
    line = await trap.make("line_items", name="W", price="10", quantity="1")
    await trap.client.put(f"{BASE}/deals/{deal}/associations/default/line_items/{line}")
    await trap.client.put(f"{BASE}/invoices/{invoice}/associations/default/line_items/{line}")
    read = await trap.client.post(
        "/crm/associations/2026-09/line_items/deals/batch/read", json={"inputs": [{"id": line}]}
    )
    assert read.status_code == 207
    assert read.json()["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"


async def test_an_invoice_opens_with_lines_and_a_contact_unless_it_only_tracks(trap: Trap) -> None:
    tracking = await trap.make("invoices", hs_currency="USD", hs_invoice_billable="false")
    assert (await trap.set("invoices", tracking, hs_invoice_status="paid")).status_code == 200
    invoice = await trap.make("invoices", hs_currency="USD")
    assert (await trap.set("invoices", invoice, hs_invoice_status="open")).status_code == 400
    assert (await trap.set("invoices", invoice, hs_amount_billed="5")).status_code == 400
    line = await trap.make("line_items", name="W", price="25.06", quantity="2")
    person = await trap.make("contacts", email="payer@example.com")
    await trap.client.put(f"{BASE}/invoices/{invoice}/associations/default/line_items/{line}")
    await trap.client.put(f"{BASE}/invoices/{invoice}/associations/default/contacts/{person}")
    assert (await trap.set("invoices", invoice, hs_invoice_status="open")).status_code == 200
    payment = await trap.make(
        "commerce_payments",
        hs_initial_amount="50.12", hs_initiated_date="2026-09-01T00:00:00Z", hs_processor_type="xero",
    )  # fmt: skip
    await trap.client.put(f"{BASE}/invoices/{invoice}/associations/default/commerce_payments/{payment}")
    shown = (await trap.get("invoices", invoice, properties="hs_invoice_status,hs_balance_due,hs_amount_billed"))[
        "properties"
    ]
    assert (shown["hs_invoice_status"], shown["hs_balance_due"], shown["hs_amount_billed"]) == ("paid", "0", "50.12")


async def test_upserts_tell_new_from_old(trap: Trap) -> None:
    await trap.client.post("/crm/properties/2026-09/companies", json=UNIQUE)
    first = {"id": "X1", "idProperty": "xero_contact_id", "properties": {"name": "One"}}
    made = await trap.batch("companies", "upsert", first)
    again = await trap.batch("companies", "upsert", first)
    assert (made.json()["results"][0]["new"], again.json()["results"][0]["new"]) == (True, False)
    twice = await trap.batch("companies", "upsert", first, {**first, "properties": {"name": "Two"}})
    assert twice.status_code == 409
    wrong = await trap.batch("companies", "upsert", {**first, "idProperty": "name"})
    assert wrong.status_code == 400
    by_value = await trap.get("companies", "X1", idProperty="xero_contact_id", properties="name")
    assert by_value["properties"]["name"] == "One"


async def test_search_has_its_limits(trap: Trap) -> None:
    one = {"propertyName": "name", "operator": "EQ", "value": "x"}
    refused = [
        await trap.search("companies", limit=201),
        await trap.search("companies", after="9990", limit=20),
        await trap.search("companies", {**one, "value": "x" * 3_000}),
        await trap.search("companies", {**one, "operator": "LIKE"}),
    ]
    await trap.clock.advance(1)
    six = {"filterGroups": [{"filters": [one]}] * 6}
    refused.append(await trap.client.post(f"{BASE}/companies/search", json=six))
    assert [reply.status_code for reply in refused] == [400] * 5


async def test_in_wants_lower_case(trap: Trap) -> None:
    await trap.make("companies", name="Acme")
    await trap.clock.advance(10)
    each = {"propertyName": "name", "operator": "IN"}
    assert (await trap.search("companies", {**each, "values": ["Acme"]})).json()["total"] == 0
    assert (await trap.search("companies", {**each, "values": ["acme"]})).json()["total"] == 1
    equal = {"propertyName": "name", "operator": "EQ", "value": "ACME"}
    assert (await trap.search("companies", equal)).json()["total"] == 1


async def test_contacts_and_others_name_their_dates_differently(trap: Trap) -> None:
    person, firm = await trap.make("contacts", firstname="A"), await trap.make("companies", name="A")
    assert "lastmodifieddate" in (await trap.get("contacts", person))["properties"]
    shown = await trap.get("companies", firm)
    assert shown["properties"]["hs_lastmodifieddate"] == shown["updatedAt"]


async def test_history_says_who(trap: Trap) -> None:
    record = await trap.make("companies", name="App")
    await trap.clock.advance(1)
    await trap.client.patch(f"/_sandbox/people/companies/{record}", json={"properties": {"name": "Person"}})
    versions = (await trap.get("companies", record, propertiesWithHistory="name"))["propertiesWithHistory"]["name"]
    assert [(v["value"], v["sourceType"], v["sourceId"]) for v in versions] == [
        ("Person", "CRM_UI", "userId:123"),
        ("App", "INTEGRATION", "54321"),
    ]
    assert versions[0]["timestamp"] > versions[1]["timestamp"]


async def test_tampering_leaves_no_trace(trap: Trap) -> None:
    record = await trap.make("companies", name="True")
    before = await trap.get("companies", record)
    await trap.deliverer.drain()
    heard = len(trap.received)
    await trap.clock.advance(60)
    await trap.client.post(f"/_sandbox/tamper/companies/{record}", json={"properties": {"name": "False"}})
    after = await trap.get("companies", record, properties="name", propertiesWithHistory="name")
    assert after["properties"]["name"] == "False"
    assert after["updatedAt"] == before["updatedAt"]
    assert len(after["propertiesWithHistory"]["name"]) == 1
    await trap.deliverer.drain()
    assert len(trap.received) == heard
    assert (await trap.client.post(f"/_sandbox/tamper/companies/{record}", json={"name": "Flat"})).status_code == 400


async def test_a_lost_answer_is_a_write_all_the_same(trap: Trap, faults: Faults) -> None:
    faults.add(Fault(FaultKind.DROP_AFTER, method="POST", times=1))
    with pytest.raises(httpx.TransportError):
        await trap.make("companies", name="Applied")
    assert len((await trap.client.get(f"{BASE}/companies")).json()["results"]) == 1
    faults.add(Fault(FaultKind.DROP_BEFORE, method="POST", times=1))
    with pytest.raises(httpx.TransportError):
        await trap.make("companies", name="Not applied")
    assert len((await trap.client.get(f"{BASE}/companies")).json()["results"]) == 1
    calls = (await trap.client.get("/_sandbox/calls")).json()
    posts = [(call["status"], call["fault"]) for call in calls if call["method"] == "POST"]
    assert posts == [(201, "drop_after"), (None, "drop_before")]
