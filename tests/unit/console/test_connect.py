"""`revmark connect` against the sandbox platforms over TCP: their login pages, and a browser that follows them."""

from __future__ import annotations

import re
import secrets
import stat
import threading
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from typer.testing import Result

from console.envfile import commented
from console.sandboxes import as_settings
from sandbox.clock import SystemClock
from sandbox.hubspot.app import create_app as hubspot_app
from sandbox.hubspot.portal import Portal
from sandbox.server import serving
from sandbox.xero.app import create_app as xero_app
from sandbox.xero.identity import InvalidGrant, challenge_of
from sandbox.xero.organisation import Organisation
from streams.broker.ports import free_ports
from streams.platforms.consent import HUBSPOT_SCOPES, XERO_SCOPES
from streams.settings import load_settings

Run = Callable[..., Result]


@dataclass
class Browser(webbrowser.BaseBrowser):
    """A person's browser: goes where it is sent, after what a test has it do first."""

    first: list[str] = field(default_factory=list)
    seen: list[httpx.Response] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    agrees: bool = True
    name: str = "test"

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - as it is called
        self.asked.append(url)
        threading.Thread(target=self._go, args=(url,), daemon=True).start()
        return True

    def _go(self, url: str) -> None:
        question = parse_qs(urlsplit(url).query)
        redirect = question["redirect_uri"][0].replace("localhost", "127.0.0.1")
        with httpx.Client(timeout=10) as http:
            self.seen += [http.get(f"{redirect}{each}") for each in self.first]
            if not self.agrees:
                self.seen.append(http.get(f"{redirect}?error=access_denied&state={question['state'][0]}"))
                return
            target = http.get(url).headers["location"].replace("localhost", "127.0.0.1")
            self.seen.append(http.get(target))


@dataclass(frozen=True)
class Ground:
    """Two platforms, a settings file that names them, and a port for the answer."""

    run: Run
    path: Path
    portal: Portal
    organisation: Organisation
    browser: Browser
    port: int

    def write(self, settings: dict[str, str]) -> None:
        lines = [line for line in commented(b"k" * 32).splitlines() if line.partition("=")[0] not in settings]
        self.path.write_text("\n".join([*lines, *(f"{name}={value}" for name, value in settings.items())]) + "\n")

    def connect(self, platform: str, *more: str, text: str | None = None) -> Result:
        return self.run("--env-file", str(self.path), "connect", platform, "--port", str(self.port), *more, text=text)


@pytest.fixture
def ground(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    clock = SystemClock()
    portal, organisation = Portal(clock=clock, search_lag=0), Organisation(clock=clock)
    organisation.seed_defaults()
    browser = Browser()
    monkeypatch.setattr(webbrowser, "_tryorder", ["test"])
    monkeypatch.setattr(webbrowser, "_browsers", {"test": [None, browser]})
    with (
        serving(hubspot_app(portal, clock=clock)) as hubspot_url,
        serving(xero_app(organisation, clock=clock)) as xero_url,
    ):
        known = {
            "hubspot": {"url": hubspot_url, **portal.credentials()},
            "xero": {"url": xero_url, **organisation.credentials()},
        }
        made = Ground(run, tmp_path / "revmark.env", portal, organisation, browser, free_ports(1)[0])
        settings = as_settings(known)
        settings |= {"REVMARK_HUBSPOT_CLIENT_ID": portal.access.client_id, "REVMARK_HUBSPOT_TOKEN": ""}
        settings |= {"REVMARK_XERO_TENANT": "", "REVMARK_XERO_REFRESH_TOKEN": "", "REVMARK_HUBSPOT_REFRESH_TOKEN": ""}
        made.write(settings)
        yield made


def test_a_person_agrees_and_xeros_grant_and_organisation_are_in_the_settings_file(ground: Ground):
    result = ground.connect("xero")
    assert result.exit_code == 0, result.output
    found = load_settings(ground.path)
    token = found.xero_refresh_token.get_secret_value()
    assert ground.organisation.identity.refresh(token)["scope"] == " ".join(XERO_SCOPES)
    assert found.xero_tenant == ground.organisation.credentials()["tenant_id"]
    assert stat.S_IMODE(ground.path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    assert token not in result.output
    assert ground.browser.seen[-1].status_code == httpx.codes.OK


def test_a_person_agrees_and_hubspots_grant_is_in_the_settings_file(ground: Ground):
    result = ground.connect("hubspot")
    assert result.exit_code == 0, result.output
    token = load_settings(ground.path).hubspot_refresh_token.get_secret_value()
    assert set(ground.portal.access.describe_refresh(token)["scopes"]) == set(HUBSPOT_SCOPES)
    assert "All " in result.output


def test_the_address_holds_a_state_and_a_hash_and_no_secret(ground: Ground):
    ground.connect("xero")
    asked = parse_qs(urlsplit(ground.browser.asked[0]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) > 40
    assert "+" not in urlsplit(ground.browser.asked[0]).query
    assert ground.organisation.identity.client_secret not in ground.browser.asked[0]


def test_an_answer_to_another_question_is_refused_and_the_right_one_still_taken(ground: Ground):
    ground.browser.first = ["?code=stolen&state=guessed", "?code=stolen", "?error=access_denied&state=guessed"]
    result = ground.connect("xero")
    assert result.exit_code == 0, result.output
    assert [each.status_code for each in ground.browser.seen] == [400, 400, 400, 200]
    assert not any("stolen" in each.text for each in ground.browser.seen)


def test_another_path_is_nothing(ground: Ground):
    ground.browser.first = ["/../favicon.ico"]
    assert ground.connect("xero").exit_code == 0
    assert ground.browser.seen[0].status_code == httpx.codes.NOT_FOUND


def test_a_person_who_does_not_agree_leaves_the_file_as_it_was(ground: Ground):
    before = ground.path.read_text()
    ground.browser.agrees = False
    result = ground.connect("hubspot")
    assert result.exit_code == 2
    assert "did not agree" in result.output
    assert ground.path.read_text() == before


def test_scopes_that_were_not_granted_are_named(ground: Ground):
    agree = ground.organisation.identity.authorise
    less = " ".join(XERO_SCOPES[:-1])
    ground.organisation.identity.authorise = lambda _scope, redirect, challenge: agree(less, redirect, challenge)  # type: ignore[method-assign] # a person unticks one
    result = ground.connect("xero")
    assert result.exit_code == 1
    assert "Not granted: accounting.payments" in result.output


def test_the_address_can_be_pasted_where_the_browser_is_elsewhere(ground: Ground, monkeypatch: pytest.MonkeyPatch):
    drawn = iter(["the state that was drawn", "a verifier " * 4])
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _bytes: next(drawn))
    identity = ground.organisation.identity
    redirect = f"http://localhost:{ground.port}/callback"
    code = identity.authorise(" ".join(XERO_SCOPES), redirect, challenge_of("a verifier " * 4))
    result = ground.connect("xero", "--paste", text=f"{redirect}?code={code}&state=the%20state%20that%20was%20drawn\n")
    assert result.exit_code == 0, result.output
    assert not ground.browser.asked
    assert load_settings(ground.path).xero_refresh_token.get_secret_value()


def test_a_code_is_worth_nothing_without_the_verifier_it_was_asked_with(ground: Ground):
    identity = ground.organisation.identity
    code = identity.authorise(" ".join(XERO_SCOPES), "http://localhost/callback", challenge_of("the right one"))
    with pytest.raises(InvalidGrant):
        identity.exchange(code, "http://localhost/callback", "another")


def test_a_wrong_secret_says_what_to_look_at_and_shows_none(ground: Ground):
    text = re.sub(
        r"(?m)^REVMARK_XERO_CLIENT_SECRET=.*$", "REVMARK_XERO_CLIENT_SECRET=not-this-one", ground.path.read_text()
    )
    ground.path.write_text(text)
    result = ground.connect("xero")
    assert result.exit_code == 2
    assert "did not exchange the code (invalid_client)" in result.output
    assert "not-this-one" not in result.output


def test_nobody_is_asked_where_the_grant_could_not_be_kept(ground: Ground, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REVMARK_XERO_REFRESH_TOKEN", "from elsewhere")
    result = ground.connect("xero")
    assert (result.exit_code, ground.browser.asked) == (2, [])
    assert "Unset it, then run: revmark connect xero" in result.output


def test_a_port_that_is_taken_is_said(ground: Ground):
    with serving(xero_app(ground.organisation, clock=SystemClock())) as url:
        taken = str(urlsplit(url).port)
        result = ground.connect("xero", "--port", taken)
    assert result.exit_code == 3
    assert f"port {taken} of this machine cannot be listened on" in result.output


def test_an_app_without_its_secret_is_said(ground: Ground):
    ground.write({"REVMARK_XERO_CLIENT_ID": "id"})
    result = ground.connect("xero")
    assert result.exit_code == 2
    assert "REVMARK_XERO_CLIENT_ID and REVMARK_XERO_CLIENT_SECRET are needed" in result.output
