"""Placing: what identification says of a sighting: who the record is, or for what it waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.names import CanonicalId, Entity, Side

# Why a record cannot go on yet, for people; `{on}` is what it waits for.
WAITING = {
    "record": "it belongs to {on}, which has not been seen yet",
    "twin": "it says that it is {on}, which has not been seen on the other side",
    "readings": "both sides have to be read once before anything is called new, and that is not over",
    "person": "it may be the same as {on}: a person has to say so",
    "conflict": "{on} already carries the id that it names",
    "unattached": "it belongs to no company, so nobody knows whose it is",
    "moved": "it now belongs to another customer than before ({on}), where its balance stands",
    "ignored": "it holds nothing by which it could be linked, so it is no business of Revmark",
}

# What has to be read once on each side before a record without a counterpart is a new one.
FIRST_READINGS = {
    Entity.COMPANY: ((Side.CRM, "company"), (Side.ERP, "contact")),
    Entity.CONTACT: ((Side.CRM, "contact"), (Side.ERP, "contact")),
    Entity.PRODUCT: ((Side.CRM, "product"), (Side.ERP, "item")),
    Entity.DEAL: ((Side.CRM, "deal"),),
    Entity.INVOICE: ((Side.ERP, "invoice"), (Side.CRM, "invoice")),
    Entity.PAYMENT: ((Side.ERP, "payment"), (Side.ERP, "prepayment"), (Side.ERP, "overpayment")),
    Entity.CREDIT_NOTE: ((Side.ERP, "credit_note"),),
}


@dataclass(frozen=True, slots=True)
class Known:
    """The record is `id`, of `customer`."""

    id: CanonicalId
    customer: CanonicalId


@dataclass(frozen=True, slots=True)
class Waits:
    """It cannot go on.

    It waits for the record it belongs to, for its twin on the other side that it names by id, for the first readings,
    for a person, or for good (`ignored`).
    """

    why: Literal["record", "twin", "readings", "person", "conflict", "unattached", "moved", "ignored"]
    on: tuple[str, ...] = ()
