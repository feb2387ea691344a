"""The kept figures of the chaos: the latest of each fault and length, in order."""

import json
from pathlib import Path

from tests.chaos.product.results import keep
from tests.chaos.product.scene import Report


def report(name: str, rounds: int, **figures: float) -> Report:
    return Report(name, "name", rounds=rounds, figures=dict(figures))


def test_the_latest_of_each_fault_and_length_is_kept(tmp_path: Path):
    file = tmp_path / "kept.json"
    keep([report("F26", 1), report("F6b", 2, outage_s=30.0), report("F6b", 1, outage_s=600.0)], 7, file)
    skipped = report("F26", 0)
    skipped.skipped = "no root"
    keep([report("F5", 5), report("F6b", 4, outage_s=30.0), skipped], 8, file)
    found = json.loads(file.read_text())["faults"]
    assert [(row["id"], row["rounds"], row["seed"]) for row in found] == [
        ("F5", 5, 8),
        ("F6b", 4, 8),
        ("F6b", 1, 7),
        ("F26", 1, 7),
    ]
    assert all(row["measured"] and "commit" in row for row in found)
