"""Departures: records that are gone, and records that live on in another.

In: a sighting that says so. Out: the canonical id and the customer of what it was, or for what it waits. A platform
says nothing else of such a record, so whose it was is what is known. What becomes of its link, `succession` says.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.rules.likeness import Row
from agents.rules.people import People
from agents.rules.placing import Known, Waits
from agents.rules.succession import Succession
from schemas.names import CanonicalId, Entity, Side, canonical_id
from tables.identity import Identity

ROOTED = {Entity.COMPANY, Entity.PRODUCT}  # customers of their own, and whose links have to be settled


class Departures:
    """The rules over one tenant's identities."""

    def __init__(
        self,
        identity: Identity,
        succession: Succession,
        people: People,
        tenant: str,
        *,
        ready: Callable[[Entity], bool],
        place: Callable[[Entity, Side, str, Row], Known | Waits],
    ) -> None:
        """Judge over `identity`.

        Args:
            identity: which records are one.
            succession: what becomes of the links of the merged.
            people: whose a person is.
            tenant: whose records they are.
            ready: whether the sides that hold such records have been read once.
            place: finds out whose a company or product is that is there.
        """
        self.identity = identity
        self.succession = succession
        self.people = people
        self.tenant = tenant
        self._ready = ready
        self._place = place

    def gone(self, row: Row) -> Known | Waits:
        """A record that is no longer there: its place is free, for one that takes it; an archived one keeps its own.

        A platform says nothing else of it, so whose it was is what is known, or what it said while it waited; what was
        never known is ignored.
        """
        entity, side, reference, how = Entity(row["entity"]), Side(row["side"]), row["ref"], row.get("ended")
        if side is Side.CRM and entity is Entity.COMPANY and how not in {"archived", "merged"}:
            return self._deleted(entity, reference, row)
        known, customer = self.identity.known(reference), self.identity.customer(reference)
        if side is Side.CRM and entity is Entity.CONTACT and how not in {"archived", "merged"}:
            return self._departed(reference)
        if known is None or customer is None:
            return self._outlived(entity, side, row) if row.get("lived") else Waits("ignored")
        if how != "archived":
            there = reference in {self.identity.reference(known, side), self.identity.missed(known, side)}
            self.identity.leave(reference, known, side)
            if there and how != "merged":
                self.identity.miss(reference, known, side)
        return Known(known, customer)

    def merged(self, row: Row, *, into: str) -> Known | Waits:
        """A record that lives on in another: whatever is still heard of it, it has ended."""
        entity, side, reference = Entity(row["entity"]), Side(row["side"]), row["ref"]
        was = self.identity.known(reference)
        if entity is Entity.CONTACT:
            return self._one_with(side, into, row)
        if was is not None and self.renames(row):
            self.succession.part(entity, reference, was)
            was = None
        if was is None and (waits := self._late(entity, side, row)) is not None:
            return waits
        row.update(deleted=True, ended="merged")
        placed = self.gone(row)
        if isinstance(placed, Known) and entity in ROOTED:
            self.succession.ended(entity, side, reference, into)
        return placed

    def renames(self, row: Row) -> bool:
        """Whether a company known as one that names nobody has the id of one merged into it, and takes that."""
        named = row["side"] == Side.CRM.value and row["merged_from"] and row["keys"].get("erp_ref")
        return bool(named) and self.succession.nameless(Entity(row["entity"]), row["ref"])

    def _departed(self, reference: str) -> Known | Waits:
        """A person of the CRM that may be restored: it is missed where it stood, or would have."""
        parent = self.people.whose(reference)
        if self.identity.known(reference) is None:
            if parent is None:
                return Waits("ignored")
            if self.people.owner(parent) is None:
                return Waits("record", (parent,))
        self.identity.end(reference, over=True)
        self.people.settle(reference)
        known, customer = self.identity.known(reference), self.identity.customer(reference)
        return Known(known, customer) if known and customer else Waits("ignored")

    def _deleted(self, entity: Entity, reference: str, row: Row) -> Known | Waits:
        """A company of the CRM that may be restored: it is missed where it stood, or would have."""
        work, known, cross = self.succession, self.identity.known(reference), row["keys"].get("erp_ref")
        own = known or (work.named(entity, cross, reference, Side.CRM) if cross else None)
        if own is None and (cross or not self.identity.losers(reference)):
            return Waits("twin", (cross,)) if cross else Waits("ignored")
        self.identity.end(reference, over=True)
        if known is None:
            work.claim(entity, reference, own or work.unnamed(entity, reference))
        else:
            work.settle(entity, known)
        now = CanonicalId(str(self.identity.known(reference)))
        return Known(now, now)

    def _outlived(self, entity: Entity, side: Side, row: Row) -> Known | Waits:
        """A contact that was archived while it waited: it goes on waiting, for whoever names it."""
        placed = self._place(entity, side, row["ref"], row)
        return Waits("ignored") if isinstance(placed, Waits) and placed.why == "person" else placed

    def _one_with(self, side: Side, root: str, row: Row) -> Known | Waits:
        """A person that lives on in another: what it has shown counts for that one."""
        reference, was = row["ref"], self.identity.known(row["ref"])
        row.update(deleted=True, ended="merged")
        self.identity.end(reference, over=False)  # one that was deleted was restored before anybody could merge it
        there = was is not None and self.identity.last(was, side) == reference
        placed = self.gone(row) if there else Waits("ignored")
        if self.identity.known(root) is not None:
            self.people.settle(root)
        return placed

    def _late(self, entity: Entity, side: Side, row: Row) -> Waits | None:
        """Find out who a record was that is first heard of after its merge; None: it is known now."""
        cross = row["keys"].get("erp_ref") or row["keys"].get("crm_ref")
        if entity not in ROOTED or (row["deleted"] and not cross and not row.get("lived")):
            return Waits("ignored")
        was = row.get("canonical") or (self.succession.named(entity, cross, row["ref"], side) if cross else None)
        if was is None and cross and not (side is Side.ERP and self._ready(entity)):
            return Waits("twin", (cross,))
        was = was or canonical_id(entity, self.tenant, row["ref"])
        self.identity.name(row["ref"], was, was)
        return None
