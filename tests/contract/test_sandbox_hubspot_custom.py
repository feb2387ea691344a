"""HubSpot's own Python client, unmodified, makes custom objects in the pretend HubSpot, over TCP."""

import pytest
from hubspot import HubSpot
from hubspot.crm import companies, deals, objects, schemas
from hubspot.crm.associations import v4

from sandbox.clock import VirtualClock


def test_custom_objects(client: HubSpot) -> None:
    made = client.crm.schemas.core_api.create(
        schemas.ObjectSchemaEgg(
            name="credit_memo",
            labels=schemas.ObjectTypeDefinitionLabels(singular="Credit memo", plural="Credit memos"),
            primary_display_property="number",
            required_properties=["number"],
            searchable_properties=["number"],
            properties=[
                schemas.ObjectTypePropertyCreate(
                    name="number", label="Number", type="string", field_type="text", has_unique_value=True
                )
            ],
            associated_objects=["COMPANY"],
        )
    )
    assert made.object_type_id.startswith("2-")
    assert made.fully_qualified_name.endswith("_credit_memo")
    body = objects.SimplePublicObjectInputForCreate(properties={"number": "CN-1"}, associations=[])
    record = client.crm.objects.basic_api.create(made.object_type_id, body)
    named = client.crm.objects.basic_api.get_by_id(made.fully_qualified_name, record.id)
    assert named.properties["number"] == "CN-1"
    credited = companies.SimplePublicObjectInputForCreate(properties={"name": "Credited"}, associations=[])
    firm = client.crm.companies.basic_api.create(credited)
    link = client.crm.associations.v4.basic_api
    link.create_default(made.object_type_id, record.id, "companies", firm.id)
    sale = client.crm.deals.basic_api.create(
        deals.SimplePublicObjectInputForCreate(
            properties={"dealname": "Sale", "dealstage": "contractsent"}, associations=[]
        )
    )
    with pytest.raises(v4.ApiException, match="No association types exist"):
        link.create_default(made.object_type_id, record.id, "deals", sale.id)
    added = client.crm.schemas.core_api.create_association(
        made.fully_qualified_name,
        schemas.AssociationDefinitionEgg(
            from_object_type_id=made.object_type_id, to_object_type_id="0-3", name="credit_memo_to_deal"
        ),
    )
    assert (added.from_object_type_id, added.to_object_type_id) == (made.object_type_id, "0-3")
    read = client.crm.schemas.core_api.get_by_id("p_credit_memo")
    assert {each.to_object_type_id for each in read.associations} == {"0-2", "0-3"}
    assert [each.has_unique_value for each in read.properties if each.name == "number"] == [True]


def test_records_of_a_custom_object_by_their_unique_property(client: HubSpot, clock: VirtualClock) -> None:
    """As Revmark works with a mirror: p_<name> in paths, upserts by the external id, search, history, archive."""
    field = {"type": "string", "field_type": "text"}
    client.crm.schemas.core_api.create(
        schemas.ObjectSchemaEgg(
            name="erp_bill",
            labels=schemas.ObjectTypeDefinitionLabels(singular="Bill", plural="Bills"),
            primary_display_property="number",
            required_properties=["erp_id"],
            searchable_properties=["number", "erp_id"],
            properties=[
                schemas.ObjectTypePropertyCreate(name="erp_id", label="ERP id", has_unique_value=True, **field),
                schemas.ObjectTypePropertyCreate(name="number", label="Number", **field),
            ],
            associated_objects=["COMPANY", "DEAL"],
        )
    )
    bills = client.crm.objects
    for number in ("B-1", "B-2"):
        inputs = [
            objects.SimplePublicObjectBatchInputUpsert(
                id="e-1", id_property="erp_id", properties={"erp_id": "e-1", "number": number}
            )
        ]
        upserted = bills.batch_api.upsert("p_erp_bill", objects.BatchInputSimplePublicObjectBatchInputUpsert(inputs))
    assert upserted.results[0].new is False
    bill = upserted.results[0].id
    found = bills.batch_api.read(
        "p_erp_bill",
        objects.BatchReadInputSimplePublicObjectId(
            inputs=[objects.SimplePublicObjectId(id="e-1")], id_property="erp_id", properties=["number"],
            properties_with_history=[],
        ),
    )  # fmt: skip
    assert [(each.id, each.properties["number"]) for each in found.results] == [(bill, "B-2")]
    second = objects.SimplePublicObjectInputForCreate(properties={"erp_id": "e-1"}, associations=[])
    with pytest.raises(objects.ApiException, match="409"):
        bills.basic_api.create("p_erp_bill", second)
    clock.move(10)
    newest = bills.search_api.do_search(
        "p_erp_bill",
        objects.PublicObjectSearchRequest(
            filter_groups=[{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"}]}],
            sorts=["hs_lastmodifieddate"], properties=["number"], limit=10,
        ),
    )  # fmt: skip
    assert [each.id for each in newest.results] == [bill]
    bills.basic_api.archive("p_erp_bill", bill)
    assert [each.id for each in bills.basic_api.get_page("p_erp_bill", archived=True).results] == [bill]
