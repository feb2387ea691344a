"""Calling off: an order whose deal is won no more, and one that is wanted again.

An order that is not billed is over, and that is told; it is an order again when the deal is won again. What is billed
stands: a person credits it, or the contract has it credited, and a draft is deleted where the contract says so. Nothing
that was posted is ever changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from agents.rules import billing, crediting
from agents.rules.bills import ENDED
from agents.rules.case import Case
from schemas.money import Money, exact
from schemas.names import Entity, Side, digest
from schemas.revenue import RevenueEvent
from tables.entities import EntityState

OFF = "called off"
UNPOSTED = {"draft", "submitted"}


def call_off(case: Case, deal: EntityState) -> None:
    """The deal is won no more."""
    order = deal.marks["order"]
    if not asked(deal) and not order.get("off"):
        order |= {"off": True, "times": order.get("times", 0) + 1}
        tell(case, deal, "order_cancelled", case.today)
    if _drafts(case, deal) == "delete_drafts" and deal.crm.present:
        _delete_drafts(case, deal)
    crediting.begin(case, deal, known=_off(deal))
    crediting.credit(case, deal)
    became = crediting.became(case, deal)
    said = [each.words for each in became or ()]
    if became is None and (stands := [str(each["number"]) for each in _bills(deal).values() if _counts(each)]):
        said = [f"{', '.join(sorted(stands))} stands, credit or void it in the ERP"]
    deal.derived["order_status"] = f"{OFF}: {'; '.join(said)}" if said else OFF
    crediting.tell(case, deal, became or ())


def asked(deal: EntityState) -> bool:
    """Whether a bill of its order was asked for, and was not taken back."""
    return bool(deal.marks["order"].get("billed") or billing.bills_of(deal))


def want_again(case: Case, deal: EntityState) -> None:
    """The deal is won again, if it was called off; what had become of its bills meanwhile stays."""
    order = deal.marks["order"]
    if order.get("off"):
        order["off"] = False
        tell(case, deal, "order_created", case.today)
    for wish in ("wish", "drafts"):
        order.pop(wish, None)
    was_off = _off(deal)
    bills = [(case.state(Entity.INVOICE, record), row["status"] in ENDED) for record, row in _bills(deal).items()]
    if was_off:
        deal.derived["order_status"] = "created"
        billing.reopen(case, deal)
        for state, _ in bills:
            state.marks.pop("called_off", None)
    # A deletion of ours may arrive after the deal was won again, and of an order in parts it leaves other bills.
    gone = sorted(state.label for state, ended in bills if ended and state.marks.get("deletion"))
    if bills and (was_off or gone) and all(ended for _, ended in bills):
        why = "it was called off, and its bill deleted or voided: bill it by hand in the ERP"
        billing.hold(case, deal, billing.POSTED, why)
    elif gone:
        why = f"it was called off, and {', '.join(gone)} deleted: bill it by hand in the ERP"
        if order.get("billed"):
            billing.hold(case, deal, billing.POSTED, why)
        elif order.get("deleted") != gone:  # the rest of it is billed as it comes
            order["deleted"] = gone
            case.verdict(deal, "order_status", "hold", billing.POSTED, why, note="deleted")


def credited(case: Case, deal: EntityState) -> bool:
    """Whether a deal that is won again is held, because a bill of it was credited; what people undo holds no more."""
    order, why = deal.marks["order"], crediting.undone(case, deal)
    if why is not None:
        order["credited"] = True
        billing.hold(case, deal, billing.POSTED, why)
    elif order.pop("credited", False):
        deal.derived["order_status"] = "created"
    return why is not None


def tell(case: Case, deal: EntityState, kind: Literal["order_created", "order_cancelled"], day: str) -> None:
    """Tell that there is an order, or none any more; each time it is called off and wanted again is another."""
    order, worth = deal.marks["order"], deal.derived
    times = (str(order["times"]),) if order.get("times") else ()
    case.event(
        RevenueEvent(
            id=digest(case.tenant, kind, *event_key(order), *times),
            type=kind,
            tenant=case.tenant,
            customer=case.customer.id,
            customer_name=case.customer.name,
            document=order["id"],
            number=deal.label,
            deal=deal.id,
            subsidiary=case.contract.books,
            money=Money(amount=worth["amount"], currency=worth["currency"]),
            day=day,
            occurred_at=case.seen_version(deal.crm.version),
            refs={"crm": deal.crm.ref or ""},
        ),
        news=True,  # whatever finding let the order go on: what was won before the first reading makes none
    )


def event_key(order: Mapping[str, Any]) -> tuple[str, ...]:
    """What the ids of an order's events begin with: one that another customer may have had before is told as another.

    The order's own id is the deal's, whoever buys.
    """
    return (order["id"], order["customer"]) if "customer" in order else (order["id"],)


def _off(deal: EntityState) -> bool:
    """Whether the deal says that it is called off."""
    return str(deal.derived.get("order_status") or "").startswith(OFF)


def _bills(deal: EntityState) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = deal.marks.get("bills", {})
    return found


def _counts(bill: dict[str, Any]) -> bool:
    """Whether money is asked for with a bill, or came in on it."""
    amounts = (bill.get(name) or "0" for name in ("amount_due", "amount_paid", "amount_prepaid"))
    return bill["status"] not in ENDED and any(map(exact, amounts))


def _drafts(case: Case, deal: EntityState) -> str:
    """What becomes of drafts: by the contract, but asked about where it said so when the deal was called off."""
    order, now = deal.marks["order"], case.contract.timing.called_off
    if "drafts" not in order:
        begun = any(case.state(Entity.INVOICE, record).marks.get("called_off") for record in _bills(deal))
        order["drafts"] = "ask" if _off(deal) and not begun else now
    return "ask" if "ask" in (now, order["drafts"]) else now


def _delete_drafts(case: Case, deal: EntityState) -> None:
    """Ask for the end of bills that nobody has posted, once. One that is posted meanwhile the ERP keeps."""
    for record, row in _bills(deal).items():
        bill = case.state(Entity.INVOICE, record)
        if row["status"] not in UNPOSTED or not bill.erp.present or bill.marks.get("called_off"):
            continue
        bill.marks |= {"called_off": True, "deletion": True}  # asked for, since it was called off last; and ever
        reason = f"deal {deal.label} was called off before the bill was posted"
        command = case.command(
            bill, Side.ERP, "update", {"status": "deleted"}, reason=reason, rules=("timing",), compare=True
        )
        case.verdict(
            bill, "status", "write_back", "timing", reason, chosen="deleted", written_to=Side.ERP, command=command
        )
