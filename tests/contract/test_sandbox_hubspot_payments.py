"""HubSpot's own Python client, unmodified, keeps payments in the pretend HubSpot, over TCP: as Revmark shows them."""

import pytest
from hubspot import HubSpot
from hubspot.crm import objects, properties

TYPE = "commerce_payments"
PAID = {
    "hs_initial_amount": "115.00", "hs_initiated_date": "2026-09-01T00:00:00Z", "hs_currency_code": "NZD",
    "hs_processor_type": "xero",
}  # fmt: skip


def keyed(client: HubSpot) -> None:
    """Give payments a property of our own that is unique."""
    group = client.crm.properties.groups_api.get_all(TYPE).results[0].name
    wanted = properties.PropertyCreate(
        name="xero_payment_id", label="Xero payment id", type="string", field_type="text", has_unique_value=True,
        group_name=group,
    )  # fmt: skip
    client.crm.properties.core_api.create(TYPE, wanted)


def upserted(client: HubSpot, **values: str) -> objects.SimplePublicUpsertObject:
    inputs = [
        objects.SimplePublicObjectBatchInputUpsert(
            id="p-1", id_property="xero_payment_id", properties={**PAID, "xero_payment_id": "p-1", **values}
        )
    ]
    batch = objects.BatchInputSimplePublicObjectBatchInputUpsert(inputs)
    (found,) = client.crm.objects.batch_api.upsert(TYPE, batch).results
    return found


def test_a_payment_is_upserted_by_its_external_id_and_refunded(client: HubSpot) -> None:
    keyed(client)
    first = upserted(client)
    again = upserted(client, hs_latest_status="refunded", hs_refunds_amount="115.00")
    assert (first.new, again.new, again.id) == (True, False, first.id)
    read = client.crm.objects.basic_api.get_by_id(TYPE, first.id, properties=["hs_latest_status", "hs_net_amount"])
    assert (read.properties["hs_latest_status"], float(read.properties["hs_net_amount"])) == ("refunded", 0)
    assert client.crm.objects.basic_api.get_by_id("0-101", first.id).id == first.id


@pytest.mark.parametrize("lacking", ["hs_initial_amount", "hs_initiated_date"])
def test_an_amount_and_a_day_are_required(client: HubSpot, lacking: str) -> None:
    given = {name: value for name, value in PAID.items() if name != lacking}
    body = objects.SimplePublicObjectInputForCreate(properties=given, associations=[])
    with pytest.raises(objects.ApiException, match="400"):
        client.crm.objects.basic_api.create(TYPE, body)


def test_a_bill_that_is_only_tracked_is_associated_and_stays_as_it_was_stated(client: HubSpot) -> None:
    body = objects.SimplePublicObjectInputForCreate(properties=PAID, associations=[])
    paid = client.crm.objects.basic_api.create(TYPE, body)
    values = {"hs_currency": "NZD", "hs_invoice_billable": "false", "hs_invoice_status": "open"}
    tracked = objects.SimplePublicObjectInputForCreate(properties=values, associations=[])
    invoice = client.crm.objects.basic_api.create("invoices", tracked)
    client.crm.associations.v4.basic_api.create_default(TYPE, paid.id, "invoices", invoice.id)
    shown = client.crm.objects.basic_api.get_by_id("invoices", invoice.id, properties=["hs_invoice_status"])
    assert shown.properties["hs_invoice_status"] == "open"
    (end,) = client.crm.associations.v4.basic_api.get_page(TYPE, paid.id, "invoices").results
    assert (str(end.to_object_id), {each.type_id for each in end.association_types}) == (invoice.id, {542})
