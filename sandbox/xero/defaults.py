"""A New Zealand demo company: accounts, tax rates, currencies, a theme and a group.

Codes, types and rates follow the recorded demo company; the rest of its hundred accounts is left out.
"""

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

ACCOUNTS = (
    # code, name, type, class, tax type, payments allowed, system account
    ("090", "Business Bank Account", "BANK", "ASSET", "NONE", False, ""),
    ("091", "Business Savings Account", "BANK", "ASSET", "NONE", False, ""),
    ("200", "Sales", "REVENUE", "REVENUE", "OUTPUT2", False, ""),
    ("201", "Subscriptions", "REVENUE", "REVENUE", "OUTPUT2", False, ""),
    ("202", "Export Sales", "REVENUE", "REVENUE", "ZERORATEDOUTPUT", False, ""),
    ("260", "Other Revenue", "REVENUE", "REVENUE", "OUTPUT2", False, ""),
    ("300", "Purchases", "DIRECTCOSTS", "EXPENSE", "INPUT2", False, ""),
    ("400", "Advertising", "OVERHEADS", "EXPENSE", "INPUT2", False, ""),
    ("404", "Bank Fees", "OVERHEADS", "EXPENSE", "NONE", False, ""),
    ("610", "Accounts Receivable", "CURRENT", "ASSET", "NONE", False, "DEBTORS"),
    ("800", "Accounts Payable", "CURRLIAB", "LIABILITY", "NONE", False, "CREDITORS"),
    ("820", "GST", "CURRLIAB", "LIABILITY", "NONE", False, "GST"),
    ("860", "Rounding", "CURRLIAB", "LIABILITY", "NONE", False, "ROUNDING"),
    ("881", "Owner A Funds Introduced", "CURRLIAB", "LIABILITY", "NONE", True, ""),
)
TAX_RATES = (
    # code, name, report type, rate, applies to (assets, equity, expenses, liabilities, revenue), status
    ("INPUT", "12.5% GST on Expenses", "INPUT", "12.5", (True, True, True, True, False), "DELETED"),
    ("OUTPUT", "12.5% GST on Income", "OUTPUT", "12.5", (True, True, False, True, True), "DELETED"),
    ("INPUT2", "15% GST on Expenses", "INPUT", "15", (True, True, True, True, False), "ACTIVE"),
    ("OUTPUT2", "15% GST on Income", "OUTPUT", "15", (True, True, False, True, True), "ACTIVE"),
    ("GSTONIMPORTS", "GST on Imports", "GSTONIMPORTS", "0", (False, False, False, True, False), "ACTIVE"),
    ("NONE", "No GST", "NONE", "0", (True, True, True, True, True), "ACTIVE"),
    ("ZERORATED", "Zero Rated", "OUTPUT", "0", (False, False, False, True, True), "ACTIVE"),
    ("ZERORATEDOUTPUT", "Zero Rated Exports", "OUTPUT", "0", (False, False, False, True, True), "ACTIVE"),
)
CURRENCIES = (
    ("NZD", "New Zealand Dollar"),
    ("AUD", "Australian Dollar"),
    ("EUR", "Euro"),
    ("GBP", "British Pound"),
    ("JPY", "Japanese Yen"),
    ("USD", "United States Dollar"),
)
DAY_RATES = {"AUD": "0.92", "EUR": "0.55", "GBP": "0.46", "JPY": "92", "USD": "0.61"}  # for one NZD, made up
GROUPS = ("Credit hold",)
CLASSES = ("Assets", "Equity", "Expenses", "Liabilities", "Revenue")


def seed(organisation: "Organisation") -> None:
    """Put the defaults on the shelves."""
    for code, name, type_, class_, tax, payments, system in ACCOUNTS:
        account = {
            "AccountID": organisation.new_id(),
            "Code": code,
            "Name": name,
            "Status": "ACTIVE",
            "Type": type_,
            "TaxType": tax,
            "Class": class_,
            "EnablePaymentsToAccount": payments,
            "ShowInExpenseClaims": False,
            "SystemAccount": system,
            "HasAttachments": False,
            "AddToWatchlist": False,
        }
        if type_ == "BANK":
            account |= {"BankAccountNumber": f"12010203456780{code}", "BankAccountType": "BANK"}
            account |= {"CurrencyCode": organisation.base_currency}
        organisation.accounts.put(organisation.stamped(account))
    for tax_type, name, report, rate, applies, status in TAX_RATES:
        component = {"Name": "GST", "Rate": Decimal(rate), "IsCompound": False, "IsNonRecoverable": False}
        organisation.tax_rates.put(
            {
                "Name": name,
                "TaxType": tax_type,
                "ReportTaxType": report,
                **{f"CanApplyTo{word}": yes for word, yes in zip(CLASSES, applies, strict=True)},
                "DisplayTaxRate": Decimal(rate),
                "EffectiveRate": Decimal(rate),
                "Status": status,
                "TaxComponents": [component],
            }
        )
    for code, description in CURRENCIES:
        organisation.currencies.put({"Code": code, "Description": description})
    organisation.day_rates.update({code: Decimal(rate) for code, rate in DAY_RATES.items()})
    theme = {"BrandingThemeID": organisation.new_id(), "Name": "Standard", "SortOrder": 0}
    organisation.themes.put({**theme, "CreatedDateUTC": organisation.now()})
    for name in GROUPS:
        organisation.groups.put(
            {"ContactGroupID": organisation.new_id(), "Name": name, "Status": "ACTIVE", "_members": ()}
        )
    options = [
        {"TrackingOptionID": organisation.new_id(), "Name": option, "Status": "ACTIVE"}
        for option in ("Eastside", "North", "South", "West Coast")
    ]
    region = {"TrackingCategoryID": organisation.new_id(), "Name": "Region", "Status": "ACTIVE", "Options": options}
    organisation.tracking.put(region)
