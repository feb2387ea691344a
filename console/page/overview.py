"""The document that the page draws: everything on it at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from console.dossier import Dossier, of_record
from console.explain.labels import PLATFORMS
from console.output import money_text, value_text
from console.projection import summary
from console.projection.connections import connections, tiers_of
from console.projection.filters import Filters
from console.projection.held import Held
from console.projection.listing import EVERYTHING, find, labels, quarantined
from console.projection.progress import Progress, progress
from console.projection.refusals import refusals
from console.projection.reviews import Review, open_reviews
from console.projection.store import Store
from schemas.brake import BrakeState
from schemas.ledger import LedgerEntry
from schemas.money import plain
from schemas.names import Side
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict
from streams.settings import Settings

DECISIONS = 40  # what a person scrolls through; the rest is a command away
WAITING = 12  # of each sort that waits for a person
EVENTS = 20
OPEN_VARIANCES = 50
CLOSED_VARIANCES = 8
QUARANTINED = 5
DAYS = 31  # a month fits next to the month before


def overview(store: Store, now: datetime, settings: Settings) -> dict[str, Any]:
    """Everything the page shows."""
    verdicts = find(store, Verdict, limit=DECISIONS)
    proposals, reviews = summary.open_proposals(store)[:WAITING], open_reviews(store, limit=WAITING)
    refused = [each.entry for each in refusals(store, limit=WAITING)]
    judged = [*verdicts, *proposals, *(each.verdict for each in reviews)]
    named = [(each.record, each.customer) for each in judged]
    named += [(each.command.record, each.command.customer) for each in refused]
    names = labels(store, (name for pair in named for name in pair))
    return {
        "status": summary.status(store),
        "flow": summary.flow(store, now),
        "connections": [each.document(now) for each in connections(store, tiers_of(settings), now)],
        "readings": [_reading(each) for each in progress(store, now) if each.open],
        "waiting": [
            *(_brake(each) for each in find(store, BrakeState, Filters(state="stopped"), WAITING)),
            *(_proposal(each, names) for each in proposals),
            *(_review(each, names) for each in reviews),
            *(_refused(each, names) for each in refused),
        ],
        "decisions": [_decision(each, names) for each in verdicts],
        "variances": {
            "open": [variance_line(each) for each in find(store, Variance, Filters(state="open"), OPEN_VARIANCES)],
            "closed": [
                variance_line(each) for each in find(store, Variance, Filters(state="closed"), CLOSED_VARIANCES)
            ],
        },
        "events": [_event(each) for each in find(store, RevenueEvent, limit=EVENTS)],
        "quarantine": [
            _held(each, of_record(store, settings, each))
            for each in quarantined(store, Filters(state="held"), QUARANTINED)
        ],
        "totals": daily(find(store, Total, limit=EVERYTHING)),
    }


def _held(record: Held, found: Dossier) -> dict[str, Any]:
    return {
        "name": record.name,
        "at": record.at.isoformat(),
        "topic": record.topic,
        "reason": record.reason,
        "about": record.about,
        "attempts": record.attempts,
        "edited": record.edit.who if record.edit else "",
        "recovery": found.recovery,
        "remedy": found.remedy,
        "behind": len(found.behind) + len(found.writes),
        "decided": found.verdicts[0].reason if found.verdicts else "",
        "next": f"revmark quarantine show {record.name}",
    }


def daily(totals: list[Total], days_shown: int = DAYS) -> dict[str, list[dict[str, Any]]]:
    """Per currency, the last days with invoices: each side's count and sum, subsidiaries added up, oldest first."""
    found: dict[str, dict[str, dict[Side, tuple[int, Decimal]]]] = {}
    for total in totals:
        sides = found.setdefault(total.currency, {}).setdefault(total.day, {})
        number, amount = sides.get(total.side, (0, Decimal(0)))
        sides[total.side] = (number + total.invoices, amount + total.total)
    nothing = (0, Decimal(0))
    return {
        currency: [
            {
                "day": day,
                **{
                    side.value: {"invoices": sides.get(side, nothing)[0], "total": plain(sides.get(side, nothing)[1])}
                    for side in Side
                },
                "difference": plain(sides.get(Side.CRM, nothing)[1] - sides.get(Side.ERP, nothing)[1]),
            }
            for day, sides in sorted(days.items())[-days_shown:]
        ]
        for currency, days in sorted(found.items())
    }


def _decision(verdict: Verdict, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": verdict.id,
        "at": verdict.at.isoformat(),
        "entity": verdict.entity.value,
        "label": verdict.label or names.get(verdict.record, verdict.record),
        "customer": names.get(verdict.customer, ""),
        "customer_record": verdict.customer if ":" in verdict.customer else "",
        "record": verdict.record,
        "field": verdict.field,
        "ruling": verdict.ruling,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "baseline": value_text(verdict.baseline),
        "crm": value_text(verdict.crm),
        "erp": value_text(verdict.erp),
        "chosen": value_text(verdict.chosen),
        "written_to": verdict.written_to,
        "who": verdict.who,
    }


def _reading(each: Progress) -> dict[str, Any]:
    document = each.document() | {"name": f"{PLATFORMS.get(each.platform, each.platform)}, {each.name}"}
    return document | {"next": f"revmark backfill {'resume' if each.state == 'stopped' else 'status'}"}


def _brake(brake: BrakeState) -> dict[str, Any]:
    entity = brake.entity.value
    touched = f"{brake.records:,} of {brake.population:,} records" if brake.population else f"{brake.records:,} records"
    return {
        "id": f"{brake.connection}|{entity}|{brake.rule}",
        "at": brake.stopped_at.isoformat(),
        "entity": entity,
        "label": f"rule {brake.rule}",
        "field": "",
        "ruling": "stopped",
        "rule": brake.rule,
        "reason": f"{touched} on {PLATFORMS.get(brake.platform, brake.platform)} within an hour, "
        f"{brake.bound:,} may pass: {brake.held:,} writes wait",
        "next": f"revmark brake release {entity} {brake.rule} --by NAME --why TEXT",
        "act": {"kind": "let-go", "entity": entity, "rule": brake.rule},
    }


def _proposal(verdict: Verdict, names: Mapping[str, str]) -> dict[str, Any]:
    return _decision(verdict, names) | {
        "next": f"revmark link {verdict.crm} {verdict.erp} --yes",
        "act": {"kind": "link", "left": verdict.crm, "right": verdict.erp},
    }


def _review(review: Review, names: Mapping[str, str]) -> dict[str, Any]:
    money = review.verdict.money
    return _decision(review.verdict, names) | {
        "since": review.since.isoformat(),
        "money": f"{money_text(money.amount, money.currency)} {money.currency}" if money else "",
        "next": f"revmark review choose {review.id} --side crm --by NAME --why TEXT",
        "act": {"kind": "answer"},
    }


def _refused(entry: LedgerEntry, names: Mapping[str, str]) -> dict[str, Any]:
    command = entry.command
    return {
        "id": command.id,
        "at": (entry.settled_at or entry.claimed_at).isoformat(),
        "entity": command.entity.value,
        "label": names.get(command.record, command.record),
        "customer": names.get(command.customer, ""),
        "customer_record": command.customer,
        "record": command.record,
        "field": "",
        "ruling": "refused",
        "rule": ", ".join(command.rules),
        "reason": f"{PLATFORMS.get(command.platform, command.platform)} refused to {command.kind} it: "
        f"{entry.message or entry.code}",
        "next": f"revmark quarantine show {command.id}",
        "held": command.id,
    }


def variance_line(variance: Variance) -> dict[str, Any]:
    """A variance as lists show it."""
    shown = variance.model_dump(mode="json", include={"id", "day", "currency", "kind", "state", "document"})
    crm, erp = variance.figures
    return shown | {
        "label": variance.number or variance.document,
        "figure": variance.figure,
        "crm": None if crm is None else plain(crm),
        "erp": None if erp is None else plain(erp),
        "difference": plain(variance.difference),
        "at": (variance.closed_at or variance.opened_at).isoformat(),
    }


def _event(event: RevenueEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": event.occurred_at.isoformat(),
        "type": event.type,
        "called": event.called,
        "customer": event.customer_name or event.customer,
        "number": event.number,
        "document": event.deal if event.type == "order_created" else event.document,
        "amount": plain(event.money.amount) if event.money else None,
        "currency": event.money.currency if event.money else None,
        "credit_hold": event.credit_hold,
    }
