"""A capture step for tests, with the real translators, and records as the platforms show them.

Flows in: HubSpot and Xero records, marks, links. Flows out: facts and verdicts, parsed, and counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from agents.rules.placing import FIRST_READINGS
from agents.rules.result import Result
from agents.steps.capture import Capture
from schemas.change import Change, Link, Mark
from schemas.command import Read
from schemas.contract import Contract
from schemas.fact import Fact
from schemas.names import Side
from schemas.verdict import Verdict
from schemas.wire import Wire
from streams.platforms.hubspot import translation as hubspot
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.xero import translation as xero
from tables import versions
from tables.identity import Identity
from tables.view import MemoryView
from tests.support.contracts import shipped

__all__ = [
    "Desk",
    "crm",
    "crm_invoice",
    "crm_person",
    "deal",
    "erp",
    "erp_invoice",
    "link",
    "mark",
    "payment",
    "product",
]

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
MILLIS = int(START.timestamp()) * 1000


def change(side: Side, kind: str, number: str, raw: dict[str, Any], *, version: int = 1, **more: Any) -> Change:
    """A record as a platform showed it; versions are counted in seconds."""
    seen = START + timedelta(seconds=version)
    return Change(
        tenant="main", platform="hubspot" if side is Side.CRM else "xero", side=side, kind=kind, record_id=number,
        **{"version": MILLIS + version * 1000, "seen_at": seen, "raw": raw, **more},
    )  # fmt: skip


def crm(number: str, *, version: int = 1, deleted: bool = False, merged: str = "", **properties: Any) -> Change:
    """A HubSpot company."""
    raw = {"properties": {"name": f"Company {number}", "hs_merged_object_ids": merged, **properties}}
    return change(Side.CRM, "company", number, {} if deleted else raw, version=version, deleted=deleted)


def erp(number: str, *, version: int = 1, deleted: bool = False, **raw: Any) -> Change:
    """A Xero contact: a company and its primary person."""
    shown = {"ContactID": number, "Name": f"Company {number}", "ContactGroups": [], **raw}
    return change(Side.ERP, "contact", number, {} if deleted else shown, version=version, deleted=deleted)


def crm_person(
    number: str, company: str | None, *, version: int = 1, deleted: bool = False, **properties: Any
) -> Change:
    """A HubSpot contact."""
    raw = {"properties": properties, "associations": {"company": [company]} if company else {}}
    return change(Side.CRM, "contact", number, {} if deleted else raw, version=version, deleted=deleted)


def deal(number: str, company: str | None, *, version: int = 1, deleted: bool = False, **properties: Any) -> Change:
    """A HubSpot deal."""
    raw = {
        "properties": {"dealname": f"Deal {number}", "dealstage": "closedwon", **properties},
        "associations": {"company": [company]} if company else {},
    }
    return change(Side.CRM, "deal", number, {} if deleted else raw, version=version, deleted=deleted)


def crm_invoice(number: str, erp_id: str | None, *, version: int = 1) -> Change:
    """A HubSpot invoice that mirrors one of Xero's."""
    return change(Side.CRM, "invoice", number, {"properties": {"xero_invoice_id": erp_id}}, version=version)


def product(side: Side, number: str, sku: str, *, version: int = 1, deleted: bool = False, **more: Any) -> Change:
    """A product of HubSpot or an item of Xero."""
    if side is Side.CRM:
        raw: dict[str, Any] = {"properties": {"hs_sku": sku, "name": sku, **more}}
    else:
        raw = {"ItemID": number, "Code": sku, "Name": sku, **more}
    kind = "product" if side is Side.CRM else "item"
    return change(side, kind, number, {} if deleted else raw, version=version, deleted=deleted)


def erp_invoice(number: str, contact: str, *, version: int = 1, **raw: Any) -> Change:
    """A posted Xero invoice."""
    shown = {
        "InvoiceID": number, "Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": f"INV-{number}",
        "Contact": {"ContactID": contact}, "CurrencyCode": "NZD", "Date": "/Date(1788220800000+0000)/",
        "Total": "115.00", "AmountDue": "115.00", **raw,
    }  # fmt: skip
    return change(Side.ERP, "invoice", number, shown, version=version)


def payment(number: str, invoice: str, contact: str, *, version: int = 1, deleted: bool = False) -> Change:
    """A Xero payment on an invoice."""
    shown = {
        "PaymentID": number, "PaymentType": "ACCRECPAYMENT", "Status": "AUTHORISED", "Amount": "115.00",
        "Date": "/Date(1788220800000+0000)/",
        "Invoice": {"InvoiceID": invoice, "Type": "ACCREC", "CurrencyCode": "NZD", "Contact": {"ContactID": contact}},
    }  # fmt: skip
    return change(Side.ERP, "payment", number, {} if deleted else shown, version=version, deleted=deleted)


def mark(side: Side, kind: str) -> Mark:
    """A first reading has ended."""
    return Mark(tenant="main", platform="hubspot" if side is Side.CRM else "xero", side=side, kind=kind, seen_at=START)


def link(left: str, right: str, *, same: bool = True, **more: Any) -> Link:
    """What a person says of two companies."""
    return Link(
        tenant="main", left=f"hubspot/company/{left}", right=f"xero/contact/{right}", same=same, who="Ann",
        why="same people", **{"seen_at": START, **more},
    )  # fmt: skip


@dataclass(slots=True)
class Desk:
    """The step with its tables; everything it ever wrote is kept, in order."""

    contract: Contract = field(default_factory=shipped)
    rows: MemoryView = field(default_factory=MemoryView)
    names: MemoryView = field(default_factory=MemoryView)
    outputs: list[Wire] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, *arrivals: Wire | bytes) -> Result:
        """Give the step one batch."""
        values = [value if isinstance(value, bytes) else value.to_bytes() for value in arrivals]
        shown = partial(hubspot.sightings, shapes=shapes_of(self.contract))
        step = Capture(self.contract, {"hubspot": shown, "xero": xero.sightings})
        result = step(values, self.rows, self.names)
        kinds: dict[str, type[Wire]] = {"facts": Fact, "decisions": Verdict, "lanes.hubspot": Read, "lanes.xero": Read}
        self.outputs += [kinds[output.topic].from_bytes(output.value) for output in result.outputs]
        self.counts.update(result.counts)
        return result

    def ready(self) -> Desk:
        """Both sides have been read once."""
        readings = {reading for entity in FIRST_READINGS.values() for reading in entity}
        self.take(*(mark(side, kind) for side, kind in sorted(readings)))
        self.counts.clear()
        return self

    def facts(self, reference: str | None = None) -> list[Fact]:
        """The facts so far, of one record or all."""
        found = [value for value in self.outputs if isinstance(value, Fact)]
        return [fact for fact in found if reference is None or fact.ref == reference]

    def id_of(self, reference: str) -> str | None:
        """The canonical id of a record."""
        return Identity(self.names, "main").known(reference)

    def verdicts(self, ruling: str | None = None) -> list[Verdict]:
        """The verdicts so far."""
        found = [value for value in self.outputs if isinstance(value, Verdict)]
        return [verdict for verdict in found if ruling is None or verdict.ruling == ruling]

    def asked(self) -> list[tuple[str, str]]:
        """What is to be read again: kinds and ids."""
        found = [value for value in self.outputs if isinstance(value, Read)]
        return [(read.kind, each) for read in found for each in read.record_ids]

    def waiting(self, reference: str) -> bool:
        """Whether the record waits."""
        return bool(versions.parked(self.rows, "main", reference))
