"""A person's consent to an OAuth app: the address it is asked at, and the code that comes back, made a grant.

Flows in: the app's id and secret, where the answer goes, and randomness. Flows out: an address for a browser, then a
refresh token with the scopes that were granted. Invariants: a code is exchanged only with the address and the verifier
it was asked with (RFC 6749, RFC 7636); secrets are in no address and no error.
Sources: HubSpot "manage OAuth tokens"; Xero "the standard authorization code flow" and "PKCE". Xero refuses scopes that
are parted by `+`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

import httpx

from schemas.contract import Contract
from schemas.errors import Refused, SettingsError, Transient
from schemas.wire import decode_answer, decode_platform
from streams.platforms.door import Door
from streams.platforms.hubspot import doors as hubspot
from streams.platforms.outbound import client
from streams.platforms.xero import doors as xero
from streams.settings import Settings

__all__ = [
    "HUBSPOT_SCOPES",
    "XERO_SCOPES",
    "XERO_SCOPES_OLDER",
    "Consent",
    "Organisation",
    "Question",
    "ask",
    "challenge",
    "exchange",
    "hubspot_scopes",
    "organisations",
]

PATIENCE = 30.0  # seconds an identity service gets to answer: the code lives for five minutes
OBJECTS = ("companies", "contacts", "deals", "products", "invoices")
EXTENDED = ("companies", "deals", "products", "invoices")  # those with properties of ours, which `provision` makes
HUBSPOT_SCOPES = (
    *(f"crm.objects.{kind}.{may}" for kind in OBJECTS for may in ("read", "write")),
    "crm.objects.line_items.read",
    *(f"crm.schemas.{kind}.{may}" for kind in EXTENDED for may in ("read", "write")),
    "oauth",
)


# Tasks go by the scopes of contacts; what they are found again by is a property of ours.
OF_TASKS = ("crm.schemas.contacts.read", "crm.schemas.contacts.write")
OF_EVENTS = ("analytics.behavioral_events.send", "behavioral_events.event_definitions.read_write")
OF_QUOTES = ("crm.objects.quotes.read",)


def _of(kind: str) -> tuple[str, ...]:
    """Of an object: its records, and its properties."""
    return tuple(f"crm.{what}.{kind}.{may}" for what in ("objects", "schemas") for may in ("read", "write"))


OF_PAYMENTS, OF_ORDERS, OF_SUBSCRIPTIONS = _of("commercepayments"), _of("orders"), _of("subscriptions")
OF_PIPELINES = ("crm.pipelines.orders.read", "crm.pipelines.orders.write")
OF_CUSTOM = _of("custom")


def hubspot_scopes(contract: Contract | None) -> tuple[str, ...]:
    """What the app has to be granted under a contract: for the objects it chooses, tasks, events and quotes."""
    found = HUBSPOT_SCOPES
    if contract is None:
        return found
    objects = contract.platforms.objects
    if objects.invoice != "native":
        found = tuple(each.replace(".invoices.", ".custom.") for each in found)
    elif objects.custom:
        found += OF_CUSTOM
    if objects.payment == "native":
        found += OF_PAYMENTS
    if objects.order == "native":
        found += OF_ORDERS + (OF_PIPELINES if objects.order_pipeline == "revmark" else ())
    if objects.subscription == "native":
        found += OF_SUBSCRIPTIONS
    if any(each.task for each in contract.automations):
        found += OF_TASKS
    if any(each.event for each in contract.automations):
        found += OF_EVENTS
    return found + (OF_QUOTES if contract.timing.order_when == "quote_accepted" else ())


_XERO = ("offline_access", "accounting.contacts", "accounting.settings")
XERO_SCOPES = (*_XERO, "accounting.invoices", "accounting.payments")
XERO_SCOPES_OLDER = (*_XERO, "accounting.transactions")  # of apps from before March 2026

Platform = Literal["hubspot", "xero"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked, and what has to come back with the answer."""

    platform: Platform
    address: str
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """What was granted; its secrets are never shown in a repr."""

    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    scopes: tuple[str, ...]

    def lacks(self, wanted: Sequence[str]) -> list[str]:
        """The scopes that were asked for and not granted."""
        return [scope for scope in wanted if scope not in self.scopes]


@dataclass(frozen=True, slots=True)
class Organisation:
    """A Xero organisation that a grant reaches."""

    id: str
    name: str


def ask(
    settings: Settings, platform: Platform, redirect: str, *, state: str, verifier: str, scopes: Sequence[str]
) -> Question:
    """Return the question for a person's browser.

    Args:
        settings: with the app's id and secret.
        platform: whose app it is.
        redirect: where the answer goes; the app has to name it.
        state: drawn for this question.
        verifier: drawn for this question, 43 characters at least; only its hash is in the address.
        scopes: what is asked for.

    Raises:
        SettingsError: the app's id or secret is not set.
    """
    client_id, secret = _app(settings, platform)
    if not client_id or not secret:
        name = platform.upper()
        raise SettingsError(
            f"REVMARK_{name}_CLIENT_ID and REVMARK_{name}_CLIENT_SECRET are needed to connect. Nothing was asked. "
            f"Set them, then run: revmark connect {platform}"
        )
    asked = {"response_type": "code", "client_id": client_id, "redirect_uri": redirect, "scope": " ".join(scopes)}
    if platform == "xero":
        asked |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
        door = f"{settings.xero_login_url.rstrip('/')}/identity/connect/authorize"
    else:
        door = f"{settings.hubspot_login_url.rstrip('/')}/oauth/authorize"
    address = f"{door}?{urlencode({**asked, 'state': state}, quote_via=quote)}"
    return Question(platform, address, redirect, state, verifier, tuple(scopes))


async def exchange(
    settings: Settings, question: Question, code: str, *, transport: httpx.AsyncBaseTransport | None = None
) -> Consent:
    """Make a grant of the code that came back.

    Raises:
        Refused: the code or the app is refused; the message says what to run.
        Transient: the identity service did not answer, or with a fault of its own.
    """
    platform = question.platform
    client_id, secret = _app(settings, platform)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": question.redirect}
    auth: httpx.BasicAuth | None = None
    if platform == "xero":
        url = f"{settings.xero_identity_url.rstrip('/')}/connect/token"
        door = xero.token_door(settings.xero_identity_url)
        form["code_verifier"] = question.verifier
        auth = httpx.BasicAuth(client_id, secret)
    else:
        url = f"{settings.hubspot_url.rstrip('/')}/oauth/{settings.hubspot_version}/token"
        door = hubspot.token_door(settings.hubspot_url)
        form |= {"client_id": client_id, "client_secret": secret}
    reply = await _call("POST", url, door, data=form, auth=auth, transport=transport)
    body = decode_answer(reply.content)
    refresh, access = body.get("refresh_token"), body.get("access_token")
    if not reply.is_success or not isinstance(refresh, str) or not isinstance(access, str):
        said = body.get("status") or body.get("error") or reply.status_code
        raise Refused(
            f"{platform} did not exchange the code ({said}). Nothing was kept. Look at the app's id, its secret and "
            f"its redirect address ({question.redirect}), then run: revmark connect {platform}",
            code="exchange",
        )
    granted = body.get("scopes") or str(body.get("scope") or "").split()
    return Consent(refresh, access, tuple(str(scope) for scope in granted))


async def organisations(
    settings: Settings, consent: Consent, *, transport: httpx.AsyncBaseTransport | None = None
) -> list[Organisation]:
    """The Xero organisations that a grant reaches.

    Raises:
        Transient: Xero did not answer.
    """
    url = f"{settings.xero_url.rstrip('/')}/connections"
    reply = await _call(
        "GET",
        url,
        xero.api_door(settings.xero_url),
        headers={"Authorization": f"Bearer {consent.access_token}"},
        transport=transport,
    )
    if not reply.is_success:
        raise Transient(f"xero did not list the organisations ({reply.status_code})", code="connections")
    found = decode_platform(reply.content)
    if not isinstance(found, list) or not all(isinstance(each, dict) and each.get("tenantId") for each in found):
        raise Transient("xero's list of organisations is none", code="connections")
    return [
        Organisation(str(each["tenantId"]), str(each.get("tenantName") or ""))
        for each in found
        if each.get("tenantType") == "ORGANISATION"
    ]


def _app(settings: Settings, platform: Platform) -> tuple[str, str]:
    if platform == "xero":
        return settings.xero_client_id, settings.xero_client_secret.get_secret_value()
    return settings.hubspot_client_id, settings.hubspot_client_secret.get_secret_value()


def challenge(verifier: str) -> str:
    """What a verifier is announced by, before it is told. Source: RFC 7636, 4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def _call(
    method: str, url: str, door: Door, *, transport: httpx.AsyncBaseTransport | None, **request: Any
) -> httpx.Response:
    try:
        async with client(door, transport, timeout=PATIENCE) as http:
            reply = await http.request(method, url, **request)
    except httpx.HTTPError as error:
        raise Transient(
            f"{httpx.URL(url).host} did not answer ({type(error).__name__}). Nothing was kept; run the command again",
            code="identity",
        ) from error
    if reply.is_server_error:
        raise Transient(f"{httpx.URL(url).host} answered {reply.status_code}. Nothing was kept", code="identity")
    return reply
