"""The daybook: an organisation's sales documents of one day, for those who count them.

In: a day, or ids. Out: documents, page by page. Invariants: every document of the day comes, though others are entered
meanwhile: a page goes by id, which does not move, and a listing in which documents became fewer is read again; calls
leave to live work what a backfill leaves to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from schemas.audit import Paper, PaperKind, Settlement
from schemas.errors import Refused, Transient
from schemas.instants import version_millis
from schemas.money import exact
from schemas.names import Side
from streams.platforms.xero import documents, records, wire
from streams.platforms.xero.connection import Answer, Connection
from streams.platforms.xero.kinds import (
    ADVANCES,
    CREDIT_NOTE,
    INVOICE,
    PAGE_SIZE,
    PAYMENT,
    SALES_CREDIT,
    SALES_INVOICE,
    Kind,
    is_id,
    reference,
)
from streams.platforms.xero.reading import IDS_A_CALL, chunks
from streams.platforms.xero.record import Record

READINGS = 3  # of one day: a day in which people move documents about for longer than that is told as unread
POSTED = frozenset({"posted", "paid", "received"})
MONEY = (PAYMENT, *ADVANCES)
KINDS: dict[str, PaperKind] = {
    INVOICE.name: "invoice", CREDIT_NOTE.name: "credit_note", **dict.fromkeys((each.name for each in MONEY), "payment"),
}  # fmt: skip
SALES = {INVOICE.name: SALES_INVOICE, CREDIT_NOTE.name: SALES_CREDIT}
Patient = Callable[[Callable[[], Awaitable[Answer]]], Awaitable[Answer]]
Row = dict[str, Any]


class Daybook:
    """One organisation's documents, by day."""

    def __init__(self, connection: Connection, patient: Patient, *, page_size: int = PAGE_SIZE) -> None:
        """Call through `connection`; `patient` waits where Xero or the quota asks to."""
        self._connection = connection
        self._patient = patient
        self._page_size = page_size
        self.calls = 0
        self.unread: dict[str, str] = {}  # id -> why

    async def close(self) -> None:
        """Release connections."""
        await self._connection.close()

    async def of_day(self, kind: Kind, day: str) -> AsyncIterator[list[Paper]]:
        """The documents of a day.

        A page may show again what one before has shown.

        Raises:
            Transient: documents left the day while it was read, again and again; or Xero cannot be read.
            Parked, Refused: Xero does not let us.
        """
        for _ in range(READINGS):
            page, most = 1, 0
            while True:
                answer = await self._get(kind, self._query(kind, day, page))
                rows, there = answer.rows(kind.path), _pagination(answer, "itemCount")
                yield self._papers(kind, rows)
                if there < most:
                    break  # something has left the day: what stood behind it may have slipped onto a page gone past
                most = there
                if not rows or page >= _pagination(answer, "pageCount"):
                    return
                page += 1
        raise Transient(
            f"xero's {kind.path} of {day} moved while they were read. Next: say it again later", code="moved"
        )

    async def named(self, field: str, values: Sequence[str]) -> AsyncIterator[list[Paper]]:
        """Invoices by their ids (`IDs`) or numbers (`InvoiceNumbers`); what is not there does not come."""
        plain = [each for each in values if (is_id(each) if field == "IDs" else "," not in each)]
        for some in chunks(plain, IDS_A_CALL):
            query = {**dict(INVOICE.query), "page": "1", "pageSize": "100", field: ",".join(some)}
            answer = await self._get(INVOICE, query)
            yield self._papers(INVOICE, answer.rows(INVOICE.path))

    async def _get(self, kind: Kind, query: Mapping[str, str]) -> Answer:
        async def ask() -> Answer:
            self.calls += 1
            return await self._connection.get(kind.path, query=query, purpose="backfill")

        return await self._patient(ask)

    def _query(self, kind: Kind, day: str, page: int) -> dict[str, str]:
        begins = date.fromisoformat(day)
        ends = begins + timedelta(days=1)
        span = f"Date >= {_moment(begins)} AND Date < {_moment(ends)}"
        own = f'Type == "{SALES[kind.name]}" AND ' if kind.name in SALES else ""
        return {
            **dict(kind.query), "where": f"{own}{span}", "order": f"{kind.id_field} ASC", "page": str(page),
            "pageSize": str(self._page_size),
        }  # fmt: skip

    def _papers(self, kind: Kind, rows: Sequence[Row]) -> list[Paper]:
        found: list[Paper] = []
        for row in rows:
            try:
                found += papers(kind, row)
            except Refused as error:
                self.unread[str(row.get(kind.id_field) or "")] = error.message
        return found


def papers(kind: Kind, row: Row) -> list[Paper]:
    """One of Xero's records as a document; nothing for purchases. Pure.

    Raises:
        Refused: it is malformed; the message names the field.
    """
    if not records.is_sale(kind, row):
        return []
    record = Record(row, f"xero {kind.name} {row.get(kind.id_field) or ''}".strip())
    if kind in ADVANCES:
        found = documents.advance(kind, record)
    else:
        read = {INVOICE: documents.invoice, CREDIT_NOTE: documents.credit_note, PAYMENT: documents.payment}[kind]
        found = read(record)
    return [_paper(kind, record, each.fields, each.parents) for each in found]


def _paper(kind: Kind, record: Record, fields: Mapping[str, Any], parents: Mapping[str, str]) -> Paper:
    key, currency = record.identity(kind.id_field), str(fields["currency"] or "")
    amount = fields["amount"] if kind in MONEY else fields["total"]
    if amount is None or not fields["date"]:
        raise record.refuse("Date" if amount is not None else "Total", "it is missing")
    what: PaperKind = "refund" if fields.get("refund") else KINDS[kind.name]
    return Paper(
        side=Side.ERP,
        kind=what,
        ref=reference(kind.name, key),
        key=key,
        number=str(fields.get("number") or fields.get("reference") or ""),
        day=fields["date"],
        currency=currency,
        total=exact(amount),
        counted=fields["status"] in POSTED,
        status=str(fields["status"]),
        paid=_amount(fields, "amount_paid"),
        credited=_amount(fields, "amount_credited"),
        due=_amount(fields, "amount_due"),
        modified=_modified(record),
        invoice=_held(parents),
        customer=parents.get("company", ""),
        reference=str(fields.get("reference") or ""),
        settlements=tuple(_settlements(record, currency)) if kind is INVOICE else (),
    )


def _settlements(record: Record, currency: str) -> Iterator[Settlement]:
    for row in record.rows("Payments"):
        yield Settlement(
            "payment", row.identity("PaymentID"), row.day("Date") or "", exact(row.amount("Amount", currency) or "0"),
            row.text("Reference") or "",
        )  # fmt: skip
    for row in record.rows("CreditNotes"):
        yield Settlement(
            "credit_note", row.identity("CreditNoteID"), row.day("Date") or "",
            exact(row.amount("AppliedAmount", currency) or "0"), row.text("CreditNoteNumber") or "",
        )  # fmt: skip
    for kind in ADVANCES:  # what is set against an invoice counts as credited there
        for row in record.rows(kind.path):
            yield Settlement(
                "credit_note", row.identity(kind.id_field), row.day("Date") or "",
                exact(row.amount("AppliedAmount", currency) or "0"), record_kind=kind.name,
            )  # fmt: skip


def _held(parents: Mapping[str, str]) -> str:
    return parents.get("invoice", "").rpartition("/")[2]


def _amount(fields: Mapping[str, Any], name: str) -> Any:
    return None if fields.get(name) is None else exact(fields[name])


def _modified(record: Record) -> int:
    try:
        return version_millis(wire.version(record.raw))
    except ValueError:
        return 0


def _moment(day: date) -> str:
    return f"DateTime({day.year}, {day.month}, {day.day})"


def _pagination(answer: Answer, name: str) -> int:
    pagination = answer.value.get("pagination") if isinstance(answer.value, dict) else None
    found = pagination.get(name) if isinstance(pagination, dict) else None
    return found if isinstance(found, int) else 0
