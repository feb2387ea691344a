"""Whose is it: from a sighting to a canonical id and a customer.

The other side's id links; a SKU or e-mail links within its scope; a domain or a name only proposes. Nothing is called
missing before both sides have been read once. One tenant's identities have one writer, so there is nothing to race.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from schemas.contract import Contract
from schemas.names import CanonicalId, Entity, Side, canonical_id, ref
from tables.identity import Identity

# What the rule means, in a sentence for people.
SAYS = {"identity": "Which records are one: an id of the other side links, a domain or a name only proposes."}
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
    Entity.PAYMENT: ((Side.ERP, "payment"),),
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


Row = dict[str, Any]  # a sighting as kept by tables.versions


class Identification:
    """The rules over one tenant's identities."""

    def __init__(self, identity: Identity, contract: Contract, tenant: str) -> None:
        """Judge with `contract` over `identity`."""
        self.identity = identity
        self.contract = contract
        self.tenant = tenant
        self._ready: set[Entity] = set()

    def resolve(self, row: Row) -> Known | Waits:
        """Find the canonical id and customer of a sighting, and bind its record to them."""
        entity, side, reference = Entity(row["entity"]), Side(row["side"]), row["ref"]
        if row["deleted"]:
            return self._gone(side, reference, row)
        if row.get("canonical"):
            return self._bind(reference, row["canonical"], row.get("customer") or row["canonical"], side, row)
        match entity:
            case Entity.COMPANY | Entity.PRODUCT:
                return self._rooted(entity, side, reference, row)
            case Entity.CONTACT:
                return self._person(side, reference, row)
            case Entity.INVOICE if side is Side.CRM:
                return self._mirror(side, reference, row)
            case _:
                return self._owned(entity, side, reference, row)

    def alone(self, known: Known, entity: Entity, side: Side) -> bool:
        """Whether the other side is known to have no such record."""
        return self.ready(entity) and self.identity.reference(known.id, side.other) is None

    def settled(self, entity: Entity) -> bool:
        """Whether all invoices have been read once, so that a customer without any is a prospect."""
        return entity is not Entity.COMPANY or self.ready(Entity.INVOICE)

    def undecided(self, known: Known, entity: Entity, side: Side) -> bool:
        """Whether the other side may still turn out to have such a record."""
        mirrored = any(reading[0] is side.other for reading in FIRST_READINGS.get(entity, ()))
        return mirrored and not self.ready(entity) and self.identity.reference(known.id, side.other) is None

    def ready(self, entity: Entity) -> bool:
        """Whether the sides that hold such records have been read once."""
        if entity in self._ready:
            return True  # for good: what has been read once stays so
        if all(self.identity.marked(side, kind) for side, kind in FIRST_READINGS.get(entity, ())):
            self._ready.add(entity)
        return entity in self._ready

    def settle(self, row: Row) -> Known | Waits:
        """Place a record that waited for evidence only: its twin names it."""
        entity, side = Entity(row["entity"]), Side(row["side"])
        if entity in {Entity.COMPANY, Entity.PRODUCT}:
            return self.new(entity, side, row["ref"], row)
        return self._owned(entity, side, row["ref"], row, settle=True)

    def new(self, entity: Entity, side: Side, reference: str, row: Row) -> Known:
        """Make the record a canonical one of its own."""
        fresh = canonical_id(entity, self.tenant, reference)
        customer = fresh if entity in {Entity.COMPANY, Entity.PRODUCT} else row["customer"]
        return self._bind(reference, fresh, customer, side, row)

    def related(self, row: Row) -> dict[str, str]:
        """Canonical ids of the records it belongs to, by role."""
        found: dict[str, str] = {}
        for role, reference in row["parents"].items():
            known = self.identity.known(reference)
            if known:
                found[role] = known
        deal = self._deal_of(row)
        if deal:
            found["deal"] = deal
        return found

    def _gone(self, side: Side, reference: str, row: Row) -> Known | Waits:
        """A record that is no longer there: its place is free, for a survivor of a merge or a successor.

        A platform says nothing else of it, so whose it was is what is known; what was never known is ignored.
        """
        known, customer = self.identity.known(reference), self.identity.customer(reference)
        if known is None or customer is None:
            return Waits("ignored")
        self.identity.leave(reference, known, side)
        survivor = row["keys"].get("merged_into")
        if survivor and self.identity.known(survivor) is None:
            self.identity.bind(survivor, known, customer, side)
        return Known(known, customer)

    def _bind(self, reference: str, canonical: str, customer: str, side: Side, row: Row) -> Known:
        before = self.identity.customer(reference)
        self.identity.bind(reference, canonical, customer, side)
        row["moved_from"] = before if before not in {None, customer} else None
        for scope in _scopes(Entity(row["entity"]), customer, row):
            if self.identity.by_key(scope) is None:
                self.identity.claim_key(scope, canonical)
        return Known(CanonicalId(canonical), CanonicalId(customer))

    def _rooted(self, entity: Entity, side: Side, reference: str, row: Row) -> Known | Waits:
        known = self.identity.known(reference)
        if known is not None and (taken := self.identity.reference(known, side)) not in {None, reference}:
            return Waits("conflict", (str(taken),))
        if known is None:
            adopted = (self.identity.known(old) for old in row["merged_from"])
            known = next((found for found in adopted if found), None)
        if known is not None:
            return self._bind(reference, known, known, side, row)
        cross = row["keys"].get("erp_ref") or row["keys"].get("crm_ref")
        # A CRM id in the ERP that no CRM record has once all are read is some other system's number, and no evidence.
        if cross and not (side is Side.ERP and self.ready(entity) and self.identity.known(cross) is None):
            return self._crossed(side, reference, cross, row)
        return self._by_sku(side, reference, row) or self._unlinked(entity, side, reference, row)

    def _by_sku(self, side: Side, reference: str, row: Row) -> Known | Waits | None:
        if row["entity"] != Entity.PRODUCT.value or not self.contract.identity.sku_links:
            return None
        for scope in _scopes(Entity.PRODUCT, "", row):
            twin = self.identity.by_key(scope)
            taken = self.identity.reference(twin, side) if twin else None
            if taken not in {None, reference}:
                return Waits("conflict", (str(taken),))
            if twin:
                return self._bind(reference, twin, twin, side, row)
        return None

    def _unlinked(self, entity: Entity, side: Side, reference: str, row: Row) -> Known | Waits:
        self._note_names(side, reference, row)
        if len(self.identity.waiters(twin_of(reference))):
            return self.new(entity, side, reference, row)
        if not self.ready(entity):
            return Waits("readings")
        candidates = self.candidates(side, reference, row) if entity is Entity.COMPANY else ()
        return Waits("person", candidates) if candidates else self.new(entity, side, reference, row)

    def _crossed(self, side: Side, reference: str, cross: str, row: Row) -> Known | Waits:
        other = self.identity.known(cross)
        if other is None:
            return Waits("twin", (cross,))
        taken = self.identity.reference(other, side)
        if taken not in {None, reference}:
            return Waits("conflict", (str(taken), cross))
        return self._bind(reference, other, other, side, row)

    def candidates(self, side: Side, reference: str, row: Row) -> tuple[str, ...]:
        """Records of the other side that may be the same company: by domain or name, never linked by it."""
        found: list[str] = []
        for scope in _names(side.other, row, self.contract):
            for other in self.identity.named(scope):
                known = self.identity.known(other)
                free = known is None or self.identity.reference(known, side) is None
                if free and other not in found and not self.identity.parted(reference, other):
                    found.append(other)
        return tuple(found)

    def _note_names(self, side: Side, reference: str, row: Row) -> None:
        if row["entity"] == Entity.COMPANY.value:
            for scope in _names(side, row, self.contract):
                self.identity.note_name(scope, reference)

    def _person(self, side: Side, reference: str, row: Row) -> Known | Waits:
        parent = row["parents"].get("company")
        customer = self.identity.known(parent) if parent else None
        if parent is None or customer is None:
            return Waits("record", (parent,)) if parent else Waits("unattached")
        known = self.identity.known(reference)
        if known:
            return self._bind(reference, known, customer, side, row)
        if not any(row["fields"].get(name) for name in ("email", "first_name", "last_name")):
            return Waits("ignored")
        if self.contract.identity.email_links:
            for scope in _scopes(Entity.CONTACT, customer, row):
                twin = self.identity.by_key(scope)
                if twin and self.identity.reference(twin, side) in {None, reference}:
                    return self._bind(reference, twin, customer, side, row)
        if not self.ready(Entity.CONTACT):
            return Waits("readings")
        return self.new(Entity.CONTACT, side, reference, {**row, "customer": customer})

    def _mirror(self, side: Side, reference: str, row: Row) -> Known | Waits:
        known = self.identity.known(reference)
        customer = self.identity.customer(reference)
        if known and customer:
            return Known(known, customer)
        cross = row["keys"].get("erp_ref")
        if cross is None:
            return Waits("ignored")
        invoice, customer = self.identity.known(cross), self.identity.customer(cross)
        if invoice is None or customer is None:
            return Waits("twin", (cross,))
        taken = self.identity.reference(invoice, side)
        if taken not in {None, reference}:
            return Waits("conflict", (str(taken), cross))
        return self._bind(reference, invoice, customer, side, row)

    def _owned(self, entity: Entity, side: Side, reference: str, row: Row, *, settle: bool = False) -> Known | Waits:
        parents = [row["parents"][role] for role in ("company", "invoice", "credit_note") if role in row["parents"]]
        if not parents:
            return Waits("unattached")
        customer = self.identity.customer(parents[0])
        if customer is None:
            return Waits("record", (parents[0],))
        known = self.identity.known(reference)
        before = self.identity.customer(reference)
        if entity is not Entity.DEAL and before not in {None, customer}:
            return Waits("moved", (str(before),))  # its balance stands with the other customer
        if known is None:
            mirrored = entity is Entity.INVOICE and len(self.identity.waiters(twin_of(reference)))
            if entity is Entity.INVOICE and not (settle or mirrored or self.ready(entity)):
                return Waits("readings")
            deal = self._deal_of(row)
            known = invoice_id(self.tenant, deal) if deal else canonical_id(entity, self.tenant, reference)
        return self._bind(reference, known, customer, side, row)

    def _deal_of(self, row: Row) -> CanonicalId | None:
        """The deal that an invoice of ours was made from: its number is our prefix and the deal's id."""
        if row["entity"] != Entity.INVOICE.value:
            return None
        prefix = self.contract.invoice_defaults.number_prefix
        number = str(row["keys"].get("number") or "")
        if not number.startswith(prefix):
            return None
        return self.identity.known(ref(self.contract.platforms.crm, "deal", number.removeprefix(prefix)))


def twin_of(reference: str) -> str:
    """The name under which records wait that say they are the same as `reference`."""
    return f"={reference}"


def invoice_id(tenant: str, deal: str) -> CanonicalId:
    """The canonical id of the invoice that a deal becomes."""
    return canonical_id(Entity.INVOICE, tenant, "of", deal)


def _scopes(entity: Entity, customer: str, row: Row) -> list[str]:
    if entity is Entity.PRODUCT and row["keys"].get("sku"):
        return [f"product|sku|{row['keys']['sku'].casefold()}"]
    if entity is Entity.CONTACT and row["keys"].get("email"):
        return [f"contact|{customer}|email|{row['keys']['email'].casefold()}"]
    return []


def _names(side: Side, row: Row, contract: Contract) -> list[str]:
    kinds = [
        kind
        for kind, on in (("domain", contract.identity.domain_proposes), ("name", contract.identity.name_proposes))
        if on and row["keys"].get(kind)
    ]
    return [f"{side.value}|{kind}|{row['keys'][kind].strip().casefold()}" for kind in kinds]
