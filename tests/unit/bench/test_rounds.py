"""Rounds on a broker, tiny: a contestant that is right has a rate, one that is wrong or dies has none."""

import re
from pathlib import Path

import pytest

from bench import cluster, engine
from bench.kafka import Lab
from bench.run import MODULES

DOCS = (Path(__file__).parents[3] / "docs" / "bench.md").read_text(encoding="utf-8")
TINY = engine.Sizes(events=600, slow={"aiokafka": 200}, rounds=1, slow_rounds=1)


@pytest.mark.broker
def test_who_forgets_an_output_is_reported_as_wrong_and_who_dies_with_its_last_words(
    broker: str, capsys: pytest.CaptureFixture[str]
):
    contestants = {
        "librdkafka": MODULES["librdkafka"],
        "aiokafka": MODULES["aiokafka"],
        "forgetful": ("tests.unit.bench.forgetful_loop", "memory://"),
        "absent": ("tests.unit.bench.no_such_module", "memory://"),
    }
    said: list[str] = []
    found = engine.measure(Lab(broker), TINY, contestants, profile=None, say=said.append)
    rows = found["contestants"]
    assert {name: row["correct"] for name, row in rows.items()} == {
        "librdkafka": True, "aiokafka": True, "forgetful": False, "absent": False,
    }  # fmt: skip
    assert found["events"] == {"librdkafka": 600, "aiokafka": 200, "forgetful": 600, "absent": 600}
    assert re.search(r"outputs of b'company:\w+': .* instead of ", " ".join(found["wrong"]["forgetful"]))
    assert "No module named tests.unit.bench.no_such_module" in " ".join(found["wrong"]["absent"])
    assert any("instead of" in line for line in said)
    table = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line[:1].strip()}
    assert "WRONG RESULT" in table["forgetful"]
    assert not re.search(r"\d", table["forgetful"])
    assert found["limit"] == rows["librdkafka"]["events_per_s"] > 0
    for key in (*found, *rows["librdkafka"]):
        assert f"`{key}`" in DOCS, key


@pytest.mark.broker
def test_a_group_of_two_shares_the_partitions_and_comes_out_right(broker: str):
    said: list[str] = []
    found = cluster.measure(Lab(broker), workers=(2,), events=2_000, rounds=1, say=said.append)
    row = found["workers"]["2"]
    assert row["correct"], said
    assert row["events_per_s"] == row["min"] == row["max"] > 0
    assert (found["partitions"], row["scaling"]) == (8, 1.0)
    assert row["cores_per_worker"] == found["cores"] / 2
    assert row["cpu_s_per_million"] > 0 or not Path("/proc").exists()
    for key in (*found, *row):
        assert f"`{key}`" in DOCS, key
