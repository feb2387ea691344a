"""Names: sides, entities, ids and references, and how ids are derived.

Ids are derived, never drawn: the same facts in any process give the same ids, so a replay repeats nothing.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import blake2b
from typing import Literal, NewType

ConnectionId = NewType("ConnectionId", str)  # "<tenant>.<platform>"
CanonicalId = NewType("CanonicalId", str)  # "<entity>:<16 hex digits>"
Ref = NewType("Ref", str)  # "<platform>/<kind>/<record id>": a record on a platform
Platform = Literal["hubspot", "xero"]

ID_BYTES = 8  # 64 bits: a collision among ten million records of one tenant has odds of 1 in 370,000


class Side(StrEnum):
    """Which of the two systems: the CRM (left) or the ERP (right)."""

    CRM = "crm"
    ERP = "erp"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.ERP if self is Side.CRM else Side.CRM


class Entity(StrEnum):
    """The canonical kinds of record."""

    COMPANY = "company"
    CONTACT = "contact"
    PRODUCT = "product"
    DEAL = "deal"
    ORDER = "order"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    SUBSCRIPTION = "subscription"
    TASK = "task"
    REVENUE = "revenue"
    EVENT = "event"
    RECEIPT = "receipt"


def connection_id(tenant: str, platform: str) -> ConnectionId:
    """Name the connection of `tenant` on `platform`."""
    return ConnectionId(f"{tenant}.{platform}")


def ref(platform: str, kind: str, record_id: str) -> Ref:
    """Name a record on a platform."""
    return Ref(f"{platform}/{kind}/{record_id}")


def fits_reference(text: str) -> bool:
    """Whether a text can be the record id of a reference: "/" and "|" part references and keys, and so do controls."""
    return bool(text) and text.isprintable() and "/" not in text and "|" not in text


def record_id(reference: str) -> str:
    """The platform's own id inside a reference."""
    return reference.split("/", 2)[2]


def digest(*parts: str) -> str:
    """16 hex digits that depend on every part and on where one part ends and the next begins."""
    text = "\x1f".join(parts).encode()
    return blake2b(text, digest_size=ID_BYTES).hexdigest()


def canonical_id(entity: Entity, tenant: str, *parts: str) -> CanonicalId:
    """Derive the canonical id of an entity from what first identified it."""
    return CanonicalId(f"{entity.value}:{digest(tenant, *parts)}")
