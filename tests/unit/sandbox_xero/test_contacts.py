import pytest

from tests.unit.sandbox_xero.conftest import Xero

ARCHIVED = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)


async def test_both_addresses_and_all_four_phones_are_listed(xero: Xero) -> None:
    made = await xero.save("PUT", "Contacts", {"Name": "Acme", "Phones": [{"PhoneType": "FAX", "PhoneNumber": "1"}]})
    assert {row["AddressType"] for row in made["Addresses"]} == {"STREET", "POBOX"}
    assert {row["PhoneType"]: row.get("PhoneNumber") for row in made["Phones"]} == {
        "DEFAULT": None, "DDI": None, "FAX": "1", "MOBILE": None,
    }  # fmt: skip


async def test_an_address_of_one_type_leaves_the_other(xero: Xero) -> None:
    id_ = await xero.contact(Addresses=[{"AddressType": "POBOX", "City": "Nelson"}])
    await xero.save("POST", f"Contacts/{id_}", {"Addresses": [{"AddressType": "STREET", "City": "Napier"}]})
    shown = (await xero.get(f"Contacts/{id_}"))["Contacts"][0]
    assert {row["AddressType"]: row["City"] for row in shown["Addresses"]} == {"POBOX": "Nelson", "STREET": "Napier"}


async def test_a_name_is_unique_among_active_contacts_in_any_case(xero: Xero) -> None:
    first = await xero.contact("Acme")
    messages = await xero.refused("PUT", "Contacts", {"Name": "ACME"})
    text = "is already assigned to another contact. The contact name must be unique across all active contacts."
    assert messages == [f"The contact name ACME {text}"]
    await xero.save("POST", "Contacts", {"ContactID": first, "ContactStatus": "ARCHIVED"})
    assert await xero.contact("Acme") != first


async def test_post_matches_by_id_then_number_then_name(xero: Xero) -> None:
    id_ = await xero.contact("Acme", ContactNumber="hs-1")
    for element in ({"ContactID": id_.upper(), "Name": "A"}, {"ContactNumber": "HS-1", "Name": "B"}, {"Name": "b"}):
        assert (await xero.save("POST", "Contacts", element))["ContactID"] == id_
    assert (await xero.save("POST", "Contacts", {"Name": "New"}))["ContactID"] != id_


async def test_put_never_matches(xero: Xero) -> None:
    await xero.contact("Acme", ContactNumber="hs-1")
    messages = await xero.refused("PUT", "Contacts", {"Name": "Other", "ContactNumber": "hs-1"})
    assert messages == ["The contact number hs-1 is already assigned to another contact."]


async def test_an_unknown_id_is_404(xero: Xero) -> None:
    body = {"ContactID": "11111111-1111-4111-8111-111111111111", "Name": "Ghost"}
    assert (await xero.call("POST", "Contacts", body)).status_code == 404


async def test_an_archived_contact_cannot_be_edited_over_the_api(xero: Xero) -> None:
    id_ = await xero.contact("Acme")
    await xero.save("POST", "Contacts", {"ContactID": id_, "ContactStatus": "ARCHIVED"})
    assert await xero.refused("POST", "Contacts", {"ContactID": id_, "Name": "X"}) == [ARCHIVED]
    assert await xero.refused("POST", "Contacts", {"Name": "acme"}) == [ARCHIVED]
    restored = await xero.call("POST", "http://xero.test/_sandbox/people/api.xro/2.0/Contacts",
                               {"ContactID": id_, "ContactStatus": "ACTIVE"})  # fmt: skip
    assert restored.json()["Contacts"][0]["ContactStatus"] == "ACTIVE"


async def test_archived_contacts_are_listed_only_when_asked_for(xero: Xero) -> None:
    id_ = await xero.contact("Acme")
    await xero.save("POST", "Contacts", {"ContactID": id_, "ContactStatus": "ARCHIVED"})
    assert (await xero.get("Contacts"))["Contacts"] == []
    assert len((await xero.get("Contacts?includeArchived=TRUE"))["Contacts"]) == 1
    assert (await xero.get(f"Contacts/{id_}"))["Contacts"][0]["ContactStatus"] == "ARCHIVED"


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ({}, "The contact name must be specified."),
        ({"Name": "x" * 256}, "Name must not be longer than 255 characters"),
        ({"Name": "x", "ContactPersons": [{}] * 6}, "A contact must not have more than 5 contact persons"),
        ({"Name": "x", "DefaultCurrency": "CHF"}, "Organisation is not subscribed to currency CHF"),
        ({"Name": "x", "ContactStatus": "GONE"}, "ContactStatus 'GONE' is not valid"),
    ],
)
async def test_refusals(xero: Xero, element: dict[str, object], message: str) -> None:
    assert await xero.refused("PUT", "Contacts", element) == [message]


async def test_read_only_fields_are_ignored(xero: Xero) -> None:
    made = await xero.save(
        "PUT", "Contacts", {"Name": "A", "IsCustomer": True, "HasValidationErrors": False, "Website": "x", "Nope": 1}
    )
    assert made["IsCustomer"] is False
    assert "Website" not in made


async def test_being_a_customer_and_balances_follow_from_invoices(xero: Xero) -> None:
    id_ = await xero.contact()
    before = (await xero.get(f"Contacts/{id_}"))["Contacts"][0]
    await xero.invoice(id_, 10)
    xero.later(90 * 86400)
    after = await xero.get(f"Contacts/{id_}")
    shown = after["Contacts"][0]
    assert shown["IsCustomer"] is True
    assert shown["Balances"]["AccountsReceivable"] == {"Outstanding": 10, "Overdue": 10}
    assert shown["UpdatedDateUTC"] == before["UpdatedDateUTC"], "a trap: balances move without a stamp"


async def test_a_list_without_page_is_poorer(xero: Xero) -> None:
    await xero.contact(ContactPersons=[{"FirstName": "Bo"}], PaymentTerms={"Sales": {"Day": 20}})
    assert (await xero.get("Contacts"))["Contacts"][0]["ContactPersons"] == []
    paged = (await xero.get("Contacts?page=1"))["Contacts"][0]
    assert paged["ContactPersons"][0]["FirstName"] == "Bo"
    assert "PaymentTerms" in paged
    assert "Phones" not in (await xero.get("Contacts?summaryOnly=true"))["Contacts"][0]


async def test_search_term_looks_in_five_fields(xero: Xero) -> None:
    await xero.contact("Acme", EmailAddress="pay@acme.test")
    await xero.contact("Zenith")
    found = (await xero.get("Contacts?searchTerm=PAY%40"))["Contacts"]
    assert [each["Name"] for each in found] == ["Acme"]


async def group_of(xero: Xero) -> str:
    return str((await xero.get("ContactGroups"))["ContactGroups"][0]["ContactGroupID"])


@pytest.mark.parametrize("bumps", [False, True])
async def test_membership_touches_the_contact_only_when_switched(xero: Xero, bumps: bool) -> None:  # noqa: FBT001
    xero.organisation.membership_bumps_contact = bumps
    id_, group = await xero.contact(), await group_of(xero)
    before = (await xero.get(f"Contacts/{id_}"))["Contacts"][0]
    await xero.save("PUT", f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": id_}]})
    after = (await xero.get("Contacts?page=1"))["Contacts"][0]
    assert [each["Name"] for each in after["ContactGroups"]] == ["Credit hold"]
    assert (after["UpdatedDateUTC"] != before["UpdatedDateUTC"]) is bumps
    assert (await xero.get("Contacts"))["Contacts"][0]["ContactGroups"] == []


async def test_groups_are_made_renamed_emptied_and_deleted(xero: Xero) -> None:
    id_ = await xero.contact()
    group = (await xero.save("PUT", "ContactGroups", {"Name": "VIP"}))["ContactGroupID"]
    assert await xero.refused("PUT", "ContactGroups", {"Name": "vip"}) == [
        "The contact group name vip is already in use."
    ]
    assert await xero.refused("PUT", "ContactGroups", {}) == ["The contact group name must be specified."]
    await xero.save("POST", f"ContactGroups/{group}", {"Name": "Best"})
    await xero.save("PUT", f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": id_}]})
    shown = (await xero.get(f"ContactGroups/{group}"))["ContactGroups"][0]
    assert (shown["Name"], shown["Contacts"]) == ("Best", [{"ContactID": id_, "Name": "Acme"}])
    assert (await xero.call("DELETE", f"ContactGroups/{group}/Contacts/{id_}")).status_code == 204
    assert (await xero.call("DELETE", f"ContactGroups/{group}/Contacts/{id_}")).status_code == 404
    assert (await xero.call("DELETE", f"ContactGroups/{group}/Contacts")).status_code == 204
    await xero.save("POST", f"ContactGroups/{group}", {"Status": "DELETED"})
    assert (await xero.call("GET", f"ContactGroups/{group}")).status_code == 404
    ghost = {"Contacts": [{"ContactID": "11111111-1111-4111-8111-111111111111"}]}
    assert (await xero.call("PUT", f"ContactGroups/{await group_of(xero)}/Contacts", ghost)).status_code == 404
