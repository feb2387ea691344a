"""A life: a customer's orders and what becomes of them, drawn from a seed.

Flows in: a seed. Flows out: a currency, a way of trade, and deeds in their order, as data. Invariant: the same seed is
always the same life, however many others are played beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from schemas.contract import Contract
from schemas.money import minor_digits
from tests.support.contracts import contract
from tests.volume.month import BRAKES

CURRENCIES = ("NZD", "USD", "EUR", "JPY", "KWD")  # with two decimals, none (JPY), and three (KWD)
REVENUE = {"custom": "revmark_revenue", "by": "product"}  # what everybody's documents earned, shown in HubSpot
OBJECTS: dict[str, Any] = {"revenue": REVENUE, "payment": "native", "order": "native"}
TRADES = {
    "at once": {},
    "by shipment": {"timing": {"invoice_when": "shipped"}},
    "in parts": {"timing": {"invoice_when": "shipped", "partial": "each"}},
    "deposit": {"timing": {"invoice_when": "shipped", "deposit": {"percent": "30"}}},
    "deposit and parts": {"timing": {"invoice_when": "shipped", "partial": "each", "deposit": {"percent": "12.5"}}},
    "drafts": {
        "timing": {"called_off": "delete_drafts", "called_off_posted": "draft_credit"},
        "invoice_defaults": {"status": "draft"},
    },
    "credits": {"timing": {"called_off_posted": "credit"}},
    "subscription": {"timing": {"subscriptions": {"amended": "prorated"}}},
    "quote": {"timing": {"order_when": "quote_accepted", "order_when_deal_stage": ["contractsent", "closedwon"]}},
}
EXTRAS = ("bill by hand", "bill by hand", "bill abroad", "amend", "redate", "take back")  # whenever finance likes
COUNTRIES = ("NZ", "NZ", "AU")  # taxed, and not, under the shipped contract
DAYS = ("2026-08-{:02}", "2026-09-{:02}", "2026-10-{:02}")  # of what people date themselves
SHIPPED = ("by shipment", "in parts", "deposit", "deposit and parts")
# What becomes of an order once it is won and shipped, as deeds.
MONEY = (
    (), ("pay",), ("pay part", "pay"), ("pay part", "pay part", "pay part"), ("pay", "overpay"),
    ("pay", "overpay", "refund part", "refund"), ("pay", "overpay", "refund part"), ("prepay", "use money", "pay"),
    ("credit part", "pay"), ("credit",), ("credit loose", "refund part", "refund"), ("credit loose", "use credit"),
    ("pay", "credit loose", "refund"), ("pay part", "credit part"), ("pay part", "bounce", "pay"), ("void",),
    ("pay part", "credit loose", "use credit", "refund part"), ("bounce", "void credit", "void"),
)  # fmt: skip

# How many are wanted of what recurs, while it runs.
AMENDMENTS = (
    (), ("want more",), ("want less",), ("want more", "want more"), ("want more", "want less", "want more"),
    ("want less", "want more"), ("want more", "want less"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """What is sold, as sales types it."""

    quantity: str
    price: str
    discount: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """One customer's story."""

    seed: int
    trade: str
    currency: str
    country: str
    orders: tuple[tuple[Line, ...], ...]
    deeds: tuple[str, ...]

    def __str__(self) -> str:
        """One line."""
        return f"life {self.seed}: {self.currency} to {self.country}, {self.trade}: {', '.join(self.deeds)}"


def draw(seed: int) -> Life:
    """The life of a seed."""
    lots = Random(f"life/{seed}")
    trade, currency = tuple(TRADES)[seed % len(TRADES)], lots.choice(CURRENCIES)
    deeds: list[str] = []
    orders = []
    for number in range(lots.choice((1, 1, 1, 2))):
        orders.append(tuple(_line(lots, currency) for _ in range(lots.randrange(1, 4))))
        deeds += ["sell" if not number else "reorder", *_fulfilled(lots, trade)]
    while lots.random() < 0.3:
        deeds.insert(lots.randrange(1, len(deeds) + 1), lots.choice(EXTRAS))
    if "prepay" in deeds or lots.random() < 0.05:
        deeds.append("use money")
    return Life(seed, trade, currency, lots.choice(COUNTRIES), tuple(orders), tuple(deeds))


def agreed(trade: str) -> Contract:
    """The contract under which a life is lived."""
    return contract({"brakes": BRAKES, "platforms": {"objects": OBJECTS}, **TRADES[trade]})


def _fulfilled(lots: Random, trade: str) -> list[str]:
    """What happens to an order after it is won."""
    deeds: list[str] = []
    if trade in SHIPPED:
        deeds += ["ship part"] * lots.choice((0, 0, 1, 2)) + ["ship"] * (lots.random() < 0.85)
    if trade == "subscription":
        deeds += lots.choice(AMENDMENTS)
    if trade == "drafts":
        deeds += ["post"] * (lots.random() < 0.8)
    deeds += lots.choice(MONEY)
    if lots.random() < (0.8 if trade == "credits" else 0.15):
        deeds.insert(lots.randrange(len(deeds) + 1), "call off")
        deeds += ["win again"] * (lots.random() < 0.3)
    return deeds


def _line(lots: Random, currency: str) -> Line:
    digits = minor_digits(currency) if lots.random() < 0.9 else min(minor_digits(currency) + 1, 4)
    price = Decimal(lots.choice((7, 333, 1999, 9_999, lots.randrange(1, 10**6)))).scaleb(-digits)
    quantity = lots.choice(("1", "3", "7", "0.9", "2.5", str(lots.randrange(1, 40))))
    return Line(quantity, f"{price:f}", lots.choice(("", "", "", "12.5", "33.33", "5")))
