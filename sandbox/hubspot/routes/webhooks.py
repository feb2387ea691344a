"""The webhooks API: where an app's webhooks go, and what it hears of.

Source: webhooks guide; the SDK's webhooks module. Invariant: one address per app; at most 1,000 subscriptions.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.delivery import Deliverer
from sandbox.hubspot.errors import Problem, invalid, unauthenticated
from sandbox.hubspot.events import ACTIONS, NEVER, Subscription
from sandbox.hubspot.gate import Gate, Handler, body_of
from sandbox.hubspot.routes.batches import Outcome, inputs_of
from sandbox.wire import Reply, iso

BASES = ("/webhooks/v3", "/webhooks/2026-03", "/app-webhooks/2026-09")
SUBSCRIPTIONS_LIMIT = 1_000
LEAST_PARALLEL = 5  # maxConcurrentRequests must be above


class WebhookRoutes:
    """Settings and subscriptions of the app."""

    def __init__(self, gate: Gate, deliverer: Deliverer) -> None:
        self.gate = gate
        self.portal = gate.portal
        self.deliverer = deliverer
        self.parallel = 10

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under all families of paths."""
        app, subscriptions = "/{app_id}", "/{app_id}/subscriptions"
        table = (
            (app + "/settings", "GET", self.settings),
            (app + "/settings", "PUT", self.set),
            (app + "/settings", "DELETE", self.clear),
            (subscriptions, "GET", self.index),
            (subscriptions, "POST", self.create),
            (subscriptions + "/batch/update", "POST", self.update_batch),
            (subscriptions + "/{subscription_id}", "GET", self.read),
            (subscriptions + "/{subscription_id}", "PATCH", self.update),
            (subscriptions + "/{subscription_id}", "DELETE", self.delete),
        )
        return [
            Route(base + path, self.gate.open(self._developer(handler)), methods=[method])
            for base in BASES
            for path, method, handler in table
        ]

    def _developer(self, handler: Handler) -> Handler:
        """Let the app's developer in, with the key of the developer account or a token of the app."""

        async def checked(request: Request) -> Response:
            if request.query_params.get("hapikey") != self.portal.access.developer_key:
                if "hapikey" in request.query_params:
                    raise unauthenticated()
                self.portal.access.caller(request.headers.get("authorization"))
            if request.path_params["app_id"] != str(self.portal.app_id):
                raise Problem(404, "This app does not exist", "OBJECT_NOT_FOUND")
            return await handler(request)

        return checked

    def _settings(self) -> Response:
        if self.deliverer.target_url is None:
            raise Problem(404, "This app has no webhook settings", "OBJECT_NOT_FOUND")
        now = iso(self.portal.now())
        return Reply(
            {
                "targetUrl": self.deliverer.target_url,
                "throttling": {"maxConcurrentRequests": self.parallel},
                "createdAt": now,
                "updatedAt": now,
            }
        )

    async def settings(self, _request: Request) -> Response:
        """Tell where webhooks go."""
        return self._settings()

    async def set(self, request: Request) -> Response:
        """Say where webhooks go."""
        raw = await body_of(request)
        url = str(raw.get("targetUrl") or "")
        parallel = int((raw.get("throttling") or {}).get("maxConcurrentRequests", self.parallel))
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):  # HubSpot: https alone
            raise invalid("targetUrl must be a public https address.")
        if parallel <= LEAST_PARALLEL:
            raise invalid(f"maxConcurrentRequests must be above {LEAST_PARALLEL}.")
        self.deliverer.target_url, self.parallel = url, parallel
        return self._settings()

    async def clear(self, _request: Request) -> Response:
        """Stop webhooks."""
        self.deliverer.target_url = None
        return Response(status_code=204)

    def _shown(self, subscription: Subscription) -> dict[str, object]:
        kind = self.portal.catalogue.get(subscription.type_id)
        now = iso(self.portal.now())
        shown: dict[str, object] = {
            "id": str(subscription.id),
            "eventType": subscription.name(kind),
            "active": subscription.active,
            "createdAt": now,
            "updatedAt": now,
        }
        if subscription.property_name:
            shown["propertyName"] = subscription.property_name
        if subscription.generic:
            shown["objectTypeId"] = subscription.type_id
        return shown

    def _named(self, subscription_id: object) -> Subscription:
        for subscription in self.portal.announcer.subscriptions:
            if str(subscription.id) == str(subscription_id):
                return subscription
        raise Problem(404, f"Subscription {subscription_id} does not exist", "OBJECT_NOT_FOUND")

    async def index(self, _request: Request) -> Response:
        """List subscriptions."""
        return Reply({"results": [self._shown(each) for each in self.portal.announcer.subscriptions]})

    async def create(self, request: Request) -> Response:
        """Subscribe; a new subscription is paused unless told otherwise."""
        raw = await body_of(request)
        subscription = self._subscribe(raw)
        subscription.active = bool(raw.get("active", False))
        return Reply(self._shown(subscription), status_code=201)

    def _subscribe(self, raw: dict[str, Any]) -> Subscription:
        if len(self.portal.announcer.subscriptions) >= SUBSCRIPTIONS_LIMIT:
            raise invalid(f"An app has at most {SUBSCRIPTIONS_LIMIT} subscriptions.")
        prefix, _, action = str(raw.get("eventType") or "").partition(".")
        generic = prefix == "object"
        kind = self.portal.catalogue.get(str(raw.get("objectTypeId") if generic else prefix))
        known = action in ACTIONS or (action == "privacyDeletion" and kind.name == "contacts")
        if not known or not (generic or kind.named_webhooks):
            raise invalid(f"Invalid eventType: {raw.get('eventType')}")
        name = raw.get("propertyName")
        if action == "propertyChange" and (not name or name in NEVER):
            raise invalid(f"There are no propertyChange subscriptions to {name}.")
        return self.portal.announcer.subscribe(action, kind, name, generic=generic)

    async def read(self, request: Request) -> Response:
        """Read a subscription."""
        return Reply(self._shown(self._named(request.path_params["subscription_id"])))

    async def update(self, request: Request) -> Response:
        """Pause or resume a subscription."""
        subscription = self._named(request.path_params["subscription_id"])
        subscription.active = bool((await body_of(request)).get("active", subscription.active))
        return Reply(self._shown(subscription))

    async def update_batch(self, request: Request) -> Response:
        """Pause or resume subscriptions."""
        inputs = inputs_of(await body_of(request))
        outcome = Outcome(self.portal)
        for subscription, each in [(self._named(each.get("id")), each) for each in inputs]:
            subscription.active = bool(each.get("active"))
            outcome.results.append(self._shown(subscription))
        return outcome.reply()

    async def delete(self, request: Request) -> Response:
        """Unsubscribe."""
        self.portal.announcer.unsubscribe(self._named(request.path_params["subscription_id"]))
        return Response(status_code=204)
