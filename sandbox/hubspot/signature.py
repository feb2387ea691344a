"""How HubSpot signs its webhooks.

In: a body, a method, an address, a time and the client secret. Out: the three signatures of the "validating
requests" page. Invariant: version 3 covers the method, the decoded address, the raw body and the timestamp,
in this order.
"""

import base64
import hashlib
import hmac
from datetime import datetime

from sandbox.wire import epoch_ms

DECODED = {  # the page's list of characters to decode in the address before signing
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29":
    ")", "%2A": "*", "%2C": ",", "%3B": ";" }  # fmt: skip


def decoded(url: str) -> str:
    """Decode in an address what the page says, and nothing else."""
    for code, character in DECODED.items():
        url = url.replace(code, character).replace(code.lower(), character)
    return url


def version_1(secret: str, body: bytes) -> str:
    """Sign a body alone."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def version_2(secret: str, method: str, url: str, body: bytes) -> str:
    """Sign method, address and body."""
    return hashlib.sha256(f"{secret}{method}{url}".encode() + body).hexdigest()


def version_3(secret: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """Sign method, address, body and time with a keyed hash."""
    message = f"{method}{decoded(url)}".encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def headers(
    secret: str, body: bytes, method: str, url: str, now: datetime, old_version: str = "v1"
) -> dict[str, str]:  # fmt: skip
    """Give the headers of a webhook: version 3, and an old one (1 for subscriptions, 2 for workflows)."""
    timestamp = str(epoch_ms(now))
    old = version_1(secret, body) if old_version == "v1" else version_2(secret, method, url, body)
    return {
        "X-HubSpot-Signature": old,
        "X-HubSpot-Signature-Version": old_version,
        "X-HubSpot-Signature-v3": version_3(secret, method, url, body, timestamp),
        "X-HubSpot-Request-Timestamp": timestamp,
        "User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client)",
    }
