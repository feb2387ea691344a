"""Processes seen from outside."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.process import Usage, until


def test_waiting_for_a_process_that_died_ends_with_its_last_words(tmp_path: Path):
    folder = tmp_path / "0"
    folder.mkdir()
    with (folder / "log").open("wb") as log:
        died = subprocess.Popen([sys.executable, "-c", "raise SystemExit('the disk is full')"], stderr=log)
    with pytest.raises(RuntimeError, match=r"A process died: no output came[^$]*the disk is full"):
        until(lambda: False, "no output came", [died], tmp_path, 30)


def test_waiting_ends_when_it_is_so_or_has_taken_too_long(tmp_path: Path):
    until(lambda: True, "never", [], tmp_path, 0)
    with pytest.raises(RuntimeError, match=r"^never"):
        until(lambda: False, "never", [], tmp_path, 0)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this system")
def test_what_processes_used_is_their_cpu_together_and_the_peak_of_the_largest():
    us = Usage.of([os.getpid()])
    assert us.cpu > 0
    assert us.peak_mb > 10
    both = Usage.of([os.getpid(), os.getpid()])
    assert both.cpu >= 2 * us.cpu
    assert both.peak_mb < 2 * us.peak_mb
    assert Usage.of([]) == Usage(0, 0.0)
