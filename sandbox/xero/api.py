"""The Accounting API over HTTP: who may call, how often, and what a reply looks like.

Order of the gates: token (401), tenant (403), scope, limits (429), idempotency, books. The limits come
before idempotency, so a replay costs quota [REC].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL

from starlette.requests import Request
from starlette.responses import Response

from sandbox.clock import Clock
from sandbox.log import Actor, WriteLog
from sandbox.wire import raw
from sandbox.xero import markup
from sandbox.xero.books import Outcome, perform
from sandbox.xero.idempotency import Replays
from sandbox.xero.limits import MINUTE, Limits, Refusal, Window
from sandbox.xero.organisation import Organisation, derived
from sandbox.xero.problems import Denied, Malformed, Problem
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.resources import BY_PATH
from sandbox.xero.scopes import allowed
from sandbox.xero.shelf import Change
from sandbox.xero.webhooks import Subscription, event_of
from sandbox.xero.wire import Bare, Record, encode

PREFIX = ("api.xro", "2.0")
JSON_TYPE = "application/json; charset=utf-8"
PROVIDER = "Sandbox app"
WRITES = frozenset({"PUT", "POST", "PATCH"})
NO_CONTENT = 204
NOT_FOUND = 404
OK = 200


@dataclass(slots=True)
class Desk:
    """One organisation with what the app has used of it."""

    organisation: Organisation
    limits: Limits
    replays: Replays = field(default_factory=Replays)


class Api:
    """Answers everything under ``/api.xro/2.0/``."""

    def __init__(
        self, organisations: Sequence[Organisation], clock: Clock, writes: WriteLog, hooks: Subscription, latency: float
    ) -> None:
        self.clock = clock
        self.writes = writes
        self.hooks = hooks
        self.latency = latency  # seconds each call takes, so that concurrent calls can meet
        first = organisations[0]
        app = Window(first.app_minute_limit, MINUTE)
        self.desks = {
            each.tenant_id: Desk(
                each,
                Limits(minute=each.minute_limit, day=each.day_limit, concurrent=each.concurrent_limit, app=app),
            )
            for each in organisations
        }
        self._replies = 0

    async def answer(self, request: Request, parts: tuple[str, ...]) -> Response:
        """One call of a client."""
        body = await request.body()
        json = _wants_json(request)
        try:
            desk = self._gate(request, parts)
        except Problem as problem:
            return self._problem(problem, json=True)
        refusal = desk.limits.enter(self.clock.now())
        if refusal is not None:
            return _too_many(refusal, desk.limits.headers(self.clock.now()))
        try:
            await self.clock.sleep(self.latency)
            response = self._once(desk, request, parts, body, json=json)
        finally:
            desk.limits.leave()
        response.raw_headers += raw(desk.limits.headers(self.clock.now()))
        return response

    def _gate(self, request: Request, parts: tuple[str, ...]) -> Desk:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        desk = next(iter(self.desks.values()))
        identity = desk.organisation.identity
        access = identity.access(token.strip()) if scheme.lower() == "bearer" else None
        if access is None:
            raise Denied(401, "Unauthorized", "AuthenticationUnsuccessful", instance=self._instance())
        if access.expires <= self.clock.now():
            at = access.expires.strftime("%m/%d/%Y %H:%M:%S")
            raise Denied(401, "Unauthorized", f"TokenExpired: token expired at {at}", instance=self._instance())
        tenant = request.headers.get("xero-tenant-id", "").lower()
        if tenant not in self.desks or not identity.reaches(tenant):
            raise Denied(403, "Forbidden", "AuthenticationUnsuccessful", instance=self._instance())
        if parts and not allowed(access.scope, parts[0], request.method):
            raise Denied(401, "Unauthorized", "AuthorizationUnsuccessful", instance=self._instance(), scope=True)
        return self.desks[tenant]

    def _once(self, desk: Desk, request: Request, parts: tuple[str, ...], body: bytes, *, json: bool) -> Response:
        """Replay the answer to a known ``Idempotency-Key``, or work one out and keep it."""
        now = self.clock.now()
        key = request.headers.get("idempotency-key") if request.method in WRITES else None
        if not key:
            return self.work(desk, request, parts, body, "api", json=json)
        query = request.scope["query_string"].decode("latin-1")
        digest = desk.replays.digest(request.method, "/".join(parts), query, body)
        known = desk.replays.lookup(key, digest, now)
        if isinstance(known, Response):
            return _copy(known)
        if known is not None:
            return self._problem(Malformed(known), json=json)
        response = self.work(desk, request, parts, body, "api", json=json)
        desk.replays.keep(key, digest, _copy(response), now)  # as it is before it says what is left
        return response

    def work(
        self, desk: Desk, request: Request, parts: tuple[str, ...], body: bytes, actor: Actor, *, json: bool
    ) -> Response:
        """Carry a request out, log its writes, send its events."""
        organisation = desk.organisation
        organisation.actor = actor
        query = {name.lower(): value for name, value in request.query_params.items()}
        ask = ApiRequest(request.method, parts, query, request.headers, body)
        try:
            outcome = perform(organisation, ask)
        except Problem as problem:
            return self._problem(problem, json=json)
        finally:
            organisation.actor = "api"
        self.publish(organisation, outcome, actor)
        return self._reply(outcome.reply, json=json)

    def publish(self, organisation: Organisation, outcome: Outcome, actor: Actor) -> None:
        """Log what a request did and send its events."""
        now = self.clock.now()
        for change in outcome.changes:
            asked = outcome.asked.get((change.kind, change.id))
            if asked is not None or change.before is None:
                self.writes.record(now, actor, _action(change), change.kind, change.id, _keys(change), asked)
            if (event := event_of(change, organisation.tenant_id, organisation.now())) is not None:
                self.hooks.submit(event)

    def _instance(self) -> str:
        self._replies += 1
        return derived(NAMESPACE_URL, f"reply/{self._replies}")

    def _reply(self, reply: ApiReply, *, json: bool) -> Response:
        if reply.status == NO_CONTENT:
            return Response(status_code=NO_CONTENT)
        if reply.bare:
            return _written("Allocation", reply.records[0], OK, json=json)
        envelope: Record = {
            **reply.extra,
            "Id": self._instance(),
            "Status": "OK",
            "ProviderName": PROVIDER,
            "DateTimeUTC": Bare(self.clock.now()),
        }
        if reply.pagination is not None:
            envelope["pagination"] = reply.pagination
        return _written("Response", {**envelope, reply.plural: reply.records}, OK, json=json)

    def _problem(self, problem: Problem, *, json: bool) -> Response:
        if problem.status == NOT_FOUND:  # empty, and says it is HTML [REC]
            return Response(status_code=NOT_FOUND, headers={"Content-Type": "text/html; charset=utf-8"})
        content = problem.body()
        if content is None:
            return Response(status_code=problem.status)
        response = _written("ApiException", content, problem.status, json=json)
        if isinstance(problem, Denied) and problem.scope:
            response.headers["WWW-Authenticate"] = 'Bearer error="insufficient_scope"'
        return response


def _copy(response: Response) -> Response:
    return Response(response.body, response.status_code, dict(response.headers))


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "").lower()


def _written(root: str, content: Mapping[str, object], status: int, *, json: bool) -> Response:
    if json:
        return Response(encode(content), status, headers={"Content-Type": JSON_TYPE})
    return Response(markup.render(root, content), status, headers={"Content-Type": "text/xml; charset=utf-8"})


def _too_many(refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """429 with an empty body and no content type [REC]."""
    more = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    return Response(status_code=429, headers={**headers, **more, "X-Rate-Limit-Problem": refusal.problem})


def _action(change: Change) -> str:
    if change.before is None:
        return "create"
    if change.after is None:
        return "delete"
    status = change.after.get("Status")
    if status != change.before.get("Status") and status in {"VOIDED", "DELETED"}:
        return "void" if status == "VOIDED" else "delete"
    return "delete" if change.after.get("IsDeleted") and not change.before.get("IsDeleted") else "update"


def _keys(change: Change) -> dict[str, str]:
    record = change.after or change.before or {}
    resource = BY_PATH.get(change.kind.lower())
    names = resource.natural if resource is not None else ("_credit", "_invoice", "_owner")
    return {name.lstrip("_"): str(record[name]) for name in names if record.get(name)}
