"""Currencies: whether the portal's own currency is the one in which the ERP keeps its books.

In: the account as HubSpot states it, the contract's base currency. Out: a finding; one of its own currency is no fault,
for Xero's books decide the contract's, but people have to know which amounts they may add up.
Source: HubSpot's account information (`companyCurrency`, `additionalCurrencies`), its guide to currencies (an amount in
company currency is made of a deal's own at the rates that are set in HubSpot).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.checkup.finding import Finding

NAME = "hubspot currency"
WHERE = "HubSpot's Settings > Account Defaults > Currency"
READ = "docs/operations.md, In which currency"


def finding(account: Mapping[str, Any], base: str) -> Finding | None:
    """Compare the portal's currency with `base`; None where the account states none."""
    portal, others = account.get("companyCurrency"), account.get("additionalCurrencies")
    if portal is None:
        return None
    if portal == base:
        return Finding(NAME, ok=True, detail=f"{portal}, as the contract's base_currency")
    lacks = isinstance(others, list) and base not in others
    unknown = f"; {base} is not among the portal's currencies, so no deal there can say that it is in it"
    detail = (
        f"the portal's currency is {portal} and the contract's base_currency {base}{unknown if lacks else ''}. "
        f"What HubSpot shows without a currency, as a product's price or a deal that names none, people there read as "
        f"{portal}; Revmark takes it for {base}, or a deal for its customer's. HubSpot's amounts in company currency "
        f"are {portal} at the rates set there; revmark attribution and the records of revenue are in each document's "
        f"own currency and in {base} at Xero's rates, and do not come to the same"
    )
    also = f"add {base} there and " if lacks else ""
    step = (
        f"make {base} the company currency in {WHERE}; or leave it, {also}give each deal its currency, and add up "
        f"revmark_base_amount ({READ}). Keep base_currency as Xero's"
    )
    return Finding(NAME, ok=True, detail=detail, next_step=step)
