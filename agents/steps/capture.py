"""Capture: drop what is stale, translate, find out whose it is, re-key by customer.

In: changes, marks and links of one tenant in order. Out: facts keyed by customer, verdicts about identity. Invariant:
every change ends as a fact, a counted drop, a record that waits under a name, or a quarantined record.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agents.rules.identification import FIRST_READINGS, Identification, Known, Row, Waits, twin_of
from agents.rules.result import Result
from schemas.change import Change, Link, Mark, parse_arrival
from schemas.contract import Contract
from schemas.errors import Refused
from schemas.fact import Fact
from schemas.instants import from_millis
from schemas.names import CanonicalId, Entity, Side, digest
from schemas.sighting import Sighting
from schemas.verdict import Ruling, Verdict
from tables import versions
from tables.identity import Identity
from tables.view import View

Translate = Callable[[Change], list[Sighting]]

REASONS = {
    "moved": "it belongs to another customer, where its balance stands; what moved has to be settled in both systems",
    "conflict": "another record already carries this id; give it the right one, or merge the two",
    "unattached": "it has no company: associate one",
}


@dataclass(slots=True)
class Capture:
    """The step, with what it judges by."""

    contract: Contract
    translators: Mapping[str, Translate]

    def __call__(self, values: Sequence[bytes | None], rows: View, names: View) -> Result:
        """Take the values of one partition in order; write versions (`rows`) and identities (`names`)."""
        result = Result()
        tenants: dict[str, _Tenant] = {}
        for index, value in enumerate(values):
            result.at = index
            try:
                arrival = parse_arrival(value)
                work = tenants.get(arrival.tenant)
                if work is None:
                    work = tenants[arrival.tenant] = _Tenant(self.contract, arrival.tenant, rows, names, result)
                match arrival:
                    case Change():
                        work.change(arrival, self._sightings)
                    case Mark():
                        work.mark(arrival)
                    case Link():
                        work.link(arrival)
                        result.counts["links"] += 1
            except Refused as error:
                result.refuse(index, error.message)
        return result

    def _sightings(self, change: Change) -> list[Sighting]:
        """Translate; a record that even our translator did not expect is refused, before anything is written."""
        try:
            return self.translators[change.platform](change)
        except Refused:
            raise
        except Exception as error:
            # Without the message: it may hold what the record holds.
            raise Refused(f"{versions.change_ref(change)} cannot be read: {type(error).__name__}") from error


class _Tenant:
    """The work on one tenant's arrivals."""

    def __init__(self, contract: Contract, tenant: str, rows: View, names: View, result: Result) -> None:
        self.contract = contract
        self.tenant = tenant
        self.rows = rows
        self.identity = Identity(names, tenant)
        self.rules = Identification(self.identity, contract, tenant)
        self.result = result

    def change(self, change: Change, translate: Translate) -> None:
        """Admit and place what a change shows. Only what is new is translated: most of what arrives is not."""
        if change.deleted and change.version == 0:
            # Gone, and the platform does not say since when: it is news of the newest version that is known.
            mark = versions.mark_of(self.rows, self.tenant, versions.change_ref(change))
            change = change.model_copy(update={"version": mark})
        arrived, row = versions.weigh(self.rows, change)
        if arrived != "new":
            self.result.counts[arrived] += 1
            return
        rows = [versions.to_row(sighting, change) for sighting in translate(change)]
        versions.admit(self.rows, change, row)
        if not rows:
            self.result.counts["ignored"] += 1
        reading = not self.identity.marked(change.side, change.kind)
        self.place([{**row, "first": reading or self._first(row)} for row in rows])

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

    def link(self, link: Link) -> None:
        """A person has spoken about a proposal."""
        left = versions.parked(self.rows, self.tenant, link.left)
        right = versions.parked(self.rows, self.tenant, link.right)
        pair = (self.identity.known(link.left), self.identity.known(link.right))
        if not link.same:
            if pair[0] is not None and pair[0] == pair[1]:
                raise Refused(f"{link.left} and {link.right} are one already, by an id that each keeps", code="linked")
            self._part(link, left + right)
            self.place(right + left)
            return
        if all(pair) and pair[0] != pair[1]:
            raise Refused(f"{link.left} and {link.right} are linked to others already", code="linked")
        if not (pair[0] or left) or not (pair[1] or right):
            raise Refused(f"{link.left} and {link.right} have not both been seen", code="unseen")
        known = pair[1] or pair[0]
        for side, reference in ((Side.CRM, link.left), (Side.ERP, link.right)):
            taken = self.identity.reference(known, side) if known else None
            if taken not in {None, reference}:
                raise Refused(f"{reference} cannot be linked: {taken} is already", code="linked")
        if known is None:
            known = self.rules.new(Entity.COMPANY, Side.ERP, link.right, right[0]).id
        self.identity.bind(link.right, known, known, Side.ERP)
        self.identity.bind(link.left, known, known, Side.CRM)
        row = (left or right)[0] if left or right else None
        if row:
            reason = f"{link.who} says that {link.left} and {link.right} are one: {link.why}"
            self._note(row, "link", reason, seen=link.seen_at.timestamp(), record=known, crm=link.left, erp=link.right)
        self.place(right + left)

    def _part(self, link: Link, rows: Sequence[Row]) -> None:
        self.identity.part(link.left, link.right)
        for row in rows[:1]:
            reason = f"{link.who} says that {link.left} and {link.right} are two: {link.why}"
            pair = f"{link.left}+{link.right}"
            self._note(row, "refuse", reason, seen=link.seen_at.timestamp(), record=pair, crm=link.left, erp=link.right)

    def place(self, rows: Sequence[Row]) -> None:
        """Place sightings, and then whoever waited for them.

        All are bound before any fact leaves, so that a fact can say whether its record is alone.
        """
        queue = deque(rows)
        found: list[tuple[Row, Known]] = []
        taken: set[tuple[str, int, int]] = set()
        while queue:
            row = queue.popleft()
            name = (row["ref"], row["version"], row["seen_at"])
            if name in taken:
                continue  # it waited under two names
            taken.add(name)
            placed = self.rules.resolve(row)
            if isinstance(placed, Waits) and placed.why == "twin":
                twin = next(iter(versions.parked(self.rows, self.tenant, placed.on[0])), None)
                if twin is not None and twin["entity"] == row["entity"]:
                    # The twin waits only for evidence, and this is it.
                    made = self.rules.settle(twin)
                    if isinstance(made, Known):
                        self._found(twin, made, found, queue)
                        placed = self.rules.resolve(row)
            if isinstance(placed, Known):
                self._found(row, placed, found, queue)
            else:
                self._wait(row, placed)
        # Invoices first: whether a customer ever ordered has to be known before its own record is judged.
        for row, known in sorted(found, key=lambda pair: pair[0]["entity"] != Entity.INVOICE.value):
            self._emit(row, known)

    def _found(self, row: Row, known: Known, found: list[tuple[Row, Known]], queue: deque[Row]) -> None:
        versions.release(self.rows, self.tenant, row["ref"])
        found.append((row, known))
        for name in (row["ref"], twin_of(row["ref"])):
            for waiter in dict.fromkeys(self.identity.waiters(name).clear()):
                queue.extend(versions.parked(self.rows, self.tenant, waiter))

    def _emit(self, row: Row, known: Known) -> None:
        entity, side = Entity(row["entity"]), Side(row["side"])
        alone, settled = self.rules.alone(known, entity, side), self.rules.settled(entity)
        if row.get("told") and not alone and not row.get("unsettled"):
            return  # its other side has come since
        undecided = self.rules.undecided(known, entity, side)
        if undecided or not settled:
            # Told now, and again once all has been read: only then is it known to be alone, or a prospect.
            versions.park(self.rows, self.tenant, row["ref"], [{**row, "told": True, "unsettled": not settled}])
            self.identity.held(entity if undecided else Entity.INVOICE).put(row["ref"])
        if row.get("moved_from"):
            gone = {**row, "deleted": True, "fields": {}, "moved_from": None}
            self._fact(gone, Known(known.id, CanonicalId(row["moved_from"])), alone=False, settled=True)
        self._fact(row, known, alone=alone, settled=settled)

    def _fact(self, row: Row, known: Known, *, alone: bool, settled: bool) -> None:
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
            related=self.rules.related(row),
            first=row.get("first", False),
            alone=alone,
            settled=settled,
            moved=bool(row.get("moved_from")),
        )
        self.result.emit("facts", f"{self.tenant}|{known.customer}", fact)

    def _wait(self, row: Row, waits: Waits) -> None:
        self.result.counts[f"waits_{waits.why}"] += 1
        if waits.why == "ignored":
            versions.release(self.rows, self.tenant, row["ref"])  # what waited of it is over as well
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
                self._propose(row, waits.on)
            case _:
                self._note(row, "wait", REASONS[waits.why] + (f" ({', '.join(waits.on)})" if waits.on else ""))

    def _twin(self, row: Row, twin: str) -> None:
        entity = Entity(row["entity"])
        if not self.rules.ready(entity):
            self.identity.held(entity).put(row["ref"])  # looked at again when both sides have been read
        elif entity in {Entity.COMPANY, Entity.PRODUCT}:
            self._note(row, "wait", f"it names {twin}, which does not exist: correct the id, or clear it")

    def _propose(self, row: Row, candidates: Sequence[str]) -> None:
        for other in candidates:
            mine_left = row["side"] == Side.CRM.value
            crm, erp = (row["ref"], other) if mine_left else (other, row["ref"])
            reason = f"same domain or name: {crm} and {erp} may be one. Say so with: revmark link {crm} {erp} --yes"
            self._note(row, "propose", reason, crm=crm, erp=erp, record=f"{crm}+{erp}")

    def _note(
        self,
        row: Row,
        ruling: Ruling,
        reason: str,
        *,
        record: str = "",
        crm: str | None = None,
        erp: str | None = None,
        seen: float | None = None,
    ) -> None:
        record = record or row["ref"]
        at = from_millis(row["seen_at"] if seen is None else int(seen * 1000))
        verdict = Verdict(
            id=digest(self.tenant, record, ruling, reason),
            tenant=self.tenant,
            customer="",
            entity=row["entity"],
            record=record,
            label=str(row["fields"].get("name") or row["fields"].get("number") or row["ref"]),
            ruling=ruling,
            rule="identity",
            reason=reason,
            crm=crm,
            erp=erp,
            versions={row["side"]: row["version"]},
            contract=self.contract.digest,
            at=at,
        )
        self.result.emit("decisions", f"{self.tenant}|{record}", verdict)
