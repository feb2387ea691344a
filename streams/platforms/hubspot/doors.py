"""Where HubSpot is called: one host, the API's paths apart from the one that renews tokens."""

from __future__ import annotations

from streams.platforms.door import Door

HUBSPOT = "https://api.hubapi.com"


def api_door(url: str) -> Door:
    """Records, associations, properties, and the account's details.

    Raises:
        SettingsError: the address cannot be called.
    """
    return Door.to(url, HUBSPOT, "/crm", "/account-info")


def token_door(url: str) -> Door:
    """Grants.

    Raises:
        SettingsError: the address cannot be called.
    """
    return Door.to(url, HUBSPOT, "/oauth")
