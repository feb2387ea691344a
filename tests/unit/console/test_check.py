"""`revmark check` against the sandbox platforms: what is wrong is named, and what to do next."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from console.commands.check import last_word, mark
from console.envfile import commented
from console.sandboxes import as_settings
from sandbox.clock import SystemClock
from sandbox.hubspot.app import create_app as hubspot_app
from sandbox.hubspot.portal import Portal
from sandbox.server import serving
from sandbox.xero.app import create_app as xero_app
from sandbox.xero.organisation import Organisation
from schemas.contract import template
from streams.checkup import Finding, broker, checkup, grant
from streams.checkup.currencies import finding
from streams.checkup.grant import none_stored
from streams.settings import load_settings
from tests.support.contracts import contract_text

Run = Callable[..., Result]
Found = dict[str, Finding]


@dataclass(frozen=True)
class Ground:
    """Two platforms and the settings that point at them."""

    folder: Path
    env_file: Path
    organisation: Organisation
    portal: Portal
    settings: dict[str, str]
    transports: dict[str, httpx.AsyncBaseTransport]

    def write(self, **changes: str) -> None:
        found = {**self.settings, **changes, "REVMARK_CONTRACT": str(self.folder / "contract.yaml")}
        lines = [line for line in commented(b"k" * 32).splitlines() if line.partition("=")[0] not in found]
        self.env_file.write_text("\n".join([*lines, *(f"{name}={value}" for name, value in found.items())]) + "\n")

    async def findings(self, *, contract: str | None = None, create: bool = True, keep: bool = True) -> Found:
        (self.folder / "contract.yaml").write_text(contract or template())
        settings = load_settings(self.env_file)
        kept: list[str] = []
        keeps = kept.append if keep else None
        look = checkup(settings, create=create, keep=keeps, ask=none_stored, transports=self.transports)
        return {each.name: each async for each in look}


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    clock = SystemClock()
    portal, organisation = Portal(clock=clock, search_lag=0), Organisation(clock=clock)
    portal.seed_defaults()
    organisation.seed_defaults()
    known = {
        "hubspot": {"url": "http://127.0.0.1:2", **portal.credentials()},
        "xero": {"url": "http://127.0.0.1:3", **organisation.credentials()},
    }
    transports: dict[str, httpx.AsyncBaseTransport] = {
        "hubspot": httpx.ASGITransport(hubspot_app(portal, clock=clock)),
        "xero": httpx.ASGITransport(xero_app(organisation, clock=clock)),
    }
    settings = {**as_settings(known), "REVMARK_BROKER": "127.0.0.1:1"}
    made = Ground(tmp_path, tmp_path / "revmark.env", organisation, portal, settings, transports)
    made.write()
    return made


async def test_with_everything_in_place_only_the_broker_is_missing(ground: Ground):
    found = await ground.findings()
    assert [name for name, finding in found.items() if not finding.ok] == ["broker"]
    assert len(found) == 18


async def test_missing_properties_are_named_and_made_on_request_once(ground: Ground):
    found = await ground.findings(create=False)
    assert "company.xero_contact_id" in found["hubspot properties"].detail
    assert found["hubspot properties"].next_step == "revmark check --create"
    assert "made" in (await ground.findings())["hubspot properties"].detail
    assert (await ground.findings(create=False))["hubspot properties"].detail == "all are there"


@pytest.mark.parametrize(
    ("changes", "name", "says"),
    [
        ({"REVMARK_HUBSPOT_TOKEN": "wrong"}, "hubspot credentials", "the token is refused"),
        ({"REVMARK_HUBSPOT_PORTAL": "17"}, "hubspot portal", "the settings name 17"),
        ({"REVMARK_XERO_CLIENT_SECRET": "wrong"}, "xero credentials", "does not know this app"),
        ({"REVMARK_XERO_REFRESH_TOKEN": "wrong"}, "xero credentials", "no longer accepts the grant"),
        ({"REVMARK_XERO_TENANT": "elsewhere"}, "xero organisation", "REVMARK_XERO_TENANT is elsewhere"),
        ({"REVMARK_SECRET_KEY": "c2hvcnQ="}, "secret key", "base64 of 32 bytes"),
    ],
)
async def test_what_is_wrong_is_named_and_the_rest_is_looked_at(
    ground: Ground, changes: dict[str, str], name: str, says: str
):
    ground.write(**changes)
    found = await ground.findings()
    assert {each for each, finding in found.items() if not finding.ok} == {"broker", name}
    assert says in found[name].detail
    assert found[name].next_step


async def test_the_webhooks_journal_is_looked_at_where_it_is_set(ground: Ground):
    app = {"REVMARK_HUBSPOT_CLIENT_ID": ground.portal.access.client_id}
    enabled = app | {"REVMARK_HUBSPOT_JOURNAL": "http://127.0.0.1:2"}
    ground.write(**enabled)
    empty = (await ground.findings())["hubspot journal"]
    assert empty.ok
    assert "subscribed to nothing" in empty.detail
    ground.portal.journal.subscribe("0-2", ["CREATE"])
    ground.portal.journal.note("CREATE", ground.portal.catalogue.get("0-2"), {"objectId": 5})
    assert "http://127.0.0.1:2: 1 events" in (await ground.findings())["hubspot journal"].detail
    for wrong in (app | {"REVMARK_HUBSPOT_CLIENT_ID": "another"}, {"REVMARK_HUBSPOT_CLIENT_ID": ""}):
        ground.write(**enabled | wrong)
        found = await ground.findings()
        assert {each for each, finding in found.items() if not finding.ok} == {"broker", "hubspot journal"}
        assert "REVMARK_HUBSPOT_CLIENT_ID" in found["hubspot journal"].detail


class Broken(httpx.AsyncBaseTransport):
    """A platform that answers with `reply` where `path` says so, and as it would elsewhere; None: it is not reached."""

    def __init__(self, inner: httpx.AsyncBaseTransport, path: str, reply: httpx.Response | None) -> None:
        self.inner, self.path, self.reply = inner, path, reply

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.path not in request.url.path:
            return await self.inner.handle_async_request(request)
        if self.reply is None:
            raise httpx.ConnectError("no route to host")
        reply = httpx.Response(self.reply.status_code, headers=self.reply.headers, content=self.reply.content)
        reply.request = request
        return reply


DAILY = httpx.Response(429, json={"status": "error", "policyName": "DAILY", "message": "daily limit reached"})
DAY = httpx.Response(429, headers={"X-Rate-Limit-Problem": "day", "Retry-After": "3600"})


@pytest.mark.parametrize(
    ("platform", "path", "reply", "name", "step"),
    [
        ("hubspot", "/", None, "hubspot connection", "see that this machine reaches"),
        ("hubspot", "/", httpx.Response(503), "hubspot connection", "see that this machine reaches"),
        ("hubspot", "/", DAILY, "hubspot connection", "wait until"),
        ("hubspot", "/crm/objects", DAILY, "hubspot connection", "wait until"),
        ("hubspot", "/crm/properties", None, "hubspot properties", "see that this machine reaches"),
        ("hubspot", "/crm/pipelines", None, "hubspot deal stages", "see that this machine reaches"),
        ("xero", "/connect/token", None, "xero connection", "see that this machine reaches"),
        ("xero", "/connections", None, "xero connection", "see that this machine reaches"),
        ("xero", "/connections", DAY, "xero connection", "wait until"),
        ("xero", "/Accounts", httpx.Response(503), "xero accounts", "see that this machine reaches"),
        ("xero", "/Payments", DAY, "xero connection", "wait until"),
    ],
)
async def test_a_line_that_is_down_or_a_spent_quota_is_not_called_wrong_credentials(
    ground: Ground, platform: str, path: str, reply: httpx.Response | None, name: str, step: str
):
    await ground.findings()  # the properties are there
    ground.transports[platform] = Broken(ground.transports[platform], path, reply)
    found = await ground.findings(create=False)
    assert found[name].ok is False
    assert found[name].next_step.startswith(step)
    assert found[name].next_step.endswith("then: revmark check")
    assert not [each for each in found.values() if not each.ok and "scopes" in each.next_step + each.name]


@pytest.mark.parametrize(
    ("old", "new", "name", "says"),
    [
        ("base_currency: NZD", "base_currency: EUR", "xero organisation", "keeps its books in NZD"),
        ("tax_type: OUTPUT2", "tax_type: OUTPUT99", "xero tax rates", "OUTPUT99 is not there"),
        ('account: "200"', 'account: "999"', "xero accounts", "999 is not there"),
    ],
)
async def test_what_the_contract_names_must_be_in_the_books(ground: Ground, old: str, new: str, name: str, says: str):
    assert old in template()
    found = await ground.findings(contract=template().replace(old, new))
    assert says in found[name].detail
    assert found[name].next_step


async def test_a_portal_of_another_currency_is_told_what_it_means_and_what_to_set(ground: Ground):
    found = (await ground.findings())["hubspot currency"]
    assert found.ok, "Xero's books decide the contract's currency: nothing is broken"
    for word in ("USD and the contract's base_currency NZD", "Revmark takes it for NZD", "in NZD at Xero's rates"):
        assert word in found.detail
    assert found.next_step.startswith("make NZD the company currency in HubSpot's Settings > Account Defaults")
    ground.portal.currency = "NZD"
    found = (await ground.findings())["hubspot currency"]
    assert (found.ok, found.detail, found.next_step) == (True, "NZD, as the contract's base_currency", "")


@pytest.mark.parametrize(
    ("others", "lacks"), [(["NZD", "AUD"], False), (["AUD"], True), ([], True), (None, False), ("?", False)]
)
def test_a_currency_that_the_portal_does_not_have_at_all_is_said(others: object, *, lacks: bool):
    found = finding({"companyCurrency": "USD", "additionalCurrencies": others}, "NZD")
    assert found is not None
    assert ("NZD is not among the portal's currencies" in found.detail) is lacks
    assert ("add NZD there" in found.next_step) is lacks


@pytest.mark.parametrize(("ok", "step", "said"), [(True, "", "ok"), (True, "look", "see"), (False, "mend it", "NO")])
def test_what_is_not_broken_and_wants_a_look_is_marked_as_that(*, ok: bool, step: str, said: str):
    assert mark(Finding("a name", ok=ok, detail="", next_step=step)) == said


def test_an_account_that_states_no_currency_says_nothing_of_it():
    assert finding({}, "NZD") is None


@pytest.mark.parametrize(
    ("timing", "says"),
    [
        ({"order_when_deal_stage": ["clsoedwon"]}, "no pipeline of deals has: did you mean 'closedwon' (Closed Won)?"),
        (
            {"invoice_when": "shipped", "shipped_when_deal_stage": ["Contract Sent"]},
            "names 'Contract Sent', which no pipeline of deals has: did you mean 'contractsent'",
        ),
        (
            {"subscriptions": {"paused_when_deal_stage": ["77120031"]}},
            "paused_when_deal_stage names '77120031', which no pipeline of deals has: there are appointmentscheduled (",
        ),
    ],
)  # fmt: skip
async def test_a_deal_stage_that_the_portal_does_not_have_is_a_fault(
    ground: Ground, timing: dict[str, object], says: str
):
    found = await ground.findings(contract=contract_text({"timing": timing}))
    assert {name for name, finding in found.items() if not finding.ok} == {"broker", "hubspot deal stages"}
    assert says in found["hubspot deal stages"].detail
    assert "ids of stages into timing." in found["hubspot deal stages"].next_step
    assert found["hubspot deal stages"].next_step.endswith("revmark check")


async def test_a_deal_stage_of_any_pipeline_is_known(ground: Ground):
    kind = ground.portal.catalogue.get("deals")
    stages = [("771", "Won in shop", {"probability": "1.0", "isClosed": "true"})]
    ground.portal.pipelines.add(kind, "shop", "Shop", stages, ground.portal.now(), 1)
    found = await ground.findings(contract=contract_text({"timing": {"order_when_deal_stage": ["closedwon", "771"]}}))
    assert found["hubspot deal stages"].detail == "2 in the contract, and the portal has them"


async def test_stages_that_the_app_may_not_read_are_a_fault_with_the_scope(ground: Ground):
    await ground.findings()
    reply = httpx.Response(403, json={"status": "error", "category": "MISSING_SCOPES", "message": "no scope"})
    ground.transports["hubspot"] = Broken(ground.transports["hubspot"], "/crm/pipelines", reply)
    stages = (await ground.findings(create=False))["hubspot deal stages"]
    assert not stages.ok
    assert stages.next_step.startswith("give the app the scope crm.schemas.deals.read")


async def test_a_grant_that_cannot_be_kept_is_not_used_up(ground: Ground):
    token = ground.settings["REVMARK_XERO_REFRESH_TOKEN"]
    found = await ground.findings(keep=False)
    assert "would use up its refresh token" in found["xero credentials"].detail
    assert token in ground.env_file.read_text()
    assert (await ground.findings())["xero credentials"].ok


async def test_a_read_only_grant_is_told_from_one_that_may_write(ground: Ground):
    scopes = "offline_access accounting.contacts.read accounting.settings.read accounting.transactions.read"
    grant = ground.organisation.identity.grant(scopes)
    ground.write(REVMARK_XERO_REFRESH_TOKEN=str(grant["refresh_token"]))
    found = await ground.findings()
    assert "invoices cannot be written" in found["xero scopes"].detail


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Organisation]:
    """An organisation that is served, and settings that hold a grant to it."""
    organisation = Organisation(clock=SystemClock())
    organisation.seed_defaults()
    with serving(xero_app(organisation, clock=SystemClock())) as url:
        settings = as_settings({"xero": {"url": url, **organisation.credentials()}}) | {"REVMARK_BROKER": "127.0.0.1:1"}
        (tmp_path / "revmark.env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        yield organisation


@pytest.mark.parametrize("slow", [False, True])
def test_where_kafka_does_not_tell_what_is_stored_the_workers_grant_is_left_alone(
    books: Organisation, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, *, slow: bool
):
    """A worker may have renewed it long ago: who renews the settings' token then leaves the worker with a dead one."""
    first = load_settings(tmp_path / "revmark.env").xero_refresh_token.get_secret_value()
    monkeypatch.setattr(grant, "PATIENCE", 0.5 if slow else grant.PATIENCE)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:  # it takes calls, and says nothing
        if slow:
            monkeypatch.setattr(broker, "PATIENCE", 0.5)
            monkeypatch.setenv("REVMARK_BROKER", f"127.0.0.1:{silent.getsockname()[1]}")
        result = run("check")
    assert result.exit_code == 1
    assert "NO  xero credentials: not tried: " in result.stdout
    assert "nobody can say whether workers use Xero's grant. Nothing was sent to Xero" in result.stdout
    assert "or set REVMARK_BROKER, then: revmark check" in result.stdout
    assert load_settings(tmp_path / "revmark.env").xero_refresh_token.get_secret_value() == first
    assert books.identity.refreshes == 0


CUSTOM = template().replace("  erp: xero\n", "  erp: xero\n  objects:\n    invoice: {custom: revmark_invoice}\n", 1)


async def test_a_custom_object_that_is_missing_is_named_with_the_command_that_makes_it(ground: Ground):
    found = await ground.findings(contract=CUSTOM, create=False)
    lacking = found["hubspot properties"]
    assert "object revmark_invoice" in lacking.detail
    assert lacking.next_step == "revmark provision --yes"
    assert found["hubspot scopes"].ok, "that it is not there is no missing scope"
    assert "object revmark_invoice" in (await ground.findings(contract=CUSTOM))["hubspot properties"].detail
    again = await ground.findings(contract=CUSTOM, create=False)
    assert again["hubspot properties"].detail == "all are there"
    assert {name for name, finding in again.items() if not finding.ok} == {"broker"}


async def test_a_portal_without_custom_objects_is_told_what_to_do(ground: Ground):
    ground.portal.enterprise = False
    found = (await ground.findings(contract=CUSTOM))["hubspot properties"]
    assert not found.ok
    assert "Enterprise" in found.detail
    assert "take platforms.objects out of the contract" in found.detail


async def test_automations_ask_for_tasks_and_for_what_they_set(ground: Ground):
    head, block = template().split("# automations:\n", 1)
    block, rest = block.split("\n\n", 1)
    lines = (line.removeprefix("# ") for line in block.splitlines())
    told = "\n".join([f"{head}automations:", *lines, "", rest])
    found = await ground.findings(contract=told, create=False)
    assert found["hubspot scopes"].detail.startswith("reads 7 kinds")
    for name in ("company.chase_since", "deal.thank_you_for", "task.revmark_task_key"):
        assert name in found["hubspot properties"].detail
    await ground.findings(contract=told)
    assert (await ground.findings(contract=told, create=False))["hubspot properties"].detail == "all are there"


async def test_events_are_looked_for_and_made_and_a_portal_without_them_is_told_what_to_do(ground: Ground):
    told = {"automation": "paid", "when": "invoice.paid", "event": {"of": "deal", "name": "invoice_paid"}}
    contract = contract_text({"automations": [told]})
    lacking = (await ground.findings(contract=contract, create=False))["hubspot properties"]
    assert "event invoice_paid of deal" in lacking.detail
    assert lacking.next_step == "revmark provision --yes"
    ground.portal.enterprise = False
    refused = (await ground.findings(contract=contract))["hubspot properties"]
    assert not refused.ok
    assert "take event out of the contract's automations" in refused.detail
    ground.portal.enterprise = True
    await ground.findings(contract=contract)
    assert (await ground.findings(contract=contract, create=False))["hubspot properties"].detail == "all are there"


def test_all_is_not_well_while_a_connection_stands_still():
    fine, wrong = Finding("broker", ok=True, detail="answers"), Finding("xero work", ok=False, detail="stands still")
    waits = Finding("xero work", ok=True, detail="stands still until the day's calls come back")
    assert last_word([fine]) == "All is well. Next: revmark worker"
    assert last_word([fine, wrong]) == "1 of 2 need mending."
    assert last_word([fine, waits]).startswith("Nothing needs mending; a connection waits")
