"""Signatures of webhooks, verified over the raw bytes.

In: what was received and the secret. Out: None, or the reason why it is refused. Pure; nothing is parsed before this.
Invariant: compared in constant time; an empty secret verifies nothing.
Sources: HubSpot, "validating requests" (signature v3; v1 and v2 are not accepted); Xero's webhook specification.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from schemas.instants import to_millis

HUBSPOT_WINDOW = timedelta(minutes=5)  # HubSpot's own figure; held in both directions, its SDK forgets the future
HUBSPOT_SIGNATURE = "x-hubspot-signature-v3"
HUBSPOT_TIMESTAMP = "x-hubspot-request-timestamp"
XERO_SIGNATURE = "x-xero-signature"

# What HubSpot decodes in the URI before it signs. The "?" that begins the query is not encoded and so not touched.
_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,15}")  # milliseconds since 1970, for the next thirty thousand years


def signed_uri(uri: str) -> str:
    """The URI as HubSpot hashes it."""
    return _ENCODED.sub(lambda found: _DECODED[found[0].upper()], uri)


def hubspot_signature(secret: str, method: str, uri: str, body: bytes, timestamp: str) -> str:
    """The v3 signature that HubSpot makes: base64 of HMAC-SHA256."""
    message = f"{method}{signed_uri(uri)}".encode() + body + timestamp.encode()
    return _hmac(secret, message)


def xero_signature(key: str, body: bytes) -> str:
    """The signature that Xero makes: base64 of HMAC-SHA256."""
    return _hmac(key, body)


def refuse_hubspot(
    secret: str,
    method: str,
    uri: str,
    body: bytes,
    signatures: Sequence[str],
    timestamps: Sequence[str],
    now: datetime,
) -> str | None:
    """Why a request is not HubSpot's, or None when it is. `uri` is the configured public address, never a proxy's.

    Each header is given as all its values: one that is missing or doubled is refused.
    """
    if not secret:
        return "no_secret"
    if len(signatures) != 1 or len(timestamps) != 1:
        return "headers"
    if not _DIGITS.fullmatch(timestamps[0]):
        return "timestamp"
    skew = abs(to_millis(now) - int(timestamps[0]))
    if skew > HUBSPOT_WINDOW // timedelta(milliseconds=1):
        return "expired"
    wanted = hubspot_signature(secret, method, uri, body, timestamps[0])
    return None if _equal(wanted, signatures[0]) else "signature"


def refuse_xero(keys: Iterable[str], body: bytes, signatures: Sequence[str]) -> str | None:
    """Why a request is not Xero's, or None when it is. Several keys are valid while they are rotated."""
    valid = [key for key in keys if key]
    if not valid:
        return "no_secret"
    if len(signatures) != 1:
        return "headers"
    matches = [_equal(xero_signature(key, body), signatures[0]) for key in valid]  # all of them: constant time
    return None if any(matches) else "signature"


def _hmac(key: str, message: bytes) -> str:
    return b64encode(hmac.new(key.encode(), message, hashlib.sha256).digest()).decode()


def _equal(wanted: str, given: str) -> bool:
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogateescape"))
