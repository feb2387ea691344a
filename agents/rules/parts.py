"""Parts: what of an order is billed next, so that all its bills together are the order, to the minor unit.

In: the lines of an order with what was shipped of each, what its bills so far hold, the currency. Out: the next bill's
lines, or none. Pure. How the ERP rounds, and at which rate it taxes, nobody here knows: the bill that completes a line
states all of it, and takes off what was billed of it before, as it was billed. So whatever was rounded comes out even.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schemas.money import MINOR_UNITS, exact, minor_digits, plain, rounded
from schemas.wire import fingerprint

Line = Mapping[str, Any]
Rows = list[list[str]]  # [name of a line, quantity]: below zero where it is taken off again, as it was billed
SOLD = ("sku", "description", "quantity", "unit_price", "discount_percent")  # what makes a line another one
DEPOSIT = "deposit"  # as lines are called that are none of the order's; other names are hashes
TAKEN_OFF = "Billed before: "
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """A bill: its lines, as rows to be remembered, and as the invoice states them. `closes`: nothing is left to bill.

    One without rows is no bill: what is left is worth nothing; or less, where a deposit is more than the order is now.
    """

    rows: Rows
    lines: list[dict[str, Any]]
    closes: bool
    value: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Sold:
    """One line of an order, and how much of it was shipped."""

    name: str
    line: Line
    ordered: Decimal
    sent: Decimal


def sale(lines: Iterable[Line], *, everything: bool = False) -> list[Sold]:
    """The lines of an order. More than was ordered is not billed; what takes money off counts as shipped at once."""
    found = []
    for line in lines:
        ordered, shipped = exact(line["quantity"]), exact(line.get("shipped") or "0")
        whole = everything or exact(line["unit_price"]) < 0
        found.append(Sold(line_name(line), line, ordered, ordered if whole else max(NOTHING, min(shipped, ordered))))
    return found


def line_name(line: Line) -> str:
    """What a line is called among those of its order: two that say the same may stand for each other."""
    return fingerprint([line.get(name) for name in SOLD])


def order_name(lines: Iterable[Line]) -> str:
    """What was sold, in whatever order the lines stand; how much of it was shipped is no part of it."""
    return fingerprint(sorted(line_name(line) for line in lines))


def deposit(order: Sequence[Sold], currency: str, line: Line, percent: Decimal | None) -> Part | None:
    """A bill before anything is shipped: a share of the order, or what the line says. None: there is nothing to bill.

    `value` is what the order is worth beyond it.
    """
    whole = sum(worth(row.line, row.ordered, currency) for row in order)
    amount = exact(line["unit_price"]) if percent is None else rounded(whole * percent / HUNDRED, currency)
    if amount <= 0:
        return None
    stated = {**line, "unit_price": plain(amount)}
    return Part([[DEPOSIT, "1"]], [stated], closes=False, value=whole - amount)


def next_part(
    order: Sequence[Sold], bills: Sequence[Rows], currency: str, *, each: bool, paid: Line | None = None
) -> Part | None:
    """The next bill; None: nothing is to be billed before more is shipped.

    Args:
        order: its lines.
        bills: those so far.
        currency: of the order.
        each: a part may be billed by itself; else only all that is left.
        paid: the line of the deposit, if one was billed.
    """
    whole = all(row.sent == row.ordered for row in order)
    if whole and not bills:
        return Part(
            [[row.name, plain(row.ordered)] for row in order], [plainly(row.line) for row in order], closes=True
        )
    due = {name: quantity for name, quantity in _due(order, bills).items() if quantity > 0}
    if not whole and not (each and due):
        return None
    left = sum((_price(row.line, row.ordered - row.sent) for row in order), NOTHING)
    closes = whole or left == 0
    so_far = _so_far(bills)
    drift = _drift(currency) * (so_far.total() + len(due) + len(order))
    if closes or left < drift:
        rows = _less(order, so_far)
    else:
        part = {row.name for row in order if row.sent != row.ordered}
        rows = [[name, plain(due[name])] for name in due if name in part]
        rows += _less([row for row in order if row.name in due and row.name not in part], so_far)
    known = {row.name: row.line for row in order} | ({DEPOSIT: paid} if paid else {})
    value = sum((worth(known[name], exact(quantity), currency) for name, quantity in rows), NOTHING)
    if value <= 0:
        return Part([], [], closes, value) if closes else None
    return Part(rows, [_stated(known[name], quantity) for name, quantity in rows], closes, value)


def taken_back(order: Sequence[Sold], bills: Sequence[Rows]) -> list[Line]:
    """The lines of which more was billed than is said to be shipped."""
    due = _due(order, bills)
    return [row.line for row in order if due[row.name] < 0]


def worth(line: Line, quantity: Decimal, currency: str) -> Decimal:
    """What so much of a line comes to, before tax."""
    return rounded(_price(line, quantity), currency)


def _price(line: Line, quantity: Decimal) -> Decimal:
    return quantity * exact(line["unit_price"]) * (HUNDRED - exact(line.get("discount_percent") or "0")) / HUNDRED


def _drift(currency: str) -> Decimal:
    """What rounding a line can come to: half a unit, its tax as much, and the tax on that. No ERP keeps more places."""
    return 2 * max(MINOR_UNITS[minor_digits(currency)], CENT)


def _due(order: Sequence[Sold], bills: Sequence[Rows]) -> dict[str, Decimal]:
    """How much of each line was shipped and is not billed, in the order of the lines; below zero: too much is."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in order:
        found[row.name] += row.sent
    for name, quantity in (each for rows in bills for each in rows):
        found[name] -= exact(quantity)
    return found


def _so_far(bills: Sequence[Rows]) -> Counter[tuple[str, Decimal]]:
    """What was billed and stands, line by line: what one bill has taken off of another stands no more."""
    found: Counter[tuple[str, Decimal]] = Counter()
    for name, quantity in (each for rows in bills for each in rows):
        amount = exact(quantity)
        found[name, abs(amount)] += 1 if amount > 0 else -1
    return found


def _less(order: Sequence[Sold], so_far: Counter[tuple[str, Decimal]]) -> Rows:
    """All that was shipped of some lines, less what was billed. A line that was billed as a whole needs no words."""
    lines = Counter((row.name, row.sent) for row in order if row.sent)
    names = {DEPOSIT, *(row.name for row in order)}
    billed = Counter({key: count for key, count in so_far.items() if key[0] in names})
    rows = [[name, plain(sent)] for name, sent in (lines - billed).elements()]
    return rows + [[name, plain(-quantity)] for name, quantity in (billed - lines).elements()]


def plainly(line: Line) -> dict[str, Any]:
    """What was sold; what of it has been shipped, or how often it is billed, is no part of a bill."""
    return {name: value for name, value in line.items() if name not in {"shipped", "recurs"}}


def _stated(line: Line, quantity: str) -> dict[str, Any]:
    """A line of a bill; its amount follows from the quantity."""
    said = str(line.get("description") or line.get("sku") or "")
    words = {"description": f"{TAKEN_OFF}{said}"} if quantity.startswith("-") else {}
    return plainly(line) | {"quantity": quantity, "amount": None} | words
