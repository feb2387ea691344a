"""The Python that the targets are run with: the newest that runs, and none that is only there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def script(folder: Path, name: str, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(("#!/bin/sh", *lines, "")))
    (folder / name).chmod(0o755)


def chosen(home: Path, path: Path, *given: str) -> str:
    here = {**os.environ, "HOME": str(home), "PATH": f"{path}:/usr/bin:/bin"}
    here.pop("PY", None)
    said = subprocess.run(["/usr/bin/env", "make", "-n", "-B", "setup", *given], env=here, cwd=ROOT, check=True,  # noqa: S603
                          capture_output=True, text=True).stdout  # fmt: skip
    return next(line for line in said.splitlines() if "-m venv" in line).split("|| ")[1].split(" -m")[0]


def test_a_python_that_is_there_and_does_not_run_is_passed_over(tmp_path: Path):
    path = tmp_path / "bin"
    script(path, "python3.13", "echo 'pyenv: python3.13: command not found' >&2", "exit 127")
    script(path, "python3.12", f'exec {sys.executable} "$@"')
    assert chosen(tmp_path, path) == sys.executable


def test_the_newest_goes_first_also_where_only_pyenv_has_it(tmp_path: Path):
    path = tmp_path / "bin"
    for each in ("python3.12", "python3.11", "python3"):
        script(path, each, "exit 1")
    script(tmp_path / ".pyenv" / "versions" / "3.13.9" / "bin", "python", f'exec {sys.executable} "$@"')
    assert chosen(tmp_path, path) == sys.executable


@pytest.mark.parametrize("given", ["/some/python", "python3"])
def test_a_person_may_name_another(tmp_path: Path, given: str):
    assert chosen(tmp_path, tmp_path / "bin", f"PY={given}") == given
