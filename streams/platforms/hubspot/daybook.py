"""The daybook: a portal's records of the ERP's invoices, by day, for those who count them.

In: a day, or ids of the ERP's. Out: documents, page by page. Invariants: every record of the day comes, however many
there are: pages go by id, never by offset, which HubSpot ends at ten thousand; what people bill in HubSpot itself, and
Revmark never mirrored, is passed over and counted; calls leave to live work what a backfill leaves to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas.audit import Paper
from schemas.change import Change
from schemas.errors import Refused
from schemas.instants import to_millis
from schemas.money import exact
from schemas.names import Side, ref
from streams.platforms.hubspot.api import Api, Json
from streams.platforms.hubspot.limits import BATCH, SEARCH_PAGE
from streams.platforms.hubspot.reading import Reading, checked, chunks, version_of
from streams.platforms.hubspot.shapes import INVOICE, PLATFORM, Shape
from streams.platforms.hubspot.translation import sightings

POSTED = frozenset({"posted", "paid"})
DAY = timedelta(days=1) // timedelta(milliseconds=1)  # milliseconds
READ = datetime(2000, 1, 1, tzinfo=UTC)  # a change has a time of its reading, which nothing here looks at
Patient = Callable[[Callable[[], Awaitable[list[Json]]]], Awaitable[list[Json]]]


class Daybook:
    """One portal's mirrors of invoices."""

    def __init__(self, api: Api, shapes: Mapping[str, Shape], patient: Patient, *, base_currency: str = "") -> None:
        """Call through `api`; `patient` waits where HubSpot asks to."""
        self._api = api
        self._reading = Reading(api, shapes)
        self._shape = shapes[INVOICE.kind]
        self._dated = self._shape.property_of("date")
        self._patient = patient
        self._base_currency = base_currency
        self.calls = 0
        self.passed = 0
        self.unread: dict[str, str] = {}  # the ERP's id, else HubSpot's -> why

    async def close(self) -> None:
        """Release connections."""
        await self._api.close()

    async def of_day(self, day: str) -> AsyncIterator[list[Paper]]:
        """The records whose invoice date is this day.

        Raises:
            Throttled, Parked, Transient, Refused: HubSpot cannot be read, or does not show them.
        """
        begins = to_millis(datetime.fromisoformat(day).replace(tzinfo=UTC))
        last = "0"
        while True:
            found = await self._search(begins, last)
            yield self._papers(found)
            if len(found) < SEARCH_PAGE:
                return
            last = max((str(each["id"]) for each in found), key=int)

    async def named(self, keys: Sequence[str]) -> AsyncIterator[list[Paper]]:
        """The records that carry these ids of the ERP's."""
        for some in chunks(keys, BATCH):
            yield self._papers(await self._batch(some))

    async def _search(self, begins: int, last: str) -> list[Json]:
        dated = {
            "propertyName": self._dated,
            "operator": "BETWEEN",
            "value": str(begins),
            "highValue": str(begins + DAY - 1),
        }
        body: Json = {
            "filterGroups": [{"filters": [dated, {"propertyName": "hs_object_id", "operator": "GT", "value": last}]}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": self._shape.properties,
            "limit": SEARCH_PAGE,
        }

        async def ask() -> list[Json]:
            self.calls += 1
            self._api.pace.spare()
            reply = await self._api.post(self._api.objects(self._shape.path, "/search"), body)
            return [checked(each) for each in reply.granted().results]

        return await self._patient(ask)

    async def _batch(self, keys: Sequence[str]) -> list[Json]:
        async def ask() -> list[Json]:
            self.calls += 1
            self._api.pace.spare()
            shape = self._shape
            return await self._reading.batch(shape.path, keys, shape.properties, id_property=shape.key)

        return await self._patient(ask)

    def _papers(self, found: Sequence[Json]) -> list[Paper]:
        papers: list[Paper] = []
        for record in found:
            try:
                shown = paper(self._shape, record, self._base_currency)
            except Refused as error:
                self.unread[str(record["properties"].get(self._shape.key) or record["id"])] = error.message
                continue
            if shown is None:
                self.passed += 1
            else:
                papers.append(shown)
        return papers


def paper(shape: Shape, record: Json, base_currency: str) -> Paper | None:
    """A record as a document; None where it mirrors nothing: what somebody bills in HubSpot itself. Pure.

    Raises:
        Refused: it cannot be read; the message names the property.
    """
    version = version_of(record)
    change = Change(
        tenant="-", platform="hubspot", side=Side.CRM, kind=shape.kind, record_id=record["id"], version=version,
        seen_at=READ, raw=record,
    )  # fmt: skip
    (sighting,) = sightings(change, base_currency=base_currency, shapes={shape.kind: shape})
    fields = sighting.fields
    key = str(fields.get("erp_id") or "")
    if not key and not (fields.get("number") and fields.get("total") is not None):
        return None
    return Paper(
        side=Side.CRM,
        kind="invoice",
        ref=ref(PLATFORM, shape.kind, record["id"]),
        key=key,
        number=str(fields.get("number") or ""),
        day=str(fields.get("date") or ""),
        currency=str(fields.get("currency") or ""),
        total=_amount(fields, "total") or Decimal(0),
        counted=fields.get("status") in POSTED,
        status=str(fields.get("status") or ""),
        paid=_amount(fields, "amount_paid"),
        credited=_amount(fields, "amount_credited"),
        due=_amount(fields, "amount_due"),
        modified=version,
    )


def _amount(fields: Mapping[str, Any], name: str) -> Decimal | None:
    return None if fields.get(name) is None else exact(fields[name])
