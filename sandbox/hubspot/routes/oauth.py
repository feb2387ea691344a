"""OAuth: consent, tokens, and what they are worth."""

from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.access import OAuthProblem
from sandbox.hubspot.errors import invalid
from sandbox.hubspot.gate import Gate
from sandbox.hubspot.routes.paths import DATED, TOKENS
from sandbox.wire import Reply


class OAuthRoutes:
    """The token endpoints."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under all families of paths."""
        later = [f"/oauth/{version}/token" for version in ("v3", *DATED)]
        table = [
            ("/oauth/authorize", "GET", self.consent),
            *((path, "POST", self.token) for path in TOKENS),
            *((f"{path}/introspect", "POST", self.introspect) for path in later),
            *((f"{path}/revoke", "POST", self.revoke) for path in later),
            ("/oauth/v1/access-tokens/{token}", "GET", self.access_token),
            ("/oauth/v1/refresh-tokens/{token}", "GET", self.refresh_token),
            ("/oauth/v1/refresh-tokens/{token}", "DELETE", self.delete),
        ]
        return [Route(path, self.gate.open(handler), methods=[method]) for path, method, handler in table]

    async def consent(self, request: Request) -> Response:
        """Stand for the page on which a person agrees: agree at once and go back with a code."""
        query = request.query_params
        redirect_uri = query.get("redirect_uri", "")
        if query.get("client_id") != self.portal.access.client_id or not redirect_uri:
            raise invalid("The authorization request needs a known client_id and a redirect_uri.")
        scopes = query.get("scope", "").split()
        answer = {"code": self.portal.access.code(redirect_uri, scopes or None)}
        if query.get("state"):
            answer["state"] = query["state"]
        joint = "&" if "?" in redirect_uri else "?"
        return RedirectResponse(f"{redirect_uri}{joint}{urlencode(answer)}", status_code=302)

    async def _form(self, request: Request) -> dict[str, str]:
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise OAuthProblem("invalid_request", "BAD_REQUEST", "token requests are form-encoded")
        return dict(parse_qsl((await request.body()).decode()))

    async def token(self, request: Request) -> Response:
        """Give an access token."""
        form = await self._form(request)
        body = self.portal.access.token(form)
        if not request.url.path.startswith("/oauth/v1/"):
            described = self.portal.access.describe(str(body["access_token"]))
            body.update({name: described[name] for name in ("hub_id", "scopes", "user_id")})
        return Reply(body)

    async def introspect(self, request: Request) -> Response:
        """Describe a token."""
        form = await self._form(request)
        token = form.get("token", "")
        if form.get("token_type_hint") == "refresh_token" or token.startswith("na1-"):
            return Reply({"active": True, **self.portal.access.describe_refresh(token)})
        return Reply({"active": True, **self.portal.access.describe(token)})

    async def revoke(self, request: Request) -> Response:
        """Revoke a refresh token."""
        self.portal.access.revoke((await self._form(request)).get("token", ""))
        return Response(status_code=200)

    async def access_token(self, request: Request) -> Response:
        """Describe an access token."""
        return Reply(self.portal.access.describe(request.path_params["token"]))

    async def refresh_token(self, request: Request) -> Response:
        """Describe a refresh token."""
        return Reply(self.portal.access.describe_refresh(request.path_params["token"]))

    async def delete(self, request: Request) -> Response:
        """Revoke a refresh token."""
        self.portal.access.revoke(request.path_params["token"])
        return Response(status_code=204)
