"""Reach: who can reach the page, by which names, and whether they have to sign in. Pure but for this machine's name."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

import httpx

from schemas.errors import SettingsError
from streams.checkup.edges import is_loopback
from streams.platforms.door import secure
from streams.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOW = 'docs/operations.md says how under "Sign-in"'


@dataclass(frozen=True, slots=True)
class Reach:
    """`origin` is what browsers name the page by, where people sign in; `names` are the hosts it answers as.

    `published`: it listens in a container, whose machine alone reaches it.
    """

    signs_in: bool
    origin: str
    names: frozenset[str]
    published: bool = False


def reach(settings: Settings) -> Reach:
    """What the settings come to.

    Raises:
        SettingsError: other machines would reach a page that lets anybody in, or a setting of the sign-in is missing.
    """
    listens = {settings.page_host.lower()} if not _any(settings.page_host) else {socket.gethostname().lower()}
    names = LOOPBACK | listens
    if settings.page_oidc_issuer:
        return Reach(signs_in=True, origin=_origin(settings), names=names | {_host(settings.page_url)})
    there = settings.page_published or settings.page_host
    if not is_loopback(settings.page_published.rpartition(":")[0] or settings.page_host):
        raise SettingsError(
            f"other machines would reach the page at {there}, and nobody would have to sign in. Nothing was started. "
            f"Next: revmark page --host 127.0.0.1, or set REVMARK_PAGE_OIDC_ISSUER; {_HOW}"
        )
    return Reach(signs_in=False, origin="", names=names, published=bool(settings.page_published))


def _any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _origin(settings: Settings) -> str:
    needed = {
        "REVMARK_PAGE_URL": settings.page_url,
        "REVMARK_PAGE_OIDC_CLIENT_ID": settings.page_oidc_client_id,
        "REVMARK_PAGE_OIDC_CLIENT_SECRET": settings.page_oidc_client_secret.get_secret_value(),
        "REVMARK_SECRET_KEY": settings.secret_key.get_secret_value(),
        "REVMARK_PAGE_OPERATORS or REVMARK_PAGE_VIEWERS": settings.page_operators or settings.page_viewers,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SettingsError(f"people sign in, but {' and '.join(missing)} is not set. Nothing was started; {_HOW}")
    for name, url in (("PAGE_URL", settings.page_url), ("PAGE_OIDC_ISSUER", settings.page_oidc_issuer)):
        if not secure(url):
            raise SettingsError(
                f"REVMARK_{name} is {url}: it has to be an https address, or on this machine. Nothing was started"
            )
    at = httpx.URL(settings.page_url)
    if at.path not in {"", "/"} or at.query or at.fragment or at.userinfo:
        raise SettingsError(f"REVMARK_PAGE_URL is {settings.page_url}: scheme, host and port are all that it may have")
    return f"{at.scheme}://{at.netloc.decode()}"


def _host(url: str) -> str:
    return httpx.URL(url).raw_host.decode().lower()
