"""Xero's identity service: tokens that expire, rotate and die.

Facts [SPEC oauth2]: an access token lives 30 minutes; a refresh token rotates on every use, dies after 60
days unused, and the one before may be used again for 30 minutes, because an answer can be lost. Anything
else is 400 ``invalid_grant``.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from sandbox.clock import Clock
from sandbox.wire import encode, epoch_ms
from sandbox.xero.wire import Record

ACCESS_LIFE = timedelta(minutes=30)
REFRESH_LIFE = timedelta(days=60)  # unused
GRACE = timedelta(minutes=30)  # in which the previous refresh token still works
CLIENT_SECRET = "sandbox-xero-secret"  # noqa: S105 - opens nothing real
CODE_LIFE = timedelta(minutes=5)
SCOPES = (
    "offline_access accounting.contacts accounting.settings accounting.invoices accounting.payments "
    "accounting.banktransactions accounting.transactions accounting.attachments"
)


@dataclass(slots=True)
class _Session:
    """One consent of one user; every token of it dies with it."""

    scope: str
    offline: bool
    refresh: str = ""
    refresh_used_at: datetime | None = None
    previous: str = ""
    rotated_at: datetime | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """A bearer token as the API checks it."""

    token: str
    scope: frozenset[str]
    expires: datetime
    session: _Session


@dataclass(slots=True)
class _Connection:
    id: str
    tenant_id: str
    name: str
    created: datetime
    event: str = field(default="")


@dataclass(frozen=True, slots=True)
class _Code:
    scope: str
    until: datetime
    redirect: str
    challenge: str


class InvalidGrant(Exception):
    """400 ``{"error": ...}`` of the token endpoint."""

    def __init__(self, error: str = "invalid_grant") -> None:
        super().__init__(error)
        self.error = error


def challenge_of(verifier: str) -> str:
    """What a verifier was announced as: S256 of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Identity:
    """Grants, and the tenants they reach."""

    def __init__(
        self, clock: Clock, *, client_id: str = "sandbox-xero-client", client_secret: str = CLIENT_SECRET
    ) -> None:
        self._clock = clock
        self.client_id = client_id
        self.client_secret = client_secret
        self.connections: list[_Connection] = []
        self.refreshes = 0  # accepted refreshes; a test that wants exactly one counts here
        self._serial = 0
        self._accesses: dict[str, Access] = {}
        self._refreshes: dict[str, _Session] = {}
        self._codes: dict[str, _Code] = {}

    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()

    def connect(self, tenant_id: str, name: str) -> None:
        """Let tokens reach an organisation."""
        id_ = str(uuid5(NAMESPACE_URL, f"connection/{tenant_id}"))
        self.connections.append(_Connection(id_, tenant_id, name, self._clock.now(), str(uuid5(NAMESPACE_URL, id_))))

    def disconnect(self, connection_id: str) -> bool:
        """``DELETE /connections/{id}``."""
        kept = [each for each in self.connections if each.id != connection_id]
        found = len(kept) < len(self.connections)
        self.connections = kept
        return found

    def reaches(self, tenant_id: str) -> bool:
        """Tell whether the organisation is still connected."""
        return any(each.tenant_id == tenant_id.lower() for each in self.connections)

    def listing(self) -> list[Record]:
        """``GET /connections`` [SPEC identity]."""
        return [
            {
                "id": each.id,
                "authEventId": each.event,
                "tenantId": each.tenant_id,
                "tenantType": "ORGANISATION",
                "tenantName": each.name,
                "createdDateUtc": each.created.strftime("%Y-%m-%dT%H:%M:%S.%f0"),
                "updatedDateUtc": each.created.strftime("%Y-%m-%dT%H:%M:%S.%f0"),
            }
            for each in self.connections
        ]

    def _new(self, kind: str) -> str:
        self._serial += 1
        key = self.client_secret.encode()
        return hmac.new(key, f"{kind}/{self._serial}".encode(), hashlib.sha256).hexdigest()

    def _jwt(self, expires: datetime, scope: str) -> str:
        claims = {
            "exp": epoch_ms(expires) // 1000,
            "iss": "https://identity.xero.com",
            "client_id": self.client_id,
            "jti": self._new("jti"),
            "scope": scope.split(),
        }
        parts = [encode({"alg": "RS256", "typ": "JWT"}), encode(claims)]
        head = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        return f"{head}.{self._new('signature')}"

    def grant(self, scope: str = SCOPES, *, offline: bool = True) -> Record:
        """Tokens of a new consent."""
        return self._issue(_Session(scope, offline))

    def _issue(self, session: _Session) -> Record:
        now = self._clock.now()
        token = self._jwt(now + ACCESS_LIFE, session.scope)
        self._accesses[token] = Access(token, frozenset(session.scope.split()), now + ACCESS_LIFE, session)
        reply: Record = {
            "access_token": token,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": session.scope,
        }
        if session.offline:
            session.previous, session.refresh = session.refresh, self._new("refresh")
            session.rotated_at = session.refresh_used_at = now
            self._refreshes[session.refresh] = session
            reply["refresh_token"] = session.refresh
        return reply

    def authorise(self, scope: str, redirect: str = "", challenge: str = "") -> str:
        """An authorization code: a person consented."""
        code = self._new("code")
        self._codes[code] = _Code(scope, self._clock.now() + CODE_LIFE, redirect, challenge)
        return code

    def exchange(self, code: str, redirect: str = "", verifier: str = "") -> Record:
        """A code for tokens, once, with the redirect address and the verifier it was asked with (RFC 6749, 7636)."""
        found = self._codes.pop(code, None)
        if found is None or self._clock.now() > found.until or found.redirect != redirect:
            raise InvalidGrant
        if found.challenge and not hmac.compare_digest(found.challenge, challenge_of(verifier)):
            raise InvalidGrant
        return self.grant(found.scope, offline="offline_access" in found.scope.split())

    def refresh(self, token: str) -> Record:
        """Rotate: the newest token, or the one before within its grace."""
        session = self._refreshes.get(token)
        now = self._clock.now()
        if session is None or session.revoked or session.refresh_used_at is None or session.rotated_at is None:
            raise InvalidGrant
        if token == session.refresh:
            alive = now - session.refresh_used_at <= REFRESH_LIFE
        else:
            alive = token == session.previous and now - session.rotated_at <= GRACE
        if not alive:
            raise InvalidGrant
        self.refreshes += 1
        if token != session.refresh:  # the answer that carried the newest was lost: it never existed
            self._refreshes.pop(session.refresh, None)
            rotated_at = session.rotated_at
            session.refresh = token
            reply = self._issue(session)
            session.rotated_at = rotated_at  # the grace is not renewed
            return reply
        return self._issue(session)

    def revoke(self, token: str) -> None:
        """End a consent; always answered 200."""
        if (session := self._refreshes.get(token)) is not None:
            session.revoked = True

    def expire_access(self) -> None:
        """Make every access token stale at once; refresh tokens live on."""
        now = self._clock.now()
        self._accesses = {
            token: Access(token, each.scope, min(each.expires, now), each.session)
            for token, each in self._accesses.items()
        }

    def issued(self) -> dict[str, str]:
        """Every token that was given out and is still known, by what it is; for those who look for leaks."""
        accesses = {f"access token {number}": token for number, token in enumerate(self._accesses)}
        return accesses | {f"refresh token {number}": token for number, token in enumerate(self._refreshes)}

    def access(self, token: str) -> Access | None:
        """The token as known, expired or not; None when it never was or its consent is over."""
        found = self._accesses.get(token)
        return None if found is None or found.session.revoked else found
