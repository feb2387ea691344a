"""Polling: everything once, then what changed.

In: a kind and a cursor. Out: pages. Invariant: nothing that changed is passed over: pages go on from the last modified
time seen (keyset), never by offset, for an offset skips a record whenever an earlier one is modified meanwhile; and a
poll begins two minutes back, for search shows writes late, until that has been read once after search had settled.

Listing shows what is there and, in a sweep, what was archived; search is never used for it. Search gives at most 10,000
results of one query; as every page is a query of its own, that cap is never met. Records that share one millisecond
beyond a page are paged by id.
Source: HubSpot's guide to searching the CRM.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from schemas.errors import Transient
from schemas.instants import to_millis
from streams.platforms.hubspot.abreast import abreast
from streams.platforms.hubspot.api import Api, Json
from streams.platforms.hubspot.cursor import Cursor, parse_cursor
from streams.platforms.hubspot.limits import BATCH, OVERLAP, SEARCH_PAGE
from streams.platforms.hubspot.reading import Reading, checked, chunks, version_of
from streams.platforms.hubspot.shapes import LINE_ITEMS, QUOTES, Shape
from streams.platforms.interface import Page, Seen

_OVERLAP = OVERLAP // timedelta(milliseconds=1)  # milliseconds


class Polling:
    """The polling part of the client."""

    def __init__(self, api: Api, reading: Reading) -> None:
        self._api = api
        self._reading = reading

    def since(self, kind: str, at: datetime) -> str:
        """A search that begins at `at`, a time of HubSpot's."""
        feeds = _feeds(self._reading.shape(kind))
        return Cursor(mode="search", marks=dict.fromkeys(feeds, to_millis(at) - 1), calm=feeds).text()

    async def poll(
        self, kind: str, cursor: str | None, *, sweep: bool = False, spare: bool = False
    ) -> AsyncIterator[Page]:
        """Page through what changed since `cursor`, or through everything.

        Raises:
            Throttled, Parked, Transient: go on from the last page's cursor.
        """
        shape = self._reading.shape(kind)
        place, there = parse_cursor(cursor), None
        self._may(spare=spare)
        if place is None or (sweep and place.mode == "search"):
            place, there = await self._begin(shape, sweep=sweep)
        elif place.mode == "search":
            place = self._taken_up(place)
        while True:
            if place.mode == "search":
                records, place, left = await self._search(shape, place)
            else:
                records, place = await self._list(shape, place)
                left, there = None if there is None else max(there - len(records), 0), None
            yield Page(records, place.text(), complete=place.resting, left=left)
            if place.resting:
                return
            self._may(spare=spare)

    def _may(self, *, spare: bool) -> None:
        self._api.pace.later_tiers()
        if spare:
            self._api.pace.spare()

    async def _begin(self, shape: Shape, *, sweep: bool) -> tuple[Cursor, int | None]:
        """Before listing, mark the newest modified time: changes made meanwhile are found by the search after it.

        With it comes how many records there are, as far as HubSpot says.
        """
        newest = {feed: await self._newest(feed, _modified(shape, feed)) for feed in _feeds(shape)}
        marks = {feed: mark for feed, (mark, _) in newest.items()}
        now = to_millis(self._api.clock())
        return Cursor(mode="list", sweep=sweep, marks=marks, raised=dict.fromkeys(marks, now)), newest[shape.path][1]

    def _taken_up(self, place: Cursor) -> Cursor:
        """A poll that was cut short goes on exactly, or, when that is a while ago, two minutes back.

        What search had not shown yet when the last page was asked for lies shortly before where that page ended.
        """
        if place.at is None or place.asked is None or to_millis(self._api.clock()) - place.asked <= _OVERLAP:
            return place
        return place.model_copy(update={"at": max(place.at - _OVERLAP, 0), "tie": None})

    async def _newest(self, feed: str, modified: str) -> tuple[int, int | None]:
        found, there = await self._find(
            feed, modified, {"propertyName": modified, "operator": "HAS_PROPERTY"}, descending=True
        )
        return _time(found[0], modified) if found else 0, there

    async def _list(self, shape: Shape, place: Cursor) -> tuple[list[Seen], Cursor]:
        params = {"limit": str(BATCH), "archived": "true" if place.mode == "archived" else "false"}
        params["properties"] = ",".join(shape.properties if place.mode == "list" else [shape.modified])
        if place.after is not None:
            params["after"] = place.after
        reply = (await self._api.get(self._api.objects(shape.path), params)).granted()
        records = [checked(record) for record in reply.results]
        if place.mode == "list":
            seen = await self._reading.complete(shape, records)
        else:
            seen = [
                Seen(shape.kind, record["id"], version_of(record), {"id": record["id"], "archived": True}, deleted=True)
                for record in records
            ]
        if reply.after is not None and reply.after == place.after:
            raise Transient("hubspot's list stands still: its next page is the one that was asked for", code="paging")
        if reply.after is not None:
            return seen, place.model_copy(update={"after": reply.after})
        if place.mode == "list" and place.sweep:
            return seen, place.model_copy(update={"mode": "archived", "after": None})
        return seen, Cursor(mode="search", marks=place.marks, raised=place.raised)

    async def _search(self, shape: Shape, place: Cursor) -> tuple[list[Seen], Cursor, int | None]:
        feeds = _feeds(shape)
        feed = feeds[place.feed % len(feeds)]  # the contract may have asked for more when the poll was cut short
        modified = _modified(shape, feed)
        at = place.at if place.at is not None else place.begin(feed, _OVERLAP)
        asked = to_millis(self._api.clock())
        if place.tie is None:
            criterion: Json = {"propertyName": modified, "operator": "GTE", "value": str(at)}
            found, there = await self._find(feed, modified, criterion, properties=_properties(shape, feed))
        else:
            criterion = {"propertyName": modified, "operator": "BETWEEN", "value": str(at), "highValue": str(at)}
            beyond = {"propertyName": "hs_object_id", "operator": "GT", "value": place.tie}
            found, _ = await self._find(feed, "hs_object_id", criterion, beyond, properties=_properties(shape, feed))
            there = None  # of that millisecond alone
        seen = await self._shown(shape, feed, found)
        newest = max((_time(record, modified) for record in found), default=0)
        left = None if there is None or feed != shape.path else max(there - len(found), 0)
        return seen, _next(shape, place.shown(feed, newest, asked), at, found, modified), left

    async def _find(
        self, feed: str, order: str, *filters: Json, properties: list[str] | None = None, descending: bool = False
    ) -> tuple[list[Json], int | None]:
        """A page of what a search finds, and how many that are in all."""
        body: Json = {
            "filterGroups": [{"filters": list(filters)}],
            "sorts": [{"propertyName": order, "direction": "DESCENDING" if descending else "ASCENDING"}],
            "properties": properties or [order],
            "limit": 1 if descending else SEARCH_PAGE,
        }
        reply = (await self._api.post(self._api.objects(feed, "/search"), body)).granted()
        there = reply.body.get("total")
        return [checked(record) for record in reply.results], there if isinstance(there, int) else None

    async def _shown(self, shape: Shape, feed: str, found: list[Json]) -> list[Seen]:
        """What was found, with what belongs to it; a line item or a quote is shown as its deal."""
        if feed != shape.path:
            return await self._reading.read(
                shape.kind, await self._reading.deals_of(feed, [record["id"] for record in found])
            )
        parts = await abreast(self._reading.shown(shape, part) for part in chunks(found, BATCH))
        shown = [each for part in parts for each in part]
        # A line item may be newer than what search still shows of its deal, which would pass for as new as the line.
        own = {record["id"]: version_of(record) for record in found}
        mixed = [each.record_id for each in shown if each.version > own.get(each.record_id, each.version)]
        again = {each.record_id: each for each in await self._reading.read(shape.kind, mixed)} if mixed else {}
        return [again.get(each.record_id, each) for each in shown]


def _feeds(shape: Shape) -> tuple[str, ...]:
    """What has to be searched for one kind: a changed line item or quote need not modify its deal."""
    more = (LINE_ITEMS,) if shape.kind == "deal" else ()
    return (shape.path, *more, *((QUOTES,) if shape.quotes else ()))


def _modified(shape: Shape, feed: str) -> str:
    return shape.modified if feed == shape.path else "hs_lastmodifieddate"


def _properties(shape: Shape, feed: str) -> list[str]:
    return shape.properties if feed == shape.path else ["hs_lastmodifieddate"]


def _next(shape: Shape, place: Cursor, at: int, found: list[Json], modified: str) -> Cursor:
    if len(found) == SEARCH_PAGE:
        last = _time(found[-1], modified)
        if place.tie is not None or last == at:  # a page of one millisecond: go through it by id
            tie = found[-1]["id"] if place.tie is not None else "0"
            return place.model_copy(update={"at": at, "tie": tie})
        return place.model_copy(update={"at": last})
    if place.tie is not None:  # that millisecond is done
        return place.model_copy(update={"at": at + 1, "tie": None})
    feeds = _feeds(shape)
    return place.ended(feeds[place.feed % len(feeds)], _OVERLAP).model_copy(
        update={"feed": (place.feed + 1) % len(feeds)}
    )


def _time(record: Json, modified: str) -> int:
    """The modified time that search sorts by; the record's own when the property is not shown."""
    shown = record["properties"].get(modified)
    return version_of({**record, "updatedAt": shown} if isinstance(shown, str) and "T" in shown else record)
