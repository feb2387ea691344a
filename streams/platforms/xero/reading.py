"""Reading named records, batched where Xero can.

In: a kind and ids. Out: the records as seen, with the payments inside invoices and credit notes, and with the invoices
that a credit note, or money in advance, touches. Invariant: every id asked for is answered, if only as gone; purchases
are answered by nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from schemas.errors import Refused
from streams.platforms.interface import Seen
from streams.platforms.memory import Memory
from streams.platforms.xero import records
from streams.platforms.xero.connection import Answer, Connection
from streams.platforms.xero.holds import Holds
from streams.platforms.xero.kinds import ALLOCATED, CONTACT, INVOICE, ITEM, KINDS, PAYMENT, Kind
from streams.platforms.xero.quota import Purpose
from streams.platforms.xero.records import Raw

IDS_A_CALL = 40  # 40 GUIDs stay within the length of URL that Xero takes (facts B2)
FIRST_HUNDRED = {
    "page": "1",
    "pageSize": "100",
}  # a paged list carries whole records, an unpaged one does not (facts B4)
SINGLES = 3  # more items than this are cheaper read as the whole unpaged list


class Reader:
    """Reads records of one organisation by their ids."""

    def __init__(self, connection: Connection, holds: Holds) -> None:
        """Keep what to read through."""
        self._connection = connection
        self._holds = holds
        self._memory = Memory()
        self.moved = set[str]()  # kinds of money in advance that an invoice has shown since they were listed

    async def read(
        self, kind_name: str, record_ids: Sequence[str], purpose: Purpose = "read", *, restamped: bool = False
    ) -> list[Seen]:
        """Read records now.

        `restamped`: the version is Xero's time of the reading, for changes that do not move `UpdatedDateUTC`. What is
        modified later still has a later version, because both are times of Xero's clock.

        Raises:
            Refused: no kind of Xero's.
            Throttled, Parked, Transient: nothing was changed; ask again.
        """
        kind = KINDS.get(kind_name)
        if kind is None:
            raise Refused(f"xero: {kind_name} is no kind of record here; kinds are {', '.join(KINDS)}", code="kind")
        ids = list(dict.fromkeys(record_ids))
        found: list[Seen] = []
        async for answer, asked, rows in self._answers(kind, ids, purpose):
            returned = {str(row.get(kind.id_field, "")).lower() for row in rows}
            shown = await self.shown(kind, rows, answer.at)
            found += records.restamped(shown, answer.at) if restamped else shown
            lost = [each for each in asked if each.lower() not in returned]
            found += [records.gone(kind, each, self._memory.version(kind.name, each)) for each in lost]
        self._memory.note(each for each in found if not each.deleted)
        if kind in ALLOCATED:
            touched = [each for credit in found for each in records.touched_invoices(credit.raw)]
            found += await self.read(INVOICE.name, touched, purpose) if touched else []
        return found

    async def shown(self, kind: Kind, rows: Sequence[Raw], at: int) -> list[Seen]:
        """Rows of a full reading as seen: sales only, contacts with their groups, payments with their currency."""
        rows = [records.complete(kind, row) for row in rows if records.is_sale(kind, row)]
        if kind is CONTACT:
            rows = [await self._holds.annotated(row) for row in rows]
        if kind is INVOICE:
            self.moved.update(each for row in rows for each in records.touched_advances(row))
        if kind is PAYMENT:
            rows = await self._with_currency(rows)
        seen = [each for row in rows for each in records.with_payments(kind, row, at)]
        self._memory.note(seen)
        return seen

    async def _answers(
        self, kind: Kind, ids: list[str], purpose: Purpose
    ) -> AsyncIterator[tuple[Answer, Sequence[str], list[Raw]]]:
        """Each answer with the ids that it was asked for and the rows that it gave."""
        query = dict(kind.query)
        if kind is ITEM and len(ids) > SINGLES:
            answer = await self._connection.get(kind.path, query=query, purpose=purpose)
            wanted = {each.lower() for each in ids}
            rows = [row for row in answer.rows(kind.path) if str(row.get(kind.id_field, "")).lower() in wanted]
            yield answer, ids, rows
        elif kind.by_ids:
            for some in chunks(ids, IDS_A_CALL):
                asked = {**query, **FIRST_HUNDRED, "IDs": ",".join(some)}
                answer = await self._connection.get(kind.path, query=asked, purpose=purpose)
                yield answer, some, answer.rows(kind.path)
        else:
            for each in ids:
                answer = await self._connection.get(kind.path, each, query=query, purpose=purpose)
                yield answer, [each], answer.rows(kind.path)

    async def _with_currency(self, rows: list[Raw]) -> list[Raw]:
        """Ask the invoices of payments that do not say their currency; without it an amount has no digits."""
        asked = list(dict.fromkeys(each for row in rows if (each := records.without_currency(row))))
        if not asked:
            return rows
        currencies: dict[str, str] = {}
        async for _, _, invoices in self._answers(INVOICE, asked, "read"):
            currencies |= {str(each["InvoiceID"]): str(each.get("CurrencyCode") or "") for each in invoices}
        return [
            {**row, "Invoice": {**row["Invoice"], "CurrencyCode": currencies.get(each, "")}}
            if (each := records.without_currency(row))
            else row
            for row in rows
        ]


def chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items in groups of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))
