"""`revmark init`, `revmark contract`, `revmark check` without anything to reach."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.testing import Result

from schemas.contract import Pattern, template

Run = Callable[..., Result]


def test_init_writes_both_files_and_never_over_them(run: Run, tmp_path: Path):
    assert run("init").exit_code == 0
    before = (tmp_path / "revmark.env").read_text()
    assert (tmp_path / "contract.yaml").read_text() == template()
    assert (tmp_path / "revmark.env").stat().st_mode & 0o077 == 0
    again = run("init")
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert (tmp_path / "revmark.env").read_text() == before
    assert run("init", "--force").exit_code == 0
    assert (tmp_path / "revmark.env").read_text() != before


@pytest.mark.parametrize("pattern", ["crm_led", "erp_led"])
def test_init_writes_the_contract_of_a_pattern(run: Run, tmp_path: Path, pattern: Pattern):
    assert run("init", "--pattern", pattern).exit_code == 0
    assert (tmp_path / "contract.yaml").read_text() == template(pattern)
    assert run("contract", "test").exit_code == 0
    shown = run("contract", "show").stdout
    assert ("name: erp while customer.ordered and erp.balance_due > 0" in shown) is (pattern == "crm_led")
    assert run("init", "--pattern", "both", "--force").exit_code == 2


def test_init_into_a_folder(run: Run, tmp_path: Path):
    assert run("init", "--folder", str(tmp_path / "a" / "b")).exit_code == 0
    assert (tmp_path / "a" / "b" / "contract.yaml").exists()


def test_the_contract_that_init_writes_lints(run: Run):
    run("init")
    result = run("contract", "lint")
    assert result.exit_code == 0
    assert "nothing to mend" in result.stdout


def test_a_contract_with_an_unknown_key_is_refused_with_a_suggestion(run: Run, tmp_path: Path):
    (tmp_path / "contract.yaml").write_text(template().replace("base_currency:", "base_curency:"))
    result = run("contract", "lint")
    assert result.exit_code == 2
    assert "did you mean 'base_currency'?" in result.stderr


def test_a_contract_that_contradicts_itself_exits_1(run: Run, tmp_path: Path):
    broken = template().replace("credit_hold: {owner: erp}", "credit_hold: {owner: crm}")
    (tmp_path / "contract.yaml").write_text(broken)
    result = run("contract", "lint", "--json")
    assert result.exit_code == 1
    (finding,) = [each for each in json.loads(result.stdout)["findings"] if each["level"] == "error"]
    assert finding["path"] == "entities.company.fields.credit_hold"


def test_the_examples_of_the_contract_that_init_writes_hold(run: Run):
    run("init")
    result = run("contract", "test")
    assert result.exit_code == 0
    assert "20 of 20 examples hold" in result.stdout


def test_an_example_that_no_longer_holds_is_shown_with_what_came_out(run: Run, tmp_path: Path):
    (tmp_path / "contract.yaml").write_text(template().replace("tolerance_seconds: 5", "tolerance_seconds: 90"))
    result = run("contract", "test")
    assert result.exit_code == 1
    assert "19 of 20 examples hold" in result.stdout
    assert "both sides changed it within 90 s: a person decides" in result.stdout
    found = json.loads(run("contract", "test", "--json").stdout)
    assert (found["examples"], found["failed"]) == (20, 1)
    (missed,) = [each for each in found["results"] if not each["holds"]]
    assert missed["misses"][0]["came"] == "review by newest"
    linted = run("contract", "lint", "--json")
    assert linted.exit_code == 0
    (finding,) = json.loads(linted.stdout)["findings"]
    assert finding["level"] == "warning"
    assert "no longer holds" in finding["message"]


def test_the_schema_is_printed_and_put_beside_the_contract(run: Run, tmp_path: Path):
    run("init")
    printed = run("contract", "schema").stdout
    assert (tmp_path / "contract.schema.json").read_text() == printed
    assert (tmp_path / "contract.yaml").read_text().startswith("# yaml-language-server: $schema=contract.schema.json\n")
    jsonschema.validate(yaml.safe_load(template()), json.loads(printed))


def test_a_contract_is_shown_in_words(run: Run):
    run("init")
    result = run("contract", "show")
    assert result.exit_code == 0
    assert "crm until first order, then erp" in result.stdout
    assert json.loads(run("contract", "show", "--json").stdout)["guards"]["credit_hold"] is True


def test_a_contract_is_shown_with_platforms_creation_countries_and_what_is_required(run: Run):
    run("init")
    shown = run("contract", "show").stdout
    assert "the CRM is hubspot, the ERP is xero" in shown
    rows = [line.split("  ") for line in shown.splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert ["entity", "master", "made in the CRM", "made in the ERP", "field", "who decides"] in cells
    assert ["invoice", "erp", "always", "never", "number", "erp"] in cells
    assert "AU: ZERORATEDOUTPUT, US: ZERORATEDOUTPUT" in shown
    assert ["credit hold group", "Credit hold"] in cells
    assert ["required", "order", "currency, lines"] in cells


def test_without_a_contract_the_next_command_is_named(run: Run):
    result = run("contract", "show")
    assert result.exit_code == 2
    assert "revmark init" in result.stderr


def test_check_names_everything_that_is_missing(run: Run):
    result = run("check", "--json")
    assert result.exit_code == 1
    found = {each["name"]: each for each in json.loads(result.stdout)["findings"]}
    for name in ("contract", "broker", "secret key", "hubspot webhooks", "hubspot credentials", "xero credentials"):
        assert found[name]["ok"] is False
        assert found[name]["next_step"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["link", "hubspot/company/1", "xero/contact/a", "--yes"],
        ["link", "hubspot/company/1", "xero/contact/a", "--why", "x"],
        ["link", "hubspot/company/1", "xero/contact/a", "--yes", "--why", "  "],
        ["link", "xero/contact/a", "hubspot/company/1", "--yes", "--why", "x"],
        ["link", "17", "xero/contact/a", "--yes", "--why", "x"],
        ["link", "hubspot/company/", "xero/contact/a", "--yes", "--why", "x"],
    ],
)
def test_a_link_that_makes_no_sense_is_not_sent(run: Run, arguments: list[str]):
    assert run(*arguments).exit_code == 2


def test_a_link_without_a_broker_exits_3(run: Run):
    result = run("link", "hubspot/company/1", "xero/contact/a", "--yes", "--why", "x")
    assert result.exit_code == 3
    assert "no Kafka answers" in result.stderr
