"""What is printed, kept, drawn and written about the figures."""

import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench import chart, job, report, suite
from bench.__main__ import main, parser
from bench.engine import Sizes, chosen
from bench.report import RESULTS, summary
from bench.run import MODULES, Outcome

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "bench.md"


def figures(**rates: int) -> dict[str, Any]:
    """The figures of contestants with these rates."""
    limit = rates["librdkafka"]
    runs = {name: [Outcome(1_000, 1_000 / rate, cpu=0.02, peak_mb=50.0)] for name, rate in rates.items()}
    return {
        "measured": "2026-11-22", "machine": {"cores": 2}, "versions": {"python": "3.11.7", "kafka": "4.3.0"},
        "contestants": {name: summary(found, limit) for name, found in runs.items()},
        "events": dict.fromkeys(rates, 1_000), "rounds": dict.fromkeys(rates, 1),
    }  # fmt: skip


def test_a_summary_has_the_median_the_ends_and_the_share_of_the_limit():
    runs = [Outcome(1_000, seconds, cpu=seconds / 2, peak_mb=size) for seconds, size in ((1, 10), (2, 30), (4, 20))]
    found = summary(runs, limit=1_000)
    assert found == {
        "events_per_s": 500, "min": 250, "max": 1_000, "ratio": 0.5, "cpu_s_per_million": 1_000.0, "peak_mb": 30,
        "correct": True,
    }  # fmt: skip
    runs[1].wrong.append("a sum")
    assert not summary(runs, limit=1_000)["correct"]


def test_a_chart_shows_who_is_right_fastest_first():
    found = figures(librdkafka=80_000, engine_rocksdict=60_000, stock_faust=1_000, quix=9_000)
    found["contestants"]["quix"]["correct"] = False
    drawn = chart.draw(found)
    texts = ["".join(each.itertext()) for each in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - ours
    assert [text for text in texts if text in chart.NAMES.values()] == [
        chart.NAMES[name] for name in ("librdkafka", "engine_rocksdict", "stock_faust")
    ]
    assert "60,000 (75%)" in texts


def test_a_quick_run_is_kept_beside_a_full_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    full = report.save("engine", {"limit": 2}, {"cores": 2})
    quick = report.save("engine", {"limit": 1}, {"cores": 2}, quick=True)
    version = f"py{sys.version_info[0]}{sys.version_info[1]}"
    assert (full.name, quick.name) == (f"engine-{version}.json", f"engine-quick-{version}.json")
    kept = json.loads(full.read_text())
    assert kept["limit"] == 2
    assert {"measured", "machine", "versions"} <= set(kept)


def test_the_chart_is_drawn_from_the_newest_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(suite, "RESULTS", tmp_path)
    monkeypatch.setattr(chart, "RESULTS", tmp_path)
    with pytest.raises(RuntimeError, match="engine --save"):
        suite.draw()
    for version, rate in (("39", 1), ("313", 3), ("311", 2)):
        found = figures(librdkafka=rate) | {"versions": {"python": version, "kafka": "4.3.0"}}
        (tmp_path / f"engine-py{version}.json").write_text(json.dumps(found))
    (tmp_path / "engine-quick-py313.json").write_text("{}")
    assert "Python 313" in suite.draw().read_text()


def test_a_contestant_that_is_not_there_is_refused():
    assert list(chosen("quix,librdkafka")) == ["quix", "librdkafka"]
    with pytest.raises(ValueError, match="there is no contestant kafka; there are librdkafka"):
        chosen("kafka")


def test_slow_contestants_get_fewer_events_but_never_more_than_asked_for():
    full = Sizes.chosen(quick=False, events=None, rounds=None)
    assert full.of("stock_faust") < full.of("quix") == full.of("bytewax") == full.events
    few = Sizes.chosen(quick=True, events=500, rounds=3)
    assert {few.of(name) for name in MODULES} == {500}
    assert (few.rounds_of("engine_memory"), few.rounds_of("stock_faust")) == (3, 1)


def test_bursts_touch_exactly_as_many_records_whatever_there_are():
    few, many = (list(job.bursts(8_000, keys)) for keys in (10_000, 1_000_000))
    for first in (0, 4_000):
        touched = [len({key for key, _ in events[first : first + 4_000]}) for events in (few, many)]
        assert touched[0] == touched[1] > 950
    assert not {key for key, _ in many[:4_000]} & {key for key, _ in many[4_000:]}


@pytest.mark.parametrize("first", [0, 1_000, 2_500])
@pytest.mark.parametrize("size", [8_000, 20_000, 40_000])  # events of all partitions that are in batches at a time
def test_bursts_let_a_batch_share_rows_as_often_over_many_records_wherever_it_begins(first: int, size: int):
    few, many = (
        len({key for key, _ in islice(job.bursts(first + size, keys), first, None)}) for keys in (10_000, 1_000_000)
    )
    assert many == pytest.approx(few, rel=0.08)


def test_every_command_of_the_page_parses_and_every_bench_is_on_it():
    shown = re.findall(r"^\$ (make bench.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    lines = [shlex.split(line) for line in shown]
    benches = set()
    for words in lines:
        (given,) = [word.removeprefix("ARGS=") for word in words[2:]] or [""]
        with contextlib.redirect_stderr(io.StringIO()) as complaint:
            try:
                benches.add(parser().parse_args(shlex.split(given)).bench)
            except SystemExit:
                pytest.fail(f"{words}: {complaint.getvalue()}")
    assert benches == {*suite.BENCHES, "all", "chart"}


def test_the_cheapest_bench_runs_and_ends_in_one_json_object():
    command = [sys.executable, "-m", "bench", "decisions", "--quick", "--json"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    found = json.loads(said.stdout.splitlines()[-1])
    for key in found:
        assert f"`{key}`" in PAGE.read_text(encoding="utf-8"), key


def test_all_goes_on_after_a_bench_that_failed_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fails(*_: Any) -> dict[str, Any]:
        raise RuntimeError("the worker did not answer")

    def works(*_: Any) -> dict[str, Any]:
        return {"limit": 7}

    monkeypatch.setattr(suite, "BENCHES", {"rebuild": fails, "growth": works})
    monkeypatch.setattr(sys, "argv", ["bench", "all", "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1]) == {
        "rebuild": {"failed": "the worker did not answer"}, "growth": {"limit": 7},
    }  # fmt: skip
    assert "rebuild failed: the worker did not answer" in said.err


def test_every_figure_that_is_kept_is_explained():
    page = PAGE.read_text(encoding="utf-8")
    for kept in sorted(RESULTS.glob("*.json")):
        found = json.loads(kept.read_text(encoding="utf-8"))
        rows = [row for each in ("contestants", "workers") for row in found.get(each, {}).values()]
        keys = {*found, *(key for row in rows for key in row)}
        assert [key for key in keys if f"`{key}`" not in page] == [], kept.name
        assert all(row["correct"] for row in rows), kept.name
