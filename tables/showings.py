"""Showings: which versions of a record showed which value of a field, so that an edit has its own time.

Rows of a field are `[version, value]`, oldest first: from that version on the record showed that value. A third part,
True, says that the value was written by us. Versions may be heard in any order: the rows are the same in the
end.
"""

from __future__ import annotations

from typing import Any

KEPT = 16  # versions of a record, and changes of a field, that are remembered; what is older is told by the oldest kept

Rows = list[list[Any]]


def note(rows: Rows, heard: list[int], version: int, value: Any, *, ours: bool = False, again: bool = False) -> Rows:
    """The rows with what one more version showed; `heard` are the versions that are known to have shown something.

    What our own write brought stays ours, in whatever spelling its version shows it; `again`: also where the value was
    there before, for others may be heard of between.
    """
    if rows and version > max(rows[-1][0], heard[-1] if heard else -1):  # the newest yet, as nearly always
        row = _row(version, value, ours=ours)
        return rows if _goes_on(rows[-1], row, again=again) else [*rows, row][-KEPT:]
    points = {row[0]: row[1:] for row in rows}
    for each in heard:
        shown = _covering(rows, each)
        if shown is not None:
            points.setdefault(each, shown[1:2])
    before = points.get(version, [])
    points[version] = [value, True] if ours or True in before[1:] else [value]
    found: Rows = []
    for each in sorted(points):
        row = [each, *points[each]]
        if not found or not _goes_on(found[-1], row, again=again):
            found.append(row)
    return found[-KEPT:]


def hear(heard: list[int], version: int) -> list[int]:
    """The versions that were heard of, with one more."""
    if not heard or version > heard[-1]:
        return [*heard, version][-KEPT:]
    return heard if version in heard else sorted([*heard, version])[-KEPT:]


def last_edit(rows: Rows) -> list[Any] | None:
    """The newest value that people entered, with the version that showed it first."""
    return next((row for row in reversed(rows) if not is_ours(row)), None)


def _covering(rows: Rows, version: int) -> list[Any] | None:
    return next((row for row in reversed(rows) if row[0] <= version), None)


def _goes_on(before: list[Any], row: list[Any], *, again: bool) -> bool:
    """Whether a row tells no more than the one before it."""
    return bool(before[1] == row[1]) and not (again and is_ours(row) and not is_ours(before))


def _row(version: int, value: Any, *, ours: bool) -> list[Any]:
    return [version, value, True] if ours else [version, value]


def is_ours(row: list[Any]) -> bool:
    """Whether a write of ours brought the value."""
    return len(row) > 2  # noqa: PLR2004 - a third part says so
