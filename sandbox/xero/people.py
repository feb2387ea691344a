"""What happens at the screen and behind everyone's back: ``/_sandbox/people``, ``merge``, ``tamper``.

People use the API's own bodies, without token, quota or idempotency; their acts fire webhooks. Tampering
changes a field in silence: no webhook, no ``UpdatedDateUTC``.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.wire import Reply, decode
from sandbox.xero import contacts
from sandbox.xero.api import PREFIX, Api, Desk
from sandbox.xero.balances import amount_credited, amount_due, amount_paid, remaining_credit
from sandbox.xero.books import Outcome
from sandbox.xero.request import ApiReply
from sandbox.xero.wire import Record, parse_day

VERBS = ["GET", "PUT", "POST", "DELETE"]
SWITCHES = frozenset({"membership_bumps_contact", "payment_bumps_invoice"})
LOCKS = frozenset({"period_lock_date", "end_of_year_lock_date"})
LIMITS = frozenset({"minute_limit", "day_limit", "concurrent_limit"})


class People:
    """The routes of one app."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def routes(self) -> list[BaseRoute]:
        """For the control mount."""
        return [
            Route("/people/merge", self.merge, methods=["POST"]),
            Route("/people/{path:path}", self.act, methods=VERBS),
            Route("/tamper/{resource}/{id}", self.tamper, methods=["POST"]),
            Route("/grant", self.grant, methods=["POST"]),
            Route("/expire", self.expire, methods=["POST"]),
            Route("/settings", self.settings, methods=["POST"]),
        ]

    def _desk(self, request: Request) -> Desk:
        desks = self.api.desks
        return desks.get(request.headers.get("xero-tenant-id", "").lower()) or next(iter(desks.values()))

    async def act(self, request: Request) -> Response:
        """The API as a person's screen uses it."""
        parts = tuple(part for part in request.path_params["path"].split("/") if part)
        if tuple(part.lower() for part in parts[:2]) == PREFIX:
            parts = parts[2:]
        return self.api.work(self._desk(request), request, parts, await request.body(), "person", json=True)

    async def merge(self, request: Request) -> Response:
        """``{"loser": ContactID, "winner": ContactID}``."""
        organisation = self._desk(request).organisation
        wanted = decode(await request.body())
        loser, winner = (organisation.contacts.get(str(wanted.get(name, ""))) for name in ("loser", "winner"))
        if loser is None or winner is None or loser is winner:
            return Reply({"message": "loser and winner must be two contacts"}, status_code=404)
        merged = contacts.merge(organisation, loser, winner)
        asked = {("Contacts", loser["ContactID"]): {"MergedToContactID": winner["ContactID"]}}
        outcome = Outcome(ApiReply("Contacts"), organisation.commit(), asked)
        self.api.publish(organisation, outcome, "person")
        return Reply({"merged": merged["ContactID"], "into": winner["ContactID"]})

    async def tamper(self, request: Request) -> Response:
        """``{"Field": value, ...}`` straight into a record; ``LineItems.0.UnitAmount`` reaches inside."""
        organisation = self._desk(request).organisation
        names = {kind.lower(): kind for kind in organisation.shelves}
        shelf = organisation.shelves.get(names.get(request.path_params["resource"].lower(), ""))
        record = shelf.get(request.path_params["id"]) if shelf is not None else None
        if shelf is None or record is None:
            return Reply({"message": "no such record"}, status_code=404)
        wanted: Record = decode(await request.body())
        for path, value in wanted.items():
            record = _replaced(record, path.split("."), value)
        shelf.put(record, quiet=True)
        organisation.commit()
        self.api.writes.record(organisation.now(), "tamper", "update", shelf.kind, record[shelf.key], body=wanted)
        return Reply({"id": record[shelf.key], "changed": sorted(wanted)})

    async def grant(self, request: Request) -> Response:
        """Tokens of a new consent, as after the browser flow; ``{"scope": "..."}`` narrows them."""
        body = await request.body()
        scope = decode(body).get("scope") if body else None
        identity = self._desk(request).organisation.identity
        return Reply(identity.grant(scope) if scope else identity.grant())

    async def expire(self, request: Request) -> Response:
        """Make every access token stale now."""
        self._desk(request).organisation.identity.expire_access()
        return Response(status_code=204)

    async def settings(self, request: Request) -> Response:
        """Lock dates, limits and switches of an organisation."""
        desk = self._desk(request)
        wanted: Record = decode(await request.body())
        unknown = sorted(wanted.keys() - SWITCHES - LOCKS - LIMITS)
        if unknown:
            return Reply({"message": f"no such settings: {', '.join(unknown)}"}, status_code=400)
        for name, value in wanted.items():
            setattr(desk.organisation, name, parse_day(str(value)) if name in LOCKS and value else value)
        desk.limits.minute.limit = desk.organisation.minute_limit
        desk.limits.day.limit = desk.organisation.day_limit
        desk.limits.concurrent = desk.organisation.concurrent_limit
        return Reply({name: getattr(desk.organisation, name) for name in sorted(SWITCHES | LOCKS | LIMITS)})

    def state(self) -> object:
        """Everything held, per tenant, for ``/_sandbox/state``."""
        now = self.api.clock.now()
        held: Record = {"webhooks": self.api.hooks.state(), "tenants": {}}
        for tenant_id, desk in self.api.desks.items():
            organisation = desk.organisation
            shelves: Record = {kind: list(shelf) for kind, shelf in organisation.shelves.items()}
            shelves["Invoices"] = [
                {
                    **each,
                    "AmountDue": amount_due(organisation, each),
                    "AmountPaid": amount_paid(organisation, each),
                    "AmountCredited": amount_credited(organisation, each),
                }
                for each in organisation.invoices
            ]
            shelves["CreditNotes"] = [
                {**each, "RemainingCredit": remaining_credit(organisation, each, each["CreditNoteID"])}
                for each in organisation.credit_notes
            ]
            shelves["limits"] = desk.limits.headers(now)
            shelves["refreshes"] = organisation.identity.refreshes
            held["tenants"][tenant_id] = shelves
        return held


def _coerced(old: object, value: Any) -> Any:
    if isinstance(old, Decimal) and isinstance(value, int | str):
        return Decimal(value)
    if isinstance(old, date) and isinstance(value, str):
        return parse_day(value)
    return value


def _replaced(record: Any, path: list[str], value: Any) -> Any:
    """A copy with one value changed, as deep as the path goes."""
    name, *rest = path
    if isinstance(record, list):
        at = int(name)
        new = _replaced(record[at], rest, value) if rest else _coerced(record[at], value)
        return [*record[:at], new, *record[at + 1 :]]
    new = _replaced(record.get(name), rest, value) if rest else _coerced(record.get(name), value)
    return {**record, name: new}
