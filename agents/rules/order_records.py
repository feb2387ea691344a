"""Order records: each order, and each subscription, as the CRM is to show it: one record of each.

In: a deal that has become an order, and what its row knows of its bills. Out: its records. They hang on the deal, not
on documents: an order is there before its first bill. The key is the id that revenue events carry, so that those who
subscribe can join the two. Invariant: what a record says follows from the deal and its bills alone, so that it is the
same in whichever order they were heard of. See ADR 34.

After each finding the deals are looked at that it has opened; and all of the customer's when its company or person in
the CRM is another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from agents.rules import billing, bills, calling_off, shown, subscriptions
from agents.rules.case import Case
from agents.rules.periods import Terms
from agents.rules.shown import Fields, Record
from schemas.money import amount_text, exact, plain
from schemas.names import Entity, canonical_id
from schemas.wire import fingerprint
from tables.entities import EntityState

MARK = "sold"  # of a deal and its company: the orders of a customer
ORDERED, HELD, PART_BILLED, BILLED, PAID, CANCELLED = (
    "ordered", "held", "part_billed", "billed", "paid", "cancelled",
)  # fmt: skip
Bill = Mapping[str, Any]


def look(case: Case) -> None:
    """Say of every order that may be another what it is."""
    found = [each.id for each in case.open.values() if each.entity is Entity.DEAL and "order" in each.marks]
    for each in found:
        _miss(case, case.known(each))
    if not any(shown.shows(case.contract, entity) for entity in (Entity.ORDER, Entity.SUBSCRIPTION)):
        return
    for each in dict.fromkeys([*found, *_moved(case)]):
        _tell(case, case.known(each))


def order(case: Case, deal: EntityState) -> Record:
    """The record of a deal's order."""
    made, worth = deal.marks["order"], deal.derived
    currency = worth.get("currency") or ""
    listed = [_stated(case, *each) for each in bills.of_deal(case, deal) if each[1]["status"] not in bills.ENDED]
    same = [each for each in listed if each["currency"] == currency]
    fields: Fields = {
        "name": deal.label,
        "status": status(deal, listed),
        "detail": worth.get("order_status"),
        "placed_on": made["day"],
        "amount": amount_text(worth.get("amount"), currency),
        "currency": worth.get("currency"),
        "bills": ", ".join(str(each["number"]) for each in listed if each["number"]) or None,
        "billed": _sum(same, "total", currency),
        "paid": _sum(same, "amount_paid", currency),
        "due": _sum(same, "amount_due", currency),
    }
    return Record(made["id"], fields, deal.id)


def status(deal: EntityState, standing: Sequence[Bill]) -> str:
    """How far an order is; `standing`: its bills that stand."""
    words, made = str(deal.derived.get("order_status") or ""), deal.marks["order"]
    if words.startswith(calling_off.OFF):
        return CANCELLED
    if words.startswith((billing.HELD, billing.REFUSED)):
        return HELD
    if not standing:
        return ORDERED
    if not (made.get("billed") or "subscription" in made):
        return PART_BILLED
    return PAID if all(each["status"] == "paid" for each in standing) else BILLED


def subscription(case: Case, deal: EntityState) -> Record:
    """The record of an order that is billed period by period."""
    kept, placed = deal.marks["order"]["subscription"], deal.marks["order"]["day"]
    terms = Terms(kept["every"], date.fromisoformat(kept["start"]), kept["count"])
    next_on, ends_on = subscriptions.outlook(case, deal, kept, terms)
    fields: Fields = {
        "name": deal.label,
        "status": kept["state"],
        "detail": deal.derived.get("order_status"),
        "every": kept["every"],
        "started_on": terms.begins(terms.under_way(date.fromisoformat(placed))).isoformat(),
        "next_on": next_on,
        "ends_on": ends_on,
        "amount": kept.get("worth"),
        "currency": kept["currency"],
        "periods": kept["billed"],
    }
    return Record(canonical_id(Entity.SUBSCRIPTION, case.tenant, deal.id), fields, deal.id)


def _tell(case: Case, deal: EntityState) -> None:
    """Have a deal's records be what they are to be."""
    shown.enter(case, deal, MARK)
    for kind in _kinds(deal):
        if shown.shows(case.contract, kind):
            found = (order if kind is Entity.ORDER else subscription)(case, deal)
            shown.want(case, case.state(kind, found.key), found, deal)


def _kinds(deal: EntityState) -> list[Entity]:
    """The kinds of records that an order has."""
    return [Entity.ORDER, *([Entity.SUBSCRIPTION] if "subscription" in deal.marks["order"] else [])]


def _miss(case: Case, deal: EntityState) -> None:
    """Note which records the contract has left out since: nobody may hear of the deal again once it chooses them."""
    known = case.company().marks.get(MARK) if MARK in deal.marks else None
    if known is None:
        return
    left = {kind.value for kind in _kinds(deal) if not shown.shows(case.contract, kind)}
    if not left <= {*known.get("missed", ())}:
        case.company().marks[MARK] = {**known, "missed": sorted(left.union(known.get("missed", ())))}


def _moved(case: Case) -> list[str]:
    """All orders of the customer, where the CRM knows it, or its person, as another now, or the contract shows more."""
    anew, known = case.shown.get(case.customer.id), case.company().marks.get(MARK)
    if anew is None or known is None:
        return []
    mark, missed = fingerprint(shown.whose(case)), known.get("missed", [])
    still = [kind for kind in missed if not shown.shows(case.contract, Entity(kind))]
    if known["mark"] == mark and not anew and still == missed:
        return []
    case.company().marks[MARK] = {"last": known["last"], "mark": mark, **({"missed": still} if still else {})}
    return list(shown.chain(case, MARK))


def _stated(case: Case, record: str, bill: Bill) -> Bill:
    """What is known of a bill. Rows of before do not have its total."""
    return bill if "total" in bill else {**bill, "total": case.state(Entity.INVOICE, record).erp.fields.get("total")}


def _sum(listed: Sequence[Bill], name: str, currency: str) -> str | None:
    """The sum of what bills state, in the order's currency."""
    return amount_text(plain(sum((exact(each[name] or "0") for each in listed), Decimal(0))), currency)
