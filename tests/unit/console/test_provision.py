"""`revmark provision` against a sandbox portal: shown, made, and then nothing is made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from console.sandboxes import as_settings
from sandbox.clock import SystemClock
from sandbox.hubspot.app import create_app
from sandbox.hubspot.portal import Portal
from sandbox.server import serving
from streams.platforms.consent import HUBSPOT_SCOPES, hubspot_scopes
from tests.support.contracts import contract, contract_text, shipped

Run = Callable[..., Result]
CUSTOM = {"platforms": {"objects": {"invoice": {"custom": "revmark_invoice"}}}}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    found = Portal(clock=SystemClock(), search_lag=0)
    found.seed_defaults()
    with serving(create_app(found, clock=SystemClock())) as url:
        settings = as_settings({"hubspot": {"url": url, **found.credentials()}})
        (tmp_path / "revmark.env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        yield found


def write(folder: Path, *, custom: bool) -> None:
    (folder / "contract.yaml").write_text(contract_text(CUSTOM if custom else {}))


@pytest.mark.parametrize("custom", [True, False])
def test_it_shows_then_makes_then_says_that_there_is_nothing(tmp_path: Path, run: Run, portal: Portal, *, custom: bool):
    write(tmp_path, custom=custom)
    shown = run("provision")
    assert shown.exit_code == 1
    assert "property company.xero_contact_id" in shown.stdout
    assert ("object revmark_invoice" in shown.stdout) is custom
    assert "nothing was made. Next: revmark provision --yes" in shown.stdout
    assert not [call for call in portal.calls.calls if call.method == "POST"]
    made = run("provision", "--yes")
    assert made.exit_code == 0
    assert "made. Next: revmark check" in made.stdout
    before = len(portal.calls.calls)
    again = run("provision", "--yes")
    assert again.exit_code == 0
    assert "All is there: nothing was made." in again.stdout
    assert {call.method for call in portal.calls.calls[before:]} == {"GET"}
    assert [kind.name for kind in portal.catalogue.types if kind.custom] == ["revmark_invoice"] * custom


@pytest.mark.usefixtures("portal")
def test_as_json_it_is_the_schema_as_hubspot_is_given_it(tmp_path: Path, run: Run):
    write(tmp_path, custom=True)
    found = json.loads(run("provision", "--json").stdout)
    (schema,) = found["schemas"]
    assert (schema["name"], schema["associatedObjects"], found["made"]) == (
        "revmark_invoice", ["COMPANY", "DEAL"], False,
    )  # fmt: skip
    (key,) = [each for each in schema["properties"] if each.get("hasUniqueValue")]
    assert key["name"] == "xero_invoice_id"
    assert found["associations"] == ["revmark_invoice_to_company", "revmark_invoice_to_deal"]
    assert found["pipelines"] == []
    assert json.loads(run("provision", "--json", "--yes").stdout)["made"] is True
    left = json.loads(run("provision", "--json").stdout)
    assert (left["made"], left["schemas"], left["associations"], left["properties"]) == (False, [], [], [])


def test_without_the_tier_it_says_what_else_there_is(tmp_path: Path, run: Run, portal: Portal):
    write(tmp_path, custom=True)
    portal.enterprise = False
    refused = run("provision", "--yes")
    assert refused.exit_code != 0
    assert "take platforms.objects out of the contract" in refused.output.replace("\n", " ")


def test_a_pipeline_is_shown_and_made_once_and_a_tier_without_one_says_what_else_there_is(
    tmp_path: Path, run: Run, portal: Portal
):
    (tmp_path / "contract.yaml").write_text(contract_text({"platforms": {"objects": {"order": "native"}}}))
    shown = run("provision")
    assert "Orders go through the stages of the pipeline Revmark orders." in shown.stdout.replace("\n", " ")
    assert "No pipeline is needed" not in shown.stdout
    assert {"+    pipeline order.revmark_orders", "+    stage order.revmark_paid"} <= {*shown.stdout.splitlines()}
    (pipeline,) = json.loads(run("provision", "--json").stdout)["pipelines"]
    assert (pipeline["object"], pipeline["there"], pipeline["pipelineId"]) == ("order", False, "revmark_orders")
    portal.pipeline_limit = 1
    refused = run("provision", "--yes")
    assert refused.exit_code != 0
    assert "order_pipeline: none" in refused.output.replace("\n", " ")
    portal.pipeline_limit = None
    assert run("provision", "--yes").exit_code == 0
    assert "All is there" in run("provision", "--yes").stdout
    assert json.loads(run("provision", "--json").stdout)["pipelines"] == []
    assert len(portal.pipelines.of(portal.catalogue.get("orders"))) == 2


def test_a_custom_object_needs_scopes_of_its_own():
    chosen = hubspot_scopes(contract(CUSTOM))
    assert {*chosen} - {*HUBSPOT_SCOPES} == {
        f"crm.{what}.custom.{may}" for what in ("objects", "schemas") for may in ("read", "write")
    }
    assert not [each for each in chosen if "invoices" in each]
    assert hubspot_scopes(shipped()) == hubspot_scopes(None) == HUBSPOT_SCOPES


def test_quotes_are_asked_for_where_the_contract_orders_by_them():
    chosen = hubspot_scopes(contract({"timing": {"order_when": "quote_accepted"}}))
    assert {*chosen} - {*HUBSPOT_SCOPES} == {"crm.objects.quotes.read"}


def test_tasks_need_scopes_of_their_own():
    task = {"automation": "held", "when": "credit_hold.set", "task": {"subject": "{customer}"}}
    chosen = hubspot_scopes(contract({"automations": [task]}))
    assert {*chosen} - {*HUBSPOT_SCOPES} == {"crm.schemas.contacts.read", "crm.schemas.contacts.write"}
