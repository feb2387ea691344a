import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from schemas.errors import Transient
from streams.platforms.door import Door
from streams.platforms.outbound import Outbound
from tests.unit.outbound.canary import Canary
from tests.unit.outbound.certificates import DAY, NOW, Authority

HOST = "api.hubapi.com"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this machine trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


async def _here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


async def _call(canary: Canary) -> int:
    """The vendor's host, at an address that the test can have."""
    door = Door("https", HOST, canary.port, ("/crm",), public=False)
    async with httpx.AsyncClient(transport=Outbound(door, resolve=_here)) as client:
        headers = {"authorization": "Bearer secret"}
        return (await client.get(f"https://{HOST}:{canary.port}/crm/x", headers=headers)).status_code


def _old(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = context.maximum_version = version
    return context


DISTRUSTED: dict[str, tuple[Callable[[Authority], ssl.SSLContext], str]] = {
    "self-signed": (lambda ours: ours.server(HOST, self_signed=True), "self-signed certificate"),
    "expired": (lambda ours: ours.server(HOST, NOW - 2 * DAY, NOW - DAY), "certificate has expired"),
    "not yet": (lambda ours: ours.server(HOST, NOW + DAY / 2, NOW + DAY), "not yet valid"),
    "another host": (lambda ours: ours.server("api.hubapi.com.evil.example"), "Hostname mismatch"),
    "a wildcard too high": (lambda ours: ours.server("*.com"), "Hostname mismatch"),
    "another authority": (lambda ours: Authority(ours.folder, "other").server(HOST), "unable to get local issuer"),
    "TLS 1.1": (lambda ours: _old(ours.server(HOST), ssl.TLSVersion.TLSv1_1), "TLS is not agreed on"),
    "TLS 1.0": (lambda ours: _old(ours.server(HOST), ssl.TLSVersion.TLSv1), "TLS is not agreed on"),
}


@pytest.mark.parametrize("case", DISTRUSTED)
async def test_nothing_is_sent_to_a_server_that_cannot_prove_who_it_is(authority: Authority, case: str):
    make, said = DISTRUSTED[case]
    async with Canary(make(authority)) as canary:
        with pytest.raises(Transient, match=said) as stopped:
            await _call(canary)
        assert canary.heard == []
    assert stopped.value.code == "tls"
    assert "secret" not in stopped.value.message


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_proves_who_it_is_is_called(authority: Authority, newest: ssl.TLSVersion):
    context = authority.server(HOST)
    context.maximum_version = newest
    async with Canary(context) as canary:
        assert await _call(canary) == 200
        assert b"Bearer secret" in canary.heard[0]
