"""A door: the one place that a client may call.

In: an address from the settings, the vendor's own address, and the paths that are called there. Out: why a URL or a
network address lies outside, or None. Pure.
Invariants: scheme, host and port are compared whole and a path by its segments, so that no URL out of data (a link to
the next page, an id) leads elsewhere; the internet is reached at the vendor's own host alone, and over TLS; another
host, as the sandbox's, has to be of this machine or its own network; a cloud's metadata service is never reached.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote

import httpx

from schemas.errors import SettingsError

Address = IPv4Address | IPv6Address

PORTS = {"http": 80, "https": 443}
# This machine and its own network: loopback, RFC 1918, the shared space of RFC 6598 that overlays use, RFC 4193.
_OWN = tuple(
    ip_network(each)
    for each in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")
)
# Where clouds answer with credentials: Amazon over IPv6, Alibaba, Oracle, Azure. Everybody's 169.254.169.254 is
# link-local.
_METADATA = frozenset(ip_address(each) for each in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
_GLOBAL6 = IPv6Network("2000::/3")  # all that has been given out of IPv6; the rest is of a site, a link or a past
_NAT64 = IPv6Network("64:ff9b::/96")  # how a network without IPv4 spells an IPv4 address
_HOST = re.compile(r"[a-z0-9._:-]+")
_STEPS = re.compile(r"[/\\]")


@dataclass(frozen=True, slots=True)
class Door:
    """One scheme, host and port, and the paths behind them. `public`: the vendor's own host."""

    scheme: str
    host: str
    port: int
    paths: tuple[str, ...]
    public: bool

    @classmethod
    def to(cls, url: str, vendor: str, *paths: str) -> Door:
        """The door at `url`; `vendor` is the address that the platform itself has.

        Raises:
            SettingsError: the address cannot be called, or not safely.
        """
        try:
            at, own = httpx.URL(url), httpx.URL(vendor)
        except httpx.InvalidURL:  # its words may hold a piece of a password
            raise _unusable(url, "it is no address") from None
        if at.scheme not in PORTS or not _HOST.fullmatch(_host(at)) or at.userinfo or at.query or at.fragment:
            raise _unusable(url, "scheme, host and port are all that it may have")
        public = at.raw_host == own.raw_host
        if public and (at.scheme, at.port) != (own.scheme, own.port):
            raise _unusable(url, f"{own.host} is called over TLS, at {vendor}")
        base = at.path.rstrip("/")
        port = at.port or PORTS[at.scheme]
        return cls(at.scheme, _host(at), port, tuple(base + path for path in paths), public)

    def __str__(self) -> str:
        usual = PORTS[self.scheme] == self.port
        return f"{self.scheme}://{self.host}" + ("" if usual else f":{self.port}")

    def refuses(self, url: httpx.URL) -> str | None:
        """Why this URL is not behind the door; None when it is."""
        if url.scheme != self.scheme:
            return "another scheme"
        if _host(url) != self.host or (url.port or PORTS[self.scheme]) != self.port:
            return "another host"
        if url.userinfo:
            return "it carries a name or a password"
        path = url.raw_path.partition(b"?")[0].decode("ascii")
        if any(step in {".", ".."} for step in _STEPS.split(unquote(unquote(path)))):
            return "its path climbs"
        if not any(path == each or path.startswith(f"{each}/") for each in self.paths):
            return "another path"
        return None

    def shuns(self, address: str) -> str | None:
        """Why this network address is not connected to; None when it is."""
        try:
            found = _plain(ip_address(address))
        except ValueError:
            return "no network address"
        if found in _METADATA or found.is_link_local:
            return "of a link or of a cloud's metadata service"
        if self.public:
            return None if _is_public(found) else "not a public address"
        return None if any(found in network for network in _OWN if network.version == found.version) else (
            "a public address, which only the platform's own host may have"
        )  # fmt: skip


class Chosen(Door):
    """At an address of an operator's choice, which may be the internet's or the company's own."""

    @classmethod
    def at(cls, url: str) -> Chosen:
        """The door to one address, and to nothing below or beside it.

        Raises:
            SettingsError: the address cannot be called.
        """
        at = httpx.URL(url)
        made = Door.to(str(at.copy_with(path="/", query=None)), str(at), at.path)
        return cls(made.scheme, made.host, made.port, (at.path,), public=at.scheme == "https")

    def shuns(self, address: str) -> str | None:
        """Why this network address is not connected to: it is of neither network, or of a cloud's metadata service."""
        near = Door(self.scheme, self.host, self.port, self.paths, public=False)
        return Door.shuns(self, address) and near.shuns(address)


def secure(url: str) -> bool:
    """Whether an address is called over TLS, or is on this machine."""
    try:
        at = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return bool(at.host) and (at.scheme == "https" or (at.scheme == "http" and at.host in {"127.0.0.1", "localhost"}))


def shown(url: str) -> str:
    """An address without what may be a secret in it: a name and password before the host, and a query."""
    return re.split(r"[?#]", re.sub(r"(?<=//).*@", "", url), maxsplit=1)[0]


def _unusable(url: str, why: str) -> SettingsError:
    return SettingsError(
        f"{shown(url)} cannot be called: {why}. Nothing was sent. "
        "Mend the address in the settings, then run: revmark check"
    )


def _host(url: httpx.URL) -> str:
    """As it is asked of a name server: lower case, ASCII."""
    return url.raw_host.decode("ascii")


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


def _is_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return True
    # Tunnels carry an IPv4 address of anybody's choice inside.
    return address in _GLOBAL6 and address.sixtofour is None and address.teredo is None
