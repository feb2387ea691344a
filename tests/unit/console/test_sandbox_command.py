"""`revmark sandbox` drives a served sandbox by hand."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from sandbox.clock import SystemClock
from sandbox.server import serving
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation

Run = Callable[..., Result]


@pytest.fixture
def xero(tmp_path: Path) -> Iterator[str]:
    organisation = Organisation(clock=SystemClock())
    organisation.seed_defaults()
    with serving(create_app(organisation, clock=SystemClock())) as url:
        known = {"xero": {"url": url, **organisation.credentials()}}
        (tmp_path / "sandbox.json").write_text(json.dumps(known))
        yield url


def test_writes_and_calls_are_listed(run: Run, xero: str):
    contact = {"Contacts": [{"Name": "Acme"}]}
    httpx.post(f"{xero}/_sandbox/people/Contacts", json=contact).raise_for_status()
    httpx.get(f"{xero}/api.xro/2.0/Contacts")
    (written,) = [json.loads(line) for line in run("sandbox", "writes", "xero", "--json").stdout.splitlines()]
    assert written["actor"] == "person"
    assert run("sandbox", "writes", "xero", "--actor", "api", "--json").stdout == ""
    assert "Contacts" in run("sandbox", "calls", "xero").stdout
    assert "Acme" in run("sandbox", "state", "xero").stdout


def test_faults_are_put_in_force_listed_and_lifted(run: Run, xero: str):
    made = run("sandbox", "faults", "on", "xero", "status", "--param", "status=503", "--times", "2", "--method", "GET")
    assert made.exit_code == 0
    assert httpx.get(f"{xero}/api.xro/2.0/Contacts").status_code == 503
    (fault,) = json.loads(run("sandbox", "faults", "list", "xero", "--json").stdout)
    assert (fault["struck"], fault["times"], fault["params"]) == (1, 2, {"status": 503})
    assert run("sandbox", "faults", "off", "xero", "--id", str(fault["id"])).exit_code == 0
    assert json.loads(run("sandbox", "faults", "list", "xero", "--json").stdout) == []


def test_webhooks_are_sent_elsewhere_or_nowhere(run: Run, xero: str):
    assert run("sandbox", "webhooks", "xero", "none").exit_code == 0
    assert '"target_url":null' in run("sandbox", "webhooks", "xero", "--url", xero).stdout.replace(" ", "")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["sandbox", "faults", "on", "xero", "nonsense"], 2, "not a fault"),
        (["sandbox", "faults", "on", "xero", "status", "--param", "503"], 2, "name=value"),
        (["sandbox", "faults", "off", "xero", "--id", "99"], 2, "no fault 99"),
        (["sandbox", "writes", "hubspot"], 3, "serves no hubspot"),
        (["sandbox", "writes", "xero", "--url", "http://127.0.0.1:1"], 3, "no sandbox answers"),
        (["sandbox", "writes", "xero", "--ready-file", "nowhere.json"], 3, "revmark sandbox up"),
    ],
)
@pytest.mark.usefixtures("xero")
def test_what_cannot_be_done_is_said(run: Run, arguments: list[str], code: int, says: str):
    result = run(*arguments)
    assert result.exit_code == code
    assert says in result.stderr
