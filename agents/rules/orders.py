"""Orders: when a deal becomes one, and the order a bill.

One deal makes one order and one invoice, whatever is redelivered: the order is marked on the deal's own row, and the
invoice's number is the contract's prefix with the deal's id.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from agents.rules import endings, instead
from agents.rules.case import Case
from agents.rules.guards import isolation_guard, order_guard
from agents.rules.identification import invoice_id
from schemas.instants import business_day, parse_instant, to_millis
from schemas.money import Money, amount_text, exact, rounded
from schemas.names import Entity, Side, canonical_id, digest, record_id
from schemas.revenue import RevenueEvent
from schemas.wire import fingerprint
from tables.entities import EntityState

# What each rule means, in a sentence for people.
SAYS = {
    "timing": "The contract says at which stage a deal becomes an order, and when the order is billed.",
    "required": "Something that is needed first is missing: the record waits until it is there.",
    "guard.posted_immutable": "What has been billed is never edited: it is corrected through credit in the ERP.",
}
DEFAULT_TERMS_BASIS = "DAYSAFTERBILLDATE"
HUNDRED = Decimal(100)


def consider(case: Case, deal: EntityState) -> None:
    """Make the deal an order when the contract's time has come, and bill it."""
    if not deal.crm.present or deal.marks.get("historic"):
        case.customer.wait_no_more(deal.id)  # it has left, or is billed already
        return
    won = case.contract.timing.won(deal.crm.fields.get("stage"))
    if "order" not in deal.marks:
        if won:
            _place(case, deal)
        else:
            case.customer.wait_no_more(deal.id)
        return
    if not won and not deal.marks["order"].get("billed"):
        bill = case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id))
        bill.blocked["erp"].clear()  # won anew, it is asked for anew
        return
    if not won:
        case.verdict(
            deal, "stage", "hold", "guard.posted_immutable",
            "the deal was moved after its order was placed: the order stands, cancel it in the ERP",
        )  # fmt: skip
    elif deal.marks["order"]["lines"] != _lines_digest(deal) and deal.marks["order"].get("billed"):
        case.verdict(
            deal, "lines", "hold", "guard.posted_immutable",
            "the lines were edited after the bill: it changes through credit in the ERP only",
        )  # fmt: skip
    _bill(case, deal)


def first_seen(case: Case, deal: EntityState) -> None:
    """A deal that was won before Revmark's first reading is history: it is never billed."""
    if case.contract.timing.won(deal.crm.fields.get("stage")):
        deal.marks["historic"] = True
        case.verdict(deal, "", "hold", "timing", "won before the first reading: it is taken as billed already")


def moved_here(case: Case, deal: EntityState) -> None:
    """A deal that came from another customer when it was won already may have been billed there: never again here."""
    won = case.contract.timing.won(deal.crm.fields.get("stage"))
    if won and "order" not in deal.marks:
        deal.marks["historic"] = True
        reason = "it was won for another company and then moved here: it is not billed again; bill it by hand if due"
        case.verdict(deal, "order_status", "hold", "timing", reason)


def _currency(case: Case, deal: EntityState) -> str:
    return deal.crm.fields.get("currency") or case.customer.currency or case.contract.base_currency


def _place(case: Case, deal: EntityState) -> None:
    held = _guarded(case, deal)
    lacking = [name for name in case.contract.required.get(Entity.ORDER, ()) if not _has(case, deal, name)]
    if held is None and lacking:
        held = ("required", f"an order needs: {', '.join(lacking)}")
    if held is not None:
        _hold(case, deal, *held)
        deal.marks["held"] = True
        return
    currency = _currency(case, deal)
    amount = deal.crm.fields.get("amount") or amount_text(_sum(deal, currency), currency) or "0"
    order = canonical_id(Entity.ORDER, case.tenant, deal.id)
    day = _day(case, deal)
    deal.marks["order"] = {"id": order, "day": day, "lines": _lines_digest(deal)}
    deal.derived |= {"order_status": "created", "amount": amount, "currency": currency}  # what was ordered
    case.ordered()
    case.event(
        RevenueEvent(
            id=digest(case.tenant, "order_created", order),
            type="order_created",
            tenant=case.tenant,
            customer=case.customer.id,
            customer_name=case.customer.name,
            document=order,
            number=deal.label,
            deal=deal.id,
            money=Money(amount=amount, currency=currency),
            day=day,
            occurred_at=case.seen_version(deal.crm.version),
            refs={"crm": deal.crm.ref or ""},
        ),
        news=True,  # whatever finding let the order go on: what was won before the first reading makes none
    )
    stage = deal.crm.fields["stage"]
    case.verdict(
        deal, "order_status", "create", "timing", f"stage {stage}: the deal becomes an order", chosen="created"
    )
    case.touch(case.customer.id)
    _bill(case, deal)


def _guarded(case: Case, deal: EntityState) -> tuple[str, str] | None:
    isolated = isolation_guard(case.contract, case.company().crm.fields, deal.crm.fields)
    return isolated or order_guard(case.contract, case.customer)


def _hold(case: Case, deal: EntityState, rule: str, reason: str) -> None:
    deal.derived["order_status"] = f"held: {reason}"
    case.verdict(deal, "order_status", "hold", rule, reason)
    case.customer.wait(deal.id)


def _bill(case: Case, deal: EntityState) -> None:
    """Ask the ERP for the invoice, once, as soon as the customer is known there."""
    order = deal.marks["order"]
    if order.get("billed") or deal.crm.ref is None or not _is_due(case, deal):
        return
    if case.customer.erp is None:
        gone = endings.archived(case)
        if gone is None:
            case.customer.wait(deal.id)
        else:
            _hold(case, deal, endings.KEPT, gone)
        return
    held = _guarded(case, deal)
    if held is not None:
        _hold(case, deal, *held)
        return
    invoice = case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id))
    invoice.related["deal"] = deal.id
    number = f"{case.contract.invoice_defaults.number_prefix}{record_id(deal.crm.ref)}"
    fields, by = instead.applied(invoice, Side.ERP, {**_invoice(case, deal), "number": number})
    mark = fingerprint(fields)
    if invoice.marks.get("refused_at") != case.company().erp.version:
        invoice.blocked["erp"].clear()  # the customer's own record in the ERP was mended since: perhaps that was it
    if invoice.blocked["erp"].get("*") == mark:
        case.customer.wait(deal.id)  # for the customer's own record to be mended
        return
    if invoice.erp.ref or invoice.flights["erp"]:
        return
    order["billed"] = True
    order["lines"] = _lines_digest(deal)
    deal.derived["order_status"] = "created"  # a refusal of an earlier bill is over
    reason = f"order of deal {deal.label}"
    command = case.command(
        invoice, Side.ERP, "create", fields, reason=reason, rules=("timing",), natural_key=number,
        links={"company": case.customer.erp},
    )  # fmt: skip
    case.verdict(invoice, "", "create", "timing", reason, written_to=Side.ERP, command=command, by=by)


def _is_due(case: Case, deal: EntityState) -> bool:
    """Whether the order's time to be billed has come."""
    timing = case.contract.timing
    if timing.invoice_when != "shipped":
        return timing.invoice_when == "order_created"
    done, lines = shipped(deal)
    if deal.crm.fields.get("stage") in timing.shipped_when_deal_stage or (lines and done == lines):
        return True
    said = f"{done} of {lines} lines shipped"
    deal.derived["order_status"] = f"created: {said}"
    case.verdict(deal, "order_status", "wait", "timing", f"{said}: it is billed when all of it is", chosen="created")
    return False


def shipped(deal: EntityState) -> tuple[int, int]:
    """How many of the deal's lines have been shipped in full, and how many there are."""
    lines = deal.crm.fields.get("lines") or []
    return sum(exact(line.get("shipped") or "0") >= exact(line["quantity"]) for line in lines), len(lines)


def _invoice(case: Case, deal: EntityState) -> dict[str, Any]:
    """The invoice's canonical fields: what the deal says, and the contract's defaults for what it does not."""
    defaults = case.contract.invoice_defaults
    country = _country(case)
    tax_type = defaults.tax_types_by_country.get(country, defaults.tax_type)
    day = deal.marks["order"]["day"]
    lines = [
        {
            **{name: value for name, value in line.items() if name != "shipped"},
            "account": defaults.accounts_by_sku.get(line.get("sku") or "", defaults.account),
            "tax_type": tax_type,
        }
        for line in deal.crm.fields.get("lines") or ()
    ]
    return {
        "status": defaults.status,
        "date": day,
        "due_date": _due(case, day),
        "currency": _currency(case, deal),
        "reference": _own(case, deal, "Reference") or deal.crm.fields.get("name") or deal.id,
        "line_amount_types": defaults.line_amounts,
        "lines": lines,
    }


def _own(case: Case, deal: EntityState, place: str) -> str | None:
    """What the deal holds for a field of the invoice, in a field of the customer's own."""
    mapped = case.contract.shared.get(Entity.DEAL, {})
    name = next((name for name, each in mapped.items() if each.on(Side.ERP).at == place), None)
    return deal.crm.fields.get(name) if name else None


def _country(case: Case) -> str:
    for side in (Side.ERP, Side.CRM):
        address = case.company().shown(side).get("shipping_address") or {}
        if address.get("country"):
            return str(address["country"])
    return ""


def _due(case: Case, day: str) -> str:
    """The due date: the customer's terms in the ERP where they count days from the bill, else the contract's."""
    terms = str(case.company().erp.fields.get("payment_terms") or "").split()
    counts = len(terms) > 1 and terms[1] == DEFAULT_TERMS_BASIS and terms[0].isdigit()
    days = int(terms[0]) if counts else case.contract.invoice_defaults.due_days
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _day(case: Case, deal: EntityState) -> str:
    """The order's business day: the deal's close in the tenant's zone.

    Without one, or when the order was held since then, the day on which it goes through.
    """
    closed = None if deal.marks.get("held") else deal.crm.fields.get("closed_at")
    at = parse_instant(closed) if closed and to_millis(parse_instant(closed)) <= to_millis(case.at) else case.at
    return business_day(at, case.contract.timezone)


def _has(case: Case, deal: EntityState, name: str) -> bool:
    if name == "currency":
        return bool(_currency(case, deal))
    return bool(deal.crm.fields.get(name))


def _sum(deal: EntityState, currency: str) -> Decimal:
    return sum((_line_amount(line, currency) for line in deal.crm.fields.get("lines") or ()), Decimal(0))


def _line_amount(line: dict[str, Any], currency: str) -> Decimal:
    if line.get("amount"):
        return exact(line["amount"])
    discount = exact(line.get("discount_percent") or "0")
    return rounded(exact(line["quantity"]) * exact(line["unit_price"]) * (HUNDRED - discount) / HUNDRED, currency)


def _lines_digest(deal: EntityState) -> str:
    """What was sold. What of it has been shipped is no edit of the order."""
    lines = deal.crm.fields.get("lines") or []
    return fingerprint([{name: value for name, value in line.items() if name != "shipped"} for line in lines])
