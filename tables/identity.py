"""Identity: which platform records are one canonical record. One writer per tenant (capture), keyed by tenant.

Rows: `r|<ref>` -> {"id", "customer"}; `i|<id>` -> {"crm": ref, "erp": ref}; `k|<scope>` -> id, for SKUs and e-mails;
`n|<scope>` -> refs of companies by domain or name, which only propose; `m|<side>|<kind>`: a first reading has ended;
`w|<ref>`: who waits for that record; `x|<ref>|<ref>`: a person said that these are two.
"""

from __future__ import annotations

from schemas.names import CanonicalId, Entity, Side
from tables.shelf import Shelf
from tables.view import View

PROPOSALS = 20  # refs kept per domain or name; more than that is no evidence of anything


class Identity:
    """One tenant's identities over a view."""

    def __init__(self, view: View, tenant: str) -> None:
        """Open the identities of `tenant`."""
        self._view = view
        self._tenant = tenant

    def _key(self, *parts: str) -> str:
        return "|".join((self._tenant, *parts))

    def known(self, reference: str) -> CanonicalId | None:
        """The canonical id of a record."""
        row = self._view.get(self._key("r", reference))
        return CanonicalId(row["id"]) if row else None

    def customer(self, reference: str) -> CanonicalId | None:
        """The customer that a record belongs to."""
        row = self._view.get(self._key("r", reference))
        return CanonicalId(row["customer"]) if row else None

    def reference(self, canonical: str, side: Side) -> str | None:
        """The record of a canonical id on a side."""
        row = self._view.get(self._key("i", canonical))
        return row.get(side.value) if row else None

    def bind(self, reference: str, canonical: str, customer: str, side: Side) -> None:
        """Say that the record is `canonical`, of `customer`. The side's newest record is the one written to."""
        self._view[self._key("r", reference)] = {"id": canonical, "customer": customer}
        row = self._view.get(self._key("i", canonical)) or {}
        if row.get(side.value) != reference:
            self._view[self._key("i", canonical)] = {**row, side.value: reference}

    def leave(self, reference: str, canonical: str, side: Side) -> None:
        """The record is gone: another may take its place on the side. Whose it was stays known."""
        row = self._view.get(self._key("i", canonical)) or {}
        if row.get(side.value) == reference:
            self._view[self._key("i", canonical)] = {name: ref for name, ref in row.items() if name != side.value}

    def by_key(self, scope: str) -> CanonicalId | None:
        """The canonical id that a SKU or e-mail (with its scope) belongs to."""
        found = self._view.get(self._key("k", scope))
        return CanonicalId(found) if found else None

    def claim_key(self, scope: str, canonical: str) -> None:
        """Give a SKU or e-mail to a canonical id."""
        self._view[self._key("k", scope)] = canonical

    def note_name(self, scope: str, reference: str) -> None:
        """Remember a record under a domain or a name."""
        refs = self._view.get(self._key("n", scope)) or []
        if reference not in refs:
            self._view[self._key("n", scope)] = [*refs, reference][-PROPOSALS:]

    def named(self, scope: str) -> list[str]:
        """The records under a domain or a name."""
        return list(self._view.get(self._key("n", scope)) or ())

    def mark(self, side: Side, kind: str) -> bool:
        """Note that the first reading of a kind has ended; False when it was known."""
        key = self._key("m", side.value, kind)
        if self._view.get(key):
            return False
        self._view[key] = True
        return True

    def marked(self, side: Side, kind: str) -> bool:
        """Whether the first reading of a kind has ended."""
        return bool(self._view.get(self._key("m", side.value, kind)))

    def part(self, left: str, right: str) -> None:
        """Remember that a person said these are two."""
        self._view[self._key("x", left, right)] = True

    def parted(self, left: str, right: str) -> bool:
        """Whether a person said that these are two, in either order."""
        return bool(self._view.get(self._key("x", left, right)) or self._view.get(self._key("x", right, left)))

    def waiters(self, reference: str) -> Shelf:
        """Records that wait for `reference` to be known."""
        return Shelf(self._view, self._key("w", reference))

    def held(self, entity: Entity) -> Shelf:
        """Records that wait until both sides have been read once."""
        return Shelf(self._view, self._key("h", entity.value))
