"""Signing in with a real browser: to the provider and back, what a viewer sees, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from console.page.app import create_app
from console.projection.delivery import SHELVES
from console.projection.store import Store
from streams.broker.ports import free_ports
from streams.settings import Settings
from tests.support.chromium import complaints
from tests.support.openid import CLIENT, SECRET, Provider, provider, served
from tests.unit.console import records


@pytest.fixture(scope="module")
def oidc() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
def address(oidc: Provider, tmp_path: Path) -> Iterator[str]:
    """A page that people sign in to, over a projection that was read before; no broker is there."""
    store = Store(tmp_path / "console", clock=lambda: records.at(30))
    store.apply(records.day())
    store.caught_up(SHELVES)
    store.close()
    (port,) = free_ports(1)
    settings = Settings(
        state=tmp_path, broker="127.0.0.1:1", page_port=port, page_url=f"http://127.0.0.1:{port}",
        page_oidc_issuer=oidc.issuer, page_oidc_client_id=CLIENT, page_oidc_client_secret=SECRET,
        page_operators="kim@example.com", page_viewers="groups=staff", secret_key="a" * 43 + "=",
        _env_file=None,  # type: ignore[call-arg]
    )  # fmt: skip
    app = create_app(settings)
    with served(uvicorn.Config(app, port=port, log_config=None, ws="none", timeout_graceful_shutdown=1)):
        yield settings.page_url


@pytest.mark.parametrize(
    ("claims", "who", "acts"),
    [
        ({}, "kim@example.com", True),
        ({"email": "ann@example.com", "groups": ["staff"]}, "ann@example.com", False),
    ],
    ids=["operator", "viewer"],
)
def test_people_go_to_the_provider_and_back(
    address: str, oidc: Provider, chromium: Any, claims: dict[str, Any], who: str, acts: bool  # noqa: FBT001
):  # fmt: skip
    oidc.claims = claims
    context = chromium.new_context()
    tab = context.new_page()
    said = complaints(tab)
    tab.goto(f"{address}/said")
    tab.wait_for_selector(f"#who:has-text('{who}')")
    assert tab.url == f"{address}/said"
    (kept,) = context.cookies()
    assert (kept["name"], kept["httpOnly"], kept["sameSite"]) == ("revmark-session", True, "Lax")
    tab.goto(f"{address}/")
    tab.wait_for_selector("#waiting-list li")
    assert (tab.locator("#waiting-list form").count() > 0) is acts
    assert ("may look" in tab.inner_text("#who")) is not acts
    tab.click("#who button")
    tab.wait_for_url(f"{address}/signed-out")
    assert context.cookies() == []
    assert [each for each in said if "401" not in each] == []  # the stream of the page that was left
    context.close()
