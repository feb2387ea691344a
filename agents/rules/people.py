"""People: who is one person on both sides, and what becomes of that when people are merged, move, leave or are erased.

In: what each person's record shows. Out: who is bound to whom, and what has to be told because of it. The people of a
customer are paired anew from all that is known of them (`pairing`), so the order of the news counts for nothing. What
has been shown is kept as a digest, also of who was erased: else an erasure would not reach the other side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agents.rules.pairing import Pair, Person, paired
from agents.rules.seating import age
from agents.rules.succession import Left, Succession
from schemas.names import CanonicalId, Entity, Side, canonical_id, digest
from tables.identity import Identity

MADE = "="  # instead of a company: the record was made by us, for the canonical record of this id


@dataclass(slots=True)
class Circle:
    """People whose pairs hang on each other."""

    people: list[str] = field(default_factory=list)
    books: list[str] = field(default_factory=list)


class People:
    """The rules over one tenant's people; what they lead to is noted with the succession."""

    def __init__(self, identity: Identity, succession: Succession, tenant: str, *, by_email: bool) -> None:
        """Judge over `identity`; `by_email`: an address links."""
        self.identity = identity
        self.succession = succession
        self.tenant = tenant
        self.by_email = by_email

    def hear(self, row: dict[str, Any]) -> None:
        """Note what a record shows of a person."""
        parent, mail, version = row["parents"].get("company"), row["keys"].get("email"), int(row.get("version", 0))
        if row.get("canonical"):
            self.identity.sign(row["ref"], MADE, row["canonical"], 0)
        if parent and mail and self.by_email and not row["deleted"]:
            self.identity.sign(row["ref"], parent, digest(mail.casefold()), version)

    def heard(self, row: dict[str, Any]) -> bool:
        """Note what an older version of a record shows; whether its people had to be paired anew."""
        before = self.identity.signs(row["ref"])
        self.hear(row)
        root = self.identity.follow(row["ref"])
        if before == self.identity.signs(row["ref"]) or not self._takes_part(root) or self._erased(root):
            return False
        self.settle(root)
        return True

    def owner(self, parent: str) -> CanonicalId | None:
        """The customer of a parent; of one that was merged away unseen, the survivor's."""
        return self.identity.customer(parent) or self.identity.customer(self.identity.follow(parent))

    def partners(self, reference: str) -> list[str]:
        """Who is one person with this one on the other side, also where one of them is not placed yet or is erased."""
        root = self.identity.follow(reference)
        pairs = self._pairs(self._circle(root))
        return [pair.erp if pair.crm == root else pair.crm for pair in pairs if root in {pair.crm, pair.erp}]

    def erased(self, reference: str) -> bool:
        """Whether the person was erased, on either side."""
        return self._erased(reference) or any(self._erased(each) for each in self.partners(reference))

    def bereft(self, reference: str) -> list[str]:
        """Who is one person with somebody erased, and is not erased yet, of all whose pairs hang on this one's."""
        return self._bereft(self._pairs(self._circle(self.identity.follow(reference))))

    def place(self, reference: str, customer: str) -> CanonicalId:
        """Find a person that is there its place."""
        known = self.identity.known(reference)
        if known is None:
            self.identity.name(reference, self._own(reference), customer)
        self.identity.end(reference, over=False)
        self._settle(reference, fresh=known is None, telling=True)
        return CanonicalId(str(self.identity.known(reference)))

    def settle(self, reference: str) -> None:
        """Pair the people anew with whom a record has to do of which something else has become known."""
        root = self.identity.follow(reference)
        if self._takes_part(root):
            self._settle(root)

    # What is known of them

    def _erased(self, reference: str) -> bool:
        known = self.identity.known(reference)
        members = (reference, *self.identity.losers(reference), *([known] if known else []))
        return any(self.identity.erased(each) for each in members)

    def _own(self, reference: str) -> CanonicalId:
        """Who a record is by itself: one that we made is whom it was made for."""
        made = next((mail for parent, mail, _ in self.identity.signs(reference) if parent == MADE), None)
        origin = self.succession.origin(self.side(reference), reference)
        return CanonicalId(made or canonical_id(Entity.CONTACT, self.tenant, origin))

    def _circle(self, root: str) -> Circle:
        found, ahead, met = Circle(), [root], set()
        while ahead:
            each = ahead.pop()
            if each in met:
                continue
            met.add(each)
            books = self._in_books(each)
            if self._takes_part(each) or each == root:
                (found.books if books else found.people).append(each)
            ahead += [self.identity.follow(other) for other in self._beside(each, books=books)]
        return found

    def _takes_part(self, reference: str) -> bool:
        return self.identity.known(reference) is not None or self.identity.ended(reference) or self._erased(reference)

    def _in_books(self, reference: str) -> bool:
        return "/person/" in reference

    def side(self, reference: str) -> Side:
        """Where a person's record is."""
        return Side.ERP if self._in_books(reference) else Side.CRM

    def _beside(self, reference: str, *, books: bool) -> Iterable[str]:
        """All who have shown an address that this one has shown, at the same customer, and with whom it stands now.

        That one may have no address with it any more, since a merge has given one of them another customer.
        """
        if books:
            yield from self.identity.bearers(MADE, self._own(reference))
        across = Side.CRM if books else Side.ERP
        for member in (reference, *self.identity.losers(reference)):
            known = self.identity.known(member)
            if known and (mate := self.identity.last(known, across)):
                yield mate
            for parent, mail, _ in self.identity.signs(member):
                if parent == MADE:
                    other = self.identity.last(mail, Side.ERP)
                    yield from [other] if other else []
                elif customer := self._at(parent, books=books):
                    for each in self._parents(customer):
                        yield from self.identity.bearers(each, mail)

    def _at(self, parent: str, *, books: bool) -> CanonicalId | None:
        """Whose people those of a parent are; of a contact that was merged away, until its customer has another."""
        customer, root = self.owner(parent), self.identity.follow(parent)
        if not books or root == parent or customer is None:
            return customer
        survivor = self.owner(root)
        return customer if survivor in {customer, self.identity.heir(customer, Side.ERP)} else None

    def _parents(self, customer: str) -> list[str]:
        """The companies and contacts that are a customer, also a contact that was merged into another customer's."""
        identity, heir = self.identity, self.identity.heir(customer, Side.ERP)
        heads = [head for side in Side if (head := identity.last(customer, side))]
        heads += [head] if heir and (head := identity.last(heir, Side.ERP)) else []
        each = [one for head in heads for one in (head, *identity.losers(head))] + identity.claimants(customer)
        return [one for one in dict.fromkeys(each) if self.owner(one) == customer]

    def _person(self, reference: str) -> Person:
        """What a person has shown since when, under all ids that were merged into one."""
        shown: dict[tuple[str, str], tuple[int, str]] = {}
        books = self._in_books(reference)
        for member in sorted((reference, *self.identity.losers(reference)), key=age):
            for parent, mail, version in self.identity.signs(member):
                customer = MADE if parent == MADE else self._at(parent, books=books)
                if (customer and (customer, mail) not in shown) or (customer and version < shown[customer, mail][0]):
                    shown[customer, mail] = (version, member)
        if books:
            shown[MADE, self._own(reference)] = (0, reference)
        return Person(reference, shown, self.identity.ended(reference) and not self._erased(reference))

    def _pairs(self, circle: Circle) -> list[Pair]:
        """The pairs of a circle. The books bring nobody back: who was erased there is nobody's any more."""
        people = [self._person(each) for each in sorted(circle.people, key=age)]
        books = [self._person(each) for each in sorted(circle.books, key=age)]
        return paired(people, books)

    def _bereft(self, pairs: list[Pair]) -> list[str]:
        both = [each for pair in pairs for each in ((pair.crm, pair.erp), (pair.erp, pair.crm))]
        return [other for one, other in both if self._named(one) and not self.identity.erased(other)]

    def _named(self, reference: str) -> bool:
        """Whether a person was erased itself, and not only another who stood in its place once."""
        return any(self.identity.erased(each) for each in (reference, *self.identity.losers(reference)))

    # What is made of it

    def _settle(self, root: str, *, fresh: bool = False, telling: bool = False) -> None:
        """Place all of a circle; `fresh`: the first of them was never told; `telling`: it is about to be."""
        circle = self._circle(root)
        pairs = self._pairs(circle)
        self.succession.bereft += [root] if self._bereft(pairs) else []
        ids = {each: self._own(each) for each in (*circle.people, *circle.books)}
        for pair in pairs:
            if not (self._erased(pair.crm) or self._erased(pair.erp)):
                one = self._own(pair.erp if pair.elder else pair.member)
                ids[pair.crm] = ids[pair.erp] = one
        moved = {each: now for each, now in ids.items() if not self._erased(each)}
        for each in circle.people:
            self.watch(each)
        seats = set(moved.values())
        for each, now in moved.items():
            was = self.identity.known(each)
            if was is not None and was != now:
                seats.add(was)
                self._move(each, was, now, told=not fresh or each != root, again=not telling or each != root)
            elif was is None and (customer := self._customer(each)):
                self.identity.name(each, now, customer)
            self.follow(each)
        for seat in sorted(seats):
            self._seat(seat, moved, circle)

    def watch(self, reference: str) -> None:
        """Look out for news of the companies that it was of once; with its present one it is told anew itself."""
        now = None if self.identity.ended(reference) or self._erased(reference) else self.identity.belongs(reference)
        for member in (reference, *self.identity.losers(reference)):
            for parent, _, _ in self.identity.signs(member):
                if parent not in {MADE, now}:
                    for name in (parent, self.owner(parent) or parent):
                        self.identity.watch(name, reference)

    def whose(self, reference: str) -> str | None:
        """The company of one that was deleted before it was placed."""
        return next((parent for parent, _, _ in reversed(self.identity.signs(reference)) if parent != MADE), None)

    def _customer(self, reference: str) -> CanonicalId | None:
        """The customer of one that was deleted before it was placed."""
        parent = self.whose(reference)
        return self.owner(parent) if parent else None

    def _move(self, reference: str, was: CanonicalId, now: CanonicalId, *, told: bool, again: bool) -> None:
        """Bind a person to its place; where it had another, both have to hear of it."""
        side = self.side(reference)
        customer = str(self.identity.customer(reference))
        self.identity.leave(reference, was, side)
        self.identity.rename(reference, now)
        if told:
            self.succession.left.append(Left(reference, was, Entity.CONTACT, side, customer))
        if again and not self.identity.ended(reference):
            self.succession.again.append(self._shows(reference))

    def _shows(self, reference: str) -> str:
        """The record that a platform shows of a person: a contact of the ERP holds its primary one."""
        if not self._in_books(reference):
            return reference
        return next((parent for parent, _, _ in self.identity.signs(reference) if parent != MADE), reference)

    def follow(self, root: str) -> None:
        """Who lives on in another is that one."""
        known, customer = self.identity.known(root), self.identity.customer(root)
        for loser in self.identity.losers(root) if known is not None and customer is not None else ():
            self.identity.name(loser, str(known), str(customer))

    def _seat(self, seat: str, ids: dict[str, CanonicalId], circle: Circle) -> None:
        for side, refs in ((Side.CRM, circle.people), (Side.ERP, circle.books)):
            before = self.identity.last(seat, side)  # of another circle, perhaps
            known = dict.fromkeys([*refs, *([before] if before else [])])
            here = [each for each in known if ids.get(each, seat) == seat and self.identity.known(each) == seat]
            here.sort(key=lambda each: (self.identity.ended(each), age(each)))
            holder = here[0] if here else None
            self.identity.seat(seat, holder, gone=bool(holder and self.identity.ended(holder)), side=side)
