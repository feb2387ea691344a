"""Finds what loads but cannot be meant: gaps, contradictions, guards that never speak, fields that do not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from schemas.contract.automating import automation_faults
from schemas.contract.braking import brake_faults
from schemas.contract.conditions import can_hold, parse, questions
from schemas.contract.consenting import consent_faults
from schemas.contract.facts import fact_faults
from schemas.contract.idle import idle_faults
from schemas.contract.mappings import BILLED, PROPERTY, TAKEN, faults
from schemas.contract.model import Contract, Guards
from schemas.contract.objects import object_faults
from schemas.contract.owners import finance, monotonic, one_sided, owners
from schemas.contract.sources import Source
from schemas.contract.states import STATES
from schemas.contract.touches import touch_faults
from schemas.contract.values import value_faults
from schemas.names import Entity, Side

# Finance's fields: the later change must never win them, and the CRM never owns them.
FINANCE_FIELDS: dict[Entity, frozenset[str]] = {
    Entity.COMPANY: frozenset(
        {"credit_hold", "payment_terms", "balance_due", "last_payment_date", "last_payment_amount"}
    ),
    Entity.DEAL: frozenset({"order_status", "invoice_number", "invoice_status", "amount_due", "amount_paid"}),
    Entity.INVOICE: frozenset(
        {
            "number",
            "status",
            "date",
            "currency",
            "subtotal",
            "tax",
            "total",
            "amount_due",
            "amount_paid",
            "amount_credited",
            "amount_prepaid",
        }
    ),
    Entity.PAYMENT: frozenset({"date", "amount", "currency", "status", "refund"}),
    Entity.CREDIT_NOTE: frozenset({"number", "status", "date", "currency", "total", "remaining"}),
}
# Fields that both platforms let people write: somebody has to own them.
SHARED_FIELDS: dict[Entity, frozenset[str]] = {
    Entity.COMPANY: frozenset(
        {"name", "phone", "tax_number", "currency", "shipping_address", "payment_terms", "credit_hold"}
    ),
    Entity.CONTACT: frozenset({"email", "first_name", "last_name"}),
    Entity.PRODUCT: frozenset({"name", "description", "price"}),
}
CUSTOMER_NAMES = ("customer.ordered", "customer.on_hold")  # what a condition may ask of the customer
# Canonical fields that hold an amount, of whichever entity.
AMOUNTS = frozenset(
    {
        "amount", "amount_credited", "amount_due", "amount_paid", "amount_prepaid", "balance_due",
        "last_payment_amount", "price", "remaining", "subtotal", "tax", "total",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `error` keeps workers from starting, `warning` does not."""

    level: Literal["error", "warning"]
    path: str
    message: str
    place: str = ""  # file, line and column, where that is known


def placed(findings: Iterable[Finding], source: Source) -> list[Finding]:
    """The findings, each with the place of what it is about."""
    return [replace(each, place=str(source.place(each.path.split(".")) or "")) for each in findings]


def lint(contract: Contract) -> list[Finding]:
    """All findings, errors first."""
    found = [*_fields(contract), *_gaps(contract), *_guards(contract), *_required(contract), *_examples(contract)]
    found += [
        *_timing(contract),
        *_mappings(contract),
        *_subsidiary(contract),
        *_billing(contract),
        *_tiers(contract),
        *_idle_guards(contract),
        *_own_guards(contract),
        *_two_owners(contract),
    ]
    more = (
        consent_faults, brake_faults, touch_faults, fact_faults, automation_faults, object_faults, idle_faults,
        value_faults,
    )  # fmt: skip
    found += [Finding(*each) for faults_of in more for each in faults_of(contract)]
    return sorted(found, key=lambda finding: (finding.level, finding.path))


def _fields(contract: Contract) -> Iterator[Finding]:
    for entity, clause in contract.entities.items():
        known, mapped = contract.names(entity), contract.mapped(entity)
        for name, rule in clause.fields.items():
            path = f"entities.{entity.value}.fields.{name}"
            if name not in known:
                yield Finding("error", path, _no_field(contract, entity, name))
            kind = mapped[name].kind if name in mapped else "amount" if name in AMOUNTS else "text"
            if rule.policy == "merge" and kind != "set":
                yield Finding("error", path, "policy 'merge' merges sets, and this is none")
            if name in mapped and not mapped[name].shared:
                yield Finding("error", path, "there is nothing to decide: its mapping names no place in the ERP")
            said = [*owners(entity, rule), *one_sided(entity, name, billed=name in mapped and entity in BILLED)]
            if rule.policy == "monotonic":
                said += monotonic(entity, name, amount=kind == "amount", own=name in mapped)
            if name in FINANCE_FIELDS.get(entity, ()):
                said += finance(rule)
            yield from (Finding(level, path, message) for level, message in said)


def _required(contract: Contract) -> Iterator[Finding]:
    """A required field that does not exist would hold every record for ever."""
    for entity, names in contract.required.items():
        if entity is not Entity.ORDER:
            yield Finding("warning", f"required.{entity.value}", "only an order's required fields are looked at")
        source = Entity.DEAL if entity is Entity.ORDER else entity  # an order is made of what its deal holds
        for name in sorted(set(names) - set(contract.names(source))):
            yield Finding("error", f"required.{entity.value}", _no_field(contract, source, name))
        for name in dict.fromkeys(names) if entity is Entity.ORDER else ():
            why = _never_before(contract, name)
            if why is not None:
                message = f"every won deal would be held for ever: {name} {why}. Take it out of required.order"
                yield Finding("error", "required.order", message)


def _never_before(contract: Contract, name: str) -> str | None:
    """Why a field of a deal is empty as long as the deal is no order."""
    if name in FINANCE_FIELDS[Entity.DEAL]:
        return "is what the order itself brings"
    if name == "quotes" and contract.timing.order_when != "quote_accepted":
        return "are read with timing.order_when: quote_accepted only"
    if name == "subsidiary" and contract.subsidiary is None:
        return "is read where the contract names one (subsidiary) only"
    return None


def _timing(contract: Contract) -> Iterator[Finding]:
    """Timing that promises what is not done, or says what nothing looks at."""
    timing = contract.timing
    if timing.partial == "each" and timing.invoice_when != "shipped":
        message = f"it decides nothing: parts are billed with invoice_when: shipped, not {timing.invoice_when}"
        yield Finding("warning", "timing.partial", message)
    if timing.invoice_when == "never" and "called_off_posted" in timing.model_fields_set:
        message = "it decides nothing: with invoice_when: never no bill is Revmark's, and it credits its own only"
        yield Finding("warning", "timing.called_off_posted", message)
    yield from _deposit(contract)
    yield from _subscriptions(contract)
    yield from _quotes(contract)
    if timing.shipped_when_deal_stage and timing.invoice_when != "shipped":
        message = f"it decides nothing: bills are made by invoice_when: {timing.invoice_when}"
        yield Finding("warning", "timing.shipped_when_deal_stage", message)
    for stage in sorted({*timing.order_when_deal_stage} & {*timing.shipped_when_deal_stage}):
        message = f"{stage!r} is an order and shipped at once: write invoice_when: order_created"
        yield Finding("warning", "timing.shipped_when_deal_stage", message)
    if timing.invoice_when != "never" and not any((timing.order_when_deal_stage, timing.shipped_when_deal_stage)):
        message = (
            "no deal becomes an order, so none is billed: name a stage's id in timing.order_when_deal_stage, or write "
            "invoice_when: never"
        )
        yield Finding("warning", "timing.invoice_when", message)


def _deposit(contract: Contract) -> Iterator[Finding]:
    """A deposit of which nobody can say how much it is, or that nothing is taken off."""
    timing, deposit = contract.timing, contract.timing.deposit
    if deposit is None:
        return
    if timing.invoice_when != "shipped":
        message = f"it decides nothing: a deposit is billed with invoice_when: shipped, not {timing.invoice_when}"
        yield Finding("warning", "timing.deposit", message)
    if timing.partial == "each":
        message = "a deposit with partial: each is not supported: which part would it come off? Leave one of them out"
        yield Finding("error", "timing.deposit", message)
    if (deposit.percent is None) is (deposit.field is None):
        yield Finding("error", "timing.deposit", "say how much it is: either percent or field")
    own = contract.mapped(Entity.DEAL).get(deposit.field) if deposit.field is not None else None
    if deposit.field is not None and own is None:
        message = f"the deal has no field {deposit.field!r} of its own: name it under mappings.deal"
        yield Finding("error", "timing.deposit.field", message)
    if own is not None and own.kind != "amount":
        message = f"{deposit.field!r} is no amount: give it kind: amount under mappings.deal"
        yield Finding("error", "timing.deposit.field", message)


def _quotes(contract: Contract) -> Iterator[Finding]:
    """What cannot be with an order whose line items are a quote's: nobody edits those."""
    timing = contract.timing
    if timing.order_when != "quote_accepted":
        return
    if timing.invoice_when == "shipped":
        message = (
            "quote_accepted with invoice_when: shipped is not supported: line items of an accepted quote are locked, "
            "and cannot say what was shipped"
        )
        yield Finding("error", "timing.order_when", message)
    if timing.subscriptions is not None:
        message = (
            "quote_accepted with subscriptions is not supported: line items of an accepted quote are locked, and a "
            "subscription could not be amended"
        )
        yield Finding("error", "timing.order_when", message)


def _subscriptions(contract: Contract) -> Iterator[Finding]:
    """Subscriptions that do not go with the rest, and words that nobody can say."""
    timing, rules = contract.timing, contract.timing.subscriptions
    if rules is None:
        return
    if timing.invoice_when != "order_created":
        message = (
            f"subscriptions with invoice_when: {timing.invoice_when} are not supported: a period is billed by its day, "
            "not by what was shipped. Write invoice_when: order_created, or leave subscriptions out"
        )
        yield Finding("error", "timing.subscriptions", message)
    if rules.amended == "prorated" and rules.bill != "in_advance":
        message = (
            f"amended: prorated with bill: {rules.bill} is not supported: what is added to a bill needs one that was "
            "made before the period was over. Write bill: in_advance, or amended: next_period"
        )
        yield Finding("error", "timing.subscriptions.amended", message)
    for stage in sorted({*rules.paused_when_deal_stage} & {*timing.order_when_deal_stage}):
        message = f"in {stage!r} a deal would be an order and paused at once: nothing of it would ever be billed"
        yield Finding("error", "timing.subscriptions.paused_when_deal_stage", message)
    if rules.ends is not None:
        own = contract.mapped(Entity.DEAL).get(rules.ends)
        if own is None:
            message = f"the deal has no field {rules.ends!r} of its own: name it under mappings.deal"
            yield Finding("error", "timing.subscriptions.ends", message)
        elif own.kind != "day":
            yield Finding("error", "timing.subscriptions.ends", f"{rules.ends!r} is no day: give it kind: day")


def _tiers(contract: Contract) -> Iterator[Finding]:
    """A tier of what there is not, or of what is in another."""
    tiers = contract.tiers
    known = {entity.value: contract.names(entity) for entity in Entity}
    whole = [*known, *(f"{entity}.{name}" for entity, fields in known.items() for name in fields)]
    for word, names in (("first", tiers.first), ("third", tiers.third)):
        for name in names:
            if name not in whole:
                near = difflib.get_close_matches(name, whole, n=1)
                hint = (
                    f": did you mean {near[0]!r}?" if near else ": name a record, as deal, or a field, as company.name"
                )
                yield Finding("error", f"tiers.{word}", f"there is no {name!r}{hint}")
    for name in sorted({*tiers.first} & {*tiers.third}):
        yield Finding("error", "tiers.third", f"{name!r} is of the first tier as well: remove it from one")


def _mappings(contract: Contract) -> Iterator[Finding]:
    """Fields of the customer's own that a platform has no place for, or that cannot be told apart there."""
    for entity, fields in contract.mappings.items():
        for name, message in faults(entity, fields, synced=contract.clause(entity) is not None):
            yield Finding("error", f"mappings.{entity.value}" + (f".{name}" if name else ""), message)


def _subsidiary(contract: Contract) -> Iterator[Finding]:
    """A subsidiary that nobody can name, or that is named and not kept apart."""
    here, guarded = contract.subsidiary, contract.guards.subsidiary_isolation
    if here is None:
        if guarded and "subsidiary_isolation" in contract.guards.model_fields_set:
            message = "it can never speak: name subsidiary, with the one whose books the ERP keeps"
            yield Finding("warning", "guards.subsidiary_isolation", message)
        return
    if here.crm in TAKEN or not PROPERTY.fullmatch(here.crm):
        message = f"{here.crm!r} is no property's name in HubSpot, or one of Revmark's own"
        yield Finding("error", "subsidiary.crm", message)
    for entity, fields in contract.mappings.items():
        for name, mapped in fields.items():
            if mapped.on(Side.CRM).at == here.crm:
                yield Finding("error", "subsidiary.crm", f"{here.crm} is the place of {entity.value}.{name} already")
    if not guarded:
        message = "it only names totals: the guard subsidiary_isolation is off, and every subsidiary's deals are billed"
        yield Finding("warning", "subsidiary", message)


def _billing(contract: Contract) -> Iterator[Finding]:
    """Parents who are to pay where nothing is billed."""
    timing = contract.timing
    orders = timing.order_when_deal_stage or timing.shipped_when_deal_stage
    if contract.billing.bill_to == "parent" and (timing.invoice_when == "never" or not orders):
        yield Finding("warning", "billing.bill_to", "it decides nothing: no deal is billed under this contract")


def _idle_guards(contract: Contract) -> Iterator[Finding]:
    """A guard that can never speak protects nothing, and whoever reads the contract believes it does."""
    guards = contract.guards
    bills = bool(contract.timing.order_when_deal_stage or contract.timing.shipped_when_deal_stage)
    held = contract.rule(Entity.COMPANY, "payment_terms") or contract.rule(Entity.DEAL, "order_status")
    idle = {
        "credit_hold": not contract.credit_hold_group and "no contact group means on hold: name credit_hold_group",
        "address_governance": not contract.rule(Entity.COMPANY, "shipping_address")
        and "the company's shipping_address is not synced",
        "currency_lock": not contract.rule(Entity.COMPANY, "currency") and "the company's currency is not synced",
        "lifecycle_gating": not contract.lifecycle.gated and "lifecycle.gated names no stage",
    }
    idle["credit_hold"] = idle["credit_hold"] or (
        not held and not bills and "no deal becomes an order, and neither payment_terms nor order_status is synced"
    )
    for name, why in idle.items():
        if getattr(guards, name) and why:
            yield Finding("warning", f"guards.{name}", f"it can never speak: {why}")


def _own_guards(contract: Contract) -> Iterator[Finding]:
    """A guard that looks at nothing, protects nothing, has a name that is taken, or can never speak."""
    taken = set(Guards.model_fields)
    for place, own in enumerate(contract.guards.own):
        path = f"guards.own.{place}"
        if own.guard in taken:
            yield Finding("error", path, f"there is a guard {own.guard!r} already")
        taken.add(own.guard)
        for name in own.protects:
            if name not in contract.names(own.about):
                yield Finding("error", path, _no_field(contract, own.about, name))
            elif contract.rule(own.about, name) is None:
                yield Finding("warning", path, f"it can never speak for {name!r}: the field is not synced")
        condition = parse(own.when)
        known = [*CUSTOMER_NAMES, *(f"erp.{name}" for name in contract.names(own.about))]
        for name in sorted({each.name for each in questions(condition)}):
            if name not in known and name.rsplit(".", 1)[0] not in known[len(CUSTOMER_NAMES) :]:
                near = difflib.get_close_matches(name, known, n=1)
                hint = (
                    f": did you mean {near[0]!r}?" if near else f": there are {', '.join(CUSTOMER_NAMES)}, erp.<field>"
                )
                yield Finding("error", path, f"'when' knows no {name!r}{hint}")
        if not can_hold(condition):
            yield Finding("warning", path, "it can never speak: no case makes its condition true")


def _two_owners(contract: Contract) -> Iterator[Finding]:
    """A rule and a guard that name different owners in the same state: the guard stands, and the rule misleads."""
    for guard, name in (("address_governance", "shipping_address"), ("currency_lock", "currency")):
        rule = contract.rule(Entity.COMPANY, name)
        if not getattr(contract.guards, guard) or rule is None:
            continue
        found = {rule.owner_in(Entity.COMPANY, each) for each in STATES[Entity.COMPANY]["ordered"]}
        if Side.CRM in found:
            yield Finding(
                "warning",
                f"entities.company.fields.{name}",
                f"two owners after the first order: the CRM by this rule, the ERP by the guard {guard}, which stands; "
                "write {owner: {prospect: crm, ordered: erp}}, or switch the guard off",
            )


def _examples(contract: Contract) -> Iterator[Finding]:
    """An example that speaks of a field that does not exist can never hold."""
    for place, each in enumerate(contract.examples):
        named = {*each.given.agreed, *(each.when.crm or ()), *(each.when.erp or ()), *each.then.fields}
        for name in sorted(named - set(contract.names(each.about))):
            yield Finding("error", f"examples.{place}", f"{each.example!r}: {_no_field(contract, each.about, name)}")


def _no_field(contract: Contract, entity: Entity, name: str) -> str:
    near = difflib.get_close_matches(name, contract.names(entity), n=1)
    return f"{entity.value} has no field {name!r}" + (f": did you mean {near[0]!r}?" if near else "")


def _gaps(contract: Contract) -> Iterator[Finding]:
    for entity, clause in contract.entities.items():
        for name in sorted({*SHARED_FIELDS.get(entity, ()), *_shared(contract, entity)} - set(clause.fields)):
            path = f"entities.{entity.value}.fields.{name}"
            yield Finding("warning", path, "both sides can write it and nobody owns it: it will not be synced")


def _shared(contract: Contract, entity: Entity) -> Iterable[str]:
    """The customer's own fields that both sides can write."""
    return () if entity in BILLED else contract.shared.get(entity, ())


def _guards(contract: Contract) -> Iterator[Finding]:
    if contract.guards.lifecycle_gating and contract.lifecycle.fallback in contract.lifecycle.gated:
        yield Finding("error", "lifecycle.fallback", "the fallback stage is itself gated: the guard could never rest")
    if contract.guards.lifecycle_gating and contract.rule(Entity.COMPANY, "lifecycle") is not None:
        yield Finding("error", "entities.company.fields.lifecycle", "lifecycle belongs to the guard lifecycle_gating")
    leads = {"crm_led": Side.CRM, "erp_led": Side.ERP}.get(contract.pattern)
    company = contract.clause(Entity.COMPANY)
    if leads is not None and company is not None and company.master is not leads:
        yield Finding(
            "error", "entities.company.master", f"the pattern {contract.pattern} needs {leads} to be master here"
        )
    if Entity.INVOICE in contract.entities and contract.entities[Entity.INVOICE].master is Side.CRM:
        yield Finding("error", "entities.invoice.master", "posted invoices count as revenue: the ERP is their master")
