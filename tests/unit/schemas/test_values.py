"""Values that load, and that nobody can mean, are found by lint with what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.contract import lint
from tests.support.contracts import contract

Changes = dict[str, Any]


def bills(**words: Any) -> Changes:
    """A contract with other words about its bills."""
    return {"invoice_defaults": words}


DEPOSIT: Changes = {"timing": {"invoice_when": "shipped", "deposit": {"percent": 30, "account": " "}}}
PREFIX = "invoice_defaults.number_prefix"
WRONG: list[tuple[Changes, str, str]] = [
    (bills(account=""), "invoice_defaults.account", 'Write the code that Xero has, as "200"'),
    (bills(account="  "), "invoice_defaults.account", "an account without a code"),
    (bills(accounts_by_sku={"W-1": ""}), "invoice_defaults.accounts_by_sku.W-1", "an account without a code"),
    (bills(tax_type=""), "invoice_defaults.tax_type", "a tax type without a code"),
    (bills(tax_types_by_country={"AU": " "}), "invoice_defaults.tax_types_by_country.AU", "a tax type without a code"),
    (DEPOSIT, "timing.deposit.account", "an account without a code"),
    *((bills(number_prefix=prefix), PREFIX, repr(prefix)) for prefix in ("   ", "RM,", "RM 7-", '"RM"-', "R'M", "R\t")),
    (bills(due_days=3651), "invoice_defaults.due_days", "Write 3650 or fewer"),
    (bills(due_days=1_000_000), "invoice_defaults.due_days", "1000000 days are more than ten years"),
    *(({"base_currency": code}, "base_currency", f"{code} is no currency") for code in ("XXX", "XTS", "XAU", "XDR")),
]


@pytest.mark.parametrize(("changes", "path", "said"), WRONG)
def test_a_value_that_nobody_can_mean_stops_a_worker(changes: Changes, path: str, said: str):
    (found,) = lint(contract(changes))
    assert (found.level, found.path) == ("error", path)
    assert said in found.message


@pytest.mark.parametrize(
    ("country", "said"),
    [("au", "Did you mean 'AU'?"), ("Au", "Did you mean 'AU'?"), ("", "name the country"), (" ", "it decides nothing")],
)
def test_a_country_that_no_address_spells_so_is_told_of(country: str, said: str):
    (found,) = lint(contract(bills(tax_types_by_country={country: "EXEMPTOUTPUT"})))
    assert found.level == "warning"
    assert said in found.message


@pytest.mark.parametrize(
    "changes",
    [
        bills(number_prefix="INV_2026/"),
        bills(number_prefix="Ä-"),
        bills(due_days=0),
        bills(due_days=3650),
        bills(tax_types_by_country={"AU": "EXEMPTOUTPUT", "Australia": "EXEMPTOUTPUT", "new zealand": "OUTPUT2"}),
        *({"base_currency": code} for code in ("XAF", "XCD", "XOF", "XPF", "KWD")),
    ],
)
def test_a_value_that_is_rare_is_none_of_them(changes: Changes):
    assert lint(contract(changes)) == []
