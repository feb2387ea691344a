"""What was typed and cannot be: what is wrong, what is left, what to type instead."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("typed", "said", "after"),
    [
        ("attribution", "missing option '--month'", "attribution --help, or as: revmark attribution --month 2026-10"),
        ("explain", "missing argument 'record'", "explain --help, or as: revmark explain "),
        ("quarantine drop x", "missing option '--why'",
         "quarantine drop --help, or as: revmark quarantine drop revmark.changes-0-17 --why "),
        ("variances --state foo", "invalid value for '--state': 'foo' is not one of 'open', 'closed'",
         "variances --help\n"),
        ("provision --ye", "no such option: --ye", "provision --help, or as: revmark provision\n"),
        ("contract foo", "no such command 'foo'", "contract --help\n"),
        ("foo", "no such command 'foo'", "--help\n"),
        ("--foo", "no such option: --foo", "--help\n"),
    ],
)  # fmt: skip
def test_wrong_use_says_what_to_type_instead(run: Run, typed: str, said: str, after: str):
    result = run(*typed.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"revmark: {said}")
    assert f". Nothing was done. Next: revmark {after}" in result.stderr


def test_a_group_alone_shows_its_help(run: Run):
    result = run("quarantine")
    assert (result.exit_code, "Usage: revmark quarantine" in result.output) == (2, True)
    assert "revmark: " not in result.stderr


def test_the_room_runs_as_the_command_does():
    words = [sys.executable, "-m", "console", "sweep", "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603 - our own
    assert (done.returncode, "revmark sweep" in done.stdout) == (0, True), done.stderr
