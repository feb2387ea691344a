"""The OpenID Connect provider that people sign in with: where it is, its keys, and a code made an ID token.

In: the settings, a code that came back. Out: the address to sign in at, the claims of who did. Invariants: only the
provider's own document says where it is called, over TLS unless it is on this machine; no redirect is followed; a code
goes out with the verifier of the sign-in that asked for it.
Sources: OpenID Connect Discovery 1.0; RFC 6749, 4.1; RFC 7636.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import httpx
from joserfc.jwk import KeySet

from console.access import tokens
from schemas.errors import Refused, SettingsError, Transient
from schemas.wire import decode_answer
from streams.platforms.consent import challenge
from streams.platforms.door import Chosen, secure
from streams.platforms.outbound import client
from streams.settings import Settings

PATIENCE = 10.0  # seconds a provider gets to answer: a person is waiting
KEPT = timedelta(hours=1)  # of its document and its keys: providers announce new keys days ahead
ANEW = timedelta(minutes=1)  # keys are not read again sooner, however many tokens name one that is not known
PAUSE = timedelta(seconds=5)  # before a provider that failed is asked again: anybody may come to the sign-in
WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a provider is called, by its own document."""

    authorize: str
    token: str
    keys: str
    basic: bool  # the secret goes into a header, as all providers should take it; else into the form


class Provider:
    """One provider, for one application of its."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._issuer = settings.page_oidc_issuer.rstrip("/")
        self._named = settings.page_oidc_issuer  # a slash at its end counts where issuers are compared
        self._client = settings.page_oidc_client_id
        self._secret = settings.page_oidc_client_secret.get_secret_value()
        self._scopes = settings.page_oidc_scopes
        self._clock = clock
        self._places: tuple[datetime, Places] | None = None
        self._keys: tuple[datetime, KeySet] | None = None
        self._failed: tuple[datetime, type[Refused | Transient], str] | None = None

    async def address(self, redirect: str, *, state: str, nonce: str, verifier: str) -> str:
        """Where a person signs in.

        Raises:
            Transient: the provider does not answer.
            Refused: its document is none that can be used.
        """
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": redirect,
            "scope": self._scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        at = (await self._find()).authorize
        return f"{at}{'&' if '?' in at else '?'}{urlencode(asked, quote_via=quote)}"

    async def claims(self, code: str, redirect: str, *, nonce: str, verifier: str) -> dict[str, Any]:
        """Who signed in, by the code that came back.

        Raises:
            Transient: the provider does not answer.
            Refused: it refuses the code, or its token does not hold.
        """
        places = await self._find()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        auth: httpx.BasicAuth | None = None
        if places.basic:
            auth = httpx.BasicAuth(quote_plus(self._client), quote_plus(self._secret))  # RFC 6749, 2.3.1
        else:
            form |= {"client_id": self._client, "client_secret": self._secret}
        answer = await _call("POST", places.token, data=form, auth=auth)
        token = str(answer.get("id_token", ""))
        keys = await self._key_set(places, tokens.key_id(token))
        return tokens.claims(token, keys, issuer=self._named, client=self._client, nonce=nonce, now=self._clock())

    async def _find(self) -> Places:
        now = self._clock()
        if self._places is not None and now - self._places[0] < KEPT:
            return self._places[1]
        if self._failed is not None and now - self._failed[0] < PAUSE:
            raise self._failed[1](self._failed[2])
        try:
            places = await self._read()
        except (Refused, Transient) as error:
            self._failed = (now, type(error), error.message)
            raise
        self._places = (now, places)
        return places

    async def _read(self) -> Places:
        found = await _call("GET", self._issuer + WELL_KNOWN)
        if found.get("issuer") != self._named:
            raise Refused("the provider's document is of another issuer than REVMARK_PAGE_OIDC_ISSUER", code="issuer")
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Places(
            authorize=_place(found, "authorization_endpoint"),
            token=_place(found, "token_endpoint"),
            keys=_place(found, "jwks_uri"),
            basic="client_secret_basic" in methods,
        )

    async def _key_set(self, places: Places, wanted: str) -> KeySet:
        now = self._clock()
        if self._keys is not None:
            age = now - self._keys[0]
            known = not wanted or any(each.kid == wanted for each in self._keys[1].keys)
            if age < (KEPT if known else ANEW):
                return self._keys[1]
        self._keys = (now, tokens.key_set(await _call("GET", places.keys)))
        return self._keys[1]


def _place(found: dict[str, Any], name: str) -> str:
    place = found.get(name)
    if not isinstance(place, str) or not secure(place):
        raise Refused(f"the provider's document has no {name} that can be called over TLS", code="issuer")
    return place


async def _call(method: str, url: str, **request: Any) -> dict[str, Any]:
    at = httpx.URL(url)
    try:
        async with client(Chosen.at(url), timeout=PATIENCE, headers={"Accept": "application/json"}) as http:
            answer = await http.request(method, at, **request)
    except SettingsError as error:
        raise Refused(error.message, code="issuer") from error
    except httpx.HTTPError as error:
        raise Transient(f"{at.host} did not answer ({type(error).__name__})", code="identity") from error
    if answer.is_server_error:
        raise Transient(f"{at.host} answered {answer.status_code}", code="identity")
    body = decode_answer(answer.content)
    if not answer.is_success:
        raise Refused(f"{at.host} refused ({answer.status_code} {_code(body)})".replace(" )", ")"), code="identity")
    return body


def _code(body: dict[str, Any]) -> str:
    """The error's code, which is one word; what else a provider says may hold anything."""
    said = body.get("error")
    return said if isinstance(said, str) and said.isascii() and said.replace("_", "").isalnum() else ""
