"""HubSpot's own Python client, unmodified, keeps orders, subscriptions and their pipeline in the pretend HubSpot."""

from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm import objects, pipelines, properties

from sandbox.hubspot.portal import Portal

OPEN, SHIPPED = "4b27b500-f031-4927-9811-68a0b525cbae", "aa99e8d0-c1d5-4071-b915-d240bbb1aed9"
BILLED = {
    "hs_name": "Care", "hs_currency_code": "NZD", "hs_recurring_billing_frequency": "monthly",
    "hs_recurring_billing_start_date": "2026-09-01",
}  # fmt: skip


def made(client: HubSpot, kind: str, **values: str) -> str:
    body = objects.SimplePublicObjectInputForCreate(properties=values, associations=[])
    return str(client.crm.objects.basic_api.create(kind, body).id)


def shown(client: HubSpot, kind: str, record: str, *names: str) -> list[str]:
    read = client.crm.objects.basic_api.get_by_id(kind, record, properties=list(names))
    return [read.properties[name] for name in names]


def changed(client: HubSpot, kind: str, record: str, **values: str) -> None:
    client.crm.objects.basic_api.update(kind, record, objects.SimplePublicObjectInput(properties=values))


def test_an_order_without_a_stage_comes_into_the_first_one_and_is_upserted_by_its_external_id(client: HubSpot) -> None:
    record = made(client, "orders", hs_order_name="Rollout", hs_total_price="115", hs_currency_code="NZD")
    assert shown(client, "0-123", record, "hs_pipeline_stage", "hs_total_price") == [OPEN, "115"]
    changed(client, "orders", record, hs_pipeline_stage=SHIPPED)
    with pytest.raises(objects.ApiException, match=r"INVALID_OPTION.*hs_pipeline_stage"):
        changed(client, "orders", record, hs_pipeline_stage="nowhere")
    group = client.crm.properties.groups_api.get_all("orders").results[0].name
    key = properties.PropertyCreate(
        name="order_key", label="Key", type="string", field_type="text", has_unique_value=True, group_name=group
    )
    client.crm.properties.core_api.create("orders", key)
    batch = objects.BatchInputSimplePublicObjectBatchInputUpsert([
        objects.SimplePublicObjectBatchInputUpsert(id="o-1", id_property="order_key", properties={"order_key": "o-1"})
    ])  # fmt: skip
    first, again = (client.crm.objects.batch_api.upsert("orders", batch).results[0] for _ in range(2))
    assert (first.new, again.new, again.id) == (True, False, first.id)


def test_a_pipeline_of_orders_is_made_with_the_ids_that_are_asked_for(client: HubSpot) -> None:
    stages = [
        {"label": "Placed", "displayOrder": 0, "stageId": "placed", "metadata": {"state": "OPEN"}},
        {"label": "Done", "displayOrder": 1, "stageId": "done", "metadata": {"state": "CLOSED"}},
    ]
    body: dict[str, Any] = {"label": "Ours", "displayOrder": 1, "pipelineId": "ours", "stages": stages}
    wanted = {"method": "POST", "path": "/crm/v3/pipelines/orders", "body": body}
    assert client.api_request(wanted).status_code == 201  # the client's own model names no ids
    assert client.api_request(wanted).status_code == 409
    api = client.crm.pipelines
    read = api.pipelines_api.get_by_id("orders", "ours")
    assert [(each.id, each.metadata["state"]) for each in read.stages] == [("placed", "OPEN"), ("done", "CLOSED")]
    taken = {**wanted, "body": {**body, "label": "Other", "pipelineId": "other"}}
    assert client.api_request(taken).status_code == 409, "a stage's id is taken"
    further = pipelines.PipelineStageInput(label="Late", display_order=2, metadata={"state": "OPEN"})
    assert api.pipeline_stages_api.create("orders", "ours", further).label == "Late"
    nameless = pipelines.PipelineStageInput(label="Later", display_order=3, metadata={})
    with pytest.raises(pipelines.ApiException, match="OPEN or CLOSED"):
        api.pipeline_stages_api.create("orders", "ours", nameless)
    assert shown(client, "orders", made(client, "orders", hs_pipeline="ours"), "hs_pipeline_stage") == ["placed"]
    api.pipelines_api.archive("orders", "ours")


def test_an_account_has_no_more_pipelines_than_its_subscription_allows(client: HubSpot, portal: Portal) -> None:
    portal.pipeline_limit = len(portal.pipelines.of(portal.catalogue.get("orders")))
    stage = pipelines.PipelineStageInput(label="Open", display_order=0, metadata={"state": "OPEN"})
    wanted = pipelines.PipelineInput(label="One too many", display_order=9, stages=[stage])
    try:
        with pytest.raises(pipelines.ApiException, match="reached its limit"):
            client.crm.pipelines.pipelines_api.create("orders", wanted)
    finally:
        portal.pipeline_limit = None


def test_a_subscription_bills_nobody_and_how_it_is_cannot_be_set(client: HubSpot) -> None:
    record = made(client, "subscriptions", **BILLED)
    assert shown(client, "0-69", record, "hs_invoice_creation", "hs_status") == ["off", "active"]
    with pytest.raises(objects.ApiException, match="READ_ONLY_VALUE"):
        changed(client, "subscriptions", record, hs_status="paused")
    later = made(client, "subscriptions", **{**BILLED, "hs_recurring_billing_start_date": "2099-01-01"})
    assert shown(client, "subscriptions", later, "hs_status") == ["scheduled"]


def test_an_account_that_collects_no_payments_makes_no_subscription(client: HubSpot, portal: Portal) -> None:
    portal.payments_enabled = False
    try:
        with pytest.raises(objects.ApiException, match="Stripe"):
            made(client, "subscriptions", **BILLED)
    finally:
        portal.payments_enabled = True


@pytest.mark.parametrize(
    ("kind", "values", "ids"),
    [
        ("orders", {"hs_order_name": "Rollout"}, {"contacts": 507, "companies": 509, "deals": 512, "invoices": 518}),
        ("subscriptions", BILLED, {"contacts": 295, "companies": 297, "deals": 299, "invoices": 623}),
    ],
)
def test_what_they_are_associated_with_has_the_types_of_the_guides(
    client: HubSpot, kind: str, values: dict[str, str], ids: dict[str, int]
) -> None:
    record = made(client, kind, **values)
    others = {
        "contacts": {"email": f"{kind}@example.com"}, "companies": {"name": "Acme"},
        "deals": {"dealname": "D", "dealstage": "closedwon"},
        "invoices": {"hs_currency": "NZD", "hs_invoice_billable": "false"},
    }  # fmt: skip
    found: dict[str, int] = {}
    for other, given in others.items():
        client.crm.associations.v4.basic_api.create_default(kind, record, other, made(client, other, **given))
        (end,) = client.crm.associations.v4.basic_api.get_page(kind, record, other).results
        found[other] = next(each.type_id for each in end.association_types if each.label is None)
    assert found == ids
