"""Crediting: what is left to credit on a posted bill of a deal that is called off becomes one credit note.

Two writes, the second asked for once the ERP has stated what the first one made: a credit note that is looked up by its
number, and its allocation to the bill. Invariants: a bill has one credit note of ours at most, for good, and we
allocate it once at most; no more is credited than the bill's total less what is credited on it; what was paid nobody
gives back here. What people undo stays undone. See ADR 28.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from agents.rules import billing, endings, instead
from agents.rules.bills import ENDED, POSTED
from agents.rules.case import Case
from agents.rules.credit_lines import credit_lines
from agents.rules.numbering import credit_id, credit_number, invoice_id, numbered
from schemas.fact import Outcome
from schemas.money import amount_text, exact, plain
from schemas.names import Entity, Side, record_id
from schemas.wire import fingerprint
from tables.entities import EntityState, Flight, SideState

OPEN = {"draft", "submitted"}
WISHES = ("ask", "draft_credit", "credit")  # the more careful first
DONE, SHOWN = "done", "shown"  # of our allocation: the ERP has taken it; it has shown it


class Became(NamedTuple):
    """What became of a bill, in words; `refund` says why money is to be given back, `by_hand` that a person goes on."""

    bill: str
    words: str
    refund: str = ""
    by_hand: bool = False


def credit(case: Case, deal: EntityState) -> None:
    """Ask for what is next of each posted bill of a deal that is called off, where the contract says so."""
    wish = wished(case, deal)
    if wish == "ask" or "subscription" in deal.marks["order"]:
        return
    won = case.contract.timing.won(deal.crm.fields.get("stage"))  # a deal that is gone is in the stage it was last in
    for record in deal.marks.get("bills", {}):
        bill = case.state(Entity.INVOICE, record)
        note = _note(case, record)
        if note.erp.ref is not None:
            if not won:
                _allocate(case, bill, note, wish)
        elif deal.crm.present and not note.flights["erp"] and _due(bill):
            _make(case, deal, bill, note, wish)


def begin(case: Case, deal: EntityState, *, known: bool) -> None:
    """The deal is called off: what the contract wishes by now holds for it. One `known` to be off is left to people."""
    order = deal.marks["order"]
    if "wish" not in order:
        order["wish"] = "ask" if known and not order.get("credits") else case.contract.timing.called_off_posted


def wished(case: Case, deal: EntityState) -> str:
    """What becomes of posted bills: by the contract, or as when the deal was called off where that was more careful."""
    now = case.contract.timing.called_off_posted
    then = deal.marks["order"].get("wish", now)
    return now if WISHES.index(now) < WISHES.index(then) else str(then)


def notes(case: Case, deal: EntityState) -> list[EntityState]:
    """The credit notes that we have asked for, by the order of their bills; none where none was ever asked for."""
    if not deal.marks["order"].get("credits"):
        return []
    return [_note(case, record) for record in deal.marks.get("bills", {})]


def became(case: Case, deal: EntityState) -> list[Became] | None:
    """What became of the bills of a deal that is called off, for people; None: nothing is credited here."""
    if wished(case, deal) == "ask" and not deal.marks["order"].get("credits"):
        return None
    bills = (case.state(Entity.INVOICE, record) for record in deal.marks.get("bills", {}))
    found = [_became(case, deal, bill) for bill in bills]
    return sorted((each for each in found if each.words), key=lambda each: each.words)


def tell(case: Case, deal: EntityState, found: Sequence[Became]) -> None:
    """Have people decide what is theirs: what is to be given back, and what a deal that is gone shows nobody."""
    order = deal.marks["order"]
    asked = {f"refund {each.bill}": each.refund for each in found if each.refund}
    by_hand = [each.words for each in found if each.by_hand]
    if by_hand and order.get("credits") and not deal.crm.present:
        asked["gone"] = f"the deal is gone from the CRM, half way through its credit: {'; '.join(by_hand)}"
    for note, reason in asked.items():
        if order.get("asked", {}).get(note) != reason:  # once, whatever the deal shows of it by now
            case.verdict(deal, "order_status", "hold", billing.POSTED, reason, note=note)
    if asked or "asked" in order:
        order["asked"] = asked


def undone(case: Case, deal: EntityState) -> str | None:
    """Why a deal that is won again does not go on: a bill of it was credited, or is about to be; None: it does."""
    for note, record in zip(notes(case, deal), deal.marks.get("bills", {}), strict=False):
        number, status = case.state(Entity.INVOICE, record).label, note.erp.fields.get("status")
        if note.erp.ref is None and note.flights["erp"]:
            return f"{number} was about to be credited: its credit note {note.label} is taken back if it waits still"
        if note.flights["erp"] or (note.erp.present and status not in ENDED):
            if status in OPEN:
                return f"the draft credit note {note.label} of {number} waits in the ERP: delete it there"
            return (
                f"it was called off, and {number} credited by {note.label}: bill it by hand in the ERP, "
                "or void the credit note there"
            )
    return None


def answered(note: EntityState, outcome: Outcome, flight: Flight) -> None:
    """Keep what became of a write of a credit note: what was allocated once is not allocated again, come what may."""
    if note.entity is not Entity.CREDIT_NOTE:
        return
    note.marks.pop("refused", None)
    if outcome.state == "refused":
        note.marks["refused"] = f"{outcome.message}. Mend it, then: revmark quarantine replay {outcome.command}"
    elif outcome.state == "applied" and flight.kind == "update":
        note.marks |= {"allocated": DONE, "allocated_at": max(outcome.version or 0, note.erp.version)}


def judged_on(case: Case, state: EntityState, flight: Flight, side: SideState) -> SideState:
    """The side on which a write was judged: of a credit note that is made, its bill's."""
    if state.entity is not Entity.CREDIT_NOTE or flight.kind != "create":
        return side
    return case.state(Entity.INVOICE, state.related["invoice"]).erp


def heard(case: Case, note: EntityState) -> None:
    """Have the deal judged, which says what became of its bills."""
    if note.entity is not Entity.CREDIT_NOTE:
        return
    if note.marks.get("allocated") == DONE:
        later = note.erp.version > note.marks.get("allocated_at", note.erp.version)  # and people took it back already
        if later or note.erp.fields.get("allocations"):
            note.marks["allocated"] = SHOWN
    if "deal" in note.related:
        case.touch(note.related["deal"])


def _note(case: Case, bill: str) -> EntityState:
    return case.state(Entity.CREDIT_NOTE, credit_id(case.tenant, bill))


def _due(bill: EntityState) -> bool:
    """Whether a bill is posted, and something is due on it."""
    fields = bill.erp.fields
    return bill.erp.present and fields.get("status") == "posted" and exact(fields.get("amount_due") or "0") > 0


def _ours(state: EntityState) -> bool:
    """Whether we have made a document: the ERP has told so."""
    return "written_erp" in state.marks


def _make(case: Case, deal: EntityState, bill: EntityState, note: EntityState, wish: str) -> None:
    """The first write: a credit note of what is left to credit."""
    try:
        asked = _fields(case, deal, bill, wish)
    except ValueError as error:
        reason = f"{bill.label} is not credited: {error}: credit it in the ERP"
        case.verdict(deal, "order_status", "hold", billing.POSTED, reason, note=f"credit {bill.id}")
        return
    if case.customer.erp is None:
        if endings.archived(case) is None:
            case.customer.wait(deal.id)
        return
    fields, by = instead.applied(note, Side.ERP, asked)
    if note.blocked["erp"].get("*") == fingerprint(fields):
        return
    deal.marks["order"]["credits"] = True
    note.related |= {"deal": deal.id, "invoice": bill.id}
    reason = f"deal {deal.label} was called off after {bill.label} was posted"
    links = {"company": str(case.customer.erp)}
    command = case.command(
        note, Side.ERP, "create", fields, reason=reason, rules=("timing",), natural_key=fields["number"], links=links,
        compare=True, on=bill,
    )  # fmt: skip
    case.verdict(note, "", "create", "timing", reason, written_to=Side.ERP, command=command, by=by)


def _fields(case: Case, deal: EntityState, bill: EntityState, wish: str) -> dict[str, Any]:
    """The credit note's canonical fields.

    Raises:
        ValueError: a person has to credit it; the message says why.
    """
    shown = bill.erp.fields
    number, currency = str(shown.get("number") or ""), str(shown["currency"])
    of, sold = numbered(case.contract.invoice_defaults.number_prefix, number), record_id(deal.crm.ref or "")
    if (
        not _ours(bill)
        or of is None
        or (of.deal, invoice_id(case.tenant, deal.id, of.part, of.more)) != (sold, bill.id)
    ):
        raise ValueError("it was made, or given its number, by another hand")
    left = _left(shown)
    defaults = case.contract.invoice_defaults.line_amounts
    untaxed = defaults == "NoTax" and not exact(shown.get("tax") or "0")
    return {
        "number": credit_number(number),
        "status": "draft" if wish == "draft_credit" else "posted",
        "date": max(case.today, str(shown["date"])),
        "currency": currency,
        "reference": shown.get("reference") or number,
        "total": amount_text(plain(left), currency),
        "line_amount_types": "NoTax" if untaxed else "Inclusive",
        "lines": credit_lines(shown, left),
    }


def _left(bill: Mapping[str, Any]) -> Decimal:
    """What is left to credit on a bill: its total, less what is credited on it. What was paid in advance is not."""
    credited, prepaid = (exact(bill.get(name) or "0") for name in ("amount_credited", "amount_prepaid"))
    return exact(bill["total"]) - (credited - prepaid)


def _allocate(case: Case, bill: EntityState, note: EntityState, wish: str) -> None:
    """The second write: of the credit note, what is due on the bill."""
    shown, there = note.erp.fields, bill.erp.fields
    posted = note.erp.present and shown.get("status") == "posted"
    if wish != "credit" or not (posted and _ours(note) and _due(bill)) or note.flights["erp"] or _allocated(bill, note):
        return
    amount = min(exact(there["amount_due"]), exact(shown.get("remaining") or "0"))
    if amount <= 0:
        return
    row = {
        "invoice": record_id(bill.erp.ref or ""),
        "amount": amount_text(plain(amount), str(there["currency"])),
        "date": max(case.today, str(shown["date"]), str(there["date"])),
    }
    if note.blocked["erp"].get("allocations") == [row]:
        return
    reason = f"{note.label} credits {bill.label}"
    command = case.command(
        note, Side.ERP, "update", {"allocations": [row]}, reason=reason, rules=("timing",), compare=True
    )
    case.verdict(
        note, "allocations", "write_back", "timing", reason, chosen=[row], written_to=Side.ERP, command=command
    )


def _allocated(bill: EntityState, note: EntityState) -> bool:
    """Whether we have allocated a credit note, or anybody has."""
    rows = note.erp.fields.get("allocations") or ()
    return bool(note.marks.get("allocated")) or any(row["invoice"] == record_id(bill.erp.ref or "") for row in rows)


def _under_way(bill: EntityState, note: EntityState) -> bool:
    """Whether our allocation is to come, is on its way, or was made and not read yet."""
    return bool(note.flights["erp"]) or note.marks.get("allocated") == DONE or not _allocated(bill, note)


def _became(case: Case, deal: EntityState, bill: EntityState) -> Became:
    """What became of one bill; without words: nothing that anybody has to know."""
    note, shown = _note(case, bill.id), bill.erp.fields
    status = note.erp.fields.get("status") if note.erp.present else None
    if status in OPEN:
        words = f"the draft credit note {note.label} of {bill.label} waits in the ERP: approve it there and allocate it"
        return Became(bill.id, words, by_hand=True)
    if status in POSTED:
        return _credited(case, deal, bill, note)
    if note.flights["erp"] or (note.erp.present and status is None):
        return Became(bill.id, f"{bill.label} is being credited")
    if not bill.erp.present or shown.get("status") in ENDED:
        return Became(bill.id, "")
    return Became(bill.id, _stands(bill, note), by_hand=True)


def _stands(bill: EntityState, note: EntityState) -> str:
    """Why a bill is not credited, and what is to be done."""
    names = ("amount_due", "amount_paid", "amount_prepaid")
    owed, paid, prepaid = (exact(bill.erp.fields.get(name) or "0") for name in names)
    if owed and note.marks.get("refused"):
        return f"{bill.label} stands, its credit note was refused: {note.marks['refused']}"
    if owed:
        return f"{bill.label} stands, credit or void it in the ERP"
    return f"{bill.label} was paid: credit and refund it in the ERP" if paid or prepaid else ""


def _credited(case: Case, deal: EntityState, bill: EntityState, note: EntityState) -> Became:
    """What is left to do where a credit note stands."""
    shown, currency = note.erp.fields, str(bill.erp.fields["currency"])
    left, refused = exact(shown.get("remaining") or "0"), note.marks.get("refused")
    if _due(bill) and left:
        won = case.contract.timing.won(deal.crm.fields.get("stage"))  # when it was deleted
        goes_on = wished(case, deal) == "credit" and _ours(note) and not won
        if goes_on and not refused and _under_way(bill, note):
            return Became(bill.id, f"{bill.label} is being credited")
        why = f", which was refused: {refused}" if refused else ""
        words = f"{note.label} is to be allocated to {bill.label} by hand in the ERP{why}"
        return Became(bill.id, words, by_hand=True)
    if not left:
        return Became(bill.id, f"{bill.label} is credited by {note.label}")
    words = f"{bill.label} is credited by {note.label}; {amount_text(plain(left), currency)} {currency} of it was paid"
    refund = f"{words}: a refund is for people, make it from the credit note in the ERP"
    return Became(bill.id, f"{words}: refund that in the ERP", refund=refund)
