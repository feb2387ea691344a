"""What people do with orders: ship them, call them off, and change what is billed again and again.

Flows in and out, and what holds, as in `people`.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from tests.simulation.cashier import one
from tests.simulation.platforms import Platforms
from tests.simulation.screens import Deed, associate, edit

SHIPPED = "revmark_shipped_quantity"
PAYMENTS = "hs_recurring_billing_number_of_payments"
PAUSED = "decisionmakerboughtin"  # a stage of HubSpot's own pipeline, as good as any
# Around the second of September, and a week and more before it: a term of those ends eight days after it.
FIRST_DAYS = ("2026-08-20", "2026-08-26", "2026-08-27", "2026-08-30", "2026-09-01", "2026-09-02", "2026-09-05")
DEAL, LINE_ITEM = "0-3", "0-8"  # HubSpot's object types


async def crm_ship(both: Platforms, lots: Random) -> None:
    """The warehouse ships more of a line, or says that it has."""
    row = one(lots, both.records("line_items"))
    quantity, sent = (Decimal(row["properties"].get(name) or "0") for name in ("quantity", SHIPPED))
    more = quantity if lots.random() < 0.4 else sent + lots.randrange(0, 3)
    await edit(both, "line_items", row, **{SHIPPED: str(more)})


async def crm_ship_less(both: Platforms, lots: Random) -> None:
    """The warehouse finds that it has shipped less."""
    row = one(lots, [row for row in both.records("line_items") if row["properties"].get(SHIPPED)])
    await edit(both, "line_items", row, **{SHIPPED: str(lots.randrange(0, 3))})


async def crm_call_off(both: Platforms, lots: Random) -> None:
    """A customer calls an order off."""
    rows = [row for row in both.records("deals") if row["properties"].get("dealstage") == "closedwon"]
    await edit(both, "deals", one(lots, rows), dealstage="closedlost")


async def crm_win_again(both: Platforms, lots: Random) -> None:
    """The customer wants it after all."""
    rows = [row for row in both.records("deals") if row["properties"].get("dealstage") == "closedlost"]
    await edit(both, "deals", one(lots, rows), dealstage="closedwon")


SHIPPING: dict[str, tuple[int, Deed]] = {
    deed.__name__: (weight, deed)
    for weight, deed in ((30, crm_ship), (1, crm_ship_less), (2, crm_call_off), (2, crm_win_again))
}  # deeds where orders are billed in parts


async def crm_subscribe(both: Platforms, lots: Random) -> None:
    """Sales makes a deal that is billed each week, from a day near the one that a story ends on."""
    row = one(lots, both.records("companies"))
    deal = await both.sales.do("POST", "people/deals", {"properties": {
        "dealname": f"Deal {lots.randrange(10**6)}", "dealstage": "contractsent", "pipeline": "default",
        "deal_currency_code": "NZD",
    }})  # fmt: skip
    await associate(both, "deals", deal, "companies", row["id"])
    often = {"recurringbillingfrequency": "weekly", "hs_recurring_billing_start_date": lots.choice(FIRST_DAYS)}
    often |= {PAYMENTS: str(lots.randrange(1, 4))} if lots.random() < 0.5 else {}
    for recurs in (often, *([often] if lots.random() < 0.3 else []), *([{}] if lots.random() < 0.3 else [])):
        line = await both.sales.do("POST", "people/line_items", {"properties": {
            "name": "line", "quantity": str(lots.randrange(1, 9)), "price": f"{lots.randrange(1, 500)}.10", **recurs,
        }})  # fmt: skip
        await associate(both, "line_items", line, "deals", deal["id"])
    if lots.random() < 0.7:
        await edit(both, "deals", deal, dealstage="closedwon")


async def crm_amend(both: Platforms, lots: Random) -> None:
    """The customer wants more of what recurs, or less."""
    rows = [row for row in both.records("line_items") if row["properties"].get("recurringbillingfrequency")]
    await edit(both, "line_items", one(lots, rows), quantity=str(lots.randrange(1, 9)))


async def crm_extend(both: Platforms, lots: Random) -> None:
    """The customer signs for another term, or for less of this one."""
    row = one(lots, [row for row in both.records("line_items") if row["properties"].get(PAYMENTS)])
    term, ids = str(lots.randrange(1, 5)), both.portal.associations.ids
    lines = {line for deal in ids((LINE_ITEM, int(row["id"])), DEAL) for line in ids((DEAL, deal), LINE_ITEM)}
    for each in both.records("line_items"):
        if int(each["id"]) in lines and each["properties"].get(PAYMENTS):
            await edit(both, "line_items", each, **{PAYMENTS: term})


async def crm_pause(both: Platforms, lots: Random) -> None:
    """The customer wants nothing for a while."""
    rows = [row for row in both.records("deals") if row["properties"].get("dealstage") == "closedwon"]
    await edit(both, "deals", one(lots, rows), dealstage=PAUSED)


async def crm_resume(both: Platforms, lots: Random) -> None:
    """And wants it again."""
    rows = [row for row in both.records("deals") if row["properties"].get("dealstage") == PAUSED]
    await edit(both, "deals", one(lots, rows), dealstage="closedwon")


SUBSCRIBING: dict[str, tuple[int, Deed]] = {
    deed.__name__: (weight, deed)
    for weight, deed in ((60, crm_subscribe), (12, crm_amend), (4, crm_extend), (3, crm_pause), (4, crm_resume),
                         (2, crm_call_off), (2, crm_win_again))
}  # deeds where deals recur  # fmt: skip
