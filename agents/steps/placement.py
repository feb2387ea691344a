"""Placement: one tenant's sightings, from finding out whose they are to the facts that tell it.

In: sightings that were admitted, in order. Out: facts, verdicts about identity, readings that are wanted.
Invariant: whatever cannot go on waits under the name of what it waits for, and is looked at again when that is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from agents.rules.identification import Identification, twin_of
from agents.rules.likeness import Row
from agents.rules.placing import Known, Waits
from agents.rules.result import Result
from agents.steps.minutes import Minutes
from schemas.command import Read
from schemas.contract import Contract
from schemas.fact import Fact
from schemas.instants import from_millis
from schemas.names import CanonicalId, Entity, Side, connection_id, record_id
from tables import versions
from tables.identity import Identity
from tables.view import Recalled, View

BELONGINGS = "belongings"  # the kind of a reading: the people and deals of a company


class Placement:
    """The places of one tenant's records."""

    def __init__(self, contract: Contract, tenant: str, rows: View, names: View, result: Result) -> None:
        self.contract = contract
        self.tenant = tenant
        self.rows = rows
        self.identity = Identity(Recalled(names), tenant)
        self.rules = Identification(self.identity, contract, tenant)
        self.result = result
        self.seen_at = 0  # of what is being placed, in milliseconds
        self.minutes = Minutes(contract, tenant, self.identity, result)

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
                self.erase(person, self.seen_at)  # the other side is known by now, perhaps

    def _settled(self, found: list[tuple[Row, Known]], queue: deque[Row], seen_at: int) -> None:
        """Carry out what a succession has led to."""
        work = self.rules.succession
        for name in work.woken:
            self._wake(name, queue)
            self._wake(twin_of(name), queue)
            queue.extend(versions.parked(self.rows, self.tenant, name))
        for left in work.left:
            end = self.ended(left.entity.value, left.ref, left.side, seen_at, "merged")
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
        """Have a record read again and told anew; `whole`: with its people and deals, and the deals it pays for."""
        versions.expect(self.rows, self.tenant, reference)
        platform, kind, number = reference.split("/", 2)
        self._read(platform, kind, number, seen_at)
        if whole:
            self._read(platform, BELONGINGS, number, seen_at)
            for child in self.rules.payers.children(reference):
                self._read(platform, BELONGINGS, record_id(child), seen_at)

    def _read(self, platform: str, kind: str, number: str, seen_at: int) -> None:
        connection = connection_id(self.tenant, platform)
        hint = Read(tenant=self.tenant, connection=connection, kind=kind, record_ids=[number], at=from_millis(seen_at))
        self.result.emit(f"lanes.{platform}", connection, hint)

    def depart(self, reference: str, was: CanonicalId, side: Side, seen_at: int) -> None:
        """Tell a customer that a record is no longer its own."""
        end = self.ended(Entity.COMPANY.value, reference, side, seen_at, "parted")
        self.tell(end, Known(was, was), alone=False, settled=self.rules.settled(Entity.COMPANY))

    def ended(self, entity: str, reference: str, side: Side, seen_at: int, how: str) -> Row:
        """A sighting that says no more than that the record has ended."""
        version = versions.mark_of(self.rows, self.tenant, reference)
        kept: Row = {"entity": entity, "ref": reference, "side": side.value, "version": version, "seen_at": seen_at}
        return kept | {
            "fields": {}, "keys": {}, "parents": {}, "deleted": True, "ended": how, "merged_from": [],
            "canonical": None, "customer": None,
        }  # fmt: skip

    def _emit(self, row: Row, known: Known) -> None:
        entity, side = Entity(row["entity"]), Side(row["side"])
        if row["deleted"] and row.get("ended") == "merged":
            self.tell(row, known, alone=False, settled=self.rules.settled(entity))
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
            self.tell(gone, Known(known.id, CanonicalId(row["moved_from"])), alone=False, settled=True)
        self.tell(row, known, alone=alone, settled=settled)

    def tell(self, row: Row, known: Known, *, alone: bool, settled: bool, past: bool = False) -> None:
        """Tell what a record shows, or that it has ended."""
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
            unsold=bool(row.get("moved_from") and row.get("unsold")),
            past=past,
            absorbs=self.rules.absorbed(row),
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

    def erase(self, reference: str, seen_at: int) -> bool:
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
                end = self.ended(Entity.CONTACT.value, reference, side, seen_at, "erased")
                self.tell(end, Known(CanonicalId(known), CanonicalId(customer)), alone=False, settled=True)


def _turn(row: Row) -> int:
    if row["entity"] == Entity.INVOICE.value:
        return 0
    return 1 if row.get("ended") == "merged" else 2
