"""A tenancy: what of one tenant's arrivals is news, and what it says.

In: changes, marks, erasures. Out: the versions that were admitted, and sightings for `placement`.
Invariant: what is stale is dropped and counted, but for what it says of when and by what name; what is new is placed.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.rules.edits import dated
from agents.rules.likeness import Row
from agents.rules.placing import FIRST_READINGS, Known
from agents.rules.result import Result
from agents.steps.placement import Placement
from schemas.change import Change, Erasure, Mark
from schemas.contract import Contract
from schemas.errors import Refused
from schemas.instants import to_millis
from schemas.names import Entity, Side, ref
from schemas.sighting import Sighting
from tables import versions
from tables.view import View

Translate = Callable[[Change], list[Sighting]]


class Tenancy:
    """The work on one tenant's arrivals."""

    def __init__(self, contract: Contract, tenant: str, rows: View, names: View, result: Result) -> None:
        self.contract = contract
        self.tenant = tenant
        self.rows = rows
        self.result = result
        self.placement = Placement(contract, tenant, rows, names, result)
        self.identity = self.placement.identity

    def change(self, change: Change, translate: Translate) -> None:
        """Admit and place what a change shows. Only what is new is translated: most of what arrives is not."""
        if change.gone or (change.deleted and change.version == 0):
            # Gone, and the platform does not say since when: it is news of the newest version that is known.
            mark = versions.mark_of(self.rows, self.tenant, versions.change_ref(change))
            change = change.model_copy(update={"version": max(mark, change.version)})
        if change.kind == "contact" and self.identity.erased(versions.change_ref(change)):
            self.result.counts["erased"] += 1  # on its way when its person was erased
            self._shown(change, translate, merges=True)
            self.placement.erase(versions.change_ref(change), to_millis(change.seen_at))
            return
        arrived, row = versions.weigh(self.rows, change)
        if arrived != "new" and not (arrived == "duplicate" and self._astray(change)):
            self.result.counts[arrived] += 1
            if arrived == "stale":
                self._past(change, translate)
                self._shown(change, translate)
            return
        rows = [self._remembered(versions.to_row(sighting, change)) for sighting in translate(change)]
        dates = any(dated(self.contract, Entity(each["entity"]), change.side) for each in rows)
        versions.admit(self.rows, change, row, dates=dates)
        if not rows:
            self.result.counts["ignored"] += 1
        for each in rows:
            if each.get("ended") == "erased":
                self.placement.erase(each["ref"], each["seen_at"])
        reading = not self.identity.marked(change.side, change.kind)
        ends = [end for row in rows for end in self._merges(row)]
        self.placement.place([*ends, *({**row, "first": reading or self._first(row)} for row in rows)])

    def _past(self, change: Change, translate: Translate) -> None:
        """Tell of a version that a newer one has overtaken, where it may say when something was edited."""
        if change.deleted or not versions.overtaken(self.rows, change):
            return
        try:
            rows = [versions.to_row(sighting, change) for sighting in translate(change)]
        except Refused:
            return  # it is overtaken: nobody has to mend it
        for row in rows:
            entity, side = Entity(row["entity"]), Side(row["side"])
            known, customer = self.identity.known(row["ref"]), self.identity.customer(row["ref"])
            if (known is None or customer is None) and versions.parked(self.rows, self.tenant, row["ref"]):
                versions.tell_late(self.rows, change)  # one that waits is told once, as it is then
            if known is None or customer is None or row["deleted"] or not dated(self.contract, entity, side):
                continue
            if self.identity.reference(known, side) == row["ref"]:
                versions.tell_late(self.rows, change)
                self.placement.tell(row, Known(known, customer), alone=False, settled=False, past=True)

    def _shown(self, change: Change, translate: Translate, *, merges: bool = False) -> None:
        """Note by what a person could have been known, of a version that counts for nothing else."""
        if change.kind != "contact" or change.deleted:
            return
        try:
            rows = [versions.to_row(sighting, change) for sighting in translate(change)]
        except Refused:
            return
        for row in rows:
            for old in row["merged_from"] if merges else ():
                self.identity.merge(old, row["ref"])
            if row["entity"] == Entity.CONTACT.value and self.placement.rules.people.heard(row):
                self.placement.place([], seen_at=row["seen_at"])

    def _astray(self, change: Change) -> bool:
        """Whether a record that shows nothing new is another customer's since its company is, or since another pays."""
        name = versions.change_ref(change)
        match change.kind:
            case "deal":
                return self.placement.rules.payers.astray(name)
            case "contact":
                return self.identity.astray(name)
            case _:
                return False

    def _remembered(self, row: Row) -> Row:
        """The end of a company that still waits: what it said of itself stays, for others may be about to name it."""
        said = versions.parked(self.rows, self.tenant, row["ref"]) if row["deleted"] else []
        if not said or row["entity"] != Entity.COMPANY.value:
            return row
        kept = {name: said[-1][name] for name in ("canonical", "customer")}
        return {**row, **kept, "keys": said[-1]["keys"] | row["keys"], "lived": True}

    def _merges(self, row: Row) -> list[Row]:
        """Note the merges that a record tells of; the ends of those who live on in it come before all else."""
        into = row["keys"].get("merged_into")
        if into:
            self.identity.merge(row["ref"], into)
        for old in row["merged_from"]:
            self.identity.merge(old, row["ref"])
        if any(self.identity.erased(each) for each in row["merged_from"]):
            self.placement.erase(row["ref"], row["seen_at"])  # they are one person
        return [end for old in row["merged_from"] for end in self._end(old, row)]

    def _end(self, reference: str, row: Row) -> list[Row]:
        """The end of a record that was merged away, if it is still taken to be there."""
        known, side = self.identity.known(reference), Side(row["side"])
        if known is None:
            return versions.parked(self.rows, self.tenant, reference)
        person = row["entity"] == Entity.CONTACT.value  # one that is missed leaves its place as well
        if (self.identity.last if person else self.identity.reference)(known, side) != reference:
            return []
        return [self.placement.ended(row["entity"], reference, side, row["seen_at"], "merged")]

    def _first(self, row: Row) -> bool:
        """Whether the record was there before Revmark: one that was never told keeps what it was when it came."""
        waiting = versions.parked(self.rows, self.tenant, row["ref"])
        return any(before.get("first") and not before.get("told") for before in waiting)

    def mark(self, mark: Mark) -> None:
        """A first reading has ended: place what was held for it, once both sides are read."""
        if not self.identity.mark(mark.side, mark.kind):
            self.result.counts["duplicate"] += 1
            return
        self.result.counts["marks"] += 1
        for entity, readings in FIRST_READINGS.items():
            if (mark.side, mark.kind) in readings and self.placement.rules.ready(entity):
                held = dict.fromkeys(self.identity.held(entity).clear())
                self.placement.place([row for name in held for row in versions.parked(self.rows, self.tenant, name)])

    def erase(self, word: Erasure) -> None:
        """A platform has erased a person."""
        if not self.placement.erase(ref(word.platform, word.kind, word.record_id), to_millis(word.seen_at)):
            self.result.counts["duplicate"] += 1
