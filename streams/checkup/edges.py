"""The deployment's own edges: the key that seals grants, the address that platforms call, the webhooks' secrets."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from schemas.errors import SettingsError
from streams.checkup.finding import Finding
from streams.settings import Settings
from streams.vault import Vault


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at the settings alone; nobody is called."""
    try:
        key = Vault.from_text(settings.secret_key.get_secret_value()).active_key
        yield Finding("secret key", ok=True, detail=f"grants are sealed with key {key}")
    except SettingsError as error:
        yield Finding("secret key", ok=False, detail=error.message, next_step="set REVMARK_SECRET_KEY")
    yield _gateway(settings)
    for name, secret, setting, where in (
        ("hubspot webhooks", settings.hubspot_client_secret, "HUBSPOT_CLIENT_SECRET", "the app's client secret"),
        ("xero webhooks", settings.xero_webhook_key, "XERO_WEBHOOK_KEY", "the app's webhooks signing key"),
    ):
        if secret.get_secret_value():
            yield Finding(name, ok=True, detail="the secret that signs them is set")
        else:
            detail = f"without it every webhook is refused, and changes wait for a poll ({settings.poll_every:g} s)"
            yield Finding(name, ok=False, detail=detail, next_step=f"set REVMARK_{setting} to {where}")


def _gateway(settings: Settings) -> Finding:
    url = settings.gateway_url
    if not _is_local(url) or (_is_local(settings.hubspot_url) and _is_local(settings.xero_url)):
        return Finding("gateway address", ok=True, detail=f"platforms are to call {url}/webhooks/<platform>")
    return Finding(
        "gateway address",
        ok=True,
        detail=f"{url} cannot be reached from outside: changes wait for a poll ({settings.poll_every:g} s)",
        next_step="publish the gateway over https and set REVMARK_GATEWAY_URL to that address",
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host's address."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_local(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")
