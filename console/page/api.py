"""JSON under `/api/`: the same lists and filters as the command line, and the same explanation of a record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.explain.contract import read, required
from console.explain.document import Candidates, Explanation
from console.explain.explanation import explain
from console.explain.search import search
from console.output import as_json
from console.page.books import books, one_day, reconciled
from console.page.earnings import earned
from console.page.facts import Facts
from console.page.holding import held_back, whole
from console.page.overview import overview
from console.page.worked import Worked, moved
from console.projection import summary
from console.projection.connections import connections, tiers_of
from console.projection.delivery import STATES
from console.projection.filters import Filters
from console.projection.listing import Record, find, quarantined
from console.projection.progress import progress
from console.projection.reviews import open_reviews
from console.projection.said import said
from console.projection.store import Store
from console.projection.tables import Known
from schemas.brake import BrakeState
from schemas.errors import RevmarkError, SettingsError, Transient
from schemas.instants import business_day
from schemas.ledger import LedgerEntry
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict
from streams.settings import Settings

LIMIT = 50
MOST = 1_000  # of one answer
_FILTERS = ("record", "customer", "state", "type", "day", "currency")


def routes(settings: Settings, folder: Path) -> list[Route]:
    """The routes, reading the projection in `folder`."""
    facts, shares = Facts(settings), Worked[dict[str, Any]]()

    def answer(path: str, build: Callable[[Store, Request], Any]) -> Route:
        def endpoint(request: Request) -> Response:
            try:
                store = Store(folder, read_only=True)
                try:
                    body = build(store, request)
                finally:
                    store.close()
            except SettingsError as error:
                return _json({"error": error.message}, 400)
            except Transient as error:
                return _json({"error": error.message}, 503)
            except RevmarkError as error:
                return _json({"error": error.message}, 404)
            return body if isinstance(body, Response) else Response(as_json(body), media_type="application/json")

        return Route(f"/api/{path}", endpoint, methods=["GET"])

    return [
        answer("overview", lambda store, _: overview(store, datetime.now(UTC), settings)),
        answer("status", lambda store, _: summary.status(store)),
        answer("connections", lambda store, _: _connections(settings, store)),
        answer("flow", lambda store, _: summary.flow(store, datetime.now(UTC))),
        answer("decisions", lambda store, request: _list(store, Verdict, request)),
        answer("ledger", lambda store, request: _list(store, LedgerEntry, request)),
        answer("totals", lambda store, request: _list(store, Total, request)),
        answer("attribution", lambda store, request: _earned(shares, store, settings, request)),
        answer("facts", lambda store, request: facts.listed(store, *_words(request, "kind", "type", "name"))),
        answer("sheet", lambda store, request: facts.one(store, *_words(request, "record"))),
        answer("facts.jsonld", lambda store, request: _linked(facts, store, request)),
        answer("books", lambda store, _: books(store)),
        answer("day", _day),
        answer("nights", lambda store, _: reconciled(store)),
        answer("variances", lambda store, request: _list(store, Variance, request)),
        answer("events", lambda store, request: _list(store, RevenueEvent, request)),
        answer("explain", lambda store, request: _explain(settings, store, request)),
        answer("quarantine", lambda store, request: quarantined(store, *_wish(request))),
        answer("held-back", lambda store, request: held_back(store, _wish(request)[1])),
        answer("held", lambda store, request: whole(store, settings, request.query_params.get("name", ""))),
        answer("said", lambda store, request: [each.document() for each in said(store, _wish(request)[1])]),
        answer("brakes", lambda store, request: _list(store, BrakeState, request)),
        answer("readings", lambda store, _: [each.document() for each in progress(store, datetime.now(UTC))]),
        answer("reviews", lambda store, _: [each.document() for each in open_reviews(store, limit=MOST)]),
    ]


def _explain(settings: Settings, store: Store, request: Request) -> Explanation | Candidates:
    known = Known(store, settings.tenant)
    found = search(known, request.query_params.get("record", ""))
    return found if isinstance(found, Candidates) else explain(known, found, read(settings.contract))


def _day(store: Store, request: Request) -> dict[str, Any]:
    query = request.query_params
    return one_day(store, query.get("day", ""), query.get("currency", ""))


def _earned(worked: Worked[dict[str, Any]], store: Store, settings: Settings, request: Request) -> dict[str, Any]:
    query = request.query_params
    wish = (query.get("month", ""), query.get("by", "customer"), query.get("basis", "posted"))
    contract, now = required(settings.contract), datetime.now(UTC)
    mark = (moved(store, "totals", "nights", *STATES), business_day(now, contract.timezone))
    return worked.get((contract.digest, *wish), mark, lambda: earned(store, settings, *wish, now))


def _words(request: Request, *names: str) -> list[str]:
    return [request.query_params.get(name, "") for name in names]


def _linked(facts: Facts, store: Store, request: Request) -> Response:
    name, body = facts.linked(store, *_words(request, "type", "record"), ids="ids" in request.query_params)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}  # an id of ours, or a word of this program's
    return StreamingResponse(body, media_type="application/ld+json", headers=headers)


def _connections(settings: Settings, store: Store) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [each.document(now) for each in connections(store, tiers_of(settings), now)]


def _list(store: Store, model: type[Record], request: Request) -> list[Record]:
    return find(store, model, *_wish(request))


def _wish(request: Request) -> tuple[Filters, int]:
    query = request.query_params
    unknown = sorted(set(query) - {*_FILTERS, "limit"})
    if unknown:
        raise SettingsError(f"unknown parameter {unknown[0]!r}; known are limit, {', '.join(_FILTERS)}", code="usage")
    limit = query.get("limit", str(LIMIT))
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= MOST:
        raise SettingsError(f"limit is a whole number from 1 to {MOST}", code="usage")
    filters = Filters(**{name: query[name] for name in _FILTERS if name in query})
    return filters, int(limit)


def _json(body: dict[str, str], status: int) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
