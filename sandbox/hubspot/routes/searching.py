"""The search endpoint."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot import search
from sandbox.hubspot.definitions import Definition
from sandbox.hubspot.errors import invalid
from sandbox.hubspot.gate import Gate, body_of
from sandbox.hubspot.index import Snapshot
from sandbox.hubspot.quota import Bucket
from sandbox.hubspot.routes.paths import OBJECTS
from sandbox.hubspot.view import snapshot_view
from sandbox.wire import Reply


class SearchRoutes:
    """The search API: five a second, no rate headers, a lag behind."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under both families of paths."""
        guarded = self.gate.guard(self.search, self.gate.object_scopes, Bucket.SEARCH)
        return [Route(f"{base}/{{object_type}}/search", guarded, methods=["POST"]) for base in OBJECTS]

    async def search(self, request: Request) -> Response:
        """Answer a search."""
        kind = self.portal.catalogue.get(request.path_params["object_type"])
        if len((await request.body()).decode(errors="replace")) > search.BODY_LIMIT:
            raise invalid(f"The search request body is longer than {search.BODY_LIMIT} characters.")

        def define(name: str) -> Definition | None:
            return self.portal.dictionary.find(kind, name)

        def neighbours(snapshot: Snapshot, type_name: str) -> list[int]:
            to_type = self.portal.catalogue.get(type_name).type_id
            return self.portal.live_ids((kind.type_id, snapshot.id), to_type)

        query = search.parse(await body_of(request), define)
        found = search.matching(query, kind, self.portal.index.shown(kind), define, neighbours)
        page = found[query.after : query.after + query.limit]
        body: dict[str, object] = {
            "total": len(found),
            "results": [snapshot_view(self.portal, each, query.properties) for each in page],
        }
        if query.after + query.limit < len(found) and page:
            body["paging"] = {"next": {"after": str(query.after + query.limit)}}
        return Reply(body)
