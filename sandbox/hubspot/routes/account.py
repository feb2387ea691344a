"""The account and its people: account info, API usage, owners."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.errors import Problem
from sandbox.hubspot.gate import Gate, flag, record_id, whole
from sandbox.hubspot.quota import Bucket
from sandbox.hubspot.routes.paths import ACCOUNT, OWNERS
from sandbox.hubspot.standard import CURRENCIES
from sandbox.wire import Reply, iso

OWNERS_PAGE = 100
OWNERS_LIMIT = 500


class AccountRoutes:
    """Read-only facts about the account."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under both families of paths."""
        routes: list[BaseRoute] = []
        owners = [(path, self.owners) for base in OWNERS for path in (base, base + "/")]
        for path, handler in (
            *owners,
            *((base + "/{owner_id}", self.owner) for base in OWNERS),
        ):
            guarded = self.gate.guard(handler, lambda _r: ["crm.objects.owners.read"])
            routes.append(Route(path, guarded, methods=["GET"]))
        for base in ACCOUNT:
            details = self.gate.guard(self.details, lambda _r: ["oauth"], Bucket.FREE)
            routes.append(Route(base + "/details", details, methods=["GET"]))
            usage = self.gate.guard(self.usage, lambda _r: ["oauth"], Bucket.FREE)
            routes.append(Route(base + "/api-usage/daily/private-apps", usage, methods=["GET"]))
        return routes

    async def details(self, _request: Request) -> Response:
        """Describe the account."""
        return Reply(
            {
                "portalId": self.portal.portal_id,
                "accountType": "SANDBOX",
                "timeZone": self.portal.time_zone,
                "companyCurrency": self.portal.currency,
                "additionalCurrencies": [c for c in CURRENCIES if c != self.portal.currency],
                "utcOffset": "+00:00",
                "utcOffsetMilliseconds": 0,
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "na1",
            }
        )

    async def usage(self, _request: Request) -> Response:
        """Tell what the day's calls have come to."""
        now = self.portal.now().astimezone(ZoneInfo(self.portal.time_zone))
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        shown = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": self.portal.quota.day_limit,
            "currentUsage": self.portal.quota.used,
            "collectedAt": iso(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": iso(midnight),
        }
        return Reply({"results": [shown]})

    async def owners(self, request: Request) -> Response:
        """List owners."""
        query = request.query_params
        limit = whole(request, "limit", OWNERS_PAGE, OWNERS_LIMIT)
        after = record_id(query.get("after", "0")) or 0
        found = [
            owner
            for owner in sorted(self.portal.owners.values(), key=lambda o: int(o.id))
            if owner.archived == flag(request, "archived")
            and int(owner.id) >= after
            and query.get("email") in (None, "", owner.email)
        ]
        body: dict[str, object] = {"results": [owner.wire() for owner in found[:limit]]}
        if len(found) > limit:
            body["paging"] = {"next": {"after": found[limit].id, "link": ""}}
        return Reply(body)

    async def owner(self, request: Request) -> Response:
        """Read an owner, by owner id or by user id."""
        wanted = request.path_params["owner_id"]
        by_user = request.query_params.get("idProperty") == "userId"
        for owner in self.portal.owners.values():
            identity = str(owner.user_id) if by_user else owner.id
            if identity == wanted and owner.archived == flag(request, "archived"):
                return Reply(owner.wire())
        raise Problem(404, f"Owner {wanted} does not exist", "OBJECT_NOT_FOUND")
