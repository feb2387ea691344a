"""The environments of the peers: what they depend on does not fit beside Revmark's own pins.

In: the group `bench` of pyproject.toml. Out: a Python per contestant, or the reason why there is none.
Bytewax has no wheels for Python 3.13 and later: there it runs on an older Python, if the machine has one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

__all__ = ["ROOT", "prepare", "python_for"]

ROOT = Path(__file__).parents[1]
FOLDER = Path(sys.prefix) / "peers"
OLDER = ("3.12", "3.11")  # the newest that every peer has wheels for comes first
NEWEST = (3, 12)


def prepare() -> None:
    """Make the environments that are missing."""
    _environment(FOLDER / "same", sys.executable)
    if sys.version_info[:2] > NEWEST and (older := _older()):
        _environment(FOLDER / "older", older)


def python_for(contestant: str) -> str | None:
    """The Python a contestant runs on, or None when it has none here."""
    if contestant not in {"quix", "bytewax"}:
        return sys.executable
    folder = "older" if contestant == "bytewax" and sys.version_info[:2] > NEWEST else "same"
    found = FOLDER / folder / "bin" / "python"
    return str(found) if found.exists() else None


def _older() -> str | None:
    for version in OLDER:
        for found in (shutil.which(f"python{version}"), *_managed(version)):
            if found and not subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:  # noqa: S603 - a Python
                return str(found)
    return None


def _managed(version: str) -> list[str]:
    """Pythons that a version manager keeps without showing them on the PATH."""
    folder = Path.home() / ".pyenv" / "versions"
    return [str(path) for path in sorted(folder.glob(f"{version}.*/bin/python"))]


def _environment(folder: Path, python: str) -> None:
    wanted = "\n".join(tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["bench"])
    mark = folder / "installed"
    if mark.exists() and mark.read_text() == wanted:
        return
    print(f"Installing the peers into {folder} (once)", file=sys.stderr)
    run = subprocess.check_call
    run([python, "-m", "venv", "--clear", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run([*pip, "--only-binary", ":all:", *wanted.splitlines()])
    mark.write_text(wanted)


if __name__ == "__main__":
    prepare()
