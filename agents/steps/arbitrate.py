"""Arbitrate: both sides of every record against their baseline, under the contract.

In: facts and outcomes of customers, what people chose or want tried again, and days that begin, in order. Out:
verdicts, commands, occurrences, document versions. Invariant: the same findings in any order end in the same state, and
a finding seen again writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from agents.rules import (
    absorbed,
    automations,
    billing,
    bills,
    consents,
    crediting,
    earnings,
    edits,
    endings,
    order_records,
    orders,
    retries,
    reviews,
    shown,
    subscriptions,
    withdrawing,
)
from agents.rules.case import Case
from agents.rules.comparison import compare
from agents.rules.creation import create_missing
from agents.rules.payers import BUYER
from agents.rules.result import Result
from schemas.choice import Choice
from schemas.contract import Contract
from schemas.dawn import Dawn
from schemas.errors import Refused
from schemas.fact import ABSENT, GONE, WITHDRAWN, Fact, Finding, Outcome, parse_finding
from schemas.names import Entity, Side
from schemas.retry import Retry
from schemas.wire import faults, fingerprint
from tables import customers
from tables.entities import EntityState, Flight, SideState
from tables.view import View

# What the rule means, in a sentence for people.
SAYS = {"platform": "The platform refused the write; the same value is not tried again until something changes."}
DOCUMENTS = {Entity.INVOICE, Entity.CREDIT_NOTE}
LEFT = {"merged", "parted"}  # endings that another record, or a person, brought about
JUDGEMENTS = 50  # of one record per finding; more means two rules push it to and fro: to be seen, not looped


@dataclass(slots=True)
class Arbitrate:
    """The step, with the contract it judges by."""

    contract: Contract

    def __call__(self, values: Sequence[bytes | None], records: View, customer_view: View) -> Result:
        """Take the values of one partition in order; write the records' and the customers' states."""
        result = Result()
        for index, value in enumerate(values):
            try:
                finding = parse_finding(value)
                result.add(self.judge([finding], records, customer_view, index=index))
            except Refused as error:
                result.refuse(index, error.message)
            except ValidationError as error:
                result.refuse(index, f"cannot be judged: {faults(error)}")
            except (ValueError, ArithmeticError) as error:
                result.refuse(index, f"cannot be judged: {error}")
            except (TypeError, AttributeError, LookupError) as error:
                # The case has written nothing yet. Without the message: it may hold what the record holds.
                result.refuse(index, f"cannot be judged: {type(error).__name__}")
        return result

    def judge(self, findings: Sequence[Finding], records: View, customer_view: View, *, index: int = 0) -> Result:
        """Take findings of one customer, then judge what they touched; `index` is their place in the batch."""
        case = self._case(findings[0], records, customer_view)
        case.result.at = index
        for finding in findings:
            match finding:
                case Fact():
                    _take_fact(case, finding)
                case Outcome():
                    _take_outcome(case, finding)
                case Choice():
                    reviews.take(case, finding)
                case Retry():
                    retries.take(case, finding)
                case Dawn():
                    pass  # it only tells the time
        automations.look(case)
        subscriptions.look(case)
        earnings.look(case)
        _judge_all(case)
        order_records.look(case)
        _judge_all(case)  # what that has touched
        case.close(customer_view)
        return case.result

    def _case(self, finding: Finding, records: View, customer_view: View) -> Case:
        """A case with a result of its own: a finding that is refused half-way leaves nothing behind."""
        return Case(
            contract=self.contract,
            tenant=finding.tenant,
            customer=customers.load(customer_view, finding.tenant, finding.customer),
            at=_when(finding),
            records=records,
            result=Result(),
            history=isinstance(finding, Fact) and finding.first,
            first=isinstance(finding, Fact) and finding.first,
        )


def _when(finding: Finding) -> datetime:
    return finding.seen_at if isinstance(finding, Fact) else finding.at


def _take_fact(case: Case, fact: Fact) -> None:
    state = case.state(fact.entity, fact.id)
    side = state.side(fact.side)
    if not _admitted(case, state, fact):
        return
    if fact.ended == "erased":
        endings.erased(case, state, fact)
        return
    case.first = case.first or _written(state, fact).get("first", False)
    fresh, before, returns = side.version < 0, side.ref, side.deleted and not fact.deleted
    _note_spellings(state, fact)
    automations.note(case, state, fact)
    fields = fact.fields or side.fields if fact.deleted else fact.fields
    version = max(side.version, fact.version) if fact.ended in LEFT else fact.version
    news = fact.deleted and not side.deleted
    side.ref, side.version, side.fields, side.deleted = fact.ref, version, fields, fact.deleted
    state.related = {**{role: one for role, one in state.related.items() if role != BUYER}, **fact.related}
    state.marks["alone"] = fact.alone
    if fact.apart:
        state.marks["apart"] = True
    if fact.entity is Entity.COMPANY:
        case.customer.settled = case.customer.settled or fact.settled
    absorbed.note(state, fact)
    if fact.moved and not fact.unsold and fact.entity is Entity.DEAL and not fact.deleted:
        orders.moved_here(case, state)
    if fresh and fact.first:
        state.marks["first"] = True
        if fact.entity is Entity.DEAL:
            orders.first_seen(case, state)
    _consequences(case, state, fact.side)
    consents.heard(case, state, fact.side, fresh=fresh)
    if news:
        endings.ended(case, state, fact)
    elif returns and before is not None:
        endings.back(case, state, fact, before)
    case.touch(state.id)


def _admitted(case: Case, state: EntityState, fact: Fact) -> bool:
    """Whether the fact is news of its side; one that is not may still tell when something was edited."""
    if state.marks.get("erased"):
        case.result.counts["erased"] += 1
        return False
    outdated = fact.past or _outdated(state.side(fact.side), fact) or _retold(state, fact)
    edits.date(case, state, fact, outdated=outdated)
    if outdated:
        case.result.counts["stale"] += 1
    return not outdated


def _outdated(side: SideState, fact: Fact) -> bool:
    """Whether the fact says nothing new of its side.

    Versions of two records do not compare: after a merge the survivor stands, whatever the loser's end is dated. That
    a record has left is no platform's version of it, and that a person was erased is true of all of them.
    """
    if fact.ended == "erased":
        return False
    if fact.ended in LEFT:
        return side.deleted or side.ref not in {None, fact.ref}
    if side.ref in {None, fact.ref}:
        return fact.version < side.version
    return fact.deleted or (not side.deleted and fact.version < side.version)


def _retold(state: EntityState, fact: Fact) -> bool:
    """Whether it was told before its record left for another customer, and is only delivered again.

    What comes back has moved, and says so; but companies, which a person's word parts and joins, of one version.
    """
    left = state.marks.get("left") == fact.version and state.side(fact.side).deleted
    return left and not (fact.deleted or fact.moved or fact.entity is Entity.COMPANY)


def _note_spellings(state: EntityState, fact: Fact) -> None:
    """A platform may spell what we wrote in its own way; asking for ours again would never end."""
    respelled = {
        name: [value, fact.fields[name]]
        for name, value in _written(state, fact).get("fields", {}).items()
        if name in fact.fields and fact.fields[name] != value
    }
    if respelled:
        known = state.marks.get(f"respelled_{fact.side.value}") or {}
        state.marks[f"respelled_{fact.side.value}"] = {**known, **respelled}


def _written(state: EntityState, fact: Fact) -> dict[str, Any]:
    """Our own write, where the fact is the very version that it made: a later one is somebody's edit.

    Two records may be written in one millisecond, and of a merged group both can be this side's, one after the other.
    """
    written = state.marks.get(f"written_{fact.side.value}") or {}
    ours = bool(written) and written["version"] == fact.version and written.get("ref", fact.ref) == fact.ref
    return written if ours else {}


def _take_outcome(case: Case, outcome: Outcome) -> None:
    state = case.state(outcome.entity, outcome.id)
    flights = state.flights[outcome.side.value]
    flight = next((one for one in flights if one.command == outcome.command), None)
    if flight is None or outcome.state == "unknown":
        case.result.counts["outcome_" + ("open" if flight else "known")] += 1
        return
    flights.remove(flight)
    crediting.answered(state, outcome, flight)
    if flight.kind == "create":
        shown.made(case, state)
    case.first = case.first or flight.first
    side = state.side(outcome.side)
    if outcome.state == "applied":
        # A write to a record that was merged away lands on its survivor. Whose that is, capture says: until then the
        # record we meant stays ours, so that its end is heard.
        side.ref = side.ref if side.present else outcome.ref or side.ref
        _note_written(case, state, outcome, flight)
        withdrawing.stands(case, state, flight)
        automations.applied(state, flight)
        shown.applied(state, outcome.ref)
        _consequences(case, state, outcome.side)
    elif outcome.state == "refused":
        if flight.kind == "create" and outcome.version is not None and outcome.ref and side.ref in {None, outcome.ref}:
            _note_written(case, state, outcome, flight)  # the record is there, and only a link of it was refused
            shown.written(state, outcome.ref)
        shown.refused(case, state)
        _block(state, outcome.side, flight)
        case.verdict(state, "", "refuse", "platform", f"{outcome.side.value.upper()} refused it: {outcome.message}")
        if flight.kind == "create":
            _unbill(case, state, outcome)
    elif outcome.code == WITHDRAWN:
        withdrawing.taken_back(case, state, flight)
    elif outcome.code == ABSENT:
        shown.absent(state)
    elif _overtaken(crediting.judged_on(case, state, flight, side), outcome):
        return  # superseded by a version that is on its way: it judges the record when it is here
    case.touch(state.id)
    crediting.heard(case, state)


def _overtaken(side: SideState, outcome: Outcome) -> bool:
    """Whether what superseded a write is news that has not been heard yet.

    A record's end need not have a version of its own: of one that is known to be there it is on its way. So a write to
    what is gone is asked for anew only where a newer version was heard since it was judged, and rests with the end.
    Where another record stands in its place by now, news of the old one comes to whoever it has become.
    """
    if side.present and outcome.ref not in {None, side.ref}:
        return False
    version = outcome.version or 0
    return version > side.version or (outcome.code == GONE and side.present and version == side.version)


def _note_written(case: Case, state: EntityState, outcome: Outcome, flight: Flight) -> None:
    """The side holds what we wrote, as far as no later version of it is known, nor another record has become it."""
    side, stated = state.side(outcome.side), _stated(state, outcome.side, flight.fields)
    if side.present and outcome.ref not in {None, side.ref}:
        return
    # Of a write whose answer was lost, and that people have edited since, nobody can tell the version: it is 0 then.
    if outcome.version is None or outcome.version >= side.version:
        side.version = side.version if outcome.version is None else outcome.version
        side.fields = {**side.fields, **stated}
    edits.written(case, state, outcome.side, flight.fields, outcome.version)
    state.baseline.update(_agreed(case, state, outcome.side, stated))
    if outcome.version is not None:
        written = {"version": outcome.version, "ref": outcome.ref, "fields": flight.fields}
        state.marks[f"written_{outcome.side.value}"] = written | ({"first": True} if flight.first else {})


def _stated(state: EntityState, side: Side, fields: dict[str, object]) -> dict[str, object]:
    """What a write tells of the side's fields; a document we asked for is known only once the ERP has stated it."""
    return {} if state.entity in DOCUMENTS and side is Side.ERP else fields


def _agreed(case: Case, state: EntityState, side: Side, written: dict[str, object]) -> dict[str, object]:
    """What both sides hold now.

    A merged set may need two writes. It is agreed on with the second: were that refused, what the first has brought
    would look like removed there.
    """
    other = state.side(side.other).fields
    rules = {name: case.contract.rule(state.entity, name) for name in written}
    merged = {name for name, rule in rules.items() if rule is not None and rule.policy == "merge"}
    return {name: value for name, value in written.items() if name not in merged or other.get(name) == value}


def _block(state: EntityState, side: Side, flight: Flight) -> None:
    """Remember what was refused. Of several fields nobody knows which one was: each is then asked for by itself."""
    if flight.kind == "create":
        state.blocked[side.value].update(_blocked(flight.fields))
    elif len(flight.fields) == 1:
        state.blocked[side.value].update(flight.fields)
    else:
        alone = set(state.marks.get("one_by_one", {}).get(side.value, ())) | set(flight.fields)
        state.marks["one_by_one"] = {**state.marks.get("one_by_one", {}), side.value: sorted(alone)}


def _blocked(fields: dict[str, object]) -> dict[str, object]:
    return {"*": fingerprint(fields)}


def _unbill(case: Case, state: EntityState, outcome: Outcome) -> None:
    """The ERP refused the invoice: say so on the deal, and let the next change of it try again."""
    if state.entity is not Entity.INVOICE or outcome.side is not Side.ERP or "deal" not in state.related:
        return
    state.marks |= {"refused": outcome.message, "refused_at": case.company().erp.version}
    deal = case.known(state.related["deal"])
    billing.unasked(deal, state, case.tenant, refused=True)
    case.customer.wait(deal.id)
    deal.derived["order_status"] = f"{billing.REFUSED}{outcome.message}"
    case.touch(deal.id)


def _consequences(case: Case, state: EntityState, side: Side) -> None:
    """What the news means beyond the record's own fields."""
    shown.hear(case, state)
    earnings.hear(case, state, side)
    match state.entity, side:
        case Entity.COMPANY, _:
            _know_customer(case, state, side)
        case Entity.CONTACT, Side.ERP:
            case.customer.person = state.id
        case Entity.INVOICE, Side.ERP:
            bills.invoice(case, state)
        case Entity.INVOICE, Side.CRM:
            bills.document(case, state, Side.CRM)
        case Entity.PAYMENT, Side.ERP:
            bills.payment(case, state)
        case Entity.CREDIT_NOTE, Side.ERP:
            bills.credit_note(case, state)
            crediting.heard(case, state)
        case _:
            pass


def _know_customer(case: Case, state: EntityState, side: Side) -> None:
    customer = case.customer
    if side is Side.CRM:
        customer.crm = state.crm.ref if state.crm.present else None
    else:
        customer.erp = state.erp.ref if state.erp.present else None
        bills.hold(case, state)
    customer.name = state.label
    customer.currency = state.erp.fields.get("currency") or state.crm.fields.get("currency")
    if customer.balances or customer.payments:
        bills.tell_company(case)
    case.wake()


def _judge_all(case: Case) -> None:
    judged: dict[str, int] = {}
    while case.touched:
        state = case.known(case.touched.popleft())
        if state.marks.get("erased"):
            continue
        judged[state.id] = times = judged.get(state.id, 0) + 1
        if times > JUDGEMENTS:
            raise Refused(f"judging {state.id} does not come to rest", code="unrest")
        if state.entity is Entity.DEAL:
            orders.consider(case, state)
        create_missing(case, state)
        compare(case, state)
        automations.settle(case, state)
        if state.entity in shown.RULES:
            shown.settle(case, state)
