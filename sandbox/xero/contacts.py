"""Contacts: matching, the rules of names and archiving, and what a reading shows.

Facts [REC unless said]: a name is unique among active contacts; an archived contact cannot be edited
over the API; both addresses and all four phones are always listed; ContactNumber can be set only over the
API, so it carries foreign ids [SPEC]. A merge happens at the screen only and leaves ``MergedToContactID``.
"""

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.xero import fields
from sandbox.xero.listing import Depth, listing
from sandbox.xero.problems import Invalid, Malformed, Missing
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

ARCHIVED = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)
PERSONS_LIMIT = 5  # [SPEC]
ADDRESS_TYPES = ("STREET", "POBOX")
PHONE_TYPES = ("DEFAULT", "DDI", "FAX", "MOBILE")

ADDRESS: fields.Table = {
    "AddressType": fields.choice(*ADDRESS_TYPES, "DELIVERY"),
    **{f"AddressLine{line}": fields.text(500) for line in (1, 2, 3, 4)},
    "City": fields.text(255),
    "Region": fields.text(255),
    "PostalCode": fields.text(50),
    "Country": fields.text(50),
    "AttentionTo": fields.text(255),
}
PHONE: fields.Table = {
    "PhoneType": fields.choice(*PHONE_TYPES, "OFFICE"),
    "PhoneNumber": fields.text(50),
    "PhoneAreaCode": fields.text(10),
    "PhoneCountryCode": fields.text(20),
}
PERSON: fields.Table = {
    "FirstName": fields.text(255),
    "LastName": fields.text(255),
    "EmailAddress": fields.email,
    "IncludeInEmails": fields.flag,
}
WRITABLE: fields.Table = {
    "ContactNumber": fields.text(50),
    "AccountNumber": fields.text(50),
    "ContactStatus": fields.choice("ACTIVE", "ARCHIVED", "GDPRREQUEST"),
    "Name": fields.text(255),
    "FirstName": fields.text(255),
    "LastName": fields.text(255),
    "CompanyNumber": fields.text(50),
    "EmailAddress": fields.email,
    "BankAccountDetails": fields.text(),
    "TaxNumber": fields.text(50),
    "AccountsReceivableTaxType": fields.text(50),
    "AccountsPayableTaxType": fields.text(50),
    "DefaultCurrency": fields.text(3),
    "XeroNetworkKey": fields.text(),
    "SalesDefaultAccountCode": fields.text(10),
    "PurchasesDefaultAccountCode": fields.text(10),
    "PaymentTerms": fields.whole,
    "Addresses": fields.rows,
    "Phones": fields.rows,
    "ContactPersons": fields.rows,
}
KNOWN = frozenset(WRITABLE) | {
    "ContactID", "UpdatedDateUTC", "IsCustomer", "IsSupplier", "Website", "Discount", "HasAttachments",
    "MergedToContactID", "ContactGroups", "Balances",
}  # fmt: skip
PAGED_ONLY = frozenset({"MergedToContactID", "PaymentTerms", "SalesDefaultAccountCode", "PurchasesDefaultAccountCode"})
SEARCHED = ("Name", "FirstName", "LastName", "ContactNumber", "EmailAddress")  # [SPEC searchTerm]


def _slots(
    given: list[Record], table: fields.Table, key: str, kept: list[Record], types: tuple[str, ...]
) -> list[Record]:
    """One entry per type: those given replace those kept, the others stay."""
    by_type = {row[key]: row for row in kept} or {type_: {key: type_} for type_ in types}
    for row in given:
        read = fields.read(row, table)
        by_type[read.get(key, types[0])] = {key: types[0], **read}
    return list(by_type.values())


def _parts(found: Record, before: Record) -> Record:
    """The nested lists of a contact, read and completed."""
    parts = {
        "Addresses": _slots(
            found.pop("Addresses", []), ADDRESS, "AddressType", before.get("Addresses", []), ADDRESS_TYPES
        ),
        "Phones": _slots(found.pop("Phones", []), PHONE, "PhoneType", before.get("Phones", []), PHONE_TYPES),
    }
    if (persons := found.pop("ContactPersons", None)) is not None:
        if len(persons) > PERSONS_LIMIT:
            raise Invalid(f"A contact must not have more than {PERSONS_LIMIT} contact persons")
        parts["ContactPersons"] = [{"IncludeInEmails": False, **fields.read(row, PERSON)} for row in persons]
    return parts


def match(organisation: "Organisation", element: Record) -> Record | None:
    """The contact a POST means: by ContactID, else ContactNumber, else Name [SPEC]."""
    shelf = organisation.contacts
    if (id_ := element.get("ContactID")) is not None:
        found = shelf.get(fields.guid("ContactID", id_))
        if found is None:
            raise Missing
        return found
    for index, name in (("number", "ContactNumber"), ("name", "Name")):
        value = element.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise Malformed(f"{name} must be a string")
        hits = shelf.find(index, value)
        if hits:
            return next((hit for hit in hits if hit["ContactStatus"] == "ACTIVE"), hits[0])
    return None


def _check_unique(organisation: "Organisation", contact: Record) -> None:
    others = [
        other
        for other in organisation.contacts.find("name", contact["Name"])
        if other["ContactID"] != contact["ContactID"] and other["ContactStatus"] == "ACTIVE"
    ]
    if others and contact["ContactStatus"] == "ACTIVE":
        raise Invalid(
            f"The contact name {contact['Name']} is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
        )
    if number := contact.get("ContactNumber"):
        holders = organisation.contacts.find("number", number)
        if any(holder["ContactID"] != contact["ContactID"] for holder in holders):
            raise Invalid(f"The contact number {number} is already assigned to another contact.")


def save(organisation: "Organisation", element: Record, *, create_only: bool) -> Record:
    """Create or update one contact."""
    before = None if create_only else match(organisation, element)
    if before is not None and before["ContactStatus"] == "ARCHIVED" and organisation.actor == "api":
        raise Invalid(ARCHIVED)
    found = fields.read(element, WRITABLE)
    parts = _parts(found, before or {})
    if before is None:
        if not found.get("Name"):
            raise Invalid("The contact name must be specified.")
        base: Record = {
            "ContactID": organisation.new_id(),
            "ContactStatus": "ACTIVE",
            "EmailAddress": "",
            "BankAccountDetails": "",
            "ContactPersons": [],
        }
    else:
        base = before
        if found.get("Name") == "":
            raise Invalid("The contact name must be specified.")
    contact = {**base, **found, **parts}
    if (currency := found.get("DefaultCurrency")) and currency not in organisation.enabled_currencies():
        raise Invalid(f"Organisation is not subscribed to currency {currency}")
    _check_unique(organisation, contact)
    return organisation.contacts.put(organisation.stamped(contact, before))


def resolve(organisation: "Organisation", element: Record) -> Record:
    """The contact a document names; fields beyond the id update it, and a new name makes one [SPEC].

    An update that comes this way also drops the contact persons that it does not repeat [SPEC], which is
    why a document should name its contact by ``ContactID`` alone.
    """
    contact = element.get("Contact")
    if contact is None:
        raise Invalid("A Contact must be specified for this type of transaction")
    if not isinstance(contact, dict):
        raise Malformed("Contact must be an object")
    found = match(organisation, contact)
    if found is None:
        if not contact.get("Name"):
            raise Invalid("A Contact must be specified for this type of transaction")
        return save(organisation, contact, create_only=True)
    if found["ContactStatus"] == "ARCHIVED" and organisation.actor == "api":
        raise Invalid(ARCHIVED)
    given = {name for name in WRITABLE if contact.get(name) is not None}
    if not given or ("ContactID" not in contact and given <= {"Name", "ContactNumber"}):
        return found
    update = {**contact, "ContactID": found["ContactID"]}
    return save(organisation, {"ContactPersons": [], **update}, create_only=False)


def stub(contact: Record) -> Record:
    """A contact inside a listed document [REC]."""
    return {
        "ContactID": contact["ContactID"],
        "Name": contact["Name"],
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def _used(organisation: "Organisation", contact: Record, type_: str) -> list[Record]:
    return organisation.invoices.find("contact", f"{type_}/{contact['ContactID']}")


def _balance(organisation: "Organisation", contact: Record, type_: str) -> Record:
    from sandbox.xero.balances import amount_due  # noqa: PLC0415 - balances read documents, documents read contacts

    owing = [
        (invoice, amount_due(organisation, invoice))
        for invoice in _used(organisation, contact, type_)
        if invoice["Status"] == "AUTHORISED"
    ]
    today = organisation.today()
    late = [due for invoice, due in owing if invoice.get("DueDate") and invoice["DueDate"] < today]
    return {"Outstanding": sum((due for _, due in owing), Decimal("0.00")), "Overdue": sum(late, Decimal("0.00"))}


def view(organisation: "Organisation", contact: Record, depth: Depth) -> Record:
    """A contact as the API shows it."""
    full = depth in {Depth.PAGE, Depth.ONE, Depth.WRITTEN}
    shown = {
        name: value for name, value in contact.items() if not name.startswith("_") and (full or name not in PAGED_ONLY)
    }
    if depth is Depth.SUMMARY:
        return {name: shown[name] for name in shown if name not in {"Addresses", "Phones", "ContactPersons"}}
    groups = [
        {"ContactGroupID": group["ContactGroupID"], "Name": group["Name"], "Status": group["Status"],
         "Contacts": [], "HasValidationErrors": False}
        for group in organisation.groups
        if contact["ContactID"] in group["_members"] and group["Status"] == "ACTIVE"
    ]  # fmt: skip
    shown |= {
        "ContactGroups": groups if full else [],
        "IsSupplier": bool(_used(organisation, contact, "ACCPAY")),
        "IsCustomer": bool(_used(organisation, contact, "ACCREC")),
        "HasAttachments": False,
        "HasValidationErrors": False,
    }
    if not full:
        shown["ContactPersons"] = []
    elif depth is not Depth.WRITTEN and (shown["IsCustomer"] or shown["IsSupplier"]):
        shown["Balances"] = {
            "AccountsReceivable": _balance(organisation, contact, "ACCREC"),
            "AccountsPayable": _balance(organisation, contact, "ACCPAY"),
        }
    return shown


def echo(element: Record) -> Record:
    """What a refused element looks like [REC]."""
    lists = {name: element.get(name) or [] for name in ("Addresses", "Phones", "ContactPersons")}
    return {**element, **lists, "ContactGroups": [], "HasValidationErrors": True}


def find(organisation: "Organisation", key: str) -> Record:
    """By ContactID, else by ContactNumber [SPEC]."""
    found = organisation.contacts.get(key) or next(iter(organisation.contacts.find("number", key)), None)
    if found is None:
        raise Missing
    return found


def many(organisation: "Organisation", request: ApiRequest) -> ApiReply:
    """``GET /Contacts``; archived ones only when asked for [SPEC]."""
    records = list(organisation.contacts)
    if (ids := request.words("IDs")) is not None:
        records = [found for id_ in dict.fromkeys(ids) if (found := organisation.contacts.get(id_)) is not None]
    if not request.truth("includeArchived"):
        records = [record for record in records if record["ContactStatus"] != "ARCHIVED"]
    if term := request.query.get("searchterm", "").casefold():
        records = [
            record for record in records if any(term in str(record.get(name, "")).casefold() for name in SEARCHED)
        ]
    return listing(request, "Contacts", records, lambda record, depth: view(organisation, record, depth), known=KNOWN)


def merge(organisation: "Organisation", loser: Record, winner: Record) -> Record:
    """What a person does at the screen: the loser is archived and points at the winner [SPEC].

    Its documents move to the winner.
    """
    for shelf in (organisation.invoices, organisation.credit_notes, organisation.quotes,
                  organisation.prepayments, organisation.overpayments):  # fmt: skip
        for record in shelf:
            if record.get("_contact") == loser["ContactID"]:
                shelf.put(organisation.stamped({**record, "_contact": winner["ContactID"]}, record))
    merged = {**loser, "ContactStatus": "ARCHIVED", "MergedToContactID": winner["ContactID"]}
    return organisation.contacts.put(organisation.stamped(merged, loser))
