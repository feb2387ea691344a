"""The transport under every client of a platform: nothing leaves but through its door.

In: requests. Out: answers. Invariants: a request whose URL is not behind the door is stopped before a name is looked
up; a name is looked up once per connection, every address that comes back is judged, and the connection goes to one
that was judged, so that no second answer can lead it elsewhere; TLS is 1.2 or newer and always verified; no redirect is
followed (a client's setting, which `client` makes for all).
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from schemas.errors import Refused, Transient
from streams.platforms.door import Door

Resolve = Callable[[str, int], Awaitable[list[str]]]
AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # what an operator may put in the place of the usual ones
# httpx's own figures, which a pool of ours has to be given: connections at all, idle ones, seconds they are kept.
CONNECTIONS, IDLE, IDLE_SECONDS = 100, 20, 5.0


async def addresses(host: str, port: int) -> list[str]:
    """What the system knows of a name, in its order."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Outbound(httpx.AsyncBaseTransport):
    """Lets requests pass that are behind the door."""

    def __init__(
        self, door: Door, inner: httpx.AsyncBaseTransport | None = None, *, resolve: Resolve | None = None
    ) -> None:
        """Pass on to `inner`; a network that judges addresses unless given. `resolve` looks names up for that one."""
        self._door = door
        self._inner = inner or _Network(door, resolve or addresses)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on.

        Raises:
            Refused: its URL is not behind the door.
            Transient: the address or the certificate of the host is not to be trusted; nothing was sent.
        """
        if (why := self._door.refuses(request.url)) is not None:
            asked = request.url.copy_with(userinfo=b"", query=None)
            paths = ", ".join(path or "/" for path in self._door.paths)
            raise Refused(
                f"a call to {asked} was stopped: {why}. Only {self._door} is called, under {paths}. Nothing was sent. "
                "See which record holds that address, or run: revmark check",
                code="outbound",
            )
        try:
            return await self._inner.handle_async_request(request)
        except httpx.ConnectError as error:
            if (said := _distrusted(error)) is None:
                raise
            raise Transient(
                f"{self._door} is not trusted: {said}. Nothing was sent. See this machine's clock, and who answers "
                "there (a proxy's authority goes into SSL_CERT_FILE), then run: revmark check",
                code="tls",
            ) from error

    async def aclose(self) -> None:
        """Release connections."""
        await self._inner.aclose()


class _Network(httpx.AsyncHTTPTransport):
    """httpx's network over connections that a door has judged; through the proxy of the environment where one is set.

    A proxy looks names up itself, so there the door holds by name alone. It is for vendors only: a sandbox is near.
    """

    _pool: Any  # httpx keeps its pool under this name; a version that does not is noticed below

    def __init__(self, door: Door, resolve: Resolve) -> None:
        secure = door.scheme == "https"
        context = _tls(*map(os.environ.get, AUTHORITIES)) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        proxy = None if not door.public or proxy_bypass(door.host) else getproxies().get(door.scheme)
        super().__init__(verify=context, trust_env=False, proxy=proxy)
        if proxy is None:
            assert isinstance(self._pool, httpcore.AsyncConnectionPool)  # noqa: S101 - see above
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=context,
                network_backend=_Judged(door, resolve),
                max_connections=CONNECTIONS,
                max_keepalive_connections=IDLE,
                keepalive_expiry=IDLE_SECONDS,
            )


class _Judged(httpcore.AnyIOBackend):
    """Connects to addresses that the door does not shun."""

    def __init__(self, door: Door, resolve: Resolve) -> None:
        self._door = door
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the name up, judge what comes back, connect to the first that answers."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        try:
            async with asyncio.timeout(timeout):
                found = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} was not looked up in time") from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host} has no address") from error
        for each in found:
            if (why := self._door.shuns(each)) is not None:
                raise Transient(
                    f"{host} is said to be at {each}: {why}. Nothing was sent. See this machine's name server and its "
                    "hosts file, then run: revmark check",
                    code="address",
                )
        last: Exception = httpcore.ConnectError(f"{host} has no address")
        for left, each in zip(range(len(found), 0, -1), found, strict=True):
            # an address that does not answer leaves its share of the time to those behind it
            share = None if deadline is None else max(deadline - loop.time(), 0.0) / left
            try:
                return await super().connect_tcp(each, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last


def client(
    door: Door,
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    http: type[httpx.AsyncClient] = httpx.AsyncClient,
    **given: Any,
) -> httpx.AsyncClient:
    """An HTTP client behind a door; `transport` takes the place of ours, as in tests."""
    # credentials go where they were meant to go, or nowhere
    return http(transport=transport or Outbound(door), follow_redirects=False, trust_env=False, **given)


@cache
def _tls(*_authorities: str | None) -> ssl.SSLContext:
    """One for all clients: reading the usual authorities takes thirty milliseconds of work."""
    context = httpx.create_ssl_context()  # verifies certificate and name, by SSL_CERT_FILE or the usual authorities
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _distrusted(error: BaseException | None) -> str | None:
    """What TLS has against the other side, somewhere among an error's causes."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate does not hold ({error.verify_message})"
        if isinstance(error, ssl.SSLError):
            return f"TLS is not agreed on ({error.reason})"
        error = error.__cause__ or error.__context__
    return None
