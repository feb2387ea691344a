"""The identity service over HTTP: authorize, token, revocation, connections."""

import base64
import binascii
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox.xero.identity import SCOPES, Identity, InvalidGrant


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str | None]:
    """Client id and secret, by Basic header or in the body [SPEC oauth2]."""
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            id_, _, secret = base64.b64decode(packed).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", None
        return id_, secret
    return form.get("client_id", ""), form.get("client_secret")


class TokenService:
    """Answers ``/connect/...``, ``/identity/connect/authorize`` and ``/connections``."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    async def token(self, request: Request) -> Response:
        """``POST /connect/token``."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        id_, secret = _credentials(request, form)
        confidential = secret == self.identity.client_secret
        public = secret is None and "code_verifier" in form  # PKCE
        if id_ != self.identity.client_id or not (confidential or public):
            return JSONResponse({"error": "invalid_client"}, 400)
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    reply = self.identity.exchange(
                        form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
                    )
                case "refresh_token":
                    reply = self.identity.refresh(form.get("refresh_token", ""))
                case "client_credentials":
                    reply = self.identity.grant(form.get("scope", SCOPES), offline=False)
                case _:
                    return JSONResponse({"error": "unsupported_grant_type"}, 400)
        except InvalidGrant as problem:
            return JSONResponse({"error": problem.error}, 400)
        return JSONResponse(reply, headers={"Cache-Control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        """``POST /connect/revocation``."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        id_, secret = _credentials(request, form)
        if (id_, secret) != (self.identity.client_id, self.identity.client_secret):
            return JSONResponse({"error": "invalid_client"}, 400)
        self.identity.revoke(form.get("token", ""))
        return Response(status_code=200)

    async def authorise(self, request: Request) -> Response:
        """``GET /identity/connect/authorize``: the pretend person always consents.

        Scopes are parted by ``%20``; a ``+`` is refused [XD].
        """
        query = request.query_params
        target = query.get("redirect_uri", "")
        if query.get("client_id") != self.identity.client_id or query.get("response_type") != "code" or not target:
            return JSONResponse({"error": "unauthorized_client"}, 400)
        if "+" in request.url.query.partition("scope=")[2].partition("&")[0]:
            return JSONResponse({"error": "invalid_scope"}, 400)
        challenge = query.get("code_challenge", "")
        if challenge and query.get("code_challenge_method") != "S256":
            return JSONResponse({"error": "invalid_request"}, 400)
        code = self.identity.authorise(query.get("scope", ""), target, challenge)
        found = {"code": code, "state": query.get("state", "")}
        return RedirectResponse(f"{target}{'&' if '?' in target else '?'}{urlencode(found)}", 302)

    async def connections(self, request: Request, connection_id: str | None) -> Response:
        """``GET /connections`` and ``DELETE /connections/{id}``."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        access = self.identity.access(token.strip()) if scheme.lower() == "bearer" else None
        if access is None or access.expires <= self.identity.now():
            return JSONResponse({"Type": None, "Title": "Unauthorized", "Status": 401, "Extensions": {}}, 401)
        if connection_id is None and request.method == "GET":
            return JSONResponse(self.identity.listing())
        if connection_id is not None and request.method == "DELETE":
            return Response(status_code=204 if self.identity.disconnect(connection_id) else 404)
        return Response(status_code=405)
