"""Customers: what guards and bills need to know across a customer's records. Keyed by tenant and customer."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from operator import attrgetter
from typing import Any

from schemas.money import exact, plain
from schemas.names import Entity
from tables.view import View

PAYMENTS_KEPT = 20  # so that a reversed last payment falls back on the one before


@dataclass(slots=True)
class CustomerState:
    """One customer. `waiting` are its records that need something of it before they can go on.

    `settled`: all invoices have been read, so that a customer that has not `ordered` is a prospect. `consent`: whether
    it has agreed, as the CRM says; None: not heard. `alarms`: by record, the first day on which it has to be looked at:
    an invoice by an automation, a deal as a subscription.
    """

    id: str
    name: str = ""
    crm: str | None = None
    erp: str | None = None
    currency: str | None = None
    ordered: bool = False
    settled: bool = False
    hold: bool | None = None
    consent: bool | None = None
    person: str | None = None
    balances: dict[str, str] = field(default_factory=dict)
    payments: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    alarms: dict[str, str] = field(default_factory=dict)

    def wait(self, record: str) -> None:
        """Let a record wait for news of this customer."""
        if record not in self.waiting:
            self.waiting.append(record)

    def wait_no_more(self, record: str) -> None:
        """A record has nothing to wait for any more."""
        self.waiting = [each for each in self.waiting if each != record]

    def due(self, entity: Entity, today: str) -> list[str]:
        """The records of a kind whose alarm has come."""
        return sorted(name for name, day in self.alarms.items() if day <= today and name.startswith(f"{entity.value}:"))

    def add_balance(self, currency: str, amount: Decimal) -> None:
        """Move the balance in one currency."""
        self.balances[currency] = plain(exact(self.balances.get(currency, "0")) + amount)

    def note_payment(self, payment: str, date: str, amount: str, currency: str) -> None:
        """Remember a payment, newest last."""
        kept = [row for row in self.payments if row["id"] != payment]
        kept.append({"id": payment, "date": date, "amount": amount, "currency": currency})
        self.payments = sorted(kept, key=lambda row: (row["date"], row["id"]))[-PAYMENTS_KEPT:]

    def drop_payment(self, payment: str) -> None:
        """Forget a reversed payment."""
        self.payments = [row for row in self.payments if row["id"] != payment]


def key(tenant: str, customer: str) -> str:
    """The row's key, which is the partition key."""
    return f"{tenant}|{customer}"


def load(view: View, tenant: str, customer: str) -> CustomerState:
    """Read a customer's state, or begin it."""
    row = view.get(key(tenant, customer))
    return CustomerState(**row) if row else CustomerState(id=customer)


def save(view: View, tenant: str, state: CustomerState) -> None:
    """Write a customer's state."""
    view[key(tenant, state.id)] = dict(zip(_NAMES, _VALUES(state), strict=True))  # the view keeps a copy


_NAMES = tuple(each.name for each in fields(CustomerState))
_VALUES = attrgetter(*_NAMES)
