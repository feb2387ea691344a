"""A tenancy: one tenant's records on their way from sightings to facts.

In: changes that were admitted, marks, a person's words. Out: facts, verdicts about identity, readings that are wanted.
Invariant: whatever cannot go on waits under the name of what it waits for, and is looked at again when that is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from agents.rules.edits import dated
from agents.rules.identification import FIRST_READINGS, Identification, twin_of
from agents.rules.likeness import Row
from agents.rules.placing import Known, Waits
from agents.rules.result import Result
from agents.steps.minutes import Minutes
from schemas.change import Change, Erasure, Mark
from schemas.command import Read
from schemas.contract import Contract
from schemas.errors import Refused
from schemas.fact import Fact
from schemas.instants import from_millis, to_millis
from schemas.names import CanonicalId, Entity, Side, connection_id, ref
from schemas.sighting import Sighting
from tables import versions
from tables.identity import Identity
from tables.view import Recalled, View

Translate = Callable[[Change], list[Sighting]]

BELONGINGS = "belongings"  # the kind of a reading: the people and deals of a company
PEOPLE_AND_DEALS = {"deal", "contact"}  # kinds that change their customer when their company does


class Tenancy:
    """The work on one tenant's arrivals."""

    def __init__(self, contract: Contract, tenant: str, rows: View, names: View, result: Result) -> None:
        self.contract = contract
        self.tenant = tenant
        self.rows = rows
        self.identity = Identity(Recalled(names), tenant)
        self.rules = Identification(self.identity, contract, tenant)
        self.result = result
        self.seen_at = 0  # of what is being placed, in milliseconds
        self.minutes = Minutes(contract, tenant, self.identity, result)

    def change(self, change: Change, translate: Translate) -> None:
        """Admit and place what a change shows. Only what is new is translated: most of what arrives is not."""
        if change.gone or (change.deleted and change.version == 0):
            # Gone, and the platform does not say since when: it is news of the newest version that is known.
            mark = versions.mark_of(self.rows, self.tenant, versions.change_ref(change))
            change = change.model_copy(update={"version": max(mark, change.version)})
        if change.kind == "contact" and self.identity.erased(versions.change_ref(change)):
            self.result.counts["erased"] += 1  # on its way when its person was erased
            self._shown(change, translate, merges=True)
            self._erase(versions.change_ref(change), to_millis(change.seen_at))
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
                self._erase(each["ref"], each["seen_at"])
        reading = not self.identity.marked(change.side, change.kind)
        ends = [end for row in rows for end in self._merges(row)]
        self.place([*ends, *({**row, "first": reading or self._first(row)} for row in rows)])

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
                self._fact(row, Known(known, customer), alone=False, settled=False, past=True)

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
            if row["entity"] == Entity.CONTACT.value and self.rules.people.heard(row):
                self.place([], seen_at=row["seen_at"])

    def _astray(self, change: Change) -> bool:
        """Whether a record that shows nothing new belongs to a company that has become another customer's since."""
        return change.kind in PEOPLE_AND_DEALS and self.identity.astray(versions.change_ref(change))

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
            self._erase(row["ref"], row["seen_at"])  # they are one person
        return [end for old in row["merged_from"] for end in self._end(old, row)]

    def _end(self, reference: str, row: Row) -> list[Row]:
        """The end of a record that was merged away, if it is still taken to be there."""
        known, side = self.identity.known(reference), Side(row["side"])
        if known is None:
            return versions.parked(self.rows, self.tenant, reference)
        if self.identity.reference(known, side) != reference:
            return []
        return [self._ended(row["entity"], reference, side, row["seen_at"], "merged")]

    def _ended(self, entity: str, reference: str, side: Side, seen_at: int, how: str) -> Row:
        """A sighting that says no more than that the record has ended."""
        version = versions.mark_of(self.rows, self.tenant, reference)
        kept: Row = {"entity": entity, "ref": reference, "side": side.value, "version": version, "seen_at": seen_at}
        return kept | {
            "fields": {}, "keys": {}, "parents": {}, "deleted": True, "ended": how, "merged_from": [],
            "canonical": None, "customer": None,
        }  # fmt: skip

    def _first(self, row: Row) -> bool:
        """Whether the record was there before Revmark: one that still waits keeps what it was when it came."""
        return any(before.get("first") for before in versions.parked(self.rows, self.tenant, row["ref"]))

    def mark(self, mark: Mark) -> None:
        """A first reading has ended: place what was held for it, once both sides are read."""
        if not self.identity.mark(mark.side, mark.kind):
            self.result.counts["duplicate"] += 1
            return
        self.result.counts["marks"] += 1
        for entity, readings in FIRST_READINGS.items():
            if (mark.side, mark.kind) in readings and self.rules.ready(entity):
                held = dict.fromkeys(self.identity.held(entity).clear())
                self.place([row for name in held for row in versions.parked(self.rows, self.tenant, name)])

    def erase(self, word: Erasure) -> None:
        """A platform has erased a person."""
        if not self._erase(ref(word.platform, word.kind, word.record_id), to_millis(word.seen_at)):
            self.result.counts["duplicate"] += 1

    def _erase(self, reference: str, seen_at: int) -> bool:
        """Forget what is personal of a record, of all that are one with it by merges, and of their counterparts."""
        root = self.identity.follow(reference)
        members = dict.fromkeys((root, reference, *self.identity.losers(root)))
        fresh = [each for each in members if self.identity.erase(each)]
        self.result.counts["erased"] += bool(fresh)
        self.rules.people.watch(root)
        for each in fresh:
            self._forget(each, seen_at)
        self._bereave(root, seen_at)
        return bool(fresh)

    def _bereave(self, reference: str, seen_at: int) -> None:
        """Forget who is one person with somebody that was erased, among all whose pairs hang on this one."""
        while others := [each for each in self.rules.people.bereft(reference) if self.identity.erase(each)]:
            for each in others:  # who is erased takes part in who is whom, so that there may be more of them
                self._forget(each, seen_at)

    def _forget(self, reference: str, seen_at: int) -> None:
        """Keep nothing personal of a record, wherever it was told, and take no more of it."""
        side = self.rules.people.side(reference)
        versions.release(self.rows, self.tenant, reference)
        for known, customer in self.identity.told(reference):
            self.identity.leave(reference, known, side)
            self.identity.erase(known)
            if self.identity.erase(f"{known}|{customer}"):
                end = self._ended(Entity.CONTACT.value, reference, side, seen_at, "erased")
                self._fact(end, Known(CanonicalId(known), CanonicalId(customer)), alone=False, settled=True)

    def depart(self, reference: str, was: CanonicalId, side: Side, seen_at: int) -> None:
        """Tell a customer that a record is no longer its own."""
        end = self._ended(Entity.COMPANY.value, reference, side, seen_at, "parted")
        self._fact(end, Known(was, was), alone=False, settled=self.rules.settled(Entity.COMPANY))

    def place(self, rows: Sequence[Row], *, seen_at: int = 0) -> None:
        """Place sightings, and then whoever waited for them.

        All are bound before any fact leaves, so that a fact can say whether its record is alone.
        """
        queue = deque(rows)
        found: list[tuple[Row, Known]] = []
        seen_at = self.seen_at = max((row["seen_at"] for row in rows), default=seen_at)
        taken: set[tuple[str, int, int]] = set()
        self._settled(found, queue, seen_at)
        while queue:
            row = queue.popleft()
            name = (row["ref"], row["version"], row["seen_at"])
            if name in taken:
                continue  # it waited under two names
            taken.add(name)
            placed = self.rules.resolve(row)
            if isinstance(placed, Waits) and placed.why == "twin":
                placed = self._with_twin(row, placed, found, queue)
            if isinstance(placed, Known):
                self._found(row, placed, found, queue)
                if row.pop("stays", None):
                    self.minutes.stays(row)
            else:
                self._wait(row, placed)
                taken.discard(name)  # whatever it waits for may come in this very call
            self._settled(found, queue, seen_at)
        # Invoices first: whether a customer ever ordered has to be known before its own record is judged. Then who has
        # left a place, before those that have taken it.
        for row, known in sorted(found, key=lambda pair: _turn(pair[0])):
            self._emit(row, self._now(row, known))

    def _with_twin(self, row: Row, waits: Waits, found: list[tuple[Row, Known]], queue: deque[Row]) -> Known | Waits:
        """The record that one names may wait as well, for nothing but the evidence that this is."""
        twin = next(iter(versions.parked(self.rows, self.tenant, waits.on[0])), None)
        if twin is None or twin["entity"] != row["entity"]:
            return waits
        mutual = row["ref"] in {twin["keys"].get("erp_ref"), twin["keys"].get("crm_ref")}
        if mutual and row["side"] == Side.ERP.value and not row["deleted"]:
            return self.rules.settle(row)  # each names the other: the ERP's is the one that is made, whoever came first
        made = self.rules.settle(twin)
        if not isinstance(made, Known):
            return waits
        self._found(twin, made, found, queue)
        return self.rules.resolve(row)

    def _found(self, row: Row, known: Known, found: list[tuple[Row, Known]], queue: deque[Row]) -> None:
        versions.release(self.rows, self.tenant, row["ref"])
        names = [row["ref"]]
        if not row["deleted"]:
            names += self.identity.losers(row["ref"])
        found.append((row, known))
        for name in names:
            self._wake(name, queue)
            self._wake(twin_of(name), queue)

    def _now(self, row: Row, known: Known) -> Known:
        """Who a company or person that is there has become while the others were placed."""
        mobile = row["entity"] in {Entity.COMPANY.value, Entity.CONTACT.value} and not row["deleted"]
        now = self.identity.known(row["ref"]) if mobile else None
        if now is None or now == known.id:
            return known
        if row["entity"] == Entity.COMPANY.value:
            return Known(now, now)
        self.identity.tell(row["ref"], now, known.customer)  # an erasure has to reach it here as well
        return Known(now, known.customer)

    def _wake(self, name: str, queue: deque[Row]) -> None:
        for waiter in dict.fromkeys(self.identity.waiters(name).clear()):
            queue.extend(versions.parked(self.rows, self.tenant, waiter))
        for person in self.identity.watchers(name):
            self.rules.people.settle(person)
            if self.identity.erased(person):
                self._erase(person, self.seen_at)  # the other side is known by now, perhaps

    def _settled(self, found: list[tuple[Row, Known]], queue: deque[Row], seen_at: int) -> None:
        """Carry out what a succession has led to."""
        work = self.rules.succession
        for name in work.woken:
            self._wake(name, queue)
            self._wake(twin_of(name), queue)
            queue.extend(versions.parked(self.rows, self.tenant, name))
        for left in work.left:
            end = self._ended(left.entity.value, left.ref, left.side, seen_at, "merged")
            found.append((end, Known(left.id, CanonicalId(left.customer or left.id))))
        for reference in work.again:
            self.read_again(reference, seen_at, whole=reference.startswith(f"{self.contract.platforms.crm}/"))
        for stranded in work.stranded:
            self.minutes.strand(stranded, seen_at)
        for person in work.bereft:
            self._bereave(person, seen_at)
        for effects in (work.woken, work.left, work.again, work.stranded, work.bereft):
            effects.clear()

    def read_again(self, reference: str, seen_at: int, *, whole: bool = False) -> None:
        """Have a record read again and told anew; `whole`: and the people and deals that belong to it."""
        versions.expect(self.rows, self.tenant, reference)
        platform, kind, number = reference.split("/", 2)
        connection = connection_id(self.tenant, platform)
        for each in (kind, BELONGINGS) if whole else (kind,):
            hint = Read(
                tenant=self.tenant, connection=connection, kind=each, record_ids=[number], at=from_millis(seen_at)
            )
            self.result.emit(f"lanes.{platform}", connection, hint)

    def _emit(self, row: Row, known: Known) -> None:
        entity, side = Entity(row["entity"]), Side(row["side"])
        if row["deleted"] and row.get("ended") == "merged":
            self._fact(row, known, alone=False, settled=self.rules.settled(entity))
            self.minutes.answered(row)
            return
        alone, settled = self.rules.alone(known, entity, side), self.rules.settled(entity)
        if row.get("told") and not alone and not row.get("unsettled"):
            return  # its other side has come since
        undecided = self.rules.undecided(known, entity, side)
        if undecided or not settled:
            # Told now, and again once all has been read: only then is it known to be alone, or a prospect.
            versions.park(self.rows, self.tenant, row["ref"], [{**row, "told": True, "unsettled": not settled}])
            self.identity.held(entity if undecided else Entity.INVOICE).put(row["ref"])
        if row.get("moved_from"):
            gone = {**row, "deleted": True, "ended": "parted", "fields": {}, "moved_from": None}
            self._fact(gone, Known(known.id, CanonicalId(row["moved_from"])), alone=False, settled=True)
        self._fact(row, known, alone=alone, settled=settled)

    def _fact(self, row: Row, known: Known, *, alone: bool, settled: bool, past: bool = False) -> None:
        fact = Fact(
            tenant=self.tenant,
            customer=known.customer,
            entity=row["entity"],
            id=known.id,
            side=row["side"],
            ref=row["ref"],
            version=row["version"],
            seen_at=from_millis(row["seen_at"]),
            deleted=row["deleted"],
            fields=row["fields"],
            entered=row.get("entered", {}),
            related=self.rules.related(row),
            first=row.get("first", False),
            alone=alone,
            settled=settled,
            moved=bool(row.get("moved_from")),
            past=past,
            apart=self.identity.held_apart(known.id),
            ended=(row.get("ended") or "deleted") if row["deleted"] else "",
        )
        self.result.emit("facts", f"{self.tenant}|{known.customer}", fact)

    def _wait(self, row: Row, waits: Waits) -> None:
        self.result.counts[f"waits_{waits.why}"] += 1
        if waits.why == "ignored":
            versions.release(self.rows, self.tenant, row["ref"])  # what waited of it is over as well
            if row["entity"] == Entity.CONTACT.value and not self.identity.erased(row["ref"]):
                self._bereave(row["ref"], row["seen_at"])
            return
        versions.park(self.rows, self.tenant, row["ref"], [row])
        match waits.why:
            case "record":
                self.identity.waiters(waits.on[0]).put(row["ref"])
            case "twin":
                self.identity.waiters(twin_of(waits.on[0])).put(row["ref"])
                self._twin(row, waits.on[0])
            case "readings":
                self.identity.held(Entity(row["entity"])).put(row["ref"])
            case "person":
                self.minutes.propose(row, waits.on)
            case "moved":
                self.identity.waiters(waits.on[0]).put(row["ref"])  # until merges make one of the two customers
                self.minutes.waits(row, waits)
            case _:
                self.minutes.waits(row, waits)

    def _twin(self, row: Row, twin: str) -> None:
        entity = Entity(row["entity"])
        if not self.rules.ready(entity):
            self.identity.held(entity).put(row["ref"])  # looked at again when both sides have been read
        elif entity in {Entity.COMPANY, Entity.PRODUCT} and not row["deleted"]:
            self.minutes.nameless(row, twin)


def _turn(row: Row) -> int:
    if row["entity"] == Entity.INVOICE.value:
        return 0
    return 1 if row.get("ended") == "merged" else 2
