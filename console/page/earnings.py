"""What earned a month's revenue, as the page draws it: the same shares and the same proof as `revmark attribution`."""

from __future__ import annotations

from typing import Any, get_args

from agents.rules.attribution import attribute
from console.attributing import called, days, document, proofs, says
from console.earning import offered, postings
from console.explain.contract import required
from console.projection.store import Store
from schemas.contract.touches import Basis
from schemas.errors import SettingsError
from streams.settings import Settings

MONTHS = 24  # offered to choose from


def earned(store: Store, settings: Settings, month: str, by: str, basis: str) -> dict[str, Any]:
    """A month's shares; the newest month with a total where none is named.

    Raises:
        ContractError: the contract cannot be read.
        SettingsError: there is no such basis.
        Refused: no month is written so, or nothing is attributed by that.
    """
    contract = required(settings.contract)
    if basis not in get_args(Basis):
        raise SettingsError(f"a basis is {' or '.join(get_args(Basis))}, not {basis!r}", code="usage")
    wished: Basis = "cash" if basis == "cash" else "posted"
    there = [row["month"] for row in store.rows(
        "SELECT DISTINCT substr(day, 1, 7) AS month FROM totals ORDER BY 1 DESC LIMIT ?", [MONTHS]
    )]  # fmt: skip
    choices = {"months": there, "fields": offered(contract)}
    chosen = month or (there[0] if there else "")
    if not chosen:
        return choices | {"month": "", "by": by, "basis": wished, "shares": [], "totals": [], "proof": []}
    start, end = days(chosen)
    found = postings(store, contract, by)
    split, proven = attribute(found, wished, start, end), proofs(store, found, start, end)
    shown = document(split, called(store, split, by), proven, chosen, by)
    told = [one | {"says": says(proof, wished)} for one, proof in zip(shown["proof"], proven, strict=True)]
    return choices | shown | {"proof": told}
