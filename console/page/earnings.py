"""What earned a month's revenue, as the page draws it: the same shares and the same proof as `revmark attribution`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

from agents.rules.attribution import attribute
from console.attributing import called, days, document, proven
from console.earning import offered, postings
from console.explain.contract import required
from console.projection.store import Store
from schemas.contract.touches import Basis
from schemas.errors import SettingsError
from streams.settings import Settings

MONTHS = 24  # offered to choose from


def earned(store: Store, settings: Settings, month: str, by: str, basis: str, now: datetime) -> dict[str, Any]:
    """A month's shares; the newest month with a total where none is named. A day that is over by `now` has its proof.

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
    split = attribute(found, wished, start, end)
    proof = proven(store, contract, found, wished, start, end, now)
    shown = document(split, called(store, split, by), proof, chosen, by)
    return choices | shown | {"proof": [each.document() | {"state": each.state, "says": each.says()} for each in proof]}
