"""Reading many: filter, order, page.

``pagination`` appears only when the caller paged; without ``page`` the lists of documents come back
without line items [K, SPEC hints]. Paging is by offset, so it shifts under writes, as the real one does.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum

from sandbox.xero.filters import ordered, where
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Bare, Record


class Depth(StrEnum):
    """How much of a record a reply carries."""

    SUMMARY = "summary"  # summaryOnly=true
    LIST = "list"  # a list without page
    PAGE = "page"  # a paged list
    ONE = "one"  # read by id
    WRITTEN = "written"  # the answer to a write


View = Callable[[Record, Depth], Record]


def depth_of(request: ApiRequest) -> Depth:
    """The depth a list request gets."""
    if request.truth("summaryOnly"):
        return Depth.SUMMARY
    return Depth.PAGE if request.page is not None else Depth.LIST


def modified(record: Record) -> datetime | None:
    """When the record was last touched."""
    moment = record.get("UpdatedDateUTC")
    return moment.moment if isinstance(moment, Bare) else moment


def listing(
    request: ApiRequest,
    plural: str,
    records: Iterable[Record],
    view: View,
    *,
    known: frozenset[str],
    block: bool = True,
    order: str = "UpdatedDateUTC",
) -> ApiReply:
    """The reply to ``GET /{plural}``; ``known`` are the fields a filter may name."""
    since = request.since
    kept = [record for record in records if since is None or (moment := modified(record)) is None or moment >= since]
    depth = depth_of(request)
    wanted = request.query.get("order", order)
    stored = all(clause.split()[:1] == ["UpdatedDateUTC"] for clause in wanted.split(","))
    if (text := request.query.get("where")) or not stored:
        shown = [view(record, depth) for record in kept]
        if text:
            test = where(text, known)
            shown = [record for record in shown if test(record)]
        return _page(request, plural, list(ordered(shown, wanted, known)), None, depth, block=block)
    return _page(request, plural, list(ordered(kept, wanted, known)), view, depth, block=block)


def _page(
    request: ApiRequest, plural: str, records: list[Record], view: View | None, depth: Depth, *, block: bool
) -> ApiReply:
    total = len(records)
    pagination = None
    if (paging := request.page) is not None:
        page, size = paging
        records = records[(page - 1) * size : page * size]
        pagination = {"page": page, "pageSize": size, "pageCount": -(-total // size), "itemCount": total}
    shown = records if view is None else [view(record, depth) for record in records]
    return ApiReply(plural, shown, pagination=pagination if block else None)
