"""A case: one finding's work on one customer, with what it may read and what it writes.

The rules share a case; whoever changes a record touches it, and touched records are judged until nothing moves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from agents.rules.result import Result
from schemas.command import Command, Withdrawal
from schemas.contract import Contract
from schemas.instants import business_day, from_millis
from schemas.money import Money
from schemas.names import Entity, Side, connection_id, digest
from schemas.revenue import RevenueEvent
from schemas.verdict import Ruling, Verdict
from schemas.wire import encode
from tables import customers, entities
from tables.customers import CustomerState
from tables.entities import EntityState, Flight
from tables.view import View


@dataclass(frozen=True, slots=True)
class Spoken:
    """A person's word behind a verdict: who, why, and the id of the answer."""

    who: str
    why: str
    answer: str


@dataclass(slots=True)
class Case:
    """What the rules judge in. `at` is when the finding was seen; nothing else tells the time.

    `history`: the finding comes of the first reading. It is taken in, but nobody is told of it as news.
    `first`: the same, or a write that came of such a finding has arrived; what is asked for says so.
    `redated`: records of which an older version was heard that dates their edits otherwise.
    `was`: what invoices showed before the finding; None of one that it says nothing new of.
    `shown`: records that were heard of, which may change what is made for the CRM alone (`shown`); True: look again.
    """

    contract: Contract
    tenant: str
    customer: CustomerState
    at: datetime
    records: View
    result: Result
    history: bool = False
    first: bool = False
    open: dict[str, EntityState] = field(default_factory=dict)
    touched: deque[str] = field(default_factory=deque)
    redated: set[str] = field(default_factory=set)
    was: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    shown: dict[str, bool] = field(default_factory=dict)

    def state(self, entity: Entity, record: str) -> EntityState:
        """The record's state, shared by all rules of this case."""
        if record not in self.open:
            self.open[record] = entities.load(self.records, self.tenant, self.customer.id, entity, record)
        return self.open[record]

    def known(self, record: str) -> EntityState:
        """The state of a record by its id alone."""
        return self.open.get(record) or self.state(Entity(record.split(":", 1)[0]), record)

    def company(self) -> EntityState:
        """The customer's own record."""
        return self.known(self.customer.id)

    def touch(self, record: str) -> None:
        """Have a record judged again."""
        if record not in self.touched:
            self.touched.append(record)

    def wake(self) -> None:
        """What is known of the customer has changed: have all its records judged again that hang on it."""
        waiting, self.customer.waiting = self.customer.waiting, []
        for record in waiting:
            self.touch(record)

    def ordered(self) -> None:
        """The customer has ordered: for good, and whatever hangs on that is judged again."""
        if not self.customer.ordered:
            self.customer.ordered = True
            self.wake()

    def close(self, customer_view: View) -> None:
        """Write everything back."""
        for state in self.open.values():
            entities.save(self.records, self.tenant, self.customer.id, state)
        customers.save(customer_view, self.tenant, self.customer)

    @property
    def key(self) -> str:
        """The key under which everything of this customer travels."""
        return f"{self.tenant}|{self.customer.id}"

    @property
    def today(self) -> str:
        """The business day of the finding in work, YYYY-MM-DD where the contract counts days."""
        return business_day(self.at, self.contract.timezone)

    def verdict(
        self,
        state: EntityState,
        name: str,
        ruling: Ruling,
        rule: str,
        reason: str,
        *,
        chosen: Any = None,
        written_to: Side | None = None,
        command: str | None = None,
        by: Spoken | None = None,
        money: Money | None = None,
        note: str | None = None,
    ) -> str | None:
        """Say what was decided, once: the same verdict on the same values is not repeated.

        Args:
            state: the record.
            name: the field, empty for all of the record.
            ruling: what was decided.
            rule: by which rule.
            reason: why, for people.
            chosen: the value that stands.
            written_to: the side that has to change.
            command: the write that follows.
            by: the person who decided, if one did.
            money: what the record is about.
            note: where it is remembered that this was said; the field, if not given.

        Returns:
            The verdict's id; None where it had been given before.
        """
        crm, erp = state.crm.fields.get(name), state.derived.get(name, state.erp.fields.get(name))
        baseline = state.baseline.get(name)
        spoken = (by.answer,) if by else ()
        mark = digest(ruling, rule, reason, encode([baseline, crm, erp, chosen]).decode(), command or "", *spoken)
        if state.noted.get(note or name) == mark:
            return None
        state.noted[note or name] = mark
        said = digest(self.tenant, state.id, name, mark, str(state.crm.version), str(state.erp.version))
        self.result.emit(
            "decisions",
            self.key,
            Verdict(
                id=said,
                tenant=self.tenant,
                customer=self.customer.id,
                entity=state.entity,
                record=state.id,
                label=state.label,
                field=name,
                ruling=ruling,
                rule=rule,
                reason=reason,
                baseline=baseline,
                crm=crm,
                erp=erp,
                chosen=chosen,
                written_to=written_to,
                command=command,
                versions={"crm": state.crm.version, "erp": state.erp.version},
                who=by.who if by else "",
                why=by.why if by else "",
                answer=by.answer if by else None,
                money=money,
                contract=self.contract.digest,
                at=self.at,
            ),
        )
        return said

    def command(
        self,
        state: EntityState,
        side: Side,
        kind: str,
        fields: dict[str, Any],
        *,
        reason: str,
        rules: Iterable[str] = (),
        natural_key: str | None = None,
        links: dict[str, str] | None = None,
        compare: bool = False,
        tier: Literal[1, 2, 3] | None = None,
        on: EntityState | None = None,
    ) -> str:
        """Ask the side's lane for a write and note it as on its way.

        The id follows from the record's own count, which a record that moves to another customer begins anew there.
        `on`: the record that a create hangs on; where that has moved on by then, nothing is made.
        """
        platform = self.contract.platforms.on(side)
        reference = state.side(side).ref if kind == "update" else None
        judged = state if kind == "update" else on
        state.counter += 1
        told = encode([fields, links or {}]).decode()
        name = digest(self.tenant, self.customer.id, state.id, side.value, kind, str(state.counter), told)
        command = Command.model_validate(
            {
                "id": name,
                "tenant": self.tenant,
                "connection": connection_id(self.tenant, platform),
                "platform": platform,
                "side": side,
                "kind": kind,
                "entity": state.entity,
                "customer": self.customer.id,
                "record": state.id,
                "ref": reference,
                "natural_key": natural_key,
                "fields": fields,
                "version": max(judged.side(side).version, 0) if judged is not None else None,
                "on": on.side(side).ref if on is not None else None,
                "expected": {name: state.side(side).fields.get(name) for name in fields} if kind == "update" else None,
                "links": links or {},
                "compare": compare,
                "tier": tier or self.contract.tiers.of(state.entity, fields),
                "reason": reason,
                "rules": sorted(set(rules)),
                "first": self.first,
                "at": self.at,
            }
        )
        state.flights[side.value].append(Flight(command=name, kind=kind, fields=fields, first=self.first))
        self.result.emit(f"lanes.{platform}", command.connection, command)
        return name

    def withdraw(self, state: EntityState, side: Side, command: str, why: str) -> None:
        """Ask the side's lane not to write a command that it has not begun; its outcome says what became of it."""
        platform = self.contract.platforms.on(side)
        connection = connection_id(self.tenant, platform)
        taken = Withdrawal(
            tenant=self.tenant, connection=connection, command=command, record=state.id, why=why, at=self.at
        )
        self.result.emit(f"lanes.{platform}", connection, taken)

    def event(self, event: RevenueEvent, *, news: bool = False) -> None:
        """Say that something finance counts has happened; `news` even where the finding itself is history."""
        if self.history and not news:
            self.result.counts["history"] += 1
            return
        self.result.emit("occurrences", self.key, event)

    def seen_version(self, version: int) -> datetime:
        """A platform's version as a time."""
        return from_millis(max(version, 0))
