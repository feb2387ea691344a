"""Billing: when an order becomes a bill, or several, and what is on them.

An order is billed at once, or when it was shipped: as a whole or part by part, as the contract says. What each bill
holds is remembered on the deal's own row with the command that asks for it; its number is a function of the deal and of
its place among the deal's bills, so that asking again never makes a second one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from agents.rules import endings, instead, parts
from agents.rules.case import Case, Spoken
from agents.rules.guards import isolation_guard, order_guard
from agents.rules.numbering import bill_number, invoice_id
from agents.rules.parts import Part
from agents.rules.proration import grows
from schemas.contract.model import Deposit
from schemas.money import exact, plain
from schemas.names import Entity, Side, record_id
from schemas.wire import fingerprint
from tables.entities import EntityState

POSTED = "guard.posted_immutable"
HELD, REFUSED = "held: ", "invoice refused: "  # how the words begin that a deal says of itself
DEFAULT_TERMS_BASIS = "DAYSAFTERBILLDATE"


def bill(case: Case, deal: EntityState) -> None:
    """Ask the ERP for the order's next bill, once, as soon as the customer is known there."""
    order = deal.marks["order"]
    if order.get("billed") or deal.crm.ref is None:
        return
    part = _due(case, deal)
    if part is not None and ready(case, deal):
        _ask(case, deal, part)


def ready(case: Case, deal: EntityState) -> bool:
    """Whether the customer can be billed; if not, the deal waits, and says why."""
    if case.customer.erp is None:
        gone = endings.archived(case)
        if gone is None:
            case.customer.wait(deal.id)
        else:
            hold(case, deal, endings.KEPT, gone)
        return False
    held = guarded(case, deal)
    if held is not None:
        hold(case, deal, *held)
    return held is None


def reopen(case: Case, deal: EntityState) -> None:
    """A deal that is won anew is billed anew, also where the ERP refused it."""
    if not deal.marks["order"].get("billed"):
        following(case, deal).blocked["erp"].clear()


def following(case: Case, deal: EntityState) -> EntityState:
    """The deal's next invoice: of those that were asked for, each is known to be there before the next one is."""
    period = deal.marks["order"].get("subscription")
    place = period["next"] if period else len(bills_of(deal)) + 1
    return case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, place))


def bills_of(deal: EntityState) -> list[parts.Rows]:
    """What each bill of an order holds that is billed in parts."""
    found: list[parts.Rows] = deal.marks["order"].get("bills", [])
    return found


def steps(rest: dict[str, Any]) -> list[Any]:
    """The amendments that are not billed, in their order: of each the day, and the lines from then on."""
    return [rest["change"], *rest.get("then", [])] if rest["change"] else []


def put_steps(rest: dict[str, Any], found: Sequence[Any]) -> None:
    """Keep them."""
    rest["change"], rest["then"] = (found[0], list(found[1:])) if found else (None, [])


def unasked(deal: EntityState, invoice: EntityState, tenant: str, *, refused: bool) -> None:
    """A bill will not be made, for the ERP refused it or it was taken back: what was on it is to be billed still.

    An amendment on top of one that was refused mends it, and is billed in its place.
    """
    order = deal.marks.get("order", {})
    bills = order.get("bills", [])
    order.pop("billed", None)
    period = order.get("subscription")
    if period and period["asked"] and invoice.id == invoice_id(tenant, deal.id, period["asked"]):
        once = period["once"] if period["billed"] > 1 else ""
        period |= {"next": period["asked"], "asked": 0, "billed": period["billed"] - 1, "once": once}
        period.pop("rest", None)
    rest = period.get("rest") if period else None
    if rest and rest["asked"] and invoice.id == invoice_id(tenant, deal.id, rest["period"], rest["more"]):
        asked, later = rest["asked"], steps(rest)
        rest |= {"lines": asked["before"], "more": rest["more"] - 1, "asked": None}
        instead_of = bool(later) and (refused or not grows(asked["lines"], later[0][1], period["currency"]))
        put_steps(rest, later if instead_of else [[asked["day"], asked["lines"]], *later])
    if bills and invoice.id == invoice_id(tenant, deal.id, len(bills)):
        order["bills"] = bills[:-1]


def guarded(case: Case, deal: EntityState) -> tuple[str, str] | None:
    """(rule, reason) when nothing may be ordered or billed."""
    isolated = isolation_guard(case.contract, case.company().crm.fields, deal.crm.fields)
    return isolated or order_guard(case.contract, case.customer)


def hold(case: Case, deal: EntityState, rule: str, reason: str) -> None:
    """Say on the deal why it does not go on."""
    deal.derived["order_status"] = f"{HELD}{reason}"
    case.verdict(deal, "order_status", "hold", rule, reason)
    case.customer.wait(deal.id)


def currency_of(case: Case, deal: EntityState) -> str:
    """The currency that a deal is sold in."""
    return deal.crm.fields.get("currency") or case.customer.currency or case.contract.base_currency


def lines_digest(deal: EntityState) -> str:
    """What was sold. What of it has been shipped is no edit of the order."""
    return fingerprint([parts.plainly(line) for line in deal.crm.fields.get("lines") or ()])


def shipped(deal: EntityState) -> tuple[int, int]:
    """How many of the deal's lines have been shipped in full, and how many there are."""
    lines = deal.crm.fields.get("lines") or []
    return sum(exact(line.get("shipped") or "0") >= exact(line["quantity"]) for line in lines), len(lines)


def _due(case: Case, deal: EntityState) -> Part | None:
    """What is to be billed now; where it is nothing, the deal says for what it waits."""
    timing, lines = case.contract.timing, deal.crm.fields.get("lines") or []
    if timing.invoice_when == "never":
        return None
    at_once = timing.invoice_when == "order_created" or deal.crm.fields.get("stage") in timing.shipped_when_deal_stage
    sold, bills = parts.sale(lines, everything=at_once), bills_of(deal)
    doubt = _doubt(deal, sold, bills) if bills else _unclear(case, deal)
    if doubt is not None:
        hold(case, deal, POSTED if bills else "timing", doubt)
        return None
    found = None
    if lines or at_once:
        paid = deal.marks["order"].get("deposit")
        found = parts.next_part(sold, bills, _currency(case, deal), each=timing.partial == "each", paid=paid)
    if found is None and not bills and timing.deposit is not None:
        found = _deposit(case, deal, sold, timing.deposit)
    if found is not None and found.value < 0:
        hold(case, deal, POSTED, "the deposit is more than the order comes to: mend the order, or credit it in the ERP")
        return None
    if found is None:
        said = _progress(deal)
        then = (
            "each part is billed when it is shipped" if timing.partial == "each" else "it is billed when all of it is"
        )
        deal.derived["order_status"] = f"created: {said}"
        case.verdict(deal, "order_status", "wait", "timing", f"{said}: {then}", chosen="created")
    return found


def _deposit(case: Case, deal: EntityState, sold: list[parts.Sold], wanted: Deposit) -> Part | None:
    """The bill for the deposit, where the deal has one."""
    amount = _stated(deal, wanted)
    share = "" if wanted.percent is None else f" of {plain(wanted.percent.normalize())} %"
    line = {"description": f"Deposit{share} on {deal.label}", "quantity": "1", "unit_price": plain(amount)}
    return parts.deposit(sold, currency_of(case, deal), line, wanted.percent)


def _stated(deal: EntityState, wanted: Deposit) -> Decimal:
    """The deposit that the deal states; nothing stated is none.

    Raises:
        ValueError: it is no amount.
    """
    return exact((deal.crm.fields.get(wanted.field) if wanted.field else None) or "0")


def _unclear(case: Case, deal: EntityState) -> str | None:
    """Why nobody can say what deposit was agreed. Also what is shipped waits: its bill would be without the deposit."""
    timing, wanted = case.contract.timing, case.contract.timing.deposit
    if wanted is None or wanted.field is None or timing.invoice_when != "shipped":
        return None
    try:
        wrong = "is below zero" if _stated(deal, wanted) < 0 else None
    except ValueError:
        wrong = "is no amount"
    own = case.contract.mapped(Entity.DEAL).get(wanted.field)
    where = own.on(Side.CRM).at if own else wanted.field
    return wrong and f"the deposit in {where} {wrong}: write how much it is there, as 120.50, or 0 for none"


def _doubt(deal: EntityState, sold: list[parts.Sold], bills: list[parts.Rows]) -> str | None:
    """Why nobody can say what is left to bill; a person has to."""
    if not any(name != parts.DEPOSIT for rows in bills for name, _ in rows):
        return None
    if deal.marks["order"]["sold"] != parts.order_name(row.line for row in sold):
        return (
            "the lines were edited after a part of them was billed: put them back as they were ordered, "
            "or bill the rest by hand in the ERP"
        )
    back = parts.taken_back(sold, bills)
    if back:
        named = ", ".join(dict.fromkeys(str(line.get("sku") or line.get("description") or "a line") for line in back))
        return f"more of {named} is billed than was shipped: mend the shipped quantity, or credit it in the ERP"
    return None


def _progress(deal: EntityState) -> str:
    (done, lines), bills = shipped(deal), len(bills_of(deal))
    billed = f", {bills} {'bill' if bills == 1 else 'bills'} so far" if bills else ""
    return f"{done} of {lines} lines shipped{billed}"


def _ask(case: Case, deal: EntityState, part: Part) -> None:
    """Ask for a bill, and remember what is on it."""
    order, bills = deal.marks["order"], bills_of(deal)
    if bills and not part.rows:
        order["billed"] = True  # what is left is worth nothing
        deal.derived["order_status"] = "created"
        return
    place = len(bills) + 1
    if bills and case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, place - 1)).erp.ref is None:
        return  # the bill before it is on its way, and may be refused
    invoice = following(case, deal)
    invoice.related["deal"] = deal.id
    number = bill_number(case.contract.invoice_defaults.number_prefix, record_id(deal.crm.ref or ""), place)
    fields, by = instead.applied(invoice, Side.ERP, {**_invoice(case, deal, part), "number": number})
    if unwanted(case, deal, invoice, fields):
        return
    if bills and invoice.erp.ref:
        hold(case, deal, POSTED, f"{number} is in the ERP already, by another hand: bill the rest by hand")
        return
    if invoice.erp.ref or invoice.flights["erp"]:
        return
    if bills or not part.closes:
        order |= {"bills": [*bills, part.rows], "sold": parts.order_name(deal.crm.fields.get("lines") or ())}
        order |= {"currency": fields["currency"], "tax_type": fields["lines"][0].get("tax_type")}
        if part.rows[0][0] == parts.DEPOSIT:
            order["deposit"] = fields["lines"][0]
    if part.closes:
        order["billed"] = True
    order["lines"] = lines_digest(deal)
    # A refusal of an earlier bill is over.
    deal.derived["order_status"] = "created" if part.closes else f"created: {_progress(deal)}"
    reason = f"order of deal {deal.label}" + (f", bill {place}" if place > 1 or not part.closes else "")
    send(case, invoice, fields, reason, by)


def unwanted(case: Case, deal: EntityState, invoice: EntityState, fields: dict[str, Any]) -> bool:
    """Whether the ERP has refused this very bill, and nothing was mended since that it may have been refused for."""
    if invoice.marks.get("refused_at") != case.company().erp.version:
        invoice.blocked["erp"].clear()  # the customer's own record in the ERP was mended since: perhaps that was it
    if invoice.blocked["erp"].get("*") != fingerprint(fields):
        return False
    case.customer.wait(deal.id)  # for the customer's own record to be mended
    if invoice.erp.ref is None and (said := invoice.marks.get("refused")):
        deal.derived["order_status"] = f"{REFUSED}{said}"  # whatever it has said of itself meanwhile
    return True


def send(case: Case, invoice: EntityState, fields: dict[str, Any], reason: str, by: Spoken | None) -> None:
    """Ask the ERP for a bill; `by`: whose word is in it. Until it is there, the customer may still come on hold."""
    case.customer.wait(invoice.related["deal"])
    command = case.command(
        invoice, Side.ERP, "create", fields, reason=reason, rules=("timing",), natural_key=fields["number"],
        links={"company": str(case.customer.erp)},
    )  # fmt: skip
    case.verdict(invoice, "", "create", "timing", reason, written_to=Side.ERP, command=command, by=by)


def _currency(case: Case, deal: EntityState) -> str:
    """The currency of an order's bills: that of the first, if there is one."""
    bills = bills_of(deal)
    return str(deal.marks["order"]["currency"]) if bills else currency_of(case, deal)


def _invoice(case: Case, deal: EntityState, part: Part) -> dict[str, Any]:
    """A part's bill. What it takes off was taxed as it was billed, and a deposit may have an account of its own."""
    tax_type = deal.marks["order"].get("tax_type") if bills_of(deal) else None
    held = case.contract.timing.deposit
    accounts = {parts.DEPOSIT: held.account} if held and held.account else {}
    lines = [
        line | {"account": line.get("account") or accounts.get(name)}
        for line, name in zip(part.lines, (name for name, _ in part.rows), strict=True)
    ]
    return stated(case, deal, lines, _day(case, deal, part), _currency(case, deal), tax_type)


def stated(
    case: Case, deal: EntityState, lines: list[dict[str, Any]], day: str, currency: str, tax_type: str | None = None
) -> dict[str, Any]:
    """The invoice's canonical fields: what the deal says, and the contract's defaults for what it does not."""
    defaults = case.contract.invoice_defaults
    taxed = tax_type or defaults.tax_types_by_country.get(_country(case), defaults.tax_type)
    return {
        "status": defaults.status,
        "date": day,
        "due_date": _due_date(case, day),
        "currency": currency,
        "reference": _own(case, deal, "Reference") or deal.crm.fields.get("name") or deal.id,
        "line_amount_types": defaults.line_amounts,
        "lines": [line | {"account": line.get("account") or _account(case, line), "tax_type": taxed} for line in lines],
    }


def _account(case: Case, line: dict[str, Any]) -> str:
    defaults = case.contract.invoice_defaults
    return defaults.accounts_by_sku.get(line.get("sku") or "", defaults.account)


def _day(case: Case, deal: EntityState, part: Part) -> str:
    """The day of the order; of what waited for its shipment, the day on which that is heard of."""
    before = part.rows == [[parts.DEPOSIT, "1"]]
    if case.contract.timing.invoice_when == "shipped" and not before:
        return case.today
    return str(deal.marks["order"]["day"])


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


def _due_date(case: Case, day: str) -> str:
    """The due date: the customer's terms in the ERP where they count days from the bill, else the contract's."""
    terms = str(case.company().erp.fields.get("payment_terms") or "").split()
    counts = len(terms) > 1 and terms[1] == DEFAULT_TERMS_BASIS and terms[0].isdigit()
    days = int(terms[0]) if counts else case.contract.invoice_defaults.due_days
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
