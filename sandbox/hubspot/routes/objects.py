"""Records one by one: list, create, read, update, archive, merge, erase."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot import merge
from sandbox.hubspot.errors import Problem, invalid, not_found
from sandbox.hubspot.gate import Gate, body_of, flag, listed, record_id, whole
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record
from sandbox.hubspot.routes.drafts import commit, draft, properties_of
from sandbox.hubspot.routes.lookup import check_id_property, find
from sandbox.hubspot.routes.paths import OBJECTS
from sandbox.hubspot.validation import checked
from sandbox.hubspot.view import record_view
from sandbox.wire import Reply

LIST_DEFAULT = 10
LIST_LIMIT = 100


class ObjectRoutes:
    """The basic object API."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under both families of paths."""
        routes: list[BaseRoute] = []
        for base in OBJECTS:
            for path, method, handler in (
                ("/{object_type}", "GET", self.index),
                ("/{object_type}", "POST", self.create),
                ("/{object_type}/merge", "POST", self.merge),
                ("/{object_type}/gdpr-delete", "POST", self.erase),
                ("/{object_type}/{object_id}", "GET", self.read),
                ("/{object_type}/{object_id}", "PATCH", self.update),
                ("/{object_type}/{object_id}", "DELETE", self.archive),
            ):
                guarded = self.gate.guard(handler, self.gate.object_scopes)
                routes.append(Route(base + path, guarded, methods=[method]))
        return routes

    def kind(self, request: Request) -> ObjectType:
        """Give the type the path names. Raises `Problem`."""
        return self.portal.catalogue.get(request.path_params["object_type"])

    def _view(self, request: Request, record: Record) -> dict[str, object]:
        return record_view(
            self.portal,
            record,
            listed(request, "properties"),
            history=listed(request, "propertiesWithHistory"),
            associations=[self.portal.catalogue.get(name) for name in listed(request, "associations")],
        )

    async def index(self, request: Request) -> Response:
        """List records in the order of ids; no feed of changes."""
        kind = self.kind(request)
        history = bool(listed(request, "propertiesWithHistory"))
        highest = self.portal.quirks.list_limit_with_history if history else LIST_LIMIT
        limit = whole(request, "limit", LIST_DEFAULT, highest)
        after = request.query_params.get("after")
        if after is not None and record_id(after) is None:
            raise invalid(f"Invalid after: {after}")
        start = int(after) if after else 0
        archived = flag(request, "archived")
        page: list[Record] = []
        for record in self.portal.store.all(kind):
            if record.id >= start and record.archived == archived:
                page.append(record)
            if len(page) > limit:
                break
        body: dict[str, object] = {"results": [self._view(request, record) for record in page[:limit]]}
        if len(page) > limit:
            cursor = str(page[limit].id)
            url = request.url.include_query_params(after=cursor)
            body["paging"] = {"next": {"after": cursor, "link": str(url)}}
        return Reply(body)

    async def create(self, request: Request) -> Response:
        """Make a record."""
        kind = self.kind(request)
        raw = await body_of(request)
        record = commit(self.portal, draft(self.portal, kind, raw), self.gate.actor)
        shown = record_view(self.portal, record, everything=True)
        if raw.get("objectWriteTraceId"):
            shown["objectWriteTraceId"] = raw["objectWriteTraceId"]
        return Reply(shown, status_code=201)

    def _named(self, request: Request, *, archived: bool = False) -> Record:
        kind = self.kind(request)
        identity = request.path_params["object_id"]
        id_property = request.query_params.get("idProperty")
        check_id_property(self.portal, kind, id_property)
        record = find(self.portal, kind, identity, id_property)
        if record is None or record.archived != archived:
            raise not_found(identity)
        return record

    async def read(self, request: Request) -> Response:
        """Read a record; an id from before a merge leads to the record it became."""
        return Reply(self._view(request, self._named(request, archived=flag(request, "archived"))))

    async def update(self, request: Request) -> Response:
        """Change a record."""
        raw = await body_of(request)
        record = self._named(request)
        properties = properties_of(raw)
        values = checked(self.portal, record.kind, properties, record)
        self.portal.writer.update(record, values, self.gate.actor, properties)
        return Reply(record_view(self.portal, record, [*record.kind.defaults, *properties]))

    async def archive(self, request: Request) -> Response:
        """Put a record in the recycle bin; once there, doing it again is as good."""
        kind = self.kind(request)
        record = find(self.portal, kind, request.path_params["object_id"])
        if record is not None and not record.archived:
            self.portal.writer.archive(record, self.gate.actor)
        return Response(status_code=204)

    async def merge(self, request: Request) -> Response:
        """Merge two records."""
        raw = await body_of(request)
        primary, other = record_id(raw.get("primaryObjectId")), record_id(raw.get("objectIdToMerge"))
        if primary is None or other is None:
            raise invalid("A merge needs primaryObjectId and objectIdToMerge.")
        result = merge.merge(self.portal, self.kind(request), primary, other, self.gate.actor)
        return Reply(record_view(self.portal, result, everything=True))

    async def erase(self, request: Request) -> Response:
        """Erase a contact for good."""
        kind = self.kind(request)
        if kind.name != "contacts":
            raise Problem(405, "Only contacts can be erased.", "METHOD_NOT_ALLOWED")
        raw = await body_of(request)
        record = find(self.portal, kind, raw.get("objectId"), raw.get("idProperty"))
        if record is None:
            raise not_found(str(raw.get("objectId")))
        merge.erase(self.portal, record, self.gate.actor)
        return Response(status_code=204)
