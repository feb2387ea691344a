"""Automations: what happens to an invoice or a customer is told in the CRM, once for each cause.

A cause has a name that follows from what happened, and is marked on the record that it happened to, in the same breath
as the command: heard again, replayed or delivered twice it is the same cause. What is asked for waits on its own record
until it is written, so that nothing is lost where a mirror is not there yet, or a write was refused. See ADR 21.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from agents.rules import consents, instead
from agents.rules.case import Case
from schemas.contract.automations import Automation, Occasion, filled
from schemas.fact import Fact
from schemas.instants import instant_text
from schemas.money import exact
from schemas.names import Entity, Side, canonical_id
from schemas.wire import fingerprint
from tables.entities import EntityState, Flight

Fields = Mapping[str, Any]
# What the rules mean, in a sentence for people.
SAYS = "The contract has the CRM told when this happens, once for each time."
WHY: dict[Occasion, str] = {
    "invoice.paid": "the invoice is paid",
    "invoice.overdue": "the invoice is overdue",
    "credit_hold.set": "the customer was put on credit hold",
    "credit_hold.lifted": "the credit hold was lifted",
}
NOTHING: Mapping[str, str] = {}
NOON = "T12:00:00Z"  # of a task's day: the same day in every zone from twelve hours west to eleven east of Greenwich


def note(case: Case, state: EntityState, fact: Fact) -> None:
    """Keep what an invoice showed before this fact; where the fact is no news of it, nothing that it shows is."""
    if state.entity is Entity.INVOICE and fact.side is Side.ERP:
        before = state.erp.fields if state.erp.present else {}
        told = not fact.moved and (not fact.first or _ours(case, state, fact))
        case.was[state.id] = before if told else None


def invoice(case: Case, state: EntityState) -> None:
    """An invoice of the ERP was seen: whether it was paid, and when it will be late."""
    was, now = case.was.get(state.id), state.erp.fields if state.erp.present else {}
    if _paid(now) and not state.marks.get("paid"):
        state.marks["paid"] = True
        if was is not None and not _paid(was):
            for each in of(case, "invoice.paid"):
                act(case, each, state, state.id)
    _arm(case, state, was)


def hold(case: Case, company: EntityState, *, shown: bool) -> None:
    """The ERP has put a customer on credit hold, or has lifted it."""
    if case.history:
        return
    for each in of(case, "credit_hold.set" if shown else "credit_hold.lifted"):
        act(case, each, company, company.id, str(company.erp.version))


def look(case: Case) -> None:
    """Look at the clock: which of the customer's invoices have become late by now."""
    today = case.today
    for record in case.customer.due(Entity.INVOICE, today):
        state = case.known(record)
        for each in of(case, "invoice.overdue"):
            due, day = state.marks["alarms"].get(each.automation, ("", ""))
            if day and day <= today:
                state.marks["alarms"][each.automation] = [due, ""]
                act(case, each, state, state.id, due)
        _wind(case, state)


def applied(state: EntityState, flight: Flight) -> None:
    """What was to be set has been: the next that waits for the same property may be."""
    triggers = state.marks.get("triggers", {})
    for name in set(flight.fields) & set(triggers):
        triggers[name] = triggers[name][1:]
        if not triggers[name]:
            del triggers[name]


def settle(case: Case, state: EntityState) -> None:
    """Ask for what a record is still to be told."""
    if state.entity in {Entity.TASK, Entity.EVENT}:
        _make(case, state)
    elif state.crm.present:
        for name, waiting in state.marks.get("triggers", {}).items():
            _set(case, state, name, *waiting[0])


def _set(case: Case, state: EntityState, name: str, value: str, rule: str) -> None:
    """Set a property: one value after the other, so that a workflow sees each."""
    fields, _ = instead.applied(state, Side.CRM, {name: value})
    flying = any(name in flight.fields for flight in state.flights["crm"])
    if not flying and state.blocked["crm"].get(name) != fields[name]:
        case.command(state, Side.CRM, "update", fields, reason=f"{name}: {SAYS}", rules=[rule])


def _make(case: Case, state: EntityState) -> None:
    """Make a task or send an event, as soon as what it is about is known in the CRM; from then on it is people's."""
    wanted = state.marks.get("wanted")
    if wanted is None or state.crm.ref is not None or state.flights["crm"]:
        return
    links, fields = _links(case, wanted), wanted["fields"]
    if (needed := wanted.get("of", "company")) not in links:
        case.customer.wait(state.id)
        return
    if state.entity is Entity.EVENT:
        links = {needed: links[needed]}  # it shows on one record
    else:
        to = wanted["to"]
        owner = case.company().crm.fields.get("owner") if to == "owner" else None if to == "nobody" else to
        fields = {**fields, "owner": owner}
    fields, _ = instead.applied(state, Side.CRM, fields)
    if state.blocked["crm"].get("*") == fingerprint(fields):
        return
    key = state.id.split(":", 1)[1]
    case.command(
        state, Side.CRM, "create", fields, reason=wanted["why"], rules=[wanted["rule"]], natural_key=key, links=links
    )


def _links(case: Case, wanted: Mapping[str, Any]) -> dict[str, str]:
    """The customer and the deal in the CRM, as far as they are there."""
    links = {"company": case.customer.crm} if case.customer.crm else {}
    deal = case.known(wanted["deal"]).crm if wanted["deal"] else None
    if deal is not None and deal.present and deal.ref:
        links["deal"] = deal.ref
    return links


def act(
    case: Case, each: Automation, about: EntityState, *cause: str, why: str = "", values: Mapping[str, str] = NOTHING
) -> None:
    """Ask for all that an automation does; `why` and `values` are of a record that is no invoice and no customer."""
    texts = {**_values(case, each, about), **values}
    deal = about.id if about.entity is Entity.DEAL else about.related.get("deal")
    reason, done = why or f"{WHY[each.when]}{f' by {each.days} days' if each.days else ''}", []
    about.noted.pop(each.rule, None)  # another cause may be told in the same words
    if each.needs_consent and (lacks := consents.lacking(case)):
        said = f"{reason}, and the customer is not told: {lacks}; a consent that comes later changes nothing"
        case.verdict(about, "", "withhold", each.rule, said, note=each.rule)
        return
    if each.set is not None:
        names = {"deal": deal, "company": case.customer.id, "invoice": about.id}
        if (record := names[each.set.of]) is None:
            done.append(f"no deal was billed by it, so {each.set.property} is set nowhere")
        else:
            triggers = case.known(record).marks.setdefault("triggers", {})
            triggers.setdefault(each.set.field, []).append([filled(each.set.value, texts), each.rule])
            case.touch(record)
            done.append(f"{each.set.property} of the {each.set.of} is set")
    if each.event is not None:
        if each.event.of == "deal" and deal is None:
            done.append(f"no deal was billed by it, so the event {each.event.name} is not sent")
        else:
            event = {
                "name": each.event.name,
                "occurred_at": instant_text(case.at),
                "properties": {name: filled(text, texts) for name, text in each.event.properties.items()},
            }
            _want(case, Entity.EVENT, each, cause, {"fields": event, "of": each.event.of, "deal": deal, "why": reason})
            done.append(f"the event {each.event.name} of the {each.event.of} is sent")
    if each.task is not None:
        fields = {
            "subject": filled(each.task.subject, texts),
            "body": filled(each.task.body or "", texts) or None,
            "priority": each.task.priority,
            "due_at": _later(case.today, each.task.due_in_days) + NOON,
        }
        _want(case, Entity.TASK, each, cause, {"fields": fields, "to": each.task.to, "deal": deal, "why": reason})
        done.append("a task is made")
    case.verdict(about, "", "automate", each.rule, f"{reason}: {'; '.join(done)}", note=each.rule)


def _want(case: Case, entity: Entity, each: Automation, cause: tuple[str, ...], wanted: dict[str, Any]) -> None:
    """Keep what is to be made on a row of its own, which is named for the cause: asked for twice, it is there once."""
    state = case.state(entity, canonical_id(entity, case.tenant, each.automation, *cause))
    state.marks.setdefault("wanted", wanted | {"rule": each.rule})
    case.touch(state.id)


def _values(case: Case, each: Automation, about: EntityState) -> dict[str, str]:
    """What an automation's texts may name."""
    values = {"customer": case.customer.name or case.company().label, "day": case.today}
    if about.entity is not Entity.INVOICE:
        return values
    fields = about.erp.fields
    places = {"number": "number", "total": "total", "open": "amount_due", "currency": "currency"}
    values |= {name: str(fields.get(field) or "") for name, field in {**places, "due_date": "due_date"}.items()}
    return values | {"days": str(each.days or "")}


def _arm(case: Case, state: EntityState, was: Fields | None) -> None:
    """Note on which day an open invoice is looked at, for each due date it has.

    What was late already when it was first heard of, or before the contract named the automation, is history.
    """
    now = state.erp.fields if state.erp.present else {}
    late = list(of(case, "invoice.overdue"))
    if _open(now) and late:
        alarms, due, today = state.marks.setdefault("alarms", {}), str(now["due_date"]), case.today
        news = was is not None and not (_open(was) and was.get("due_date") == due)
        for each in late:
            if alarms.get(each.automation, [""])[0] != due:
                day = _later(due, each.days or 0)
                alarms[each.automation] = [due, day if news or day >= today else ""]
    _wind(case, state)


def _wind(case: Case, state: EntityState) -> None:
    """Set the customer's alarm for an invoice to the first day that is left, or off."""
    named = {each.automation for each in of(case, "invoice.overdue")}
    open_ = state.erp.present and _open(state.erp.fields)
    due = state.erp.fields.get("due_date")
    found = state.marks.get("alarms", {}).items() if open_ else ()
    days = [day for name, (of, day) in found if day and of == due and name in named]
    if days:
        case.customer.alarms[state.id] = min(days)
    else:
        case.customer.alarms.pop(state.id, None)


def of(case: Case, when: Occasion) -> Iterator[Automation]:
    """The contract's automations of one kind."""
    return (each for each in case.contract.automations if each.when == when)


def _ours(case: Case, state: EntityState, fact: Fact) -> bool:
    """Whether we asked for the invoice: then it is news even while the ERP is read for the first time."""
    deal = fact.related.get("deal") or state.related.get("deal")
    return bool(deal and "order" in case.known(deal).marks)


def _paid(fields: Fields) -> bool:
    """Whether somebody has paid it: one that was credited in full has the same status."""
    return fields.get("status") == "paid" and exact(fields.get("amount_paid") or "0") > 0


def _open(fields: Fields) -> bool:
    """Whether it is owed, by a day."""
    owed = fields.get("status") == "posted" and exact(fields.get("amount_due") or "0") > 0
    return owed and bool(fields.get("due_date"))


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
