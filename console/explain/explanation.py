"""The explanation of one record: everything that the topics tell of it, in one document."""

from __future__ import annotations

from itertools import islice
from typing import Any

from agents.silence import silence
from console.explain import history, standing
from console.explain.contract import Agreed, Unreadable
from console.explain.document import Agreement, Customer, Explanation, Named, Shown, Step
from console.explain.fields import fields, sighted
from console.explain.labels import called, spelt
from console.explain.writes import asked, written
from console.projection.tables import Known
from schemas.contract.model import Platforms
from schemas.instants import from_millis
from schemas.names import Entity, Side
from tables.entities import EntityState, SideState

HELD = 50  # records that belong to one, as they are listed; the rest is found by name
LOOKED_AT = 2_000  # rows of a customer: a second's work at most


def explain(known: Known, record: str, contract: Agreed | Unreadable) -> Explanation:
    """Explain a record by its canonical id, or by its reference while nobody knows whose it is."""
    agreed = contract if isinstance(contract, Agreed) else None
    problem = contract.why if isinstance(contract, Unreadable) else ""
    owner = known.customer_of(record) if "/" not in record else None
    if owner is None:
        return _sighting(known, record, agreed, problem)
    state, customer = known.state(owner, record), known.customer(owner)
    references = known.references(record)
    verdicts, ledger = history.verdicts(known.store, record, references), history.entries(known.store, record)
    platforms = agreed.contract.platforms if agreed else Platforms()
    writes = [written(entry) for entry in ledger]
    writes += asked(state, {side: platforms.on(side) for side in Side}, [write.command for write in writes])
    steps = history.steps(
        verdicts, ledger, {write.command: write for write in writes}, agreed.contract if agreed else None
    )
    named = {step.write.command for step in steps if step.write}
    return Explanation(
        record=record,
        entity=state.entity,
        label=called(state),
        customer=_customer(known, owner, state),
        sides={side: _shown(state.side(side)) for side in Side if state.side(side).ref},
        contract=_agreement(agreed, steps),
        problem=problem,
        fields=tuple(fields(state, customer, agreed, standing.asked(state, verdicts))),
        standing=(
            *standing.of_record(state, verdicts, writes, owner),
            *standing.of_names(known.store, record, references),
        ),
        history=tuple(steps),
        nothing_decided="" if steps else silence(state, agreed.contract if agreed else None),
        other_writes=tuple(write for write in writes if write.command not in named),
        related=tuple(_related(known, state, owner)),
        holds=_holds(known, record, owner),
    )


def _sighting(known: Known, reference: str, agreed: Agreed | None, problem: str) -> Explanation:
    """A record that was seen and that is nobody's yet."""
    row = known.waiting(reference)
    platform = reference.split("/", 1)[0]
    verdicts = history.verdicts(known.store, reference, [])
    steps = history.steps(verdicts, [], {}, agreed.contract if agreed else None)
    waits = known.waits(row, agreed.contract) if row is not None and agreed is not None else None
    held = standing.of_sighting(waits, reference, platform)
    shown: dict[str, Any] = row or {}
    seen = (known.seen(reference) or {}).get("v", 0)
    said = "; ".join(each.says for each in held)
    return Explanation(
        record=spelt(reference),
        entity=Entity(shown["entity"]) if row else _entity(reference),
        label=str(next((shown["fields"][name] for name in ("number", "name", "email", "sku")
                        if row and shown["fields"].get(name)), spelt(reference))),
        sides={
            Side.CRM if platform == "hubspot" else Side.ERP: Shown(
                platform=platform, ref=spelt(reference), modified=from_millis(seen) if seen else None,
                deleted=bool(shown.get("deleted")),
            )
        },
        contract=_agreement(agreed, steps),
        problem=problem,
        fields=tuple(sighted(row, agreed)) if row else (),
        standing=(*held, *standing.of_names(known.store, reference, [reference])),
        history=tuple(steps),
        nothing_decided="" if steps else said or (
            "it was seen, and holds nothing by which it could be linked, or is gone: it is no business of Revmark"
        ),
    )  # fmt: skip


def _entity(reference: str) -> Entity:
    kind = reference.split("/")[1]
    named = {"contact": Entity.COMPANY} if reference.startswith("xero/") else {}
    return {**named, "person": Entity.CONTACT, "item": Entity.PRODUCT}.get(kind) or Entity(kind)


def _customer(known: Known, owner: str, state: EntityState) -> Customer | None:
    if state.entity is Entity.PRODUCT:
        return None  # a product belongs to nobody
    customer = known.customer(owner)
    return Customer(
        record=owner,
        label=customer.name or owner,
        ordered=customer.ordered,
        on_hold=customer.hold,
        consent=customer.consent,
        settled=customer.settled,
    )


def _shown(side: SideState) -> Shown:
    return Shown(
        platform=str(side.ref).split("/", 1)[0],
        ref=spelt(str(side.ref)),
        modified=from_millis(side.version) if side.version > 0 else None,
        deleted=side.deleted,
    )


def _agreement(agreed: Agreed | None, steps: list[Step]) -> Agreement | None:
    if agreed is None:
        return None
    contract = agreed.contract
    others = dict.fromkeys(step.contract for step in steps if step.contract not in {"", contract.digest})
    return Agreement(
        file=str(agreed.path), name=contract.name, pattern=contract.pattern, digest=contract.digest,
        others=tuple(others),
    )  # fmt: skip


def _holds(known: Known, record: str, owner: str) -> tuple[Named, ...]:
    """What belongs to a record: all of its own to a customer, what names it to another."""
    found = [each for each in known.beside(owner, LOOKED_AT) if record == owner or record in each.related.values()]
    found.sort(key=lambda each: (-max(each.crm.version, each.erp.version), each.id))
    mine = (each for each in found if known.customer_of(each.id) == owner)  # one that was moved has left a row here
    return tuple(Named(role=each.entity.value, record=each.id, label=called(each)) for each in islice(mine, HELD))


def _related(known: Known, state: EntityState, owner: str) -> list[Named]:
    found = {**state.related} | ({"company": owner} if owner != state.id else {})
    named = []
    for role, record in sorted(found.items()):
        other = known.find(record) if record != state.id else None
        if other is not None:
            named.append(Named(role=role, record=record, label=called(other)))
    return named
