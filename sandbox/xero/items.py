"""Items: what is sold, by code."""

from typing import TYPE_CHECKING

from sandbox.xero import fields
from sandbox.xero.arithmetic import rounded
from sandbox.xero.listing import Depth, listing
from sandbox.xero.problems import Invalid, Missing
from sandbox.xero.request import WIDE, ApiReply, ApiRequest
from sandbox.xero.wire import Bare, Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

DETAILS: fields.Table = {
    "UnitPrice": fields.number,
    "AccountCode": fields.text(10),
    "COGSAccountCode": fields.text(10),
    "TaxType": fields.text(50),
}
WRITABLE: fields.Table = {
    "Code": fields.text(30),
    "Name": fields.text(50),
    "InventoryAssetAccountCode": fields.text(10),
    "IsSold": fields.flag,
    "IsPurchased": fields.flag,
    "Description": fields.text(4000),
    "PurchaseDescription": fields.text(4000),
    "PurchaseDetails": fields.whole,
    "SalesDetails": fields.whole,
}
KNOWN = frozenset(WRITABLE) | {"ItemID", "UpdatedDateUTC", "IsTrackedAsInventory", "QuantityOnHand", "TotalCostPool"}


def find(organisation: "Organisation", key: str) -> Record:
    """By id, else by code [K]."""
    found = organisation.items.get(key) or next(iter(organisation.items.find("code", key)), None)
    if found is None:
        raise Missing
    return found


def _match(organisation: "Organisation", element: Record) -> Record | None:
    if (id_ := element.get("ItemID")) is not None:
        found = organisation.items.get(fields.guid("ItemID", id_))
        if found is None:
            raise Missing
        return found
    code = element.get("Code")
    return next(iter(organisation.items.find("code", str(code))), None) if code else None


def _details(organisation: "Organisation", given: Record, kept: Record, places: int) -> Record:
    found = {**kept, **fields.read(given, DETAILS)}
    if "UnitPrice" in found:
        found["UnitPrice"] = rounded(found["UnitPrice"], places)
    if (code := found.get("AccountCode")) and not organisation.accounts.find("code", code):
        raise Invalid(f"Account code '{code}' is not a valid code for this document.")
    if (tax := found.get("TaxType")) and organisation.tax_rates.get(tax) is None:
        raise Invalid(f"The TaxType code '{tax}' does not exist or cannot be used for this type of transaction.")
    return found


def save(organisation: "Organisation", element: Record, *, create_only: bool, places: int) -> Record:
    """Create or update one item, by ItemID or Code."""
    before = _match(organisation, element) if not create_only else None
    found = fields.read(element, WRITABLE)
    base: Record = before or {"ItemID": organisation.new_id(), "IsSold": True, "IsPurchased": True}
    for name in ("SalesDetails", "PurchaseDetails"):
        if name in found or name in base:
            found[name] = _details(organisation, found.get(name, {}), base.get(name, {}), places)
    item = {**base, **found}
    if not item.get("Code"):
        raise Invalid("Price List Item Code must be supplied")
    for other in organisation.items.find("code", item["Code"]):
        if other["ItemID"] != item["ItemID"]:
            raise Invalid(f"Price List Item with Code '{item['Code']}' already exists")
    tracked = bool(item.get("InventoryAssetAccountCode") and item.get("PurchaseDetails", {}).get("COGSAccountCode"))
    return organisation.items.put(organisation.stamped({**item, "IsTrackedAsInventory": tracked}, before))


def delete(organisation: "Organisation", item: Record) -> None:
    """``DELETE /Items/{id}``: gone, without a tombstone; only a full read shows it [SPEC 204]."""
    organisation.items.remove(item["ItemID"])


def view(item: Record, _depth: Depth, places: int = 2) -> Record:
    """An item as the API shows it; its stamp has no ``+0000`` [REC]."""
    shown = dict(item)
    shown["UpdatedDateUTC"] = Bare(item["UpdatedDateUTC"])
    for name in ("SalesDetails", "PurchaseDetails"):
        details = shown.get(name)
        if details and "UnitPrice" in details and places < WIDE:
            shown[name] = {**details, "UnitPrice": rounded(details["UnitPrice"], places)}
    return shown


def many(organisation: "Organisation", request: ApiRequest) -> ApiReply:
    """``GET /Items``; unpaged [SPEC]."""
    whole = ApiRequest(request.method, request.parts, {k: v for k, v in request.query.items() if k != "page"},
                       request.headers)  # fmt: skip
    return listing(
        whole, "Items", organisation.items, lambda record, depth: view(record, depth, request.unit_places),
        known=KNOWN, block=False, order="Code",
    )  # fmt: skip
