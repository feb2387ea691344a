"""Records by the hundred: read, create, update, upsert, archive."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.errors import Problem, invalid, some_not_found
from sandbox.hubspot.gate import Gate, body_of, flag, record_id
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record
from sandbox.hubspot.routes.batches import Outcome, inputs_of, traced
from sandbox.hubspot.routes.drafts import Draft, commit, draft, properties_of
from sandbox.hubspot.routes.lookup import check_id_property, find
from sandbox.hubspot.routes.paths import OBJECTS
from sandbox.hubspot.validation import Claims, checked
from sandbox.hubspot.view import record_view

Step = Callable[[], dict[str, object]]  # does one input's write, once all are checked
Plan = Callable[[dict[str, Any]], Step]  # checks one input


class BatchRoutes:
    """The batch object API."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under both families of paths."""
        handlers = (
            ("read", self.read),
            ("create", self.create),
            ("update", self.update),
            ("upsert", self.upsert),
            ("archive", self.archive),
        )
        return [
            Route(
                f"{base}/{{object_type}}/batch/{verb}",
                self.gate.guard(handler, self.gate.object_scopes),
                methods=["POST"],
            )
            for base in OBJECTS
            for verb, handler in handlers
        ]

    def _kind(self, request: Request) -> ObjectType:
        return self.portal.catalogue.get(request.path_params["object_type"])

    def _merged_away(self, kind: ObjectType, identity: object) -> bool:
        number = record_id(identity)
        known = self.portal.quirks.merged_ids_in_batch
        return not known and number is not None and self.portal.store.is_alias(kind, number)

    async def read(self, request: Request) -> Response:
        """Read records; ids that were merged away are left out without a word."""
        kind = self._kind(request)
        raw = await body_of(request)
        inputs = inputs_of(raw)
        id_property = raw.get("idProperty")
        check_id_property(self.portal, kind, id_property)
        archived = flag(request, "archived")
        outcome = Outcome(self.portal)
        missing: list[str] = []
        for identity in dict.fromkeys(str(each.get("id")) for each in inputs):
            if id_property in (None, "hs_object_id") and self._merged_away(kind, identity):
                continue
            record = find(self.portal, kind, identity, id_property)
            if record is None or record.archived != archived:
                missing.append(identity)
                continue
            outcome.results.append(
                record_view(
                    self.portal,
                    record,
                    raw.get("properties"),
                    history=raw.get("propertiesWithHistory"),
                )
            )
        if missing:
            outcome.errors.append(some_not_found(kind.singular, missing).item({}))
        return outcome.reply()

    def _run(self, inputs: list[dict[str, Any]], plan: Plan, status: int, outcome: Outcome) -> Response:
        """Check all, then write all; with trace ids, each for itself."""
        alone = traced(inputs)
        steps: list[tuple[Step, dict[str, Any]]] = []
        for each in inputs:
            try:
                steps.append((plan(each), each))
            except Problem as problem:
                if not alone:
                    raise
                outcome.failed(problem, each)
        for step, each in steps:
            outcome.done(step(), each)
        return outcome.reply(status)

    async def create(self, request: Request) -> Response:
        """Make records."""
        kind = self._kind(request)
        inputs = inputs_of(await body_of(request))
        claims = Claims()

        def plan(each: dict[str, Any]) -> Step:
            made = draft(self.portal, kind, each, claims)
            return lambda: self._created(made)

        return self._run(inputs, plan, 201, Outcome(self.portal))

    def _created(self, made: Draft) -> dict[str, object]:
        record = commit(self.portal, made, self.gate.actor)
        return record_view(self.portal, record, everything=True)

    def _updated(self, record: Record, values: dict[str, str], raw: dict[str, Any]) -> dict[str, object]:
        self.portal.writer.update(record, values, self.gate.actor, raw)
        return record_view(self.portal, record, [*record.kind.defaults, *raw])

    async def update(self, request: Request) -> Response:
        """Change records; ids that are not there are told apart, not refused whole."""
        kind = self._kind(request)
        inputs = inputs_of(await body_of(request))
        identities = [(str(each.get("id")), each.get("idProperty")) for each in inputs]
        if len(set(identities)) < len(identities):
            raise invalid("Duplicate IDs found in batch input. IDs must be unique.")
        for _, id_property in identities:
            check_id_property(self.portal, kind, id_property)
        outcome = Outcome(self.portal)
        present: list[dict[str, Any]] = []
        missing: list[str] = []
        for each in inputs:
            by_id = each.get("idProperty") in (None, "hs_object_id")
            if by_id and self._merged_away(kind, each.get("id")):
                continue
            record = find(self.portal, kind, each.get("id"), each.get("idProperty"))
            if record is not None and not record.archived:
                present.append(each)
            elif traced(inputs):
                outcome.failed(some_not_found(kind.singular, [str(each.get("id"))]), each)
            else:
                missing.append(str(each.get("id")))
        if missing:
            outcome.errors.append(some_not_found(kind.singular, missing).item({}))
        claims = Claims()

        def plan(each: dict[str, Any]) -> Step:
            record = find(self.portal, kind, each.get("id"), each.get("idProperty"))
            assert record is not None  # noqa: S101 - only the present ones come here
            raw = properties_of(each)
            values = checked(self.portal, kind, raw, record, claims)
            return lambda: self._updated(record, values, raw)

        return self._run(present, plan, 200, outcome)

    async def upsert(self, request: Request) -> Response:
        """Change records, or make those that are not there, by a unique property."""
        kind = self._kind(request)
        inputs = inputs_of(await body_of(request))
        claims = Claims()
        seen: set[tuple[str, str]] = set()

        def plan(each: dict[str, Any]) -> Step:
            id_property, identity = each.get("idProperty"), str(each.get("id") or "").strip()
            if not id_property or not identity:
                raise invalid("An upsert needs id and idProperty.")
            check_id_property(self.portal, kind, id_property)
            if (id_property, identity.lower()) in seen:
                raise Problem(409, f"Duplicate {id_property} in batch input: {identity}", "CONFLICT")
            seen.add((id_property, identity.lower()))
            raw = properties_of(each)
            record = find(self.portal, kind, identity, id_property)
            if record is not None and not record.archived:
                values = checked(self.portal, kind, raw, record, claims)
                return lambda: {**self._updated(record, values, raw), "new": False}
            made = draft(self.portal, kind, {**each, "properties": {id_property: identity, **raw}}, claims)
            return lambda: {**self._created(made), "new": True}

        return self._run(inputs, plan, 200, Outcome(self.portal))

    async def archive(self, request: Request) -> Response:
        """Put records in the recycle bin; ids that are not there do not matter."""
        kind = self._kind(request)
        for each in inputs_of(await body_of(request)):
            record = find(self.portal, kind, each.get("id"), through_merges=False)
            if record is not None and not record.archived:
                self.portal.writer.archive(record, self.gate.actor)
        return Response(status_code=204)
