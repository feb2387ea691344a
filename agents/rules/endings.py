"""Endings: what the end of a record on one side means for the other, and its return.

Invariant: nothing that ends in the CRM ends anything in the ERP. What is done instead is said in a verdict: the
documents stand, what would have been written waits. Archived is not deleted: a record that comes back has its link.
"""

from __future__ import annotations

from agents.rules.case import Case
from schemas.fact import Fact
from schemas.names import Entity, Side
from tables.entities import EntityState, Flight, SideState

KEPT = "guard.finance_kept"
SAYS = {
    KEPT: "What ends in the CRM ends nothing in the ERP: documents stand, and what would be written waits.",
    "privacy": "The person was erased under privacy law: nothing personal is kept here or written again.",
}
VALUES = ("fields", "edited")  # of a side: what a platform showed
PERSONAL_MARKS = (
    "written_crm",
    "written_erp",
    "respelled_crm",
    "respelled_erp",
    "one_by_one",
    "instead_crm",
    "instead_erp",
)


def ended(case: Case, state: EntityState, fact: Fact) -> None:
    """Say what the end of a record means."""
    if fact.ended == "parted":
        state.marks["left"] = state.side(fact.side).version
        return  # a person's word, or its new customer, says more
    reason = _reason(state, fact)
    if reason is not None:
        case.verdict(state, "", "hold", KEPT, reason)


def left(state: EntityState) -> bool:
    """Whether it is gone from here because it is another customer's by now."""
    return state.crm.deleted and state.marks.get("left") == state.crm.version


def back(case: Case, state: EntityState, fact: Fact, before: str) -> None:
    """Say that a record is there again, or that another stands for it."""
    where = fact.side.value.upper()
    if before == fact.ref:
        case.verdict(state, "", "link", "identity", f"it is back in the {where}: the link holds again")
    else:
        case.verdict(state, "", "link", "identity", f"in the {where} {fact.ref} stands for it now: the link follows")


def _reason(state: EntityState, fact: Fact) -> str | None:
    if fact.side is Side.ERP:
        return _erp_reason(state, fact)
    order = state.marks.get("order", {})
    found = None
    if state.entity is Entity.COMPANY and fact.ended == "merged":
        found = (
            f"{fact.ref} was merged into another company of the CRM: what the ERP has of this customer stays as it is"
        )
    elif fact.ended == "merged":
        pass  # another record of the same person or deal stands for it
    elif state.entity is Entity.DEAL and order.get("billed"):
        found = "the deal was deleted in the CRM after it was billed: order and invoice stand; cancel them in the ERP"
    elif state.entity is Entity.DEAL and order.get("bills"):
        found = (
            "the deal was deleted in the CRM after a part of its order was billed: that stands; "
            "the rest is not billed while it is gone"
        )
    elif state.entity is Entity.DEAL and order:
        found = "the deal was deleted in the CRM before it was billed: the order is not billed while it is gone"
    elif state.erp.present:
        found = _KEPT.get(state.entity, _STAYS)
    return found


_STAYS = "deleted in the CRM: it stays in the ERP; restored in the CRM, the link holds again"
_KEPT = {
    Entity.COMPANY: (
        "deleted in the CRM: the customer stays in the ERP with its documents, and nothing is written there because of "
        "it; restored in the CRM, the link holds again"
    ),
    Entity.INVOICE: (
        "its mirror was deleted in the CRM: the invoice stands in the ERP; it is not mirrored a second time, restore "
        "the mirror to see it again"
    ),
}


def _erp_reason(state: EntityState, fact: Fact) -> str | None:
    if state.entity is not Entity.COMPANY or not state.crm.present:
        return None
    if fact.ended == "merged":
        return "its contact was merged into another in the ERP: the company stays in the CRM, its won deals wait"
    return "archived in the ERP: the company stays in the CRM, its won deals wait; restored, the link holds again"


def archived(case: Case) -> str | None:
    """Why nothing can be billed to a customer whose contact has ended in the ERP; None: it has not."""
    erp = case.company().erp
    if erp.ref is None or not erp.deleted:
        return None
    return "the customer's contact in the ERP is archived or was merged away: restore it, or link another"


def erased(case: Case, state: EntityState, fact: Fact) -> None:
    """A person was erased under privacy law: the row stays, so that nothing is taken or written again, and is empty."""
    state.marks = {name: mark for name, mark in state.marks.items() if name not in PERSONAL_MARKS} | {"erased": True}
    gone = state.side(fact.side)
    gone.ref, gone.deleted, gone.version = fact.ref, True, max(gone.version, fact.version)
    for side in (state.crm, state.erp):
        _empty(side)
    state.baseline, state.derived, state.noted = {}, {}, {}
    state.blocked = {side.value: {} for side in Side}
    state.flights = {
        side: [Flight(flight.command, flight.kind, {}) for flight in flights] for side, flights in state.flights.items()
    }
    where = fact.side.value.upper()
    reason = (
        f"erased in the {where} under privacy law: what was kept of the person is gone from the tables and is not "
        "written again; the customer and its documents stay"
    )
    case.verdict(state, "", "hold", "privacy", reason)


def _empty(side: SideState) -> None:
    for name in VALUES:
        setattr(side, name, {})
