"""What was sold, against what was billed: an order's bills together are its lines, as Xero rounds and taxes each.

Flows in: lives that were lived, Xero's books. Flows out: every order of which another amount stands on the books.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from schemas.money import minor_digits
from tests.lives.life import SHIPPED as BY_SHIPMENT
from tests.lives.life import Life, Line
from tests.lives.living import CENTS, Living
from tests.lives.recount import DEAD, NOTHING, Bill, Books, deal_of
from tests.simulation.ordering import SHIPPED

TAX = {"NZ": Decimal(15), "AU": NOTHING}  # percent, under the shipped contract
HUNDRED = Decimal(100)


def unbilled_differences(lived: Iterable[Living], found: Books) -> list[str]:
    """Orders that are billed as a whole, of which the bills are not the order."""
    bills = defaultdict[str, list[Bill]](list)
    for bill in found.bills.values():
        bills[deal_of(bill.number)].append(bill)
    whole = (living for living in lived if living.life.trade != "subscription")  # of which `subscribed` tells
    return [each for living in whole for each in _orders(living, bills)]


def _orders(living: Living, bills: dict[str, list[Bill]]) -> Iterator[str]:
    for deal, lines, ordered in zip(living.deals, living.lines, living.life.orders, strict=False):
        held, due = bills.get(deal, []), sum((worth(each, living.life) for each in ordered), NOTHING)
        whole = _stage(living, deal) == "closedwon" and all(
            each.status not in DEAD and each.id not in living.amended for each in held
        )
        if not whole or not _shipped(living, lines, ordered) or not (held or due):
            continue
        billed = sum((each.total for each in held), NOTHING)
        if billed != due:
            names = ", ".join(each.number for each in held) or f"deal {deal}"
            yield f"{names} {living.life.currency}: {billed} is billed of {due}; {living.life}"


def _stage(living: Living, deal: str) -> str:
    return values(living, "deals", deal).get("dealstage", "")


def _shipped(living: Living, lines: list[str], ordered: tuple[Line, ...]) -> bool:
    """Whether the contract lets all of it be billed."""
    if living.life.trade not in BY_SHIPMENT:
        return True
    sent = (values(living, "line_items", line).get(SHIPPED) for line in lines)
    return all(text == line.quantity for text, line in zip(sent, ordered, strict=True))


def values(living: Living, kind: str, record: str) -> dict[str, str]:
    """What HubSpot holds of a record; nothing of one that is not there."""
    row = living.both.portal.store.get(living.both.portal.catalogue.get(kind), int(record))
    return {} if row is None else row.values()


def worth(line: Line, life: Life) -> Decimal:
    """A line with its tax, as Xero states it: each rounded half up to what it keeps of the currency."""
    share = (HUNDRED - Decimal(line.discount or 0)) / HUNDRED
    return taxed(Decimal(line.quantity) * Decimal(line.price) * share, life)


def taxed(net: Decimal, life: Life) -> Decimal:
    """An amount with its tax, each as Xero rounds it."""
    unit = Decimal(1).scaleb(-min(minor_digits(life.currency), CENTS))
    net = net.quantize(unit, ROUND_HALF_UP)
    return net + (net * TAX[life.country] / HUNDRED).quantize(unit, ROUND_HALF_UP)
