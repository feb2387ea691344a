"""HubSpot's own Python client, unmodified, drives the pretend HubSpot over TCP."""

import pytest
from hubspot import HubSpot, webhooks
from hubspot.crm import companies, contacts, deals, line_items, pipelines, properties
from hubspot.crm.associations import v4
from hubspot.crm.contacts.exceptions import ApiException, ForbiddenException, NotFoundException
from hubspot.utils.signature import Signature

from sandbox.clock import VirtualClock
from sandbox.hubspot import signature
from sandbox.hubspot.portal import Portal


def new_contact(client: HubSpot, **values: str) -> contacts.SimplePublicObject:
    body = contacts.SimplePublicObjectInputForCreate(properties=values, associations=[])
    return client.crm.contacts.basic_api.create(body)


def new_company(client: HubSpot, **values: str) -> companies.SimplePublicObject:
    body = companies.SimplePublicObjectInputForCreate(properties=values, associations=[])
    return client.crm.companies.basic_api.create(body)


def test_a_contact_lives_and_dies(client: HubSpot) -> None:
    made = new_contact(client, email="life@example.com", firstname="Ann")
    api = client.crm.contacts.basic_api
    api.update(made.id, contacts.SimplePublicObjectInput(properties={"lastname": "Life"}))
    read = api.get_by_id(made.id, properties=["lastname"], properties_with_history=["lastname"])
    assert read.properties["lastname"] == "Life"
    assert read.properties_with_history["lastname"][0].source_type == "INTEGRATION"
    assert api.get_by_id("life@example.com", id_property="email").id == made.id
    api.archive(made.id)
    with pytest.raises(NotFoundException):
        api.get_by_id(made.id)
    assert api.get_by_id(made.id, archived=True).archived_at is not None


def test_pages_are_followed_to_the_end(client: HubSpot) -> None:
    made = {new_company(client, name=f"Page {number}").id for number in range(7)}
    seen: list[str] = []
    after = None
    while True:
        page = client.crm.companies.basic_api.get_page(limit=3, after=after)
        seen += [each.id for each in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert made <= set(seen)
    assert len(seen) == len(set(seen))


def test_batches(client: HubSpot) -> None:
    api = client.crm.deals.batch_api
    inputs = [
        deals.SimplePublicObjectBatchInputForCreate(
            properties={"dealname": f"Deal {n}", "dealstage": "appointmentscheduled", "amount": str(n)},
            associations=[],
        )
        for n in range(3)
    ]
    made = api.create(deals.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert made.status == "COMPLETE"
    assert sorted(each.properties["amount"] for each in made.results) == ["0", "1", "2"]
    updated = api.update(
        deals.BatchInputSimplePublicObjectBatchInput(
            inputs=[
                deals.SimplePublicObjectBatchInput(id=each.id, properties={"dealstage": "closedwon"})
                for each in made.results
            ]
        )
    )
    assert {each.properties["dealstage"] for each in updated.results} == {"closedwon"}
    read = api.read(
        deals.BatchReadInputSimplePublicObjectId(
            inputs=[deals.SimplePublicObjectId(id=each.id) for each in made.results],
            properties=["hs_is_closed_won"],
            properties_with_history=[],
        )
    )
    assert {each.properties["hs_is_closed_won"] for each in read.results} == {"true"}
    gone = deals.SimplePublicObjectId(id=made.results[0].id)
    api.archive(deals.BatchInputSimplePublicObjectId(inputs=[gone]))
    assert client.crm.deals.basic_api.get_by_id(gone.id, archived=True).archived


def test_upsert_by_a_unique_property(client: HubSpot) -> None:
    client.crm.properties.core_api.create(
        "companies",
        properties.PropertyCreate(
            name="xero_contact_id",
            label="Xero contact",
            type="string",
            field_type="text",
            group_name="companyinformation",
            has_unique_value=True,
        ),
    )

    def upsert(name: str) -> companies.SimplePublicUpsertObject:
        body = companies.BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[
                companies.SimplePublicObjectBatchInputUpsert(
                    id="X-1", id_property="xero_contact_id", properties={"name": name}
                )
            ]
        )
        return client.crm.companies.batch_api.upsert(body).results[0]

    first, second = upsert("One"), upsert("Two")
    assert (first.new, second.new) == (True, False)
    assert first.id == second.id
    assert second.properties["name"] == "Two"


def test_search(client: HubSpot, clock: VirtualClock) -> None:
    made = new_contact(client, email="search@example.com", firstname="Searchable")
    clock.move(10)
    found = client.crm.contacts.search_api.do_search(
        contacts.PublicObjectSearchRequest(
            filter_groups=[
                contacts.FilterGroup(
                    filters=[contacts.Filter(property_name="email", operator="IN", values=["search@example.com"])]
                )
            ],
            sorts=[{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
            properties=["firstname"],
            limit=200,
        )
    )
    assert found.total == 1
    assert (found.results[0].id, found.results[0].properties["firstname"]) == (made.id, "Searchable")


def test_associations(client: HubSpot) -> None:
    person = new_contact(client, email="associated@example.com")
    firm = new_company(client, name="Associated")
    api = client.crm.associations.v4
    api.basic_api.create_default("contacts", person.id, "companies", firm.id)
    api.basic_api.create(
        "contacts", person.id, "companies", firm.id,
        [v4.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=1)],
    )  # fmt: skip
    listed = api.basic_api.get_page("contacts", person.id, "companies", limit=10)
    assert [each.to_object_id for each in listed.results] == [firm.id]
    assert {kind.type_id for kind in listed.results[0].association_types} == {1, 279}
    read = api.batch_api.get_page(
        "companies",
        "contacts",
        v4.BatchInputPublicFetchAssociationsBatchRequest(inputs=[v4.PublicFetchAssociationsBatchRequest(id=firm.id)]),
    )
    assert read.results[0].to_dict()["_from"]["id"] == firm.id
    assert {kind.type_id for kind in read.results[0].to[0].association_types} == {2, 280}
    api.basic_api.archive("contacts", person.id, "companies", firm.id)
    assert api.basic_api.get_page("contacts", person.id, "companies").results == []
    labels = api.schema.definitions_api.get_all("deals", "companies").results
    assert {label.type_id for label in labels} == {5, 341}


def test_batch_associations_and_line_items(client: HubSpot) -> None:
    deal = client.crm.deals.basic_api.create(
        deals.SimplePublicObjectInputForCreate(
            properties={"dealname": "Lines", "dealstage": "contractsent"}, associations=[]
        )
    )
    line = client.crm.line_items.basic_api.create(
        line_items.SimplePublicObjectInputForCreate(
            properties={"name": "Widget", "price": "12.50", "quantity": "3"},
            associations=[
                line_items.PublicAssociationsForObject(
                    to=line_items.PublicObjectId(id=deal.id),
                    types=[line_items.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=20)],
                )
            ],
        )
    )
    assert line.properties["amount"] == "37.5"
    read = client.crm.deals.basic_api.get_by_id(deal.id, associations=["line_items"])
    assert read.associations["line items"].results[0].id == line.id
    person = new_contact(client, email="batch.associated@example.com")
    made = client.crm.associations.v4.batch_api.create(
        "deals",
        "contacts",
        v4.BatchInputPublicAssociationMultiPost(
            inputs=[
                v4.PublicAssociationMultiPost(
                    _from=v4.PublicObjectId(id=deal.id),
                    to=v4.PublicObjectId(id=person.id),
                    types=[v4.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=3)],
                )
            ]
        ),
    )
    assert made.results[0].to_object_id == person.id


def test_properties_and_groups(client: HubSpot) -> None:
    api = client.crm.properties
    api.groups_api.create("deals", properties.PropertyGroupCreate(name="erp", label="ERP", display_order=1))
    api.core_api.create(
        "deals",
        properties.PropertyCreate(
            name="erp_state", label="ERP state", type="enumeration", field_type="select", group_name="erp",
            options=[properties.OptionInput(label="On hold", value="hold", hidden=False, display_order=0)],
        ),
    )  # fmt: skip
    read = api.core_api.get_by_name("deals", "erp_state")
    assert (read.group_name, read.options[0].value, read.has_unique_value) == ("erp", "hold", False)
    assert read.modification_metadata.read_only_value is False
    assert api.core_api.get_by_name("deals", "hs_is_closed").modification_metadata.read_only_value
    assert "erp" in {group.name for group in api.groups_api.get_all("deals").results}
    with pytest.raises(properties.exceptions.ApiException) as refused:
        api.core_api.create(
            "deals",
            properties.PropertyCreate(
                name="erp_state", label="Again", type="string", field_type="text", group_name="erp"
            ),
        )
    assert refused.value.status == 409
    api.core_api.archive("deals", "erp_state")
    assert "erp_state" not in {each.name for each in api.core_api.get_all("deals").results}


def test_pipelines(client: HubSpot) -> None:
    api = client.crm.pipelines
    default = next(p for p in api.pipelines_api.get_all("deals").results if p.id == "default")
    won = next(stage for stage in default.stages if stage.id == "closedwon")
    assert won.metadata == {"isClosed": "true", "probability": "1.0"}
    made = api.pipelines_api.create(
        "deals",
        pipelines.PipelineInput(
            label="Renewals",
            display_order=1,
            stages=[
                pipelines.PipelineStageInput(
                    label="Due", display_order=0, metadata={"probability": "0.5"}
                ),
                pipelines.PipelineStageInput(
                    label="Renewed", display_order=1, metadata={"probability": "1.0"}
                ),
            ],
        ),
    )  # fmt: skip
    assert [stage.metadata["isClosed"] for stage in made.stages] == ["false", "true"]
    assert made.stages[1].id not in {"closedwon", "Renewed"}
    api.pipelines_api.archive("deals", made.id)


def test_owners(client: HubSpot) -> None:
    page = client.crm.owners.owners_api.get_page(limit=1)
    assert page.results[0].user_id == 123
    assert page.results[0].id != "123"
    assert page.paging.next.after
    assert client.crm.owners.owners_api.get_page(archived=True).results[0].archived


def test_oauth(client: HubSpot, portal: Portal, address: str, clock: VirtualClock) -> None:
    code = portal.access.code("https://app.example.com/back", ["oauth", "crm.objects.contacts.read"])
    form = {"client_id": portal.access.client_id, "client_secret": portal.client_secret}
    granted = client.oauth.tokens_api.create(
        grant_type="authorization_code", code=code, redirect_uri="https://app.example.com/back", **form
    )
    assert granted.expires_in == 1800
    installed = HubSpot(access_token=granted.access_token, host=address, base_url=address)
    installed.crm.contacts.basic_api.get_page(limit=1)
    with pytest.raises(ForbiddenException) as refused:
        new_contact(installed, email="no.scope@example.com")
    assert "crm.objects.contacts.write" in str(refused.value.body)
    info = client.oauth.access_tokens_api.get(granted.access_token)
    assert info.hub_id == portal.portal_id
    clock.move(1801)
    with pytest.raises(ApiException) as expired:
        installed.crm.contacts.basic_api.get_page(limit=1)
    assert expired.value.status == 401
    assert "EXPIRED_AUTHENTICATION" in str(expired.value.body)
    again = client.oauth.tokens_api.create(
        grant_type="refresh_token", refresh_token=granted.refresh_token, **form
    )  # fmt: skip
    assert again.refresh_token == granted.refresh_token
    installed.access_token = again.access_token
    installed.crm.contacts.basic_api.get_page(limit=1)


def test_merge_and_erase(client: HubSpot) -> None:
    one, two = new_contact(client, email="one@example.com"), new_contact(client, email="two@example.com")
    merged = client.crm.contacts.basic_api.merge(
        contacts.PublicMergeInput(primary_object_id=one.id, object_id_to_merge=two.id)
    )
    assert merged.id not in {one.id, two.id}
    assert client.crm.contacts.basic_api.get_by_id(two.id).id == merged.id
    client.crm.contacts.basic_api.purge(
        contacts.PublicGdprDeleteInput(object_id="one@example.com", id_property="email")
    )
    with pytest.raises(NotFoundException):
        client.crm.contacts.basic_api.get_by_id(merged.id)


def test_date_based_paths_through_the_raw_call(client: HubSpot) -> None:
    body = {"properties": {"hs_currency": "NZD", "hs_invoice_billable": "false"}}
    path = "/crm/objects/2026-09/0-53"
    made = client.api_request({"path": path, "method": "POST", "body": body})
    assert made.status_code == 201
    read = client.crm.commerce.invoices.basic_api.get_by_id(made.json()["id"], properties=["hs_currency"])
    assert read.properties["hs_currency"] == "NZD"


def test_webhook_settings_with_the_developers_key(portal: Portal, address: str) -> None:
    developer = HubSpot(api_key=portal.access.developer_key, host=address, base_url=address)
    webhook = developer.webhooks
    set_to = webhook.settings_api.configure(
        portal.app_id,
        webhooks.SettingsChangeRequest(
            target_url="https://revmark.example.com/hooks",
            throttling=webhooks.ThrottlingSettings(max_concurrent_requests=10),
        ),
    )
    assert set_to.target_url == "https://revmark.example.com/hooks"
    made = webhook.subscriptions_api.create(
        portal.app_id,
        webhooks.SubscriptionCreateRequest(event_type="deal.propertyChange", property_name="amount", active=True),
    )
    assert webhook.subscriptions_api.get_by_id(made.id, portal.app_id).property_name == "amount"
    webhook.settings_api.clear(portal.app_id)


def test_the_sdk_accepts_our_signatures() -> None:
    body, url = '[{"eventId":1}]', "https://revmark.example.com/hooks/hubspot"
    for version, ours in (
        ("v1", signature.version_1("secret", body.encode())),
        ("v2", signature.version_2("secret", "POST", url, body.encode())),
    ):
        assert Signature.is_valid(ours, "secret", body, url, "POST", version)
    theirs = Signature.get_signature("secret", body, "v3", url, "POST", "1693657560000")
    assert signature.version_3("secret", "POST", url, body.encode(), "1693657560000") == theirs
