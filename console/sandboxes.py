"""A running sandbox, and its door for people: `/_sandbox/`.

In: where its ready file is, or its address. Out: what the pretend platform says. Only pretend platforms have this door.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx

from schemas.errors import Refused, Transient

Name = Literal["hubspot", "xero"]
READY_FILE = "sandbox.json"
PATIENCE = 35.0  # seconds; draining webhooks may take thirty


def addresses(ready: Path) -> dict[str, Any]:
    """What the sandbox wrote when it came up.

    Raises:
        Transient: it has not.
    """
    try:
        found: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Transient(
            f"no sandbox has written {ready}. Next: revmark sandbox up, or give --url", code="sandbox"
        ) from error
    return found


def as_settings(known: dict[str, Any]) -> dict[str, str]:
    """The sandbox's addresses and credentials as settings of Revmark."""
    found: dict[str, str] = {}
    if hubspot := known.get("hubspot"):
        found |= {
            "REVMARK_HUBSPOT_URL": hubspot["url"],
            "REVMARK_HUBSPOT_LOGIN_URL": hubspot["url"],
            "REVMARK_HUBSPOT_PORTAL": str(hubspot["portal_id"]),
            "REVMARK_HUBSPOT_TOKEN": hubspot["token"],
            "REVMARK_HUBSPOT_CLIENT_SECRET": hubspot["webhook_secret"],
        }
    if xero := known.get("xero"):
        found |= {
            "REVMARK_XERO_URL": xero["url"],
            "REVMARK_XERO_IDENTITY_URL": xero["url"],
            "REVMARK_XERO_LOGIN_URL": xero["url"],
            "REVMARK_XERO_TENANT": xero["tenant_id"],
            "REVMARK_XERO_CLIENT_ID": xero["client_id"],
            "REVMARK_XERO_CLIENT_SECRET": xero["client_secret"],
            "REVMARK_XERO_REFRESH_TOKEN": xero["refresh_token"],
            "REVMARK_XERO_WEBHOOK_KEY": xero["webhook_key"],
        }
    return found


@dataclass(frozen=True, slots=True)
class Door:
    """The control routes of one pretend platform."""

    url: str

    def ask(self, method: str, path: str, *, query: dict[str, str] | None = None, body: Any = None) -> Any:
        """Ask for one thing; None where there is nothing to say.

        Raises:
            Transient: nothing answers there.
            Refused: the sandbox refuses; the message is its own.
        """
        try:
            answer = httpx.request(
                method, f"{self.url}/_sandbox/{path}", params=query, json=body, timeout=PATIENCE, follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise Transient(f"no sandbox answers at {self.url}. Next: revmark sandbox up", code="sandbox") from error
        if answer.is_success:
            return answer.json() if answer.content else None
        raise Refused(f"the sandbox refuses ({answer.status_code}): {answer.text[:500]}", code=str(answer.status_code))
