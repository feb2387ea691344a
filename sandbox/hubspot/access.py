"""Who may call: static tokens and OAuth.

In: bearer tokens, OAuth requests. Out: the scopes granted, or HubSpot's 401 and 403. Source: "manage OAuth
tokens" page. Invariant: an access token lives 1,800 seconds of the clock; the refresh token does not
rotate.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.hubspot.errors import Problem, expired, missing_scopes, unauthenticated
from sandbox.wire import iso

ACCESS_SECONDS = 1_800
CODE_SECONDS = 600  # an authorization code is for now


class OAuthProblem(Problem):
    """A token request HubSpot refuses: RFC 6749's words beside HubSpot's own."""

    def __init__(self, error: str, status: str, message: str) -> None:
        super().__init__(400, message)
        self._error = error
        self._status_word = status

    def envelope(self) -> dict[str, object]:
        """Give the body of the reply."""
        shown = super().envelope()
        shown.update(
            status=self._status_word,
            error=self._error,
            error_description=self.message,
        )
        shown.pop("category")
        return shown


@dataclass(slots=True)
class Grant:
    """What one installation of an app was granted; no scopes listed means all."""

    refresh_token: str
    scopes: frozenset[str] | None
    revoked: bool = False
    app: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling."""

    oauth: bool
    scopes: frozenset[str] | None
    app: bool = False  # the app itself, and no account that it is installed in

    def need(self, any_of: Iterable[str]) -> None:
        """Demand one of these scopes. Raises `Problem`."""
        wanted = list(any_of)
        if wanted and self.scopes is not None and not self.scopes & set(wanted):
            raise missing_scopes(wanted)


class Access:
    """The tokens of one portal and one app."""

    def __init__(
        self, clock: Clock, client_id: str, client_secret: str, token: str,
        scopes: Iterable[str] | None, portal_id: int, app_id: int,
    ) -> None:  # fmt: skip
        self._clock = clock
        self.client_id = client_id
        self.client_secret = client_secret
        self.portal_id = portal_id
        self.app_id = app_id
        self.developer_key = secrets.token_hex(16)  # of the developer account, for the app's own settings
        everything = None if scopes is None else frozenset(scopes)
        self._static: dict[str, frozenset[str] | None] = {token: everything}
        self._codes: dict[str, tuple[Grant, str, datetime]] = {}
        self._grants: dict[str, Grant] = {}
        self._tokens: dict[str, tuple[Grant, datetime]] = {}
        self.grant = self.install(everything)

    def install(self, scopes: Iterable[str] | None = None) -> Grant:
        """Install the app, without the pages a person would click through."""
        grant = Grant(f"na1-{secrets.token_hex(12)}", None if scopes is None else frozenset(scopes))
        self._grants[grant.refresh_token] = grant
        return grant

    def add_static(self, token: str, scopes: Iterable[str] | None = None) -> None:
        """Let another static token in: a private app's or a service key."""
        self._static[token] = None if scopes is None else frozenset(scopes)

    def revoke_static(self, token: str) -> None:
        """Let a static token out again."""
        self._static.pop(token, None)

    def code(self, redirect_uri: str, scopes: Iterable[str] | None = None) -> str:
        """Give an authorization code, as the consent page does."""
        code = secrets.token_hex(16)
        expires = self._clock.now() + timedelta(seconds=CODE_SECONDS)
        self._codes[code] = (self.install(scopes), redirect_uri, expires)
        return code

    def caller(self, authorization: str | None) -> Caller:
        """Tell who calls with this header. Raises `Problem`."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthenticated()
        if token in self._static:
            return Caller(oauth=False, scopes=self._static[token])
        if token not in self._tokens:
            raise unauthenticated()
        grant, expires = self._tokens[token]
        if grant.revoked:
            raise unauthenticated()
        if (late := self._clock.now() - expires) >= timedelta():
            raise expired(f"{int(late.total_seconds())} second(s)", iso(expires))
        return Caller(oauth=True, scopes=grant.scopes, app=grant.app)

    def token(self, form: Mapping[str, str]) -> dict[str, object]:
        """Answer the token endpoint. Raises `OAuthProblem`."""
        if form.get("client_id") != self.client_id:
            raise OAuthProblem("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
        if form.get("client_secret") != self.client_secret:
            raise OAuthProblem("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")
        match form.get("grant_type"):
            case "authorization_code":
                return self._issue(self._redeem(form))
            case "refresh_token":
                grant = self._grants.get(form.get("refresh_token", ""))
                if grant is None or grant.revoked:
                    message = "missing or invalid refresh token"
                    raise OAuthProblem("invalid_grant", "BAD_REFRESH_TOKEN", message)
                return self._issue(grant)
            case "client_credentials":
                granted = frozenset(form.get("scope", "").split())
                answer = self._issue(Grant("", granted, app=True))
                return {name: value for name, value in answer.items() if name != "refresh_token"}
            case other:
                message = f"grant_type {other} is not supported"
                raise OAuthProblem("unsupported_grant_type", "BAD_GRANT_TYPE", message)

    def _redeem(self, form: Mapping[str, str]) -> Grant:
        grant, redirect_uri, expires = self._codes.pop(form.get("code", ""), (None, "", self._clock.now()))
        if grant is None or expires <= self._clock.now():
            raise OAuthProblem("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
        if form.get("redirect_uri") != redirect_uri:
            raise OAuthProblem("invalid_grant", "BAD_REDIRECT_URI", "missing or invalid redirect uri")
        return grant

    def _issue(self, grant: Grant) -> dict[str, object]:
        token = f"CN-{secrets.token_urlsafe(48)}"
        self._tokens[token] = (grant, self._clock.now() + timedelta(seconds=ACCESS_SECONDS))
        return {
            "token_type": "bearer",
            "access_token": token,
            "refresh_token": grant.refresh_token,
            "expires_in": ACCESS_SECONDS,
        }

    def describe(self, token: str) -> dict[str, object]:
        """Answer for an access token: whose, which scopes, how long. Raises `Problem`."""
        if token not in self._tokens:
            raise Problem(404, "access token is not known", "OBJECT_NOT_FOUND")
        grant, expires = self._tokens[token]
        left = int((expires - self._clock.now()).total_seconds())
        return {
            "token": token,
            "user": "sandbox@example.com",
            "user_id": 123,
            "hub_domain": "sandbox.example.com",
            "hub_id": self.portal_id,
            "app_id": self.app_id,
            "scopes": sorted(grant.scopes or ()),
            "expires_in": max(left, 0),
            "token_type": "access",
        }

    def describe_refresh(self, token: str) -> dict[str, object]:
        """Answer for a refresh token. Raises `Problem`."""
        grant = self._grants.get(token)
        if grant is None or grant.revoked:
            raise Problem(404, "refresh token is not known", "OBJECT_NOT_FOUND")
        return {
            "token": token,
            "user": "sandbox@example.com",
            "user_id": 123,
            "hub_domain": "sandbox.example.com",
            "hub_id": self.portal_id,
            "client_id": self.client_id,
            "scopes": sorted(grant.scopes or ()),
            "token_type": "refresh",
        }

    def revoke(self, token: str) -> None:
        """Uninstall: the refresh token and all it gave are dead."""
        if grant := self._grants.get(token):
            grant.revoked = True

    def expire_all(self) -> None:
        """Let every access token run out now, for tests of a refresh in the middle of things."""
        now = self._clock.now()
        self._tokens = {token: (grant, now) for token, (grant, _) in self._tokens.items()}
