"""Whose is it: from a sighting to a canonical id and a customer.

The other side's id links; a SKU or e-mail links within its scope; a domain or a name only proposes. Nothing is called
missing before both sides have been read once. A record that is gone or was merged away is `departures`' to place. One
tenant's identities have one writer, so there is nothing to race.
"""

from __future__ import annotations

from agents.rules import likeness
from agents.rules.departures import ROOTED, Departures
from agents.rules.likeness import Row
from agents.rules.numbering import credit_id, invoice_id, named
from agents.rules.payers import BUYER, Payers
from agents.rules.people import People
from agents.rules.placing import FIRST_READINGS, Known, Waits
from agents.rules.succession import Succession
from schemas.contract import Contract
from schemas.names import CanonicalId, Entity, Side, canonical_id, ref
from tables.identity import Identity

# What the rule means, in a sentence for people.
SAYS = {"identity": "Which records are one: an id of the other side links, a domain or a name only proposes."}
POSTED = {"posted", "paid"}  # statuses of an invoice that stands in the books
FOLLOWERS = {Entity.DEAL.value, Entity.CONTACT.value}  # records that change their customer when their company does


class Identification:
    """The rules over one tenant's identities."""

    def __init__(self, identity: Identity, contract: Contract, tenant: str) -> None:
        """Judge with `contract` over `identity`."""
        self.identity = identity
        self.contract = contract
        self.tenant = tenant
        self.succession = Succession(identity, tenant)
        self.people = People(identity, self.succession, tenant, by_email=contract.identity.email_links)
        self.payers = Payers(identity, self.succession, self.people, parents=contract.billing.bill_to == "parent")
        self.departures = Departures(
            identity, self.succession, self.people, tenant, ready=self.ready, place=self._rooted
        )
        self._ready: set[Entity] = set()

    def resolve(self, row: Row) -> Known | Waits:
        """Find the canonical id and customer of a sighting, and bind its record to them."""
        entity, side, reference = Entity(row["entity"]), Side(row["side"]), row["ref"]
        root = self.identity.follow(reference)
        said = bool(row.get("canonical")) and entity is not Entity.CONTACT
        if entity is Entity.CONTACT:
            self.people.hear(row)
        if root != reference or row["deleted"]:
            if said and self.identity.known(reference) is None:
                self._told(reference, side, row)  # we made it, and nobody has read it before it ended
            return self.departures.gone(row) if root == reference else self.departures.merged(row, into=root)
        if said:
            return self._told(reference, side, row)
        match entity:
            case Entity.COMPANY | Entity.PRODUCT:  # ROOTED
                return self._rooted(entity, side, reference, row)
            case Entity.CONTACT:
                return self._person(side, reference, row)
            case Entity.INVOICE if side is Side.CRM:
                return self._mirror(side, reference, row)
            case _:
                return self._owned(entity, side, reference, row)

    def alone(self, known: Known, entity: Entity, side: Side) -> bool:
        """Whether the other side is known to have no such record."""
        free = self.identity.reference(known.id, side.other) is None
        if (
            not free
            or not self.ready(entity)
            or (entity is Entity.CONTACT and self.identity.missed(known.id, side.other))
        ):
            return False
        behind = self.identity.heir(known.id, Side.CRM) or self.identity.heir(known.id, Side.ERP)
        return not behind and not self.identity.held_apart(known.id)

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
        if entity in ROOTED:
            return self.new(entity, side, row["ref"], row)
        return self._owned(entity, side, row["ref"], row, settle=True)

    def new(self, entity: Entity, side: Side, reference: str, row: Row) -> Known:
        """Make the record a canonical one of its own."""
        if entity in ROOTED and side is Side.CRM and self.identity.losers(reference):
            self.succession.claim(entity, reference, self.succession.unnamed(entity, reference))
            known = str(self.identity.known(reference))
            return self._bind(reference, known, known, side, row)
        fresh = canonical_id(entity, self.tenant, self.succession.origin(side, reference))
        customer = fresh if entity in ROOTED else row["customer"]
        return self._bind(reference, fresh, customer, side, row)

    def related(self, row: Row) -> dict[str, str]:
        """Canonical ids of the records it belongs to, by role."""
        found: dict[str, str] = {}
        for role, reference in row["parents"].items():
            known = self.identity.known(reference)
            if known:
                found[role] = known
        deal, part, more = self._deal_of(row)
        if deal:
            of_it = {"invoice": invoice_id(self.tenant, deal, part, more)}
            found |= {"deal": deal, **(of_it if row["entity"] == Entity.CREDIT_NOTE.value else {})}
        if BUYER in row["fields"] and "company" in found:
            found[BUYER] = found.pop("company")  # its customer is the company that pays
        return found

    def absorbed(self, row: Row) -> list[str]:
        """Who the deals are that were merged into a deal and told in a stage of an order, or may have been."""
        if row["entity"] != Entity.DEAL.value or row["deleted"]:
            return []
        losers, under = self.identity.losers(row["ref"]), self.contract.digest
        sold = (self.identity.known(each) for each in losers if self.identity.unsold(each) != under)
        return [known for known in sold if known is not None]

    def _told(self, reference: str, side: Side, row: Row) -> Known:
        """Bind a record to whom the sighting itself says that it is."""
        return self._bind(reference, row["canonical"], row.get("customer") or row["canonical"], side, row)

    def _bind(self, reference: str, canonical: str, customer: str, side: Side, row: Row) -> Known:
        before = self.identity.customer(reference)
        posted = row["entity"] == Entity.INVOICE.value and side is Side.ERP and row["fields"].get("status") in POSTED
        parent = row["parents"].get("company")
        follows = side is Side.CRM and row["entity"] in FOLLOWERS and not row.get("stays")
        of, bought = (parent, row["fields"].get(BUYER)) if follows else (None, None)
        known = before is not None or any(map(self.identity.known, self.identity.losers(reference)))
        under = self.contract.digest
        unsold = not known or self.identity.unsold(reference) == under  # as far as it was told until now
        row["unsold"] = known and unsold
        still = row["entity"] == Entity.DEAL.value and not self.contract.timing.won(row["fields"].get("stage"))
        self.identity.bind(
            reference, canonical, customer, side, posted=posted, of=of, bought=bought,
            unsold=under if unsold and still else None,
        )  # fmt: skip
        self.payers.hear(row, known=known)
        row["moved_from"] = before if before not in {None, customer} else None
        for scope in likeness.scopes(Entity(row["entity"]), row):
            if self.identity.by_key(scope) is None:
                self.identity.claim_key(scope, canonical)
        return Known(CanonicalId(canonical), CanonicalId(customer))

    def _rooted(self, entity: Entity, side: Side, reference: str, row: Row) -> Known | Waits:
        known = self.identity.known(reference)
        if side is Side.CRM:
            self.identity.end(reference, over=False)
        cross = row["keys"].get("erp_ref") or row["keys"].get("crm_ref")
        if known is not None:
            if cross and self.departures.renames(row):
                return self._crossed(entity, side, cross, row)
            return self._placed(entity, side, reference, self.identity.own(reference) or known, row)
        # A CRM id in the ERP that no CRM record has once all are read is some other system's number, and no evidence.
        if cross and not (side is Side.ERP and self.ready(entity) and self._foreign(cross)):
            return self._crossed(entity, side, cross, row)
        losers = self.identity.losers(reference) if side is Side.CRM else []
        if any(self.identity.known(each) for each in losers):
            return self._placed(entity, side, reference, self.succession.unnamed(entity, reference), row)
        return self._by_sku(side, reference, row) or self._unlinked(entity, side, reference, row)

    def _placed(self, entity: Entity, side: Side, reference: str, own: CanonicalId, row: Row) -> Known | Waits:
        """Bind a record to whom it is by itself, or to whom merges have made it."""
        work, fresh = self.succession, self.identity.known(reference) is None or self.identity.own(reference) != own
        tangled = work.tangled(reference, own)
        if tangled and side is Side.CRM and fresh:
            work.claim(entity, reference, own)
        elif tangled and not fresh:
            work.settle(entity, own)
        known = self.identity.known(reference) or own
        if (taken := self.identity.reference(known, side)) not in {None, reference}:
            return Waits("conflict", (str(taken),))
        placed = self._bind(reference, known, known, side, row)
        if tangled and side is Side.ERP and fresh:
            work.settle(entity, known)
        return placed

    def _by_sku(self, side: Side, reference: str, row: Row) -> Known | Waits | None:
        if row["entity"] != Entity.PRODUCT.value or not self.contract.identity.sku_links:
            return None
        for scope in likeness.scopes(Entity.PRODUCT, row):
            twin = self.identity.by_key(scope)
            taken = self.identity.reference(twin, side) if twin else None
            if taken not in {None, reference}:
                return Waits("conflict", (str(taken),))
            if twin:
                return self._bind(reference, twin, twin, side, row)
        return None

    def _unlinked(self, entity: Entity, side: Side, reference: str, row: Row) -> Known | Waits:
        if entity is Entity.COMPANY:
            likeness.note(self.identity, self.contract, side, row)
        if len(self.identity.waiters(twin_of(reference))):
            return self.new(entity, side, reference, row)
        if not self.ready(entity):
            return Waits("readings")
        alike = likeness.candidates(self.identity, self.contract, side, row) if entity is Entity.COMPANY else ()
        return Waits("person", alike) if alike else self.new(entity, side, reference, row)

    def _crossed(self, entity: Entity, side: Side, cross: str, row: Row) -> Known | Waits:
        reference = row["ref"]
        other = self.succession.named(entity, cross, reference, side)
        if other is None:
            return Waits("twin", (cross,))
        taken = self.identity.reference(other, side)
        if taken not in {None, reference} and (side is Side.ERP or self.identity.own(str(taken)) == other):
            return Waits("conflict", (str(taken), cross))
        # Else one may be there by succession only; an id is more than that.
        placed = self._placed(entity, side, reference, other, row)
        if (root := self.identity.follow(cross)) != cross:
            self.succession.meet(entity, other, root=root)
        return placed

    def _person(self, side: Side, reference: str, row: Row) -> Known | Waits:
        parent = row["parents"].get("company")
        customer = row.get("customer") or (self.people.owner(parent) if parent else None)
        if customer is None:
            return Waits("record", (parent,)) if parent else Waits("unattached")
        was, members = self.identity.known(reference), (reference, *self.identity.losers(reference))
        known = row.get("canonical") or next((each for one in members if (each := self.identity.known(one))), None)
        if known is None and not any(row["fields"].get(name) for name in ("email", "first_name", "last_name")):
            return Waits("ignored")
        if self.people.erased(reference):
            return Waits("ignored")  # erased on one side: the other's data is not kept here either
        if known is None and not self.ready(Entity.CONTACT):
            return Waits("readings")
        now = self.people.place(reference, customer)
        placed = self._bind(reference, now, customer, side, row)
        if was not in {None, now}:
            row["moved_from"] = None  # its old place has been told
        self.people.follow(reference)
        self.identity.tell(reference, now, customer)
        return placed

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
        customer = self.payers.customer(parents[0]) if entity is Entity.DEAL else self.people.owner(parents[0])
        known, before = self.identity.known(reference), self.identity.customer(reference)
        if entity is Entity.DEAL and before not in {None, customer} and self._billed(str(known)):
            row["stays"], customer = True, before  # what finance counted stays where it is
        if customer is None or isinstance(customer, Waits):
            return customer or Waits("record", (parents[0],))
        if entity is Entity.DEAL:
            self.payers.tell(row, parents[0], customer)
        elif before not in {None, customer}:
            if not self.identity.akin(str(before), customer):
                return Waits("moved", (str(before),))  # its balance stands with the other customer
            customer = CanonicalId(str(before))
        if known is None:
            mirrored = entity is Entity.INVOICE and len(self.identity.waiters(twin_of(reference)))
            if entity is Entity.INVOICE and not (settle or mirrored or self.ready(entity)):
                return Waits("readings")
            known = self._numbered(entity, side, row) or canonical_id(entity, self.tenant, reference)
        return self._bind(reference, known, customer, side, row)

    def _foreign(self, cross: str) -> bool:
        """Whether nobody has ever seen a record of this id, nor its survivor."""
        return self.identity.known(cross) is None and self.identity.follow(cross) == cross

    def _billed(self, deal: str) -> bool:
        """Whether the deal's invoice exists."""
        return self.identity.reference(invoice_id(self.tenant, deal), Side.ERP) is not None

    def _numbered(self, entity: Entity, side: Side, row: Row) -> CanonicalId | None:
        """Who a document is by its number. A second credit note of one number is not ours, which was voided."""
        deal, part, more = self._deal_of(row)
        known = invoice_id(self.tenant, deal, part, more) if deal else None
        if known is None or entity is Entity.INVOICE:
            return known
        credit = credit_id(self.tenant, known)
        return credit if self.identity.reference(credit, side) in {None, row["ref"]} else None

    def _deal_of(self, row: Row) -> tuple[CanonicalId | None, int, int]:
        """The deal that a document of ours was made for, and which of its bills that is, as its number says."""
        prefix, number = self.contract.invoice_defaults.number_prefix, str(row["keys"].get("number") or "")
        said = named(prefix, Entity(row["entity"]), number)
        if said is None:
            return None, 0, 0
        return self.identity.known(ref(self.contract.platforms.crm, "deal", said.deal)), said.part, said.more


def twin_of(reference: str) -> str:
    """The name under which records wait that say they are the same as `reference`."""
    return f"={reference}"
