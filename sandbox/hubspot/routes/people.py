"""People and vandals: what happens in HubSpot without the API.

In: acts under ``/_sandbox/``. Out: the same effects as in HubSpot's own pages: history says CRM_UI and the
user, and webhooks fire. A tampering leaves no trace at all. Invariant: the API's checks hold for people
too.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot import actors, merge
from sandbox.hubspot.actors import Actor
from sandbox.hubspot.association_types import AssociationType
from sandbox.hubspot.errors import invalid, not_found
from sandbox.hubspot.gate import Gate, body_of, record_id
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record
from sandbox.hubspot.routes.drafts import commit, draft, properties_of
from sandbox.hubspot.routes.lookup import find, live
from sandbox.hubspot.validation import checked
from sandbox.hubspot.values import text_of
from sandbox.hubspot.view import record_view
from sandbox.wire import Reply


class PeopleRoutes:
    """The acts of pretend people."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, to stand inside the sandbox's own."""
        one = "/people/{object_type}/{object_id}"
        table = (
            ("/people/{object_type}", "POST", self.create),
            ("/people/{object_type}/merge", "POST", self.merge),
            (one, "PATCH", self.edit),
            (one, "DELETE", self.delete),
            (one + "/associate", "POST", self.associate),
            (one + "/dissociate", "POST", self.dissociate),
            (one + "/restore", "POST", self.restore),
            (one + "/erase", "POST", self.erase),
            ("/tamper/{object_type}/{object_id}", "POST", self.tamper),
            ("/tamper/{object_type}/{object_id}", "PATCH", self.tamper),
        )
        return [Route(path, self.gate.open(handler), methods=[method]) for path, method, handler in table]

    def _kind(self, request: Request) -> ObjectType:
        return self.portal.catalogue.get(request.path_params["object_type"])

    def _record(self, request: Request) -> Record:
        return live(self.portal, self._kind(request), request.path_params["object_id"])

    @staticmethod
    def _who(request: Request) -> Actor:
        return actors.person(int(request.query_params.get("user", actors.PERSON)))

    async def create(self, request: Request) -> Response:
        """Make a record: ``{"properties": {...}, "associations": [...]}``."""
        made = draft(self.portal, self._kind(request), await body_of(request))
        record = commit(self.portal, made, self._who(request))
        return Reply(record_view(self.portal, record, everything=True), status_code=201)

    async def edit(self, request: Request) -> Response:
        """Change a record: ``{"properties": {...}}``."""
        record = self._record(request)
        properties = properties_of(await body_of(request))
        values = checked(self.portal, record.kind, properties, record)
        self.portal.writer.update(record, values, self._who(request), properties)
        return Reply(record_view(self.portal, record, everything=True))

    async def delete(self, request: Request) -> Response:
        """Put a record in the recycle bin."""
        self.portal.writer.archive(self._record(request), self._who(request))
        return Response(status_code=204)

    async def restore(self, request: Request) -> Response:
        """Take a record out of the recycle bin; there is no API for it."""
        record = find(self.portal, self._kind(request), request.path_params["object_id"])
        if record is None or not record.archived:
            raise not_found(request.path_params["object_id"])
        self.portal.writer.restore(record, self._who(request))
        return Reply(record_view(self.portal, record, everything=True))

    async def merge(self, request: Request) -> Response:
        """Merge two records: ``{"primaryObjectId": ..., "objectIdToMerge": ...}``."""
        raw = await body_of(request)
        primary, other = record_id(raw.get("primaryObjectId")), record_id(raw.get("objectIdToMerge"))
        if primary is None or other is None:
            raise invalid("A merge needs primaryObjectId and objectIdToMerge.")
        result = merge.merge(self.portal, self._kind(request), primary, other, self._who(request))
        return Reply(record_view(self.portal, result, everything=True))

    async def erase(self, request: Request) -> Response:
        """Erase a contact under privacy law."""
        merge.erase(self.portal, self._record(request), self._who(request))
        return Response(status_code=204)

    async def _pair(self, request: Request) -> tuple[Record, Record, list[AssociationType]]:
        raw = await body_of(request)
        origin = self._record(request)
        to_kind = self.portal.catalogue.get(str(raw.get("to_type") or raw.get("toObjectType")))
        target = live(self.portal, to_kind, raw.get("to_id") or raw.get("toObjectId"))
        pair = (origin.kind.type_id, to_kind.type_id)
        type_ids = [int(i) for i in raw.get("type_ids") or []]
        if raw.get("primary"):
            type_ids += [t.id for t in self.portal.associations.types(*pair) if t.primary]
        types = [self.portal.associations.type(*pair, i) for i in type_ids]
        return origin, target, types or [self.portal.associations.default(*pair)]

    async def associate(self, request: Request) -> Response:
        """Associate: ``{"to_type": "companies", "to_id": "1", "primary": true, "type_ids": [5]}``."""
        origin, target, types = await self._pair(request)
        self.portal.writer.associate(origin, target, types, self._who(request))
        return Response(status_code=204)

    async def dissociate(self, request: Request) -> Response:
        """Part two records: ``{"to_type": "companies", "to_id": "1"}``."""
        origin, target, _ = await self._pair(request)
        self.portal.writer.dissociate(origin, target, None, self._who(request))
        return Response(status_code=204)

    async def tamper(self, request: Request) -> Response:
        """Change values with no webhook, no date, no history and no check: ``{"properties": {...}}``."""
        record = self._record(request)
        changes = properties_of(await body_of(request))
        if not changes:
            raise invalid('A tampering changes something: {"properties": {name: value}}.')
        for name, value in changes.items():
            self.portal.writer.tamper(record, name, text_of(value))
        keys = self.portal.keys(record)
        now = self.portal.now()
        self.portal.writes.record(now, "tamper", "update", record.kind.name, str(record.id), keys, changes)
        return Reply(record_view(self.portal, record, everything=True))
