"""Records of every kind the console reads, with sensible values that a test may override."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from console.projection.delivery import Delivery
from schemas.command import Command
from schemas.ledger import LedgerEntry
from schemas.money import Money
from schemas.names import Entity, Side
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict
from schemas.wire import Wire

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ACME = "company:00000000000acme0"
INERT = "<script>alert(1)</script>"


def at(seconds: float) -> datetime:
    """A moment after the start of the test's day."""
    return START + timedelta(seconds=seconds)


def verdict(nth: int, /, **changes: Any) -> Verdict:
    parts: dict[str, Any] = {
        "id": f"verdict-{nth}",
        "tenant": "main",
        "customer": ACME,
        "entity": Entity.COMPANY,
        "record": ACME,
        "label": "Acme Ltd",
        "field": "payment_terms",
        "ruling": "write_back",
        "rule": "owner",
        "reason": "finance owns payment terms",
        "crm": "60 DAYS",
        "erp": "30 DAYS",
        "chosen": "30 DAYS",
        "at": at(nth),
    }
    return Verdict(**(parts | changes))


def proposal(nth: int, **changes: Any) -> Verdict:
    parts: dict[str, Any] = {"crm": "hubspot/company/1", "erp": "xero/contact/a", "chosen": None, "field": ""}
    named = {"ruling": "propose", "rule": "identity", "record": "hubspot/company/1+xero/contact/a", "label": INERT}
    return verdict(nth, **(parts | named | changes))


def entry(nth: int, state: str = "applied", **changes: Any) -> LedgerEntry:
    command: dict[str, Any] = {
        "id": f"command-{nth}",
        "tenant": "main",
        "connection": "main.xero",
        "platform": "xero",
        "side": Side.ERP,
        "kind": "create",
        "entity": Entity.INVOICE,
        "customer": ACME,
        "record": f"invoice:{nth:016x}",
        "natural_key": f"INV-{nth:04}",
        "fields": {"number": f"INV-{nth:04}"},
        "reason": "the deal was won",
        "at": at(nth),
    }
    return LedgerEntry(
        command=Command(**(command | changes)),
        state=state,  # type: ignore[arg-type]
        payload_hash="abc",
        attempts=1,
        claimed_at=at(nth),
        settled_at=at(nth + 1) if state in {"applied", "refused", "superseded"} else None,
        code="200" if state == "applied" else "400",
    )


def total(side: Side, amount: str, **changes: Any) -> Total:
    parts: dict[str, Any] = {
        "tenant": "main",
        "day": "2026-11-20",
        "currency": "EUR",
        "side": side,
        "invoices": 1,
        "total": Decimal(amount),
        "due": Decimal(amount),
    }
    return Total(**(parts | changes))


def variance(nth: int, state: str = "open", **changes: Any) -> Variance:
    parts: dict[str, Any] = {
        "id": f"variance-{nth}",
        "tenant": "main",
        "day": "2026-11-20",
        "currency": "EUR",
        "document": f"invoice:{nth:016x}",
        "number": f"INV-{nth:04}",
        "kind": "amount",
        "crm_total": Decimal("100.00"),
        "erp_total": Decimal("110.00"),
        "difference": Decimal("-10.00"),
        "state": state,
        "opened_at": at(nth),
        "closed_at": at(nth + 60) if state == "closed" else None,
    }
    return Variance(**(parts | changes))


def event(nth: int, /, **changes: Any) -> RevenueEvent:
    parts: dict[str, Any] = {
        "id": f"event-{nth}",
        "type": "payment_received",
        "tenant": "main",
        "customer": ACME,
        "customer_name": "Acme Ltd",
        "sequence": nth,
        "document": f"payment:{nth:016x}",
        "number": f"INV-{nth:04}",
        "money": Money(amount=Decimal("49.90"), currency="EUR"),
        "day": "2026-11-20",
        "occurred_at": at(nth),
    }
    return RevenueEvent(**(parts | changes))


def quarantined(
    offset: int, reason: str = "not a change: tenant: Field required", value: bytes = b'{"broken": true}'
) -> bytes:
    record = {
        "topic": "revmark.changes",
        "partition": 0,
        "offset": offset,
        "key": base64.b64encode(b"main").decode(),
        "value": base64.b64encode(value).decode(),
        "reason": reason,
        "at": START.isoformat(),
    }
    return orjson.dumps(record)


def delivery(topic: str, offset: int, record: Wire | bytes | None, key: str = "", *, seconds: float = 0) -> Delivery:
    value = record.to_bytes() if isinstance(record, Wire) else record
    return Delivery(topic, 0, offset, (key or f"{topic}-{offset}").encode(), value, int(at(seconds).timestamp() * 1000))


def day() -> list[Delivery]:
    """A small day: something of everything."""
    return [
        delivery("decisions", 0, verdict(1)),
        delivery("decisions", 1, verdict(2, ruling="review", field="currency", reason="both sides changed it")),
        delivery("decisions", 2, proposal(3)),
        delivery("ledger", 0, entry(1), "main.xero|command-1"),
        delivery("ledger", 1, entry(2, "refused"), "main.xero|command-2"),
        delivery("totals", 0, total(Side.CRM, "100.00"), "main|2026-11-20|EUR||crm"),
        delivery("totals", 1, total(Side.ERP, "110.00"), "main|2026-11-20|EUR||erp"),
        delivery("variances", 0, variance(1), "variance-1"),
        delivery("variances", 1, variance(2, "closed"), "variance-2"),
        delivery("revenue", 0, event(1)),
        delivery("revenue", 1, event(2, type="credit_hold_changed", money=None, credit_hold=True, number="")),
        delivery("quarantine", 0, quarantined(17)),
    ]
