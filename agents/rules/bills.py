"""Bills: what invoices, payments and credit notes of the ERP mean for the customer, the deal and those who subscribe.

A platform's stated totals are taken as stated. Every contribution to a balance is remembered on its own document, so
that seeing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from agents.rules import automations, occurrences, refunds
from agents.rules.case import Case
from agents.rules.numbering import numbered
from schemas.money import amount_text, exact, plain
from schemas.names import Side, digest
from schemas.revenue import RevenueEvent, RevenueType
from schemas.totals import DocumentVersion
from schemas.wire import fingerprint
from tables.entities import EntityState

POSTED = {"posted", "paid"}
ENDED = {"voided", "deleted"}
AGAINST = "set_against"  # mark of a credit: by invoice of the ERP what is set against it, and how often that was told
UNPAID = ("draft", "submitted", "posted")  # statuses of bills that nothing was paid on yet, in their order


def invoice(case: Case, state: EntityState) -> None:
    """An invoice of the ERP was seen."""
    fields = state.erp.fields
    posted = fields.get("status") in POSTED and state.erp.present
    back = posted and state.marks.pop("voided", False)
    if posted and (back or not state.marks.get("posted")):
        state.marks["posted"] = True
        case.ordered()
        occurrences.begun(case, state, "invoice_posted", back=back)
    elif posted:
        occurrences.restated(case, state, "invoice_restated")
    ended = fields.get("status") in ENDED or state.erp.deleted
    if ended and state.marks.get("posted") and not state.marks.get("voided"):
        state.marks["voided"] = True
        occurrences.ended(case, state, "invoice_voided")
    _balance(case, state, exact(fields.get("amount_due") or "0") if posted else Decimal(0))
    deal = state.related.get("deal")
    if deal:
        if fields:  # one that the ERP has taken and not stated yet says nothing
            _tell_deal(case, case.known(deal), state)
        case.touch(deal)
    document(case, state, Side.ERP)
    automations.invoice(case, state)


def _tell_deal(case: Case, deal: EntityState, state: EntityState) -> None:
    """Bring what became of the deal's bills onto it: of several all numbers, and the sums."""
    fields = state.erp.fields
    status = fields.get("status")
    settled = exact(fields.get("amount_paid") or "0") + exact(fields.get("amount_credited") or "0")
    if status == "posted" and settled > 0:
        status = "part_paid"
    names = ("number", "currency", "total", "amount_due", "amount_paid", "amount_prepaid")
    shown = {name: fields.get(name) for name in names}
    known = {**deal.marks.get("bills", {}), state.id: shown | {"status": status}}
    deal.marks["bills"] = known
    order = deal.marks.get("order", {"billed": True})
    whole = order.get("billed", False) or "subscription" in order  # of which all that is due by now is billed
    deal.derived.update(together([each for _, each in of_deal(case, deal)], whole=whole))


def of_deal(case: Case, deal: EntityState) -> list[tuple[str, Mapping[str, Any]]]:
    """A deal's bills in their order: the id, and what its row knows of each."""
    known: Mapping[str, Mapping[str, Any]] = deal.marks.get("bills", {})
    return sorted(known.items(), key=lambda each: _place(case, each[1]["number"] or ""))


def _place(case: Case, number: str) -> tuple[bool, int, int, str]:
    """Bills in the order of what they are for; behind them, what people have given another number."""
    found = numbered(case.contract.invoice_defaults.number_prefix, number)
    return (False, found.part, found.more, number) if found else (True, 0, 0, number)


def together(listed: Sequence[Mapping[str, Any]], *, whole: bool) -> dict[str, str | None]:
    """What a deal shows of its bills: all their numbers, the sums in the first one's currency, and one status.

    It is paid when all of them are, and all of the order is billed (`whole`); what was voided or deleted says nothing
    where others stand.
    """
    first = listed[0]
    standing = [each["status"] for each in listed if each["status"] not in ENDED] or [listed[-1]["status"]]
    status = standing[0]
    if {"paid", "part_paid"} & {*standing} and not ({*standing} == {"paid"} and whole):
        status = "part_paid"
    elif len({*standing}) > 1:
        status = min(standing, key=lambda each: UNPAID.index(each) if each in UNPAID else len(UNPAID))
    same = [each for each in listed if each["currency"] == first["currency"]]
    return {
        "invoice_number": ", ".join(str(each["number"]) for each in listed) if len(listed) > 1 else first["number"],
        "invoice_status": status,
        **{name: _sum([each[name] for each in same]) for name in ("amount_due", "amount_paid")},
    }


def _sum(amounts: Sequence[str | None]) -> str | None:
    """The sum of amounts as they are stated; one alone is itself."""
    if len(amounts) == 1:
        return amounts[0]
    return plain(sum((exact(amount or "0") for amount in amounts), Decimal(0)))


def payment(case: Case, state: EntityState) -> None:
    """A payment of the ERP was seen, a refund (on a credit note), or money in advance, of which some may be left."""
    fields = state.erp.fields
    received = fields.get("status") == "received" and state.erp.present
    known = "received" in state.marks
    refunds.note(case, state)
    back = received and state.marks.pop("reversed", False)
    if received and (back or not state.marks.get("received")):
        state.marks["received"] = True
        occurrences.begun(case, state, occurrences.came(fields), back=back)
        _note(case, state)
    elif received and occurrences.restated(case, state, "payment_restated"):
        _note(case, state)
    elif not received and state.marks.get("received") and not state.marks.get("reversed"):
        state.marks["reversed"] = True
        case.customer.drop_payment(state.id)
        occurrences.ended(case, state, "payment_reversed")
    if fields.get("advance") or "balance" in state.marks:
        _balance(case, state, -exact(fields.get("remaining") or "0") if received else Decimal(0))
        _set_against(case, state, counts=received, known=known)
    tell_company(case)


def _note(case: Case, state: EntityState) -> None:
    """Remember what came as a payment of the customer's."""
    fields = state.erp.fields
    if not fields.get("refund"):
        currency = occurrences.currency(case, state)
        case.customer.note_payment(state.id, fields.get("date") or "", fields.get("amount") or "0", currency)


def credit_note(case: Case, state: EntityState) -> None:
    """A credit note of the ERP was seen."""
    fields = state.erp.fields
    posted, known = fields.get("status") in POSTED and state.erp.present, "posted" in state.marks
    back = posted and state.marks.pop("voided", False)
    if posted and (back or not known):
        state.marks["posted"] = True
        occurrences.begun(case, state, "credit_memo_issued", back=back)
    elif posted:
        occurrences.restated(case, state, "credit_memo_restated")
    _set_against(case, state, counts=posted, known=known)
    if known and not posted and not state.marks.get("voided"):
        state.marks["voided"] = True
        occurrences.ended(case, state, "credit_memo_voided")
    _balance(case, state, -exact(fields.get("remaining") or "0") if posted else Decimal(0))


def _set_against(case: Case, state: EntityState, *, counts: bool, known: bool) -> None:
    """Tell what of a credit note, or of money in advance, was set against which invoice since, or taken off it.

    One that was `known` before this was kept is taken as told: what was set against what before is no news.
    """
    now: dict[str, Decimal] = {}
    for each in (state.erp.fields.get("allocations") or ()) if counts else ():
        now[each["invoice"]] = now.get(each["invoice"], Decimal(0)) + exact(each["amount"])
    if not counts and AGAINST not in state.marks:
        return  # it was never posted
    before: dict[str, list[Any]] = state.marks.get(AGAINST, {})
    news = AGAINST in state.marks or not known
    told = {invoice: [plain(amount), 0] for invoice, amount in now.items()} | before
    for invoice in sorted({*now, *before}):
        had, times = before.get(invoice, ["0", 0])
        moved = now.get(invoice, Decimal(0)) - exact(had)
        if moved and news:
            told[invoice] = [plain(now.get(invoice, Decimal(0))), times + 1]
            kind: RevenueType = "credit_allocated" if moved > 0 else "allocation_removed"
            occurrences.allocated(case, state, kind, abs(moved), invoice, times + 1)
    state.marks[AGAINST] = told


def hold(case: Case, company: EntityState) -> None:
    """The ERP has shown whether the customer is on credit hold."""
    if not company.erp.present or "credit_hold" not in company.erp.fields:
        return
    shown = bool(company.erp.fields["credit_hold"])
    before, case.customer.hold = case.customer.hold, shown
    if shown == bool(before):
        return
    automations.hold(case, company, shown=shown)
    version = str(company.erp.version)
    case.event(
        RevenueEvent(
            id=digest(case.tenant, "credit_hold_changed", case.customer.id, str(shown), version, case.at.isoformat()),
            type="credit_hold_changed",
            tenant=case.tenant,
            customer=case.customer.id,
            customer_name=case.customer.name,
            document=case.customer.id,
            subsidiary=case.contract.books,
            credit_hold=shown,
            day=case.today,
            occurred_at=case.at,
            refs={"erp": company.erp.ref or ""},
        )
    )


def tell_company(case: Case) -> None:
    """Bring balance and last payment onto the customer's own record."""
    customer = case.customer
    company = case.company()
    currency = customer.currency or case.contract.base_currency
    if customer.balances:
        company.derived["balance_due"] = amount_text(customer.balances.get(currency, "0"), currency)
    if customer.payments or "last_payment_date" in company.derived:
        last = next((row for row in reversed(customer.payments) if row["currency"] == currency), None)
        company.derived["last_payment_date"] = last["date"] if last else None
        company.derived["last_payment_amount"] = amount_text(last["amount"], currency) if last else None
    case.touch(company.id)


def document(case: Case, state: EntityState, side: Side) -> None:
    """State the invoice, as one side shows it, for reconciliation; only when that changed."""
    shown = state.side(side)
    fields = shown.fields
    if not shown.ref or not fields.get("date") or not fields.get("currency") or fields.get("total") is None:
        return
    counted = shown.present and fields.get("status") in POSTED
    here = case.contract.books
    stated = (fields.get(name) for name in ("date", "currency", "total", "amount_due", "number"))
    mark = fingerprint([counted, *stated, *([here] if here else [])])
    if state.marks.get(f"document_{side.value}") == mark:
        return
    state.marks[f"document_{side.value}"] = mark
    case.result.emit(
        "documents",
        case.tenant,
        DocumentVersion(
            tenant=case.tenant,
            document=state.id,
            number=str(fields.get("number") or ""),
            side=side,
            ref=shown.ref,
            day=fields["date"],
            currency=fields["currency"],
            subsidiary=here,
            total=fields["total"],
            due=fields.get("amount_due") or "0",
            counted=counted,
            version=max(shown.version, 0),  # what we wrote may be known before any version of it
            seen_at=case.at,
        ),
    )


def _balance(case: Case, state: EntityState, now: Decimal) -> None:
    before, currency = exact(state.marks.get("balance") or "0"), occurrences.currency(case, state)
    counted_in = state.marks.get("balance_currency") or currency
    if (now, currency) != (before, counted_in):
        case.customer.add_balance(counted_in, -before)
        case.customer.add_balance(currency, now)
    state.marks["balance"], state.marks["balance_currency"] = plain(now), currency
    tell_company(case)
