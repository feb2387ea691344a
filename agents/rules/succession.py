"""Succession: what becomes of the link of a record that was merged away.

In: the merges that the platforms tell of, in any order. Out: who is bound to whom, and what has to be told because of
it. The link follows the survivor where that has none of its own; where it has one, the loser's counterpart stays as it
is, with its documents, and is proposed to a person: nothing of it is merged or archived by us.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.names import CanonicalId, Entity, Side, canonical_id
from tables.identity import Identity


@dataclass(frozen=True, slots=True)
class Left:
    """A record that has left one canonical record for another: the one it left has to hear of it."""

    ref: str
    id: CanonicalId
    entity: Entity
    side: Side


@dataclass(frozen=True, slots=True)
class Stranded:
    """A record whose counterpart was merged into one that has another link: a person says what to do."""

    ref: str
    survivor: str
    linked: str
    entity: Entity
    side: Side


@dataclass(slots=True)
class Succession:
    """The rules over one tenant's identities; what they lead to is taken from here by the step."""

    identity: Identity
    tenant: str
    again: list[str] = field(default_factory=list)  # what they show has to be told anew, of another canonical record
    woken: list[str] = field(default_factory=list)  # records or customers that others may have waited for
    left: list[Left] = field(default_factory=list)
    stranded: list[Stranded] = field(default_factory=list)

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
        return next(iter(losers), reference)

    def adopted(self, entity: Entity, side: Side, reference: str) -> CanonicalId | None:
        """Who the survivor of merges is: whom the losers were, the one with a counterpart before the others."""
        losers = self.identity.losers(reference) if side is Side.CRM else []
        known = [found for each in losers if (found := self.identity.known(each))]
        linked = next((each for each in known if self.identity.reference(each, side.other)), None)
        if linked or not known:
            return linked
        return self.identity.known(losers[0]) or canonical_id(entity, self.tenant, losers[0])

    def reckon(self, entity: Entity, side: Side, root: str) -> None:
        """Settle what all that live on in a record leave to it: the same, in whatever order their merges are heard."""
        losers = [found for each in self.identity.losers(root) if (found := self.identity.known(each))]
        if side is Side.ERP:
            for each in losers:
                guest = self.identity.last(each, Side.CRM)
                if guest is not None:
                    self.reclaim(entity, guest)  # what it had followed has been merged itself
            self._give_way(entity, root, losers)
        for each in losers:
            self.inherit(entity, root, each, side)
        if side is Side.ERP:
            for each in losers:
                guest = self.identity.reference(each, Side.CRM)
                if guest is not None and self.identity.losers(guest):
                    self.reckon(entity, Side.CRM, guest)  # who has no counterpart any more may follow another's link

    def _give_way(self, entity: Entity, root: str, losers: list[CanonicalId]) -> None:
        """The link of the oldest loser that has one follows, and one that had followed before gives way."""
        heir = self.identity.known(root)
        guest = self.identity.last(heir, Side.CRM) if heir else None
        own = self.identity.lent(guest) if guest else None
        for each in losers if guest and own else ():
            if each == own:
                return
            if self.identity.last(each, Side.CRM) is not None:
                self.reclaim(entity, str(guest))
                return

    def inherit(self, entity: Entity, root: str, was: CanonicalId, side: Side) -> None:
        """Settle what a record that was `was` leaves to the survivor `root`.

        A link that follows is followed by the CRM's record: documents belong to whom the ERP's was, and stay there.
        """
        heir, vacant = self.identity.known(root), self.identity.reference(was, side) in {None, root}
        if heir is None and side is Side.ERP and vacant:
            # Xero's survivor may never be shown again; HubSpot's tells of its merges itself, and is on its way.
            heir = canonical_id(entity, self.tenant, root)
            self.identity.bind(root, heir, heir, side)
            self.woken.append(root)
        if heir is None or heir == was or not vacant:
            if heir == was:
                self.identity.stand_alone(was, side)
            return
        mine, theirs = self.identity.reference(was, side.other), self.identity.reference(heir, side.other)
        if side is Side.ERP:
            mine = self.identity.last(was, Side.CRM)  # one that was deleted finds its link when it is restored
        if mine is not None and theirs is None and self.identity.reference(heir, side) == root:
            if side is Side.CRM:
                self._move(entity, root, heir, was, side)
                self.identity.lend(root, heir)
            else:
                self._move(entity, mine, was, heir, side)
                self.identity.lend(mine, was)
            return
        if self.identity.heir(was, side) != heir:
            self.identity.stand_behind(was, heir, side)
            self.woken += [was, heir]
        if mine is not None and theirs is not None and mine != theirs:
            self.stranded.append(Stranded(mine, root, theirs, entity, side.other))

    def reclaim(self, entity: Entity, reference: str) -> bool:
        """Give a record of the CRM back to whom it was before it followed a link: another names the survivor by id."""
        own, was = self.identity.lent(reference), self.identity.known(reference)
        if own is None or was is None:
            return False
        self._move(entity, reference, was, own, Side.ERP)
        self.identity.lend(reference, None)
        self.identity.stand_behind(own, was, Side.ERP)
        return True

    def own(self, reference: str) -> None:
        """A record that had followed a link has ended: it is remembered as who it was before."""
        own = self.identity.lent(reference)
        if own is not None:
            self.identity.name(reference, own, own)
            self.identity.lend(reference, None)

    def _move(self, entity: Entity, reference: str, was: CanonicalId, now: CanonicalId, side: Side) -> None:
        """Bind a record of the CRM to another canonical one; both have to hear of it."""
        there = self.identity.reference(was, Side.CRM) == reference
        self.left.append(Left(reference, was, entity, Side.CRM))
        self.identity.leave(reference, was, Side.CRM)
        if there:
            self.identity.bind(reference, now, now, Side.CRM)
        else:
            self.identity.name(reference, now, now)
            self.identity.miss(reference, now, Side.CRM)
        self.identity.stand_behind(was, now, side)
        self.again.append(reference)
        self.woken += [was, now]
