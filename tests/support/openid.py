"""A small OpenID Connect provider over TCP, written from the specifications, which can be told to misbehave.

Flows in: what the next token shall be. Flows out: a document, keys, codes that pass once and with their verifier, ID
tokens. Sources: OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749, RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from streams.broker.ports import free_ports

CLIENT, SECRET = "revmark-page", "sandbox client secret"
KIM = {"sub": "kim-1", "email": "kim@example.com", "email_verified": True}
UP_WITHIN = 30.0  # seconds


@dataclass
class Provider:
    """What it says, and what was asked of it. `claims` go over those that a right token has; None takes one away."""

    issuer: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    forged: str = ""  # how the token is signed: "none", "hmac", "stranger", "broken"
    document: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    exchanged: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """The provider as an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._document),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )

    async def _document(self, _request: Request) -> Response:
        self.asked.append("document")
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        found = {"issuer": self.issuer} | {name: f"{self.issuer}/{path}" for name, path in places.items()}
        return JSONResponse(found | self.document)

    async def _authorize(self, request: Request) -> Response:
        """Everybody who comes is let in at once."""
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{next(self.numbers)}"
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        code = form["code"]
        asked = self.codes.pop(code, None)
        self.exchanged.append(code)
        basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if asked is None or challenge.decode() != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "id_token": self.token(asked["nonce"])})

    async def _keys(self, _request: Request) -> Response:
        self.asked.append("keys")
        public = self.key.as_dict(private=False)
        return JSONResponse({"keys": [{"kty": "unheard of", "kid": "zero"}, public]})

    def token(self, nonce: str) -> str:
        """An ID token, right unless told otherwise."""
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **KIM}
        claims = {name: value for name, value in (right | self.claims).items() if value is not None}
        header = {"alg": "RS256", "kid": "one"} | self.header
        if self.forged == "none":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if self.forged == "hmac":
            return confused(claims, self.key)
        signer = RSAKey.generate_key(2048) if self.forged == "stranger" else self.key
        made = jwt.encode(header, claims, signer)
        return made[:-8] + ("A" * 8) if self.forged == "broken" else made


def confused(claims: dict[str, Any], key: RSAKey) -> str:
    """Signed with the public key for a secret, as a reader that trusts the header would check it."""
    body = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{_part(claims)}"
    made = hmac.digest(key.as_pem(private=False), body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that answers, until the block ends."""
    (port,) = free_ports(1)
    made = Provider(f"http://127.0.0.1:{port}")
    with served(uvicorn.Config(made.app(), port=port, log_config=None, lifespan="off", ws="none")):
        yield made


@contextmanager
def served(config: uvicorn.Config) -> Iterator[None]:
    """A server in a thread of its own, that answers until the block ends."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    began = time.monotonic()
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() - began < UP_WITHIN
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
