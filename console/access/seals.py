"""Cookies: what a browser keeps for us, sealed, so that it can neither be read there nor made up.

In: a sign-in under way, or a session. Out: a text that opens here alone, before its time is over, and as long as it was
not ended. Invariant: a cookie is only sent to this page, over TLS unless the page is on this machine, and no script
sees it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from schemas.errors import Refused, SettingsError
from streams.vault import Vault

_OWNER = "page"  # in the place of a platform


class SignIn(BaseModel):
    """A sign-in under way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: str
    nonce: str
    verifier: str
    to: str
    until: datetime


class Session(BaseModel):
    """A person who has signed in; `met` are the entries of the settings that let them in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    who: str
    met: list[str]
    token: str
    until: datetime


Kept = TypeVar("Kept", SignIn, Session)


class Seals:
    """Seals and opens cookies."""

    def __init__(self, vault: Vault, tenant: str, clock: Callable[[], datetime], *, over_tls: bool) -> None:
        self._vault = vault
        self._tenant = tenant
        self._clock = clock
        self._over_tls = over_tls
        self._ended: dict[str, datetime] = {}  # sessions and sign-ins that are over before their time

    def give(self, answer: Response, kept: SignIn | Session) -> None:
        """Set the cookie."""
        text = self._vault.seal(
            kept.model_dump_json().encode(), tenant=self._tenant, platform=_OWNER, purpose=type(kept).__name__
        )
        age = max(0, int((kept.until - self._clock()).total_seconds()))
        answer.set_cookie(
            self._name(type(kept)), text, max_age=age, path="/", secure=self._over_tls, httponly=True, samesite="lax"
        )

    def take(self, cookies: dict[str, str], wanted: type[Kept]) -> Kept | None:
        """What a browser holds; None where it is nothing of ours, or over."""
        text = cookies.get(self._name(wanted), "")
        try:
            plain = self._vault.open(text, tenant=self._tenant, platform=_OWNER, purpose=wanted.__name__)
            found = wanted.model_validate_json(plain)
        except (Refused, SettingsError, ValidationError):
            return None
        over = found.until <= self._clock() or self.ended(_id(found))
        return None if over else found

    def end(self, kept: SignIn | Session) -> None:
        """Let it open no more, whoever holds a copy."""
        now = self._clock()
        self._ended = {name: until for name, until in self._ended.items() if until > now}
        self._ended[_id(kept)] = kept.until

    def ended(self, name: str) -> bool:
        """Whether a session or a sign-in was ended before its time."""
        return name in self._ended

    def clear(self, answer: Response, kind: type[Kept]) -> None:
        """Have the browser forget a cookie."""
        answer.delete_cookie(self._name(kind), path="/", secure=self._over_tls, httponly=True, samesite="lax")

    def _name(self, kind: type) -> str:
        # The prefix is a promise of browsers: such a cookie was set over TLS, by this host and for it alone.
        return f"{'__Host-' if self._over_tls else ''}revmark-{kind.__name__.lower()}"


def _id(kept: SignIn | Session) -> str:
    return kept.state if isinstance(kept, SignIn) else kept.id


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)
