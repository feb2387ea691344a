"""Finds values that nobody can mean: they load, and what is made with them is refused or might not be found again.

In: a contract. Out: what lint says.
Source: Xero's documentation of invoices (`InvoiceNumbers` takes numbers with commas between them, `where` takes them
in quotes); ISO 4217 (codes that begin with X are of no country, some of no money).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from schemas.contract.model import Contract

Fault = tuple[Literal["error", "warning"], str, str]
MOST_DUE_DAYS = 3650  # ten years: no customer's terms are as long, and a due date beyond is a slip of the keyboard
UNFINDABLE = re.compile(r"""[\s,"']""")  # in a number: what a look-up by numbers would take for the end of one
# ISO 4217 codes in which nobody keeps books: metals, units of account, tests, and no currency.
NO_MONEY = frozenset(
    {"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}
)  # fmt: skip
SMALL_CODE = re.compile(r"[A-Za-z]{2}")  # a country's code, however it is written


def value_faults(contract: Contract) -> Iterator[Fault]:
    """Level, path and message of each value that nobody can mean."""
    for rule in (_codes, _number_prefix, _due_days, _currency):
        yield from (("error", path, message) for path, message in rule(contract))
    yield from (("warning", path, message) for path, message in _countries(contract))


def _codes(contract: Contract) -> Iterator[tuple[str, str]]:
    """Codes of the ERP's that are blank."""
    defaults, deposit = contract.invoice_defaults, contract.timing.deposit
    accounts = {"account": defaults.account} | {
        f"accounts_by_sku.{sku}": code for sku, code in defaults.accounts_by_sku.items()
    }
    taxes = {"tax_type": defaults.tax_type} | {
        f"tax_types_by_country.{country}": code for country, code in defaults.tax_types_by_country.items()
    }
    found = {f"invoice_defaults.{path}": (code, "an account", '"200"') for path, code in accounts.items()}
    found |= {f"invoice_defaults.{path}": (code, "a tax type", "OUTPUT2") for path, code in taxes.items()}
    if deposit is not None and deposit.account is not None:
        found["timing.deposit.account"] = (deposit.account, "an account", '"835"')
    for path, (code, word, such) in found.items():
        if not code.strip():
            yield path, f"{word} without a code: Xero would refuse every bill. Write the code that Xero has, as {such}"


def _number_prefix(contract: Contract) -> Iterator[tuple[str, str]]:
    """Numbers by which no bill is found again."""
    prefix = contract.invoice_defaults.number_prefix
    if UNFINDABLE.search(prefix):
        said = "a bill whose answer was lost is looked up by its number, and might not be found, or be made twice"
        yield (
            "invoice_defaults.number_prefix",
            f"{prefix!r} has a blank, a comma or a quote in it: {said}. Write letters, digits and dashes, as RM-",
        )


def _due_days(contract: Contract) -> Iterator[tuple[str, str]]:
    """A due date that is never reached."""
    days = contract.invoice_defaults.due_days
    if days > MOST_DUE_DAYS:
        said = f"{days} days are more than ten years, and no bill would ever be overdue"
        yield "invoice_defaults.due_days", f"{said}. Write {MOST_DUE_DAYS} or fewer, as 20"


def _currency(contract: Contract) -> Iterator[tuple[str, str]]:
    """Books in what is no money."""
    code = contract.base_currency
    if code in NO_MONEY:
        yield "base_currency", f"{code} is no currency that books are kept in. Write the ERP's own, as NZD"


def _countries(contract: Contract) -> Iterator[tuple[str, str]]:
    """Countries that are probably spelt otherwise in addresses: these are compared letter by letter."""
    for country in contract.invoice_defaults.tax_types_by_country:
        path = f"invoice_defaults.tax_types_by_country.{country}"
        if not country.strip():
            yield path, "no address has a country without a name: it decides nothing. Take it out, or name the country"
        elif SMALL_CODE.fullmatch(country) and country != country.upper():
            said = f"it is for addresses that spell their country {country!r}, letter by letter"
            yield path, f"{said}. Did you mean {country.upper()!r}?"
