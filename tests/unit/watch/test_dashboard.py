"""The dashboard: every panel asks for figures that there are, and of the source that is provisioned."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.page.figures import WAITS
from tests.unit.watch.test_alerts import ROOT, RULES, figures

GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((GRAFANA / "dashboards" / "revmark.json").read_text())
PANELS = [each for each in DASHBOARD["panels"] if each["type"] != "row"]
PARTS = ("_bucket", "_sum", "_count")  # of a histogram


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_a_panel_asks_for_figures_that_there_are(panel: dict[str, Any]):
    asked = {name for each in panel["targets"] for name in re.findall(r"\b(?:engine|revmark)_[a-z_]+", each["expr"])}
    assert asked
    assert asked <= figures() | {f"{name}{part}" for name in figures() for part in PARTS}


def test_what_the_alerts_of_the_business_watch_is_on_a_panel():
    (business,) = (each for each in yaml.safe_load(RULES.read_text())["groups"] if each["name"] == "revmark-business")
    watched = {name for rule in business["rules"] for name in re.findall(r"\brevmark_[a-z_]+", rule["expr"])}
    shown = {
        name for panel in PANELS for each in panel["targets"] for name in re.findall(r"\brevmark_\w+", each["expr"])
    }
    assert watched <= shown
    sorts = {
        sort for panel in PANELS for each in panel["targets"] for sort in re.findall(r'what="(\w+)"', each["expr"])
    }
    assert sorts == {"nights", "signed"} <= set(WAITS), "of all that waits for a person, nights are shown by themselves"


def test_panels_have_names_of_their_own_and_do_not_overlap():
    assert len({each["id"] for each in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells


def test_the_source_and_the_folder_are_those_that_are_provisioned():
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in PANELS} == {source["uid"]}
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/revmark.yaml").read_text())["providers"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]
    mounts = {Path(mount.split(":")[1]) for mount in compose["volumes"]}
    assert Path(provider["options"]["path"]) in mounts
