"""A sighting: a platform's record in canonical words, before it is known whose it is.

Platform translators return sightings (one record may hold two: a Xero contact is a company and a person); capture
resolves the references to canonical ids and makes facts of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.names import Entity, Ref


@dataclass(frozen=True, slots=True)
class Sighting:
    """One entity as one side shows it.

    `keys` is evidence of identity: `erp_ref` and `crm_ref` (a reference to the same record on the other side: strong),
    `sku`, `email` and `number` (strong within their scope), `domain` and `name` (weak: they only propose);
    `merged_into` is the same platform's record that has taken this one in, where only the loser of a merge says so.
    `archived` and `erased` say more of a deleted one: it may come back; it is gone under privacy law.
    `entered`: field -> [milliseconds since 1970, value] that people entered, oldest first, where the platform tells.
    `parents` are references on the same platform by role: `company`, `deal`, `invoice`, `credit_note`.
    """

    entity: Entity
    ref: Ref
    fields: dict[str, Any]
    keys: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    deleted: bool = False
    archived: bool = False
    erased: bool = False
    merged_from: tuple[Ref, ...] = ()
    entered: dict[str, list[list[Any]]] = field(default_factory=dict)
