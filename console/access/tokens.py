"""ID tokens: what a provider says of a person, believed only when all of it is right. Pure.

Source: OpenID Connect Core 1.0, 3.1.3.7. The signature, its keys and the claims are joserfc's to read.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from schemas.errors import Refused

# Public keys only: a token that its own reader could have signed, or that nobody did, says nothing.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 60  # seconds by which the provider's clock may differ from ours
MOST = 100_000  # characters: a provider that sends more means harm


def key_set(document: Any) -> KeySet:
    """A provider's keys, as it publishes them; those that cannot be read are left out.

    Raises:
        Refused: there are none.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    keys = []
    for each in listed if isinstance(listed, list) else ():
        try:
            keys += KeySet.import_key_set({"keys": [each]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # of a kind that nobody here knows: the token may be signed with another
    if not keys:
        raise Refused("the provider publishes no keys that can be read", code="keys")
    return KeySet(keys)


def key_id(token: str) -> str:
    """The id of the key that a token names; empty where it names none."""
    from joserfc.jws import extract_compact  # noqa: PLC0415 - only here

    try:
        return str(extract_compact(token.encode()).headers().get("kid", ""))
    except (JoseError, ValueError):
        return ""


def claims(token: str, keys: KeySet, *, issuer: str, client: str, nonce: str, now: datetime) -> dict[str, Any]:
    """The claims of a token that this issuer made, for us, for this sign-in, and that still holds.

    Raises:
        Refused: it is not such a token; the message says what is wrong and shows nothing of it.
    """
    if not 0 < len(token) <= MOST:
        raise Refused("the provider sent no ID token", code="token")
    expected = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    )
    try:
        found = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        expected.validate(found)
    except (JoseError, ValueError) as error:
        raise Refused(f"the ID token does not hold ({_said(error)})", code="token") from error
    if not hmac.compare_digest(str(found["nonce"]).encode(), nonce.encode()):
        raise Refused("the ID token is of another sign-in (nonce)", code="token")
    several = isinstance(found["aud"], list) and len(found["aud"]) > 1
    if found.get("azp", client if not several else None) != client:
        raise Refused("the ID token was made for another application (azp)", code="token")
    return found


def _said(error: Exception) -> str:
    return f"{error.error}: {error.description}" if isinstance(error, JoseError) else type(error).__name__
