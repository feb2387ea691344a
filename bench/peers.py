"""The environments of the peers: what they depend on does not fit beside Revmark's own pins.

In: the group `bench` of pyproject.toml. Out: an environment per peer, and a Python to run it on.
A peer that cannot be installed is said and left out; the others are measured.
Bytewax has no wheels for Python 3.13 and later: there it runs on an older Python, if there is one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from streams.broker.classpath import class_path
from streams.broker.progress import silent

__all__ = ["ROOT", "prepare", "python_for", "versions"]

ROOT = Path(__file__).parents[1]
FOLDER = Path(sys.prefix) / "peers"
PEERS = {"quix": "quixstreams", "bytewax": "bytewax"}  # contestant -> what is installed for it
NEWEST = {"bytewax": (3, 12)}  # the last Python it has wheels for
OLDER = ("3.12", "3.11")


def prepare() -> None:
    """Make the environments that are missing, and fetch Kafka: afterwards nothing is downloaded while measuring."""
    if "REVMARK_BROKER" not in os.environ:
        class_path(silent)
    for contestant in PEERS:
        _environment(contestant)


def python_for(contestant: str) -> str | None:
    """The Python a contestant runs on, or None when it has none here."""
    if contestant not in PEERS:
        return sys.executable
    folder = FOLDER / contestant
    return str(folder / "bin" / "python") if (folder / "installed").exists() else None


def versions() -> dict[str, str]:
    """The versions of the peers that are installed."""
    there = [contestant for contestant in PEERS if python_for(contestant) is not None]
    pins = [pin for each in there for pin in (FOLDER / each / "installed").read_text().splitlines()]
    named = dict(pin.split("==") for pin in pins if "==" in pin)
    return {PEERS[each]: named[PEERS[each]] for each in there}


def _environment(contestant: str) -> None:
    folder = FOLDER / contestant
    wanted = _wanted(PEERS[contestant])
    mark = folder / "installed"
    if mark.exists() and mark.read_text() == "\n".join(wanted):
        return
    python = _python(contestant)
    if python is None:
        print(
            f"{contestant} is left out: it has no wheels for this Python, and no older one was found", file=sys.stderr
        )
        return
    print(f"Installing {contestant} into {folder} (once)", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        for command in _commands(folder, python, wanted):
            subprocess.run(command, check=True)  # noqa: S603 - our own words
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        why = "the reason is above" if isinstance(error, subprocess.CalledProcessError) else error
        print(f"{contestant} is left out: it could not be installed ({why})", file=sys.stderr)
        return
    mark.write_text("\n".join(wanted))


def _wanted(package: str) -> list[str]:
    """The package at its pinned version, and what every contestant imports."""
    group = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["bench"]
    own = [line.partition(";")[0].strip() for line in group]
    return [line for line in own if not line.startswith(tuple(PEERS.values())) or line.startswith(package)]


def _commands(folder: Path, python: str, wanted: list[str]) -> list[list[str]]:
    """Make an environment and fill it: with uv when it is there, else with venv and pip."""
    inside = str(folder / "bin" / "python")
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "-q", "--python", python, str(folder)],
            [uv, "pip", "install", "-q", "--python", inside, "--only-binary", ":all:", *wanted],
        ]
    return [
        [python, "-m", "venv", str(folder)],
        [inside, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--only-binary", ":all:", *wanted],
    ]


def _python(contestant: str) -> str | None:
    """This Python, or an older one that the peer has wheels for."""
    if sys.version_info[:2] <= NEWEST.get(contestant, sys.version_info[:2]):
        return sys.executable
    for version in OLDER:
        for found in (shutil.which(f"python{version}"), *_managed(version)):
            if found and not subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:  # noqa: S603 - a Python
                return str(found)
    return OLDER[0] if shutil.which("uv") else None  # uv fetches one


def _managed(version: str) -> list[str]:
    """Pythons that a version manager keeps without showing them on the PATH."""
    folder = Path.home() / ".pyenv" / "versions"
    return [str(path) for path in sorted(folder.glob(f"{version}.*/bin/python"))]


if __name__ == "__main__":
    prepare()
