"""Line items: what may be on one, and what Xero works out for it.

Facts: give two of Quantity, UnitAmount and LineAmount and the third follows [SPEC]; the account's tax
type is used where the line has none [REC]; a line may be a description alone [SPEC]; lines sent without
``LineItemID`` are new, so an update that omits the ids replaces every line [SPEC].
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.xero import fields
from sandbox.xero.arithmetic import CENT, HUNDRED, Totals, discounted, money, rounded, tax, totals
from sandbox.xero.problems import Invalid
from sandbox.xero.wire import Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

TRACKING_LIMIT = 2  # categories on a line [SPEC]
WRITABLE: fields.Table = {
    "LineItemID": fields.guid,
    "Description": fields.text(4000),
    "Quantity": fields.number,
    "UnitAmount": fields.number,
    "ItemCode": fields.text(30),
    "AccountCode": fields.text(10),
    "AccountID": fields.guid,
    "TaxType": fields.text(50),
    "TaxAmount": fields.number,
    "LineAmount": fields.number,
    "DiscountRate": fields.number,
    "DiscountAmount": fields.number,
    "Tracking": fields.rows,
}
SYSTEM = frozenset({"DEBTORS", "CREDITORS", "GST", "ROUNDING"})  # not to be written to by documents


@dataclass(frozen=True, slots=True)
class Setting:
    """What a line inherits from its document."""

    sales: bool
    discounts: bool  # sales invoices and quotes only [SPEC]
    line_amount_types: str
    currency: str
    places: int  # of unit amounts: 2, or 4 with unitdp=4
    posted: bool  # SUBMITTED or AUTHORISED: needs an account


def _defaults(organisation: "Organisation", line: Record, setting: Setting) -> Record:
    """The line completed from its item."""
    code = line.get("ItemCode")
    if not code:
        return line
    item = next(iter(organisation.items.find("code", code)), None)
    if item is None:
        raise Invalid(f"Item code '{code}' is not valid")
    details = item.get("SalesDetails" if setting.sales else "PurchaseDetails", {})
    text = item.get("Description" if setting.sales else "PurchaseDescription") or item.get("Name", "")
    from_item = {
        "Description": text,
        "UnitAmount": details.get("UnitPrice"),
        "AccountCode": details.get("AccountCode"),
        "TaxType": details.get("TaxType"),
    }
    filled = {name: value for name, value in from_item.items() if value not in {None, ""}}
    reference = {"ItemID": item["ItemID"], "Name": item.get("Name", ""), "Code": item["Code"]}
    return {**filled, **line, "Item": reference}


def _account(organisation: "Organisation", line: Record, setting: Setting) -> Record | None:
    if (id_ := line.get("AccountID")) and not line.get("AccountCode"):
        account = organisation.accounts.get(id_)
        code = id_
    elif code := line.get("AccountCode", ""):
        account = next(iter(organisation.accounts.find("code", code)), None)
    elif setting.posted:
        raise Invalid("Account code or ID must be specified")
    else:
        return None
    if account is None or account["Status"] != "ACTIVE":
        raise Invalid(f"Account code '{code}' is not a valid code for this document.")
    if account["Type"] == "BANK" or account.get("SystemAccount") in SYSTEM:
        raise Invalid(f"Account code '{code}' is not a valid code for this document.")
    return account


def _tax_rate(organisation: "Organisation", line: Record, account: Record | None, setting: Setting) -> Record | None:
    given = line.get("TaxType")
    if setting.line_amount_types == "NoTax":
        given = "NONE"
    code = given or (account["TaxType"] if account is not None else None)
    if not code:
        return None
    rate = organisation.tax_rates.get(code)
    if rate is None or rate["Status"] != "ACTIVE":
        raise Invalid(f"The TaxType code '{code}' does not exist or cannot be used for this type of transaction.")
    applies = {"ASSET": "Assets", "EQUITY": "Equity", "EXPENSE": "Expenses", "LIABILITY": "Liabilities"}
    if account is not None and not rate[f"CanApplyTo{applies.get(account['Class'], 'Revenue')}"]:
        raise Invalid(f"TaxType code '{code}' cannot be used with account code '{account['Code']}'.")
    return rate


def _amounts(line: Record, setting: Setting) -> Record:
    """Quantity, UnitAmount and LineAmount, two of them making the third."""
    rate, off = line.get("DiscountRate"), line.get("DiscountAmount")
    if (rate is not None or off is not None) and not setting.discounts:
        raise Invalid("Discounts are supported on sales invoices and quotes only")
    if rate is not None and not 0 <= rate <= HUNDRED:
        raise Invalid("DiscountRate must be between 0 and 100")
    quantity, unit, stated = line.get("Quantity"), line.get("UnitAmount"), line.get("LineAmount")
    if unit is None and stated is None:
        return {} if quantity is None else {"Quantity": quantity}
    if unit is None and stated is not None:
        quantity = quantity or Decimal(1)
        amount = money(stated, setting.currency)
        unit = rounded(_gross(stated, rate, off) / quantity, setting.places)
    else:
        unit = rounded(unit or Decimal(0), setting.places)
        if quantity is None and stated is not None and unit:
            quantity = rounded(_gross(stated, rate, off) / unit, 4)
            amount = money(stated, setting.currency)
        else:
            quantity = Decimal(1) if quantity is None else quantity
            amount = money(discounted(quantity * unit, rate, off), setting.currency)
            if stated is not None and abs(stated - amount) >= CENT:
                raise Invalid(f"The line total {stated} does not match the expected line total {amount}")
    return {"Quantity": rounded(quantity, 4), "UnitAmount": unit, "LineAmount": amount}


def _gross(stated: Decimal, rate: Decimal | None, off: Decimal | None) -> Decimal:
    """What a line amount was before its discount."""
    if rate is not None and rate < HUNDRED:
        return stated * HUNDRED / (HUNDRED - rate)
    return stated + (off or 0)


def _tracking(organisation: "Organisation", given: list[Record]) -> list[Record]:
    """Known categories with their ids; unknown ones vanish without a word [K]."""
    if len(given) > TRACKING_LIMIT:
        raise Invalid(f"A line item cannot have more than {TRACKING_LIMIT} tracking categories")
    found = []
    for row in given:
        named = organisation.tracking.find("name", str(row.get("Name", "")))
        category = organisation.tracking.get(str(row.get("TrackingCategoryID", ""))) or next(iter(named), None)
        options = category["Options"] if category is not None else []
        for option in options:
            if row.get("Option") == option["Name"] or row.get("TrackingOptionID") == option["TrackingOptionID"]:
                ids = {"TrackingCategoryID": category and category["TrackingCategoryID"]}
                found.append({"Name": category and category["Name"], "Option": option["Name"], **ids,
                              "TrackingOptionID": option["TrackingOptionID"]})  # fmt: skip
    return found


def line(organisation: "Organisation", element: Record, setting: Setting, kept: Mapping[str, Record]) -> Record:
    """One line, complete."""
    read = fields.read(element, WRITABLE)
    id_ = read.get("LineItemID")
    if id_ is not None and id_ not in kept:
        raise Invalid(f"The line item {id_} does not belong to this document")
    read = _defaults(organisation, {**kept.get(id_, {}), **read} if id_ is not None else read, setting)
    if id_ is not None and "LineAmount" not in element:
        read.pop("LineAmount", None)
    if not read.get("Description") and setting.posted:
        raise Invalid("Description must be at least 1 character long")
    amounts = _amounts(read, setting)
    made: Record = {
        name: read[name]
        for name in ("ItemCode", "Item", "Description", "DiscountRate", "DiscountAmount")
        if read.get(name) is not None
    }
    made |= amounts
    if "LineAmount" in amounts:
        account = _account(organisation, read, setting)
        rate = _tax_rate(organisation, read, account, setting)
        if account is not None:
            made |= {"AccountCode": account["Code"], "AccountID": account["AccountID"]}
        made["TaxType"] = rate["TaxType"] if rate is not None else "NONE"
        percent = rate["EffectiveRate"] if rate is not None else Decimal(0)
        worked_out = money(tax(amounts["LineAmount"], percent, setting.line_amount_types), setting.currency)
        stated = element.get("TaxAmount") if setting.line_amount_types != "NoTax" and percent else None
        made["TaxAmount"] = (
            money(fields.number("TaxAmount", stated), setting.currency) if stated is not None else worked_out
        )
    made["Tracking"] = _tracking(organisation, read.get("Tracking", []))
    made["LineItemID"] = id_ or organisation.new_id()
    return made


def build(
    organisation: "Organisation", elements: list[Record], setting: Setting, before: list[Record]
) -> tuple[list[Record], Totals]:
    """All lines of a document and their totals; every bad line is told."""
    kept = {each["LineItemID"]: each for each in before}
    made: list[Record] = []
    messages: list[str] = []
    for element in elements:
        try:
            made.append(line(organisation, element, setting, kept))
        except Invalid as problem:
            messages.extend(problem.messages)
    if messages:
        raise Invalid(*dict.fromkeys(messages))
    return made, sums(made, setting.line_amount_types)


def sums(made: list[Record], line_amount_types: str) -> Totals:
    """What lines add up to."""
    return totals(((each["LineAmount"], each["TaxAmount"]) for each in made if "LineAmount" in each), line_amount_types)


def shown(each: Record, places: int) -> Record:
    """A line on the wire; unit amounts have two places unless four were asked for."""
    if "UnitAmount" not in each or places >= -each["UnitAmount"].as_tuple().exponent:
        return each
    return {**each, "UnitAmount": rounded(each["UnitAmount"], places)}
