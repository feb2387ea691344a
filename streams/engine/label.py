"""What a state folder says of itself: whose it is, and which changelogs it is a copy of.

Flows in: the app's name and its tables. Flows out: a small JSON file in the folder, and why a folder must not be used.
Invariant: state is never read by an app, a version or a table other than those it was written by.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from streams.engine.errors import FolderRefused, Misconfigured

__all__ = ["Label", "Origin", "read_label", "refusal", "unwritable", "write_label"]

VERSION = 1  # of what is kept in the folder and how; raised when an older engine could not read it
NAME = "state.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a table's local state is a copy of."""

    changelog: str
    partitions: int
    topic_id: str | None = None  # where the broker tells it


@dataclass(frozen=True, slots=True)
class Label:
    """The file's content."""

    app: str
    version: int = VERSION
    tables: Mapping[str, Origin] = field(default_factory=dict)


def read_label(folder: Path) -> Label | None:
    """Return the folder's label, if it has one.

    Raises:
        Misconfigured: it cannot be read.
    """
    try:
        found = json.loads((folder / NAME).read_text())
        return Label(
            found["app"], found["version"], {name: Origin(**origin) for name, origin in found["tables"].items()}
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"The label {folder / NAME} cannot be read ({error!r}). {_way_out(folder)}") from error


def write_label(folder: Path, label: Label) -> None:
    """Write the label; a kill leaves the old one or the new one.

    Raises:
        FolderRefused: the folder takes nothing.
    """
    draft = folder / f"{NAME}.new"
    try:
        draft.write_text(json.dumps(asdict(label), indent=1, sort_keys=True))
        draft.replace(folder / NAME)
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(folder: Path, error: OSError) -> FolderRefused:
    """Return what is said of a folder that takes nothing."""
    return FolderRefused(
        f"The state folder {folder} cannot be written: {error.strerror}. What was there is unharmed, and nothing "
        "was read. Free space or mend its rights, and start the worker again."
    )


def refusal(folder: Path, found: Label, wanted: Label) -> str | None:
    """Return why the folder must not be used, if it must not."""
    if found.version != wanted.version:
        why = f"was written by another version of the engine (state version {found.version}; this is {wanted.version})"
    elif found.app != wanted.app:
        why = f"belongs to the app {found.app}, and this is {wanted.app}"
    else:
        others = [
            f"table {name} from {found.tables[name].changelog} with {found.tables[name].partitions} partitions, "
            f"and the app has it from {origin.changelog} with {origin.partitions}"
            for name, origin in sorted(wanted.tables.items())
            if name in found.tables and _place(found.tables[name]) != _place(origin)
        ]
        if not others:
            return None
        why = f"holds {'; '.join(others)}"
    return f"The state folder {folder} {why}. {_way_out(folder)}"


def _place(origin: Origin) -> tuple[str, int]:
    return origin.changelog, origin.partitions


def _way_out(folder: Path) -> str:
    return (
        f"Nothing was changed. Give this worker another folder, or move {folder} away: "
        "it is a copy, and is rebuilt from the changelogs; nothing is lost."
    )
