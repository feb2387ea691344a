# ruff: noqa: RUF001, S104 - letters that look alike and 0.0.0.0 are what this is about
"""Addresses that somebody would like us to call: 127.0.0.1 and its neighbours in every spelling, and false friends."""

from collections.abc import Iterator

HERE = (
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0177.0.0.1", "0177.0.0.01", "0x7f.0.0.1",
    "0x7f000001", "0x7F.0x0.0x0.0x1", "127.0.0.1.", "127.000.000.001", "127.1.1.1", "0", "0.0.0.0", "localhost",
    "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "127.0.0.1.nip.io", "[::1]", "[::]",
    "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::1]", "[fe80::1]", "[fe80::1%25lo]",
    "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1",
)  # fmt: skip
INSIDE = (
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe",
    "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[fd12:3456::1]", "metadata.google.internal",
    "metadata", "100.100.100.200", "224.0.0.1", "255.255.255.255", "kafka", "page",
)  # fmt: skip


def hostile(good: str, host: str, port: int) -> Iterator[str]:
    """URLs at 127.0.0.1:`port` and elsewhere that pass for `good`, an address at `host`."""
    path = "/" + good.split("/", 3)[3]
    for scheme in ("http", "https"):
        yield from (f"{scheme}://{each}:{port}{path}" for each in (*HERE, *INSIDE))
    yield from (f"https://{each}{path}" for each in HERE)
    yield from _named(host, port, path)
    yield from _elsewhere(good, host, port, path)
    yield from _climbing(good, port)


def _named(host: str, port: int, path: str) -> Iterator[str]:
    """Names and passwords in front, the good host somewhere else."""
    at = f"127.0.0.1:{port}"
    for scheme in ("http", "https"):
        yield f"{scheme}://{host}@{at}{path}"
        yield f"{scheme}://{host}:443@{at}{path}"
        yield f"{scheme}://{host}%2f@{at}{path}"
        yield f"{scheme}://{host}%00@{at}{path}"
        yield f"{scheme}://{host}%23@{at}{path}"
        yield f"{scheme}://{at}#@{host}{path}"
        yield f"{scheme}://{at}?@{host}{path}"
        yield f"{scheme}://{at}\\@{host}{path}"
        yield f"{scheme}://{at}/{host}{path}"
        yield f"{scheme}://{at};{host}{path}"
    yield f"https://token@{host}{path}"
    yield f"https://name:password@{host}{path}"
    yield f"https://:@{host}:1{path}"


def _elsewhere(good: str, host: str, port: int, path: str) -> Iterator[str]:
    """Other hosts that look alike, other ports, other schemes."""
    for name in (
        f"{host}.", f"{host}..", f".{host}", f"{host}.evil.example", f"evil.example.{host}", f"evil-{host}",
        f"{host}-x", f"{host}.localhost", host.replace("a", "а"), host.replace("a", "ａ", 1) + ".example",
        host.replace("o", "0"),
        f"xn--{host}", "xn--80ak6aa92e.com", host.replace(".", "%2e"), host.replace(".", "。") + "x", f"{host}%20",
        f"{host}%09", host.split(".", 1)[1], f"www.{host}", "evil.example", "hubapi.com", "xero.com",
    ):  # fmt: skip
        yield f"https://{name}{path}"
    for other in (port, 1, 22, 80, 8443, 9092, 65535):
        yield f"https://{host}:{other}{path}"
    for scheme in ("http", "ftp", "ws", "wss", "gopher", "file", "data", "javascript", "unix", "dict", "ldap", "HTTP"):
        yield f"{scheme}://{host}{path}"
    yield f"file:///etc/passwd#{good}"
    yield f"//127.0.0.1:{port}{path}"
    yield f"https:///{host}{path}"


def _climbing(good: str, port: int) -> Iterator[str]:
    """The right host and a path that is none of ours."""
    origin = "/".join(good.split("/", 3)[:3])
    for path in (
        "", "/", "//", "/_sandbox/state", "/admin", "/metrics", "/oauth-x/token", f"//127.0.0.1:{port}/crm/x",
        f"/http://127.0.0.1:{port}/", "/.well-known/x", "/%63%72%6d/x", "/CRM/x", "/crmx/y", "/crm%2f..%2fadmin",
        "/api.xro/2.0x", "/api.xro", "/connectionsx", "/crm;/x",
    ):  # fmt: skip
        yield origin + path
    yield from (f"{origin}{path}" for path in ("/crm/../admin", "/api.xro/2.0/../../admin", "/crm/./../.x"))
    for step in ("%2e%2e", ".%2e", "%252e%252e", "..%2f..", "..%5c..", "x%2f..%2f..%2f", "%2e"):
        yield f"{good}/{step}/x"
        yield f"{good}/{step}"
