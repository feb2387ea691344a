"""Where HubSpot is called: one host, each part's paths apart; and the host of its journal's files, which is set."""

from __future__ import annotations

from contextlib import suppress

import httpx

from streams.platforms.door import Door

HUBSPOT = "https://api.hubapi.com"


def api_door(url: str) -> Door:
    """Records, associations, properties, schemas of custom objects, custom events, and the account's details.

    Raises:
        SettingsError: the address cannot be called.
    """
    return Door.to(url, HUBSPOT, "/crm", "/crm-object-schemas", "/account-info", "/events")


def journal_door(url: str) -> Door:
    """The webhooks journal: where its files are, never what is in them.

    Raises:
        SettingsError: the address cannot be called.
    """
    return Door.to(url, HUBSPOT, "/webhooks-journal")


def files_door(url: str, api: str) -> Door:
    """The journal's files: over TLS and public where `api` is HubSpot's own, else as near as the sandbox.

    Raises:
        SettingsError: the address cannot be called.
    """
    vendor = HUBSPOT
    if api_door(api).public:
        with suppress(httpx.InvalidURL):  # which is said below
            vendor = f"https://{httpx.URL(url).host}"
    return Door.to(url, vendor, "")


def token_door(url: str) -> Door:
    """Grants.

    Raises:
        SettingsError: the address cannot be called.
    """
    return Door.to(url, HUBSPOT, "/oauth")
