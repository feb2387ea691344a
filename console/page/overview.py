"""The document that the page draws: everything on it at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from console.output import money_text, value_text
from console.projection import summary
from console.projection.filters import Filters
from console.projection.listing import find, labels, quarantined
from console.projection.reviews import Review, open_reviews
from console.projection.store import Store
from schemas.brake import BrakeState
from schemas.money import plain
from schemas.names import Side
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict

DECISIONS = 40  # what a person scrolls through; the rest is a command away
WAITING = 12  # of each sort that waits for a person
EVENTS = 20
OPEN_VARIANCES = 50
CLOSED_VARIANCES = 8
QUARANTINED = 5
DAYS = 31  # a month fits next to the month before


def overview(store: Store, now: datetime) -> dict[str, Any]:
    """Everything the page shows."""
    verdicts = find(store, Verdict, limit=DECISIONS)
    proposals, reviews = summary.open_proposals(store)[:WAITING], open_reviews(store, limit=WAITING)
    shown = [*verdicts, *proposals, *(each.verdict for each in reviews)]
    names = labels(store, (name for verdict in shown for name in (verdict.record, verdict.customer)))
    return {
        "status": summary.status(store),
        "flow": summary.flow(store, now),
        "waiting": [
            *(_brake(each) for each in find(store, BrakeState, Filters(state="stopped"), WAITING)),
            *(_proposal(each, names) for each in proposals),
            *(_review(each, names) for each in reviews),
        ],
        "decisions": [_decision(each, names) for each in verdicts],
        "variances": {
            "open": [_variance(each) for each in find(store, Variance, Filters(state="open"), OPEN_VARIANCES)],
            "closed": [_variance(each) for each in find(store, Variance, Filters(state="closed"), CLOSED_VARIANCES)],
        },
        "events": [_event(each) for each in find(store, RevenueEvent, limit=EVENTS)],
        "quarantine": [
            {"name": each.name, "at": each.at.isoformat(), "topic": each.topic, "reason": each.reason}
            | {"about": each.about}
            for each in quarantined(store, Filters(state="held"), QUARANTINED)
        ],
        "totals": daily(find(store, Total, limit=summary.EVERYTHING)),
    }


def daily(totals: list[Total]) -> dict[str, list[dict[str, Any]]]:
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
            for day, sides in sorted(days.items())[-DAYS:]
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
        "reason": f"{touched} on {brake.platform} within an hour, {brake.bound:,} may pass: {brake.held:,} writes wait",
        "next": f"revmark brake release {entity} {brake.rule} --by NAME --why TEXT",
    }


def _proposal(verdict: Verdict, names: Mapping[str, str]) -> dict[str, Any]:
    return _decision(verdict, names) | {"next": f"revmark link {verdict.crm} {verdict.erp} --yes"}


def _review(review: Review, names: Mapping[str, str]) -> dict[str, Any]:
    money = review.verdict.money
    return _decision(review.verdict, names) | {
        "since": review.since.isoformat(),
        "money": f"{money_text(money.amount)} {money.currency}" if money else "",
        "next": f"revmark review choose {review.id} --side crm --by NAME --why TEXT",
    }


def _variance(variance: Variance) -> dict[str, Any]:
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
        "customer": event.customer_name or event.customer,
        "number": event.number,
        "document": event.deal if event.type == "order_created" else event.document,
        "amount": plain(event.money.amount) if event.money else None,
        "currency": event.money.currency if event.money else None,
        "credit_hold": event.credit_hold,
    }
