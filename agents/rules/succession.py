"""Succession: what becomes of the links of records that were merged away.

In: who was merged into whom, who is gone, whom each record claims to be. Out: who is bound to whom, and what has to be
told because of it. A group is settled anew from all that is known of it (`seating`), never step by step, so the order
of the news counts for nothing. The link follows the survivor where that has none of its own; where it has one, the
loser's counterpart stays as it is, with its documents, and is proposed to a person: nothing of it is merged by us.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.rules.seating import Door, Guest, age, seated
from schemas.names import CanonicalId, Entity, Side, canonical_id
from tables.identity import Identity


@dataclass(frozen=True, slots=True)
class Left:
    """A record that has left one canonical record for another: the one it left has to hear of it."""

    ref: str
    id: CanonicalId
    entity: Entity
    side: Side
    customer: str = ""  # of a person; a company is its own


@dataclass(frozen=True, slots=True)
class Stranded:
    """A record whose counterpart was merged into one that has another link: a person says what to do."""

    ref: str
    survivor: str
    linked: str
    entity: Entity
    side: Side


@dataclass(slots=True)
class Party:
    """A group that merges and claims hold together: its customers, its contacts and its companies that are left."""

    homes: dict[str, None] = field(default_factory=dict)
    roots: dict[str, None] = field(default_factory=dict)
    guests: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Succession:
    """The rules over one tenant's identities; what they lead to is taken from here by the step."""

    identity: Identity
    tenant: str
    again: list[str] = field(default_factory=list)  # what they show has to be told anew, of another canonical record
    woken: list[str] = field(default_factory=list)  # records or customers that others may have waited for
    left: list[Left] = field(default_factory=list)
    stranded: list[Stranded] = field(default_factory=list)
    bereft: list[str] = field(default_factory=list)  # people among whom one is one with somebody erased now

    def named(self, entity: Entity, reference: str, by: str, side: Side) -> CanonicalId | None:
        """The canonical id of a record that `by` (on `side`) names; one that was merged away unseen is who it would be.

        The ERP's id is the primary one: it is what the two were linked under.
        """
        known = self.identity.known(reference)
        if known is None and self.identity.follow(reference) != reference:
            known = canonical_id(entity, self.tenant, reference if side is Side.CRM else by)
            self.identity.name(reference, known, known)
        return known

    def origin(self, side: Side, reference: str) -> str:
        """What names a new canonical record: of HubSpot's survivors, whose ids are new, the oldest record in it."""
        losers = self.identity.losers(reference) if side is Side.CRM else []
        return min([reference, *losers], key=age)

    def unnamed(self, entity: Entity, reference: str) -> CanonicalId:
        """Whom a record claims to be that names nobody."""
        return canonical_id(entity, self.tenant, reference)

    def claim(self, entity: Entity, reference: str, own: str) -> None:
        """Take a company of the CRM in as one that claims to be `own`, and settle all that this moves."""
        before = self.identity.own(reference)
        self.identity.lend(reference, own)
        self.identity.note_claimants(own, [*self.identity.claimants(own), reference])
        self.settle(entity, own, *([before] if before else []), *self._claims(entity, reference))

    def nameless(self, entity: Entity, reference: str) -> bool:
        """Whether a company is known as one that names nobody, and whom nobody names."""
        fresh = self.unnamed(entity, reference)
        return self.identity.own(reference) == fresh and self.identity.last(fresh, Side.ERP) is None

    def part(self, entity: Entity, reference: str, was: CanonicalId) -> None:
        """Take a company from its place: who it is has to be found out anew."""
        self.identity.leave(reference, was, Side.CRM)
        self.identity.lend(reference, None)
        self.left.append(Left(reference, was, entity, Side.CRM))

    def tangled(self, reference: str, home: str) -> bool:
        """Whether merges or other claims bear upon a record or its customer, so that they have to be settled."""
        identity = self.identity
        return bool(
            identity.losers(reference)
            or identity.lent(reference)
            or identity.claimants(home)
            or any(identity.heir(home, side) for side in Side)
            or any(identity.losers(each) for side in Side if (each := identity.last(home, side)))
        )

    def ended(self, entity: Entity, side: Side, reference: str, root: str) -> None:
        """Settle what a record that was merged away leaves to the record it lives on in."""
        if side is Side.CRM:
            self._own(reference)
        # It may have claimed to be one of its own until now.
        homes = [self.identity.known(reference) or "", self.unnamed(entity, reference) if side is Side.CRM else ""]
        if side is Side.ERP and self.identity.known(root) is None:
            # Xero's survivor may never be shown again; HubSpot's tells of its merges itself, and is on its way.
            heir = canonical_id(entity, self.tenant, root)
            self.identity.bind(root, heir, heir, side)
            self.woken.append(root)
        self.meet(entity, *(each for each in homes if each), root=root)

    def meet(self, entity: Entity, *homes: str, root: str) -> None:
        """Settle customers together with the record that others live on in."""
        known = self.identity.known(root)
        self.settle(entity, *homes, *([known] if known else []))
        if known is None:
            self.woken.append(root)  # it may have waited for evidence, and this is some

    def settle(self, entity: Entity, *homes: str) -> None:
        """Find every company of a group its place, from all that is known of it."""
        party = self._party(entity, homes)
        doors = self._doors(party)
        guests = [self._guest(entity, each, doors) for each in sorted(party.guests, key=age)]
        taken = seated(guests, doors)
        seats = {ref: seat for seat, ref in taken.items()}
        places = {each.ref: seats.get(each.ref) or self._alone(entity, each, doors) for each in guests}
        self._house(party, guests, places, taken)
        for guest in guests:
            self._move(entity, guest, places[guest.ref])
        self._note(party, doors, places)
        self._strand(entity, guests, doors, taken, seats)

    # What is known of a group

    def _party(self, entity: Entity, homes: tuple[str, ...]) -> Party:
        """All that a settlement may touch."""
        identity, found, ahead = self.identity, Party(), list(homes)
        while ahead:
            home = ahead.pop()
            if home in found.homes:
                continue
            found.homes[home] = None
            contact, heir = identity.last(home, Side.ERP), identity.heir(home, Side.ERP)
            ahead += [heir] if heir else []
            root = identity.follow(contact) if contact else None
            if root and root not in found.roots:
                found.roots[root] = None
                ahead += [known for each in (root, *identity.losers(root)) if (known := identity.known(each))]
            for each in self._claimants(home):
                guest = identity.follow(each)
                if guest not in found.guests and identity.own(guest) is not None:
                    found.guests[guest] = None
                    ahead += self._claims(entity, guest)
                    ahead += [place] if (place := identity.known(guest)) else []
        return found

    def _claimants(self, home: str) -> list[str]:
        holder = self.identity.last(home, Side.CRM)
        return [*([holder] if holder else []), *self.identity.claimants(home)]

    def _claims(self, entity: Entity, guest: str) -> list[str]:
        """Whom a company claims to be, and whom those claimed who live on in it: the oldest first."""
        return [self.identity.own(each) or self.unnamed(entity, each) for each in (guest, *self.identity.losers(guest))]

    def _guest(self, entity: Entity, guest: str, doors: dict[str, Door]) -> Guest:
        """A company with the claims that it may follow: a person's word stands against those merged into it."""
        own, *others = self._claims(entity, guest)
        members = (guest, *self.identity.losers(guest))
        if self.identity.held_apart(own):
            others = []
        free = [each for each in others if not (each in doors and self._parted(members, doors[each].seat))]
        return Guest(guest, (own, *free), gone=self.identity.ended(guest))

    def _parted(self, members: tuple[str, ...], seat: str) -> bool:
        root = self.identity.last(seat, Side.ERP)
        contacts = [root, *self.identity.losers(root)] if root else []
        return any(self.identity.parted(one, other) for one in members for other in contacts)

    def _alone(self, entity: Entity, guest: Guest, doors: dict[str, Door]) -> str:
        """The customer of a company without a counterpart: of one that names nobody, that of the oldest in it."""
        own = guest.claims[0]
        if own != self.unnamed(entity, guest.ref):
            return own
        members = sorted((guest.ref, *self.identity.losers(guest.ref)), key=age)
        homes = [self.identity.own(each) or self.unnamed(entity, each) for each in members]
        free = (each for each in homes if each in guest.claims and (each not in doors or doors[each].age))
        return next(free, self.unnamed(entity, members[0]))

    def _doors(self, party: Party) -> dict[str, Door]:
        """Where claims lead: to the contacts that are there, or to those into which theirs were merged."""
        identity = self.identity
        seats = ((root, identity.known(root)) for root in sorted(party.roots, key=age))
        there = [(root, str(seat)) for root, seat in seats if seat and identity.last(seat, Side.ERP) == root]
        found = {seat: Door(seat) for _, seat in there}
        for root, seat in there:
            for number, each in enumerate(identity.losers(root), 1):
                if home := identity.known(each):
                    found.setdefault(home, Door(seat, number))
        return found

    # What is made of it

    def _house(self, party: Party, guests: list[Guest], places: dict[str, str], taken: dict[str, str]) -> None:
        """Write who stands for which customer, who is missed there, and who else claims to be it."""
        identity = self.identity
        claims = [(each, identity.own(each)) for guest in guests for each in (guest.ref, *identity.losers(guest.ref))]
        for home in sorted({*party.homes, *places.values()}):
            here = [guest for guest in guests if places[guest.ref] == home]
            here.sort(key=lambda guest: (guest.gone, taken.get(home) != guest.ref, age(guest.ref)))
            holder = here[0] if here else None
            identity.seat(home, holder.ref if holder else None, gone=bool(holder and holder.gone))
            others = [each for each, own in claims if own == home and (holder is None or each != holder.ref)]
            identity.note_claimants(home, others)

    def _move(self, entity: Entity, guest: Guest, place: str) -> None:
        """Bind a company of the CRM to its place; where it had another, both have to hear of it."""
        identity = self.identity
        own, was = identity.own(guest.ref), identity.known(guest.ref)
        if was != place:
            identity.name(guest.ref, place, place)
            if was is not None:
                self.left.append(Left(guest.ref, was, entity, Side.CRM))
                self.again.append(guest.ref)
                self.woken += [was, place]
        identity.lend(guest.ref, own if own != place else None)
        for each in identity.losers(guest.ref):
            self._own(each)

    def _note(self, party: Party, doors: dict[str, Door], places: dict[str, str]) -> None:
        """Write which customers stand behind which: documents that change hands between them stay where they are."""
        identity = self.identity
        behind: dict[str, str] = {}
        for guest in sorted(places, key=age):
            members = [each for each in (guest, *identity.losers(guest)) if identity.own(each)]
            for home in [str(identity.own(each)) for each in members]:
                if home != places[guest] and identity.reference(home, Side.CRM) is None:
                    behind.setdefault(home, places[guest])
        for home in sorted(party.homes):
            door = doors.get(home)
            for side, heir in ((Side.ERP, door.seat if door and door.age else None), (Side.CRM, behind.get(home))):
                if identity.heir(home, side) != heir:
                    identity.stand_behind(home, heir, side)
                    self.woken += [home, *([heir] if heir else [])]

    def _strand(
        self, entity: Entity, guests: list[Guest], doors: dict[str, Door], taken: dict[str, str], seats: dict[str, str]
    ) -> None:
        """Ask a person about contacts whose company was merged into a linked one, and the other way round."""
        identity = self.identity
        for guest in guests:
            if guest.gone:
                continue
            seat = seats.get(guest.ref)
            for claim in dict.fromkeys(guest.claims):
                door = doors.get(claim)
                root = identity.reference(door.seat, Side.ERP) if door else None
                if door is None or root is None or door.seat == seat:
                    continue
                holder, mine = taken.get(door.seat), identity.reference(seat, Side.ERP) if seat else None
                if seat and mine and holder is None:
                    self.stranded.append(Stranded(root, guest.ref, mine, entity, Side.ERP))
                elif seat is None and holder is not None and door.age:
                    self.stranded.append(Stranded(guest.ref, root, holder, entity, Side.CRM))
                    break

    def _own(self, reference: str) -> None:
        """A record that lives on in another is remembered as who it was by itself."""
        own = self.identity.lent(reference)
        if own is not None:
            self.identity.name(reference, own, own)
            self.identity.lend(reference, None)
        self.identity.end(reference, over=False)
