"""Forecast: what Xero would show of a record that a command makes, without asking Xero. Pure.

In: a command, the id that the record is imagined under. Out: the record as the client would read it. Invariant: what
the payload cannot say is refused here as it is before a call. A document's totals are Xero's to state; here they are
the sum of its lines without tax, and count as not known.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from schemas.command import Command
from schemas.money import exact, rounded
from schemas.names import Entity
from streams.platforms.interface import Seen, Unique
from streams.platforms.xero import records
from streams.platforms.xero.kinds import CONTACT, CREDIT_NOTE, INVOICE
from streams.platforms.xero.payloads import Draft, draft
from streams.platforms.xero.quota import MINUTE_CALLS
from streams.platforms.xero.reading import IDS_A_CALL
from streams.platforms.xero.translation import NONE, Own
from streams.platforms.xero.writing import BATCH

# Calls a minute and a day for one app and one organisation: 1,000 on the Starter tier, 5,000 above it (facts B2).
LIMITS = (MINUTE_CALLS, (1_000, 5_000))
HUNDRED = Decimal(100)
# Xero's own words (facts B6). A create goes by the item's code: one that is there already is found by it.
UNIQUE = {
    Entity.COMPANY: Unique(
        "name",
        "The contact name {value} is already assigned to another contact. The contact name must be unique across all "
        "active contacts.",
    ),
    Entity.PRODUCT: Unique("sku", "Price List Item with Code '{value}' already exists", joins=True),
}


def shown(command: Command, name: str, own: Own = NONE) -> Seen | None:
    """The record that a create makes, under the id of `name`; None for an update, whose record is there.

    A person is made within the contact that is there already.

    Raises:
        Refused: Xero cannot take the command.
    """
    sent = draft(command, own)
    if command.kind != "create":
        return None
    number = sent.target or f"new-{name}"
    raw = {**sent.element, sent.kind.id_field: number}
    if sent.kind is CONTACT:
        raw = {"ContactStatus": "ACTIVE", "ContactGroups": [], **raw}
    if sent.kind in {INVOICE, CREDIT_NOTE}:
        raw |= _sums(sent, command)
    return Seen(sent.kind.name, number, 0, records.complete(sent.kind, raw))


def _sums(sent: Draft, command: Command) -> dict[str, Any]:
    total = rounded(sum(map(_amount, sent.element.get("LineItems", ())), Decimal(0)), command.fields["currency"])
    nothing = rounded(Decimal(0), command.fields["currency"])
    stated = {"SubTotal": total, "TotalTax": nothing, "Total": total, "AmountDue": total}
    if sent.kind is CREDIT_NOTE:
        return {**stated, "RemainingCredit": total}
    return {**stated, "AmountPaid": nothing, "AmountCredited": nothing}


def _amount(line: dict[str, Any]) -> Decimal:
    discount = exact(line.get("DiscountRate") or 0)
    return exact(line["Quantity"]) * exact(line["UnitAmount"]) * (HUNDRED - discount) / HUNDRED


def calls(commands: Sequence[Command]) -> int:
    """How many calls a wave of commands takes: requests of fifty of one kind, and what has to be read before."""
    groups = Counter((command.entity, command.kind) for command in commands)
    return sum(math.ceil(count / BATCH) + _before(*group, count) for group, count in groups.items())


def _before(entity: Entity, kind: str, count: int) -> int:
    """Items have to be read for their codes, contacts for whether they have another primary person.

    Allocations go one by one, and the credit note and its invoice are read after each.
    """
    if entity is Entity.CREDIT_NOTE and kind == "update":
        return 3 * count - math.ceil(count / BATCH)
    if entity is Entity.PRODUCT and kind == "update":
        return 1
    return math.ceil(count / IDS_A_CALL) if entity is Entity.CONTACT and kind == "create" else 0
