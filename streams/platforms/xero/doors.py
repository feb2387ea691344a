"""Where Xero is called: its API, and the service that renews tokens, each at its own host."""

from __future__ import annotations

from streams.platforms.door import Door

XERO = "https://api.xero.com"
IDENTITY = "https://identity.xero.com"


def api_door(url: str) -> Door:
    """Records, and the organisations that a grant reaches.

    Raises:
        SettingsError: the address cannot be called.
    """
    return Door.to(url, XERO, "/api.xro/2.0", "/connections")


def token_door(url: str) -> Door:
    """Grants.

    Raises:
        SettingsError: the address cannot be called.
    """
    return Door.to(url, IDENTITY, "/connect/token")
