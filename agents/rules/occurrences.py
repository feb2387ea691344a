"""Occurrences: what is told of a document of the ERP, from its first word to its end.

In: documents as the ERP shows them. Out: revenue events. Invariants: what is told at the end takes back exactly what
was told before, in amount, currency and day, whatever the ERP shows by then, and in the same subsidiary's books; so the
sums over a document's events are what it is worth. Whoever was told that it is there is told what becomes of it, also
where a first reading finds that.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agents.rules.case import Case
from schemas.money import Money, exact, plain
from schemas.names import Entity, digest, ref
from schemas.revenue import Figures, PaymentType, RevenueEvent, RevenueType
from tables.entities import EntityState

# Mark of a document: the amount, currency and day that were told last, if people heard it, how often it was told anew
# (`times`), how often that it has ended (`ends`), and in whose books it was told (`subsidiary`).
TOLD = "told"
AMOUNT = {Entity.INVOICE: "total", Entity.CREDIT_NOTE: "total", Entity.PAYMENT: "amount"}
NOTHING: Mapping[str, str] = {}


def begun(case: Case, state: EntityState, kind: RevenueType, *, back: bool = False) -> None:
    """A document has come to count; or is `back`: the ERP, which had shown it no more, shows it again."""
    now = _figures(case, state)
    _note(state, now, heard=_news(case, state) or not case.history)
    if back:
        state.marks[TOLD]["ends"] = max(state.marks[TOLD]["ends"], 1)  # an older release did not count them
    if case.contract.books:
        state.marks[TOLD]["subsidiary"] = case.contract.books
    _tell(case, state, kind, now, *_ends(state))


def restated(case: Case, state: EntityState, kind: RevenueType) -> bool:
    """A document counts still: tell if it has another amount, currency or day than was told, and say so."""
    if not _whole(state):
        return False
    before, now = _told(state), _figures(case, state)
    if before is None:  # begun under an older release, which kept nothing
        _note(state, now, heard=True)
    if before is None or before == now:
        return False
    _note(state, now, heard=_news(case, state) or not case.history)
    state.marks[TOLD]["times"] += 1
    _tell(case, state, kind, now, str(state.marks[TOLD]["times"]), before=before)
    return True


def ended(case: Case, state: EntityState, kind: RevenueType) -> None:
    """A document counts no more: what was told of it last is taken back."""
    last = _told(state) or _figures(case, state)
    _note(state, last, heard=_news(case, state) or not case.history)
    _tell(case, state, kind, last, *_ends(state))
    state.marks[TOLD]["ends"] += 1


def allocated(case: Case, state: EntityState, kind: RevenueType, amount: Decimal, invoice: str, times: int) -> None:
    """Something of a credit, or of money in advance, was set against an invoice of the ERP, or taken off it."""
    moved = Figures(money=Money(amount=amount, currency=currency(case, state)), day=case.today)
    of = {"invoice": ref(case.contract.platforms.erp, "invoice", invoice)}
    _tell(case, state, kind, moved, invoice, str(times), refs=of)


def came(fields: Mapping[str, Any]) -> PaymentType:
    """What is told when money has come, or has gone back."""
    if fields.get("advance"):
        return "prepayment_received" if fields["advance"] == "prepayment" else "overpayment_received"
    return "refund_made" if fields.get("refund") else "payment_received"


def currency(case: Case, state: EntityState) -> str:
    """The document's currency; the base currency where the ERP states none."""
    return state.erp.fields.get("currency") or case.contract.base_currency


def _figures(case: Case, state: EntityState) -> Figures:
    """What a document is worth and its day, as the ERP shows it."""
    fields = state.erp.fields
    money = Money(amount=exact(fields.get(AMOUNT[state.entity]) or "0"), currency=currency(case, state))
    return Figures(money=money, day=fields.get("date") or case.today)


def _whole(state: EntityState) -> bool:
    """Whether the ERP states amount, currency and day; what it leaves out has not changed."""
    return all(state.erp.fields.get(name) for name in ("date", "currency", AMOUNT[state.entity]))


def _ends(state: EntityState) -> tuple[str, ...]:
    """What tells a document's second life from its first, in the names of events."""
    ends = state.marks[TOLD]["ends"]
    return ("back", str(ends)) if ends else ()


def _told(state: EntityState) -> Figures | None:
    """What was told of a document last."""
    row = state.marks.get(TOLD)
    return row and Figures(money=Money(amount=exact(row["amount"]), currency=row["currency"]), day=row["day"])


def _note(state: EntityState, now: Figures, *, heard: bool) -> None:
    """Remember what is told of a document."""
    row = state.marks.get(TOLD, {})
    state.marks[TOLD] = row | {
        "amount": plain(now.money.amount), "currency": now.money.currency, "day": now.day,
        "heard": row.get("heard", False) or heard, "times": row.get("times", 0), "ends": row.get("ends", 0),
    }  # fmt: skip


def _deal(case: Case, state: EntityState) -> str | None:
    """The deal that a document is of, if only by its invoice."""
    deal = state.related.get("deal")
    if deal is None and state.related.get("invoice"):
        return case.state(Entity.INVOICE, state.related["invoice"]).related.get("deal")
    return deal


def _news(case: Case, state: EntityState) -> bool:
    """What we have ordered ourselves is news, even while the ERP is read for the first time.

    So is what becomes of that which was told.
    """
    deal = _deal(case, state)
    return bool(deal and "order" in case.known(deal).marks) or state.marks.get(TOLD, {}).get("heard", False)


def _tell(
    case: Case,
    state: EntityState,
    kind: RevenueType,
    now: Figures,
    *cause: str,
    before: Figures | None = None,
    refs: Mapping[str, str] = NOTHING,
) -> None:
    """Tell of a document, once for each `cause`; `refs` are further records that it is about."""
    case.event(
        RevenueEvent(
            id=digest(case.tenant, kind, state.id, *cause),
            type=kind,
            tenant=case.tenant,
            customer=case.customer.id,
            customer_name=case.customer.name,
            document=state.id,
            number=str(state.erp.fields.get("number") or state.erp.fields.get("reference") or ""),
            deal=_deal(case, state),
            subsidiary=state.marks.get(TOLD, {}).get("subsidiary", ""),
            money=now.money,
            told_as=came(state.erp.fields) if kind in ("payment_reversed", "payment_restated") else None,
            before=before,
            day=now.day,
            occurred_at=case.seen_version(state.erp.version),
            refs={"erp": state.erp.ref or "", **_stands_on(case, state), **refs},
        ),
        news=_news(case, state),
    )


def _stands_on(case: Case, state: EntityState) -> Mapping[str, str]:
    """The invoice that a payment pays, or the credit note or the money in advance that a refund gives back.

    A refund that an older release read does not say what it gives back: of its relations it may be a credit note.
    """
    fields = state.erp.fields
    key = fields.get("document") if state.entity is Entity.PAYMENT else None
    kind = "invoice"
    if fields.get("refund"):
        kind = fields.get("gives_back") or ("credit_note" if "credit_note" in state.related else "")
    return {kind: ref(case.contract.platforms.erp, kind, key)} if key and kind else NOTHING
