"""Accounts, tax rates, currencies, tracking categories, themes and the organisation itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.xero import fields
from sandbox.xero.listing import Depth, listing
from sandbox.xero.problems import Invalid, Missing
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Bare, Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

ACCOUNT: fields.Table = {
    "Code": fields.text(10),
    "Name": fields.text(150),
    "Type": fields.text(20),
    "Status": fields.choice("ACTIVE", "ARCHIVED", "DELETED"),
    "Description": fields.text(4000),
    "TaxType": fields.text(50),
    "BankAccountNumber": fields.text(50),
    "CurrencyCode": fields.text(3),
    "EnablePaymentsToAccount": fields.flag,
    "ShowInExpenseClaims": fields.flag,
    "AddToWatchlist": fields.flag,
}
CLASSES = {
    "ASSET": {"BANK", "CURRENT", "FIXED", "INVENTORY", "NONCURRENT", "PREPAYMENT"},
    "EQUITY": {"EQUITY"},
    "EXPENSE": {"DEPRECIATN", "DIRECTCOSTS", "EXPENSE", "OVERHEADS"},
    "LIABILITY": {"CURRLIAB", "LIABILITY", "TERMLIAB", "PAYG"},
    "REVENUE": {"OTHERINCOME", "REVENUE", "SALES"},
}
ACCOUNT_KNOWN = frozenset(ACCOUNT) | {"AccountID", "Class", "SystemAccount", "UpdatedDateUTC", "BankAccountType"}
TAX_RATE_KNOWN = frozenset(
    {"Name", "TaxType", "Status", "ReportTaxType", "DisplayTaxRate", "EffectiveRate", "CanApplyToAssets",
     "CanApplyToEquity", "CanApplyToExpenses", "CanApplyToLiabilities", "CanApplyToRevenue"}
)  # fmt: skip


def save_account(organisation: "Organisation", element: Record, *, create_only: bool) -> Record:
    """Create one account, or update it by id [SPEC: one per request]."""
    found = fields.read(element, ACCOUNT)
    id_ = element.get("AccountID")
    before = None if create_only or id_ is None else organisation.accounts.get(fields.guid("AccountID", id_))
    base: Record = before or {
        "AccountID": organisation.new_id(),
        "Status": "ACTIVE",
        "EnablePaymentsToAccount": False,
        "ShowInExpenseClaims": False,
        "AddToWatchlist": False,
        "SystemAccount": "",
        "HasAttachments": False,
        "TaxType": "NONE",
    }
    account = {**base, **found}
    if not account.get("Name") or not account.get("Type"):
        raise Invalid("Name and Type must be specified")
    class_ = next((name for name, types in CLASSES.items() if account["Type"] in types), None)
    if class_ is None:
        raise Invalid(f"Type '{account['Type']}' is not valid")
    account["Class"] = class_
    if account["Type"] == "BANK":
        account = {"CurrencyCode": organisation.base_currency, "BankAccountType": "BANK", **account}
        account["EnablePaymentsToAccount"] = False  # a bank account takes payments by its type
    for other in organisation.accounts.find("code", account.get("Code", "")):
        if other["AccountID"] != account["AccountID"]:
            raise Invalid("Please enter a unique Code.")
    return organisation.accounts.put(organisation.stamped(account, before))


def save_currency(organisation: "Organisation", element: Record, *, create_only: bool) -> Record:  # noqa: ARG001
    """Subscribe to a currency."""
    found = fields.read(element, {"Code": fields.text(3), "Description": fields.text(255)})
    if not found.get("Code"):
        raise Invalid("Code must be specified")
    return organisation.currencies.put({"Description": found["Code"], **found})


def plain(record: Record, _depth: Depth) -> Record:
    """A settings record as stored."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def collection(plural: str, known: frozenset[str], order: str) -> Callable[["Organisation", ApiRequest], ApiReply]:
    """``GET /{plural}`` of an unpaged collection; without stamps If-Modified-Since means nothing [SPEC]."""

    def many(organisation: "Organisation", request: ApiRequest) -> ApiReply:
        query = {name: value for name, value in request.query.items() if name not in {"page", "pagesize"}}
        whole = ApiRequest(request.method, request.parts, query, request.headers)
        return listing(whole, plural, organisation.shelves[plural], plain, known=known, block=False, order=order)

    return many


def finder(plural: str) -> Callable[["Organisation", str], Record]:
    """Look a settings record up by its key, in any case."""

    def find(organisation: "Organisation", key: str) -> Record:
        shelf = organisation.shelves[plural]
        found = shelf.get(key) or next((each for each in shelf if str(each[shelf.key]).lower() == key.lower()), None)
        if found is None:
            raise Missing
        return found

    return find


def organisation_view(organisation: "Organisation") -> Record:
    """``GET /Organisation`` [REC shape]."""
    shown: Record = {
        "Name": organisation.name,
        "LegalName": organisation.name,
        "PaysTax": True,
        "Version": organisation.country,
        "OrganisationType": "COMPANY",
        "BaseCurrency": organisation.base_currency,
        "CountryCode": organisation.country,
        "IsDemoCompany": True,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 3,
        "SalesTaxBasis": "PAYMENTS",
        "SalesTaxPeriod": "TWOMONTHS",
        "DefaultSalesTax": "Remember previous",
        "DefaultPurchasesTax": "Remember previous",
        "CreatedDateUTC": Bare(organisation.created),
        "OrganisationEntityType": "COMPANY",
        "Timezone": organisation.zone_name,
        "ShortCode": "!" + organisation.tenant_id[:5],
        "OrganisationID": organisation.tenant_id,
        "Edition": "BUSINESS",
        "Class": "DEMO",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    if organisation.period_lock_date is not None:
        shown["PeriodLockDate"] = organisation.period_lock_date
    if organisation.end_of_year_lock_date is not None:
        shown["EndOfYearLockDate"] = organisation.end_of_year_lock_date
    return shown
