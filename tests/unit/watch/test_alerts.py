"""Alert rules: each names figures that there are and a run-book that is written, fires on its fault, and clears."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.watch.series import FAULTS, Fault
from tests.unit.watch.troubles import TROUBLES, shown

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
}
AFTER = 120  # minutes that a mended trouble is watched


def figures() -> set[str]:
    """Every name that workers, gateway and page give to a figure, as their sources spell it."""
    sources = [path for room in ("streams", "console") for path in (ROOT / room).rglob("*.py")]
    text = "".join(path.read_text() for path in sources)
    told = set(re.findall(r'"((?:engine|revmark)_[a-z_]+)"', text))
    told |= {f"revmark_{name}" for name in re.findall(r'^ +\("([a-z_]+)", "[A-Z]', text, re.MULTILINE)}
    told |= {f"revmark_webhook_{name}" for name in re.findall(r'self\._counter\("(\w+)"', text)}
    return told | {f"{name}_total" for name in told} | {"up"}


def play(folder: Path, name: str, story: Fault) -> subprocess.CompletedProcess[str]:
    """Let Prometheus' own tool judge the rule over a story."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed (Debian: the package prometheus)")
    firing = f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) > bool 0'
    moments = [(story.fired, [{"labels": "{}", "value": 1}]), (story.cleared, [])]
    document = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [{
            "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in story.series.items()],
            "promql_expr_test": [
                {"expr": firing, "eval_time": f"{minute}m", "exp_samples": samples} for minute, samples in moments
            ],
        }],
    }  # fmt: skip
    path = folder / "story.yaml"
    path.write_text(json.dumps(document))
    return subprocess.run([tool, "test", "rules", str(path)], capture_output=True, text=True, check=False)  # noqa: S603 - found above


def test_every_rule_has_a_story():
    assert sorted([*FAULTS, *TROUBLES]) == sorted(ALERTS)


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_a_rule_says_how_grave_it_is_and_what_to_do(name: str):
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(), re.MULTILINE)
    assert anchor in {heading.lower() for heading in headings}


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_a_rule_asks_for_figures_that_there_are(name: str):
    asked = set(re.findall(r"\b(?:engine|revmark)_[a-z_]+|\bup\b", ALERTS[name]["expr"]))
    assert asked
    assert asked <= figures()


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_of_workers_or_gateway_fires_its_rule_and_clears(name: str, tmp_path: Path):
    said = play(tmp_path, name, FAULTS[name])
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("name", sorted(TROUBLES))
def test_a_trouble_that_the_page_shows_fires_its_rule_and_clears(name: str, tmp_path: Path):
    trouble = TROUBLES[name]
    during, after = shown(trouble, tmp_path)
    series = {
        each: f"{during.get(each, '_')}x{trouble.minutes} {after.get(each, '_')}x{AFTER}" for each in {*during, *after}
    }
    said = play(tmp_path, name, Fault(series, trouble.minutes, trouble.minutes + AFTER))
    assert said.returncode == 0, said.stdout + said.stderr


def test_slack_is_told_what_happened_and_which_run_book_by_the_address_that_compose_puts_there():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["alertmanager"]
    said = yaml.safe_load((ROOT / "deploy" / "alertmanager" / "slack.yaml").read_text())
    (receiver,) = said["receivers"]
    (slack,) = receiver["slack_configs"]
    assert f"${{SLACK_URL_FILE:-/dev/null}}:{slack['api_url_file']}:ro" in compose["volumes"]
    assert slack["send_resolved"]
    used = set(re.findall(r"\.Annotations\.(\w+)", slack["text"]))
    assert used == {"summary", "runbook"}
    assert all(used <= set(rule["annotations"]) for rule in ALERTS.values())
    routes = [said["route"], *said["route"]["routes"]]
    assert {route["receiver"] for route in routes} == {receiver["name"]}
    assert {rule["labels"]["severity"] for rule in ALERTS.values()} == {"page", "ticket"}
