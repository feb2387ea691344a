"""The reception: lets people in, and out again.

In: requests without a session, answers of the provider. Out: sessions, or a page that says why not.
Numbered as it goes: 1 a browser is sent to the provider with a state, a nonce and a challenge, and keeps them sealed;
2 it comes back with a code and that state, once; 3 the code becomes an ID token, which has to hold; 4 the settings say
what its claims may do; 5 the browser keeps a session.
"""

from __future__ import annotations

import getpass
import hmac
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.access import people
from console.access.people import Person, Role
from console.access.places import Reach
from console.access.provider import Provider
from console.access.seals import Seals, Session, SignIn
from console.access.trail import Trail
from console.access.words import turned_away
from schemas.errors import Refused, RevmarkError, Transient
from streams.settings import Settings
from streams.vault import Vault

log = logging.getLogger(__name__)
UNDERWAY = timedelta(minutes=10)  # for a person to find their password and a second factor
SIGN_IN, ANSWER, SIGN_OUT, SIGNED_OUT = "/sign-in", "/sign-in/answer", "/sign-out", "/signed-out"


class Reception:
    """Who is at the page: on loopback the system's user, elsewhere whoever signed in."""

    def __init__(self, settings: Settings, reach: Reach, trail: Trail, clock: Callable[[], datetime]) -> None:
        """Take what is set.

        Raises:
            SettingsError: there is no key to seal sessions with.
        """
        self._settings = settings
        self._trail = trail
        self._clock = clock
        self._local = _local(reach)
        self._redirect = f"{reach.origin}{ANSWER}"
        if reach.signs_in:
            vault = Vault.from_text(settings.secret_key.get_secret_value())
            self._seals = Seals(vault, settings.tenant, clock, over_tls=reach.origin.startswith("https:"))
            self._provider = Provider(settings, clock)
        self.signs_in = reach.signs_in

    def person(self, cookies: dict[str, str]) -> Person | None:
        """Who asks, by their cookies; None: nobody who may see anything."""
        if not self.signs_in:
            return self._local
        found = self._seals.take(cookies, Session)
        may = people.role(self._settings, found.met) if found else None
        return Person(found.who, may, found.token, found.until, found.id) if found and may else None

    def stands(self, person: Person) -> bool:
        """Whether a person's session was not ended since."""
        return self._local is person or not self._seals.ended(person.session)

    def routes(self) -> list[Route]:
        """Where people sign in and out; none where they need not."""
        if not self.signs_in:
            return []
        return [
            Route(SIGN_IN, self._send, methods=["GET"]),
            Route(ANSWER, self._receive, methods=["GET"]),
            Route(SIGN_OUT, self._leave, methods=["POST"]),
            Route(SIGNED_OUT, self._left, methods=["GET"]),
        ]

    async def _send(self, request: Request) -> Response:
        # 1 what has to come back
        kept = SignIn(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            to=_within(request.query_params.get("to", "")),
            until=self._clock() + UNDERWAY,
        )
        try:
            address = await self._provider.address(
                self._redirect, state=kept.state, nonce=kept.nonce, verifier=kept.verifier
            )
        except RevmarkError as error:
            return self._no(error)
        answer = RedirectResponse(address, 303)
        self._seals.give(answer, kept)
        return answer

    async def _receive(self, request: Request) -> Response:
        who = ""
        try:
            kept = self._begun(request)
            # 3 the token
            code = request.query_params["code"]
            claims = await self._provider.claims(code, self._redirect, nonce=kept.nonce, verifier=kept.verifier)
            who = people.called(claims)
            session = self._session(who, claims)
        except RevmarkError as error:
            await self._trail.refused("sign in", who, error.message)
            return self._no(error)
        await self._trail.came("sign in", who, f"as {people.role(self._settings, session.met)}")
        answer = RedirectResponse(kept.to, 303)
        self._seals.give(answer, session)
        self._seals.clear(answer, SignIn)
        return answer

    def _begun(self, request: Request) -> SignIn:
        # 2 the state, once
        given = request.query_params
        kept = self._seals.take(request.cookies, SignIn)
        if kept is None or not hmac.compare_digest(given.get("state", "").encode(), kept.state.encode()):
            raise Refused("this sign-in was not begun here, was answered before, or took more than ten minutes")
        self._seals.end(kept)
        if given.get("iss", self._settings.page_oidc_issuer) != self._settings.page_oidc_issuer:  # RFC 9207
            raise Refused("another provider answered")
        if not given.get("code"):
            raise Refused("the provider did not let you in")
        return kept

    def _session(self, who: str, claims: Mapping[str, Any]) -> Session:
        # 4 what it may do
        met = people.marks(self._settings, claims)
        if not met:
            log.warning("%r signed in and may see nothing here", who)
            raise Refused(f"{who} may see nothing here: whoever runs this page can name you in its settings")
        log.info("%r signed in as %s", who, people.role(self._settings, met))
        # 5 the session
        until = self._clock() + timedelta(hours=self._settings.page_session_hours)
        drawn = {"id": secrets.token_urlsafe(16), "token": secrets.token_urlsafe(32)}
        return Session(**drawn, who=who, met=met, until=until)

    async def _leave(self, request: Request) -> Response:
        found = self._seals.take(request.cookies, Session)
        if found is not None:
            self._seals.end(found)
            await self._trail.came("sign out", found.who)
        answer = Response(status_code=204)
        self._seals.clear(answer, Session)
        return answer

    async def _left(self, _request: Request) -> Response:
        return turned_away("Whoever uses this browser next has to sign in", 200, "Signed out")

    def _no(self, error: RevmarkError) -> Response:
        answer = turned_away(error.message, 503 if isinstance(error, Transient) else 403)
        self._seals.clear(answer, SignIn)
        return answer


def _local(reach: Reach) -> Person | None:
    """Who is at a page on loopback: the system's user, as on the command line; a container's is nobody."""
    if reach.signs_in:
        return None
    try:
        who = "" if reach.published else getpass.getuser()
    except (KeyError, OSError):
        who = ""  # a user without a name, as containers have
    may: Role = "operator" if who else "viewer"
    return Person(who, may, secrets.token_urlsafe(32))


def _within(asked: str) -> str:
    """A place of this page: an address of anybody's making must not lead elsewhere after a sign-in."""
    plain = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isascii() and asked.isprintable()
    return asked if plain and "\\" not in asked else "/"
