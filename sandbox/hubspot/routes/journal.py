"""The webhooks journal's endpoints, and the place its files are fetched from.

Source: the guide to the webhooks journal, its 2026-09 specification. Unverified: that a journal without a newer file
answers 204 (a tool that reads it says so), what a call without the app's own token is told.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.errors import missing_scopes
from sandbox.hubspot.gate import Gate, body_of
from sandbox.hubspot.journal import PATH, File
from sandbox.hubspot.quota import Bucket
from sandbox.hubspot.routes.paths import DATED
from sandbox.wire import Reply

READ = "developer.webhooks_journal.read"
WRITE = "developer.webhooks_journal.subscriptions.write"
VARIANTS = ("journal", "journal-local")  # of all accounts that have the app, and of those in one place; here alike


class JournalRoutes:
    """Subscriptions, offsets, files."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal
        self.journal = gate.portal.journal

    def routes(self) -> list[BaseRoute]:
        """Give the routes."""
        table = (("/earliest", self.earliest), ("/latest", self.latest), ("/offset/{offset}/next", self.after))
        reading = [
            Route(
                f"/webhooks-journal/{variant}/{version}{path}",
                self.gate.guard(handler, lambda _: [READ], Bucket.JOURNAL),
                methods=["GET"],
            )
            for variant in VARIANTS
            for version in DATED
            for path, handler in table
        ]
        writing = [
            Route(
                f"/webhooks-journal/subscriptions/{version}",
                self.gate.guard(self.subscribe, lambda _: [WRITE], Bucket.JOURNAL),
                methods=["POST"],
            )
            for version in DATED
        ]
        return [*reading, *writing, Route(PATH + "/{offset}.json", self.file, methods=["GET"])]

    async def subscribe(self, request: Request) -> Response:
        """Subscribe to actions of a type."""
        self._of_app(request, WRITE)
        raw = await body_of(request)
        self.journal.subscribe(str(raw["objectTypeId"]), [str(each) for each in raw["actions"]])
        return Reply({**raw, "id": 1, "appId": self.portal.app_id}, status_code=201)

    async def earliest(self, request: Request) -> Response:
        """Tell where the oldest file is."""
        return self._shown(request, self.journal.earliest())

    async def latest(self, request: Request) -> Response:
        """Tell where the newest file is."""
        return self._shown(request, self.journal.latest())

    async def after(self, request: Request) -> Response:
        """Tell where the file behind an offset is."""
        return self._shown(request, self.journal.after(request.path_params["offset"]))

    async def file(self, request: Request) -> Response:
        """Give a file. The store has no tokens: whoever sends one beside the signature is sent away."""
        query = request.query_params
        if "authorization" in request.headers:
            return Response("<Error><Code>InvalidArgument</Code></Error>", 400, media_type="application/xml")
        body = self.journal.fetch(request.path_params["offset"], query.get("Expires", ""), query.get("Signature", ""))
        if body is None:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
        return Response(body, media_type="application/json")

    def _shown(self, request: Request, file: File | None) -> Response:
        self._of_app(request, READ)
        asked = request.query_params.get("installPortalId", str(self.portal.portal_id))
        if file is None or asked != str(self.portal.portal_id):
            return Response(status_code=204)
        return Reply(self.journal.address(file, str(request.base_url).rstrip("/")))

    def _of_app(self, request: Request, scope: str) -> None:
        """Demand the app's own token, which stands for no account."""
        if not self.portal.access.caller(request.headers.get("authorization")).app:
            raise missing_scopes([scope])
