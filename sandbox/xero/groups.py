"""Contact groups and their members.

Putting a contact into a group changes the group; whether it touches the contact's ``UpdatedDateUTC`` is
not recorded, so it does not, unless the organisation is switched (``membership_bumps_contact``).
"""

from typing import TYPE_CHECKING

from sandbox.xero import fields
from sandbox.xero.listing import Depth, listing
from sandbox.xero.problems import Invalid, Missing
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

WRITABLE: fields.Table = {"Name": fields.text(255), "Status": fields.choice("ACTIVE", "DELETED")}
KNOWN = frozenset(WRITABLE) | {"ContactGroupID"}


def find(organisation: "Organisation", key: str) -> Record:
    """By id."""
    found = organisation.groups.get(key)
    if found is None or found["Status"] == "DELETED":
        raise Missing
    return found


def save(organisation: "Organisation", element: Record, *, create_only: bool) -> Record:
    """Make a group, rename it or delete it by its status."""
    found = fields.read(element, WRITABLE)
    id_ = element.get("ContactGroupID")
    before = None if create_only or id_ is None else find(organisation, fields.guid("ContactGroupID", id_))
    if before is None and not found.get("Name"):
        raise Invalid("The contact group name must be specified.")
    base = before or {"ContactGroupID": organisation.new_id(), "Status": "ACTIVE", "_members": ()}
    group = {**base, **found}
    for other in organisation.groups.find("name", group["Name"]):
        if other["ContactGroupID"] != group["ContactGroupID"] and other["Status"] == "ACTIVE":
            raise Invalid(f"The contact group name {group['Name']} is already in use.")
    return organisation.groups.put(group)


def _change(organisation: "Organisation", group: Record, members: tuple[str, ...]) -> Record:
    changed = set(members) ^ set(group["_members"])
    if organisation.membership_bumps_contact:
        for id_ in sorted(changed):
            if (contact := organisation.contacts.get(id_)) is not None:
                organisation.contacts.put(organisation.stamped(contact, contact))
    return organisation.groups.put({**group, "_members": members}) if changed else group


def join(organisation: "Organisation", group: Record, elements: list[Record]) -> list[Record]:
    """``PUT /ContactGroups/{id}/Contacts``."""
    joining = []
    for element in elements:
        contact = organisation.contacts.get(fields.guid("ContactID", element.get("ContactID")))
        if contact is None:
            raise Missing
        joining.append(contact)
    ids = [contact["ContactID"] for contact in joining]
    _change(organisation, group, tuple(dict.fromkeys((*group["_members"], *ids))))
    return joining


def leave(organisation: "Organisation", group: Record, contact_id: str | None) -> None:
    """``DELETE`` one contact of a group, or all."""
    if contact_id is not None and contact_id.lower() not in group["_members"]:
        raise Missing
    kept = () if contact_id is None else tuple(id_ for id_ in group["_members"] if id_ != contact_id.lower())
    _change(organisation, group, kept)


def view(organisation: "Organisation", group: Record, depth: Depth) -> Record:
    """A group; its members only when read by id."""
    shown = {name: value for name, value in group.items() if not name.startswith("_")}
    members = []
    if depth is Depth.ONE:
        found = [organisation.contacts.get(id_) for id_ in group["_members"]]
        members = [{"ContactID": each["ContactID"], "Name": each["Name"]} for each in found if each is not None]
    return {**shown, "Contacts": members, "HasValidationErrors": False}


def many(organisation: "Organisation", request: ApiRequest) -> ApiReply:
    """``GET /ContactGroups``; unpaged."""
    records = [group for group in organisation.groups if group["Status"] == "ACTIVE"]
    return listing(
        request, "ContactGroups", records, lambda record, depth: view(organisation, record, depth),
        known=KNOWN, block=False, order="Name",
    )  # fmt: skip
