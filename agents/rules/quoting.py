"""Quoting: a deal that becomes an order when its customer has accepted a quote of it.

In: the accepted quotes of a deal, the oldest first; the deal's lines are those of the first one. Out: whether it may be
ordered, and what is in doubt. Invariant: a deal makes one order, by one quote: of two that were accepted nobody but a
person can say which one is meant.
"""

from __future__ import annotations

from typing import Any

from agents.rules import billing
from agents.rules.case import Case
from tables.entities import EntityState


def accepted(case: Case, deal: EntityState) -> bool:
    """Whether the contract's word for an order is there, the stage of the deal apart."""
    return not counts(case) or bool(_quotes(deal))


def doubt(case: Case, deal: EntityState) -> str | None:
    """Why nobody can say by which quote a deal is ordered, or billed."""
    order: dict[str, Any] = deal.marks.get("order", {})
    found = [str(each["id"]) for each in _quotes(deal)]
    by = order.get("quote")
    if not counts(case):
        return None
    if order and (by is None or by not in found):
        if order.get("billed"):
            return None
        said = "it was ordered by its stage, before the contract asked for quotes: bill it by hand"
        return said if by is None else f"quote {by}, by which it was ordered, is not accepted any more"
    if len(found) > 1:
        others = ", ".join(each for each in found if each != by) if by else ", ".join(found)
        if by is None:
            return f"quotes {others} are accepted: recall those that do not count"
        return f"it was ordered by quote {by}, and quote {others} was accepted as well: bill that by hand, or recall it"
    return _currency(case, deal)


def gone(case: Case, deal: EntityState) -> bool:
    """Whether what it was ordered by is no longer shown: a quote that was deleted, or recalled."""
    return counts(case) and deal.marks["order"].get("quote") not in [each["id"] for each in _quotes(deal)]


def marked(case: Case, deal: EntityState) -> dict[str, str]:
    """What an order keeps of its quote."""
    return {"quote": str(_quotes(deal)[0]["id"])} if counts(case) else {}


def reason(case: Case, deal: EntityState) -> str:
    """Why it becomes an order; empty: by its stage."""
    return f"quote {_quotes(deal)[0]['id']} was accepted" if counts(case) else ""


def accepted_at(case: Case, deal: EntityState) -> str | None:
    """When the quote was accepted, where the CRM says it."""
    return _quotes(deal)[0]["accepted_at"] if counts(case) and _quotes(deal) else None


def _currency(case: Case, deal: EntityState) -> str | None:
    """A quote in another currency than its deal: one of the two is wrong."""
    quote = _quotes(deal)[0] if _quotes(deal) else {}
    sold = billing.currency_of(case, deal)
    if quote.get("currency") in {None, sold}:
        return None
    return f"quote {quote['id']} is in {quote['currency']}, and the deal in {sold}: make them one"


def _quotes(deal: EntityState) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = deal.crm.fields.get("quotes") or []
    return found


def counts(case: Case) -> bool:
    """Whether the contract orders by quotes."""
    return case.contract.timing.order_when == "quote_accepted"
