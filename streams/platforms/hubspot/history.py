"""History: when people entered what a property shows, and what it showed before.

In: `propertiesWithHistory` as HubSpot shows it, newest first. Out: what was not of an app's making, oldest first, up to
the version with which it is shown. Invariant: of one version of a record, always the same.
Source: HubSpot's guide to objects (value, timestamp, sourceType, sourceId).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.instants import parse_instant, to_millis

Json = dict[str, Any]
HISTORY = "propertiesWithHistory"
# What an app's writes are called, ours too; which of the two no document settles.
APPS = frozenset({"INTEGRATION", "API"})
KEPT = 8  # entries of a property that are told: people do not edit one more often between two readings


def entered(histories: Json, properties: Iterable[str], version: int) -> dict[str, list[list[Any]]]:
    """Property -> [milliseconds since 1970, value], as far as the record's version had come.

    What an app wrote is dated by the outcome of its write, or by the record's version.
    """
    found = {name: _entered(histories.get(name), version) for name in properties}
    return {name: rows for name, rows in found.items() if rows}


def _entered(entries: Any, version: int) -> list[list[Any]]:
    rows = [row for each in entries or () if (row := _row(each)) is not None and row[0] <= version]
    return sorted(rows, key=lambda row: row[0])[-KEPT:]


def _row(entry: Any) -> list[Any] | None:
    """One entry; None for what is of an app's making, or cannot be read."""
    try:
        if entry["sourceType"] in APPS:
            return None
        return [to_millis(parse_instant(entry["timestamp"])), entry["value"]]
    except (KeyError, TypeError, ValueError):
        return None
