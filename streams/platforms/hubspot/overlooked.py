"""Overlooked edits: what somebody entered between our last look at a record and our write over it.

HubSpot writes unconditionally, so a look right before the write leaves a gap of milliseconds. Each property's history
tells afterwards what the write went over: it is put back, and the command comes again to be judged anew.

In: jobs that were written. Out: those whose edits were put back. Invariant: only what lies right under our own value,
was entered after the version that was judged, and is not of our own making, is put back.
Source: HubSpot's guide to objects (propertiesWithHistory: value, timestamp, sourceType, sourceId; newest first).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.instants import parse_instant, to_millis
from streams.platforms.hubspot.api import Api, Json
from streams.platforms.hubspot.batches import Job
from streams.platforms.hubspot.history import APPS
from streams.platforms.hubspot.limits import BATCH
from streams.platforms.hubspot.reading import chunks


def concerned(jobs: Sequence[Job]) -> list[Job]:
    """The writes that may have gone over an edit that would have won."""
    return [job for job in jobs if job.command.compare and not job.creates and job.properties]


def traced(jobs: Sequence[Job]) -> list[str]:
    """The properties whose histories tell of it."""
    return sorted({name for job in concerned(jobs) for name in job.properties})


class Overlooked:
    """Finds and puts back."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def put_back(self, jobs: Sequence[Job], histories: Mapping[str, Json]) -> dict[str, list[str]]:
        """Put back what these writes went over: command id -> the properties that it was.

        What HubSpot refuses to take back stays as it is: the command comes again all the same, to be judged on that.

        Args:
            jobs: of one kind.
            histories: by record, read after the writes: what was read before them, to compare, cannot show what came
                between. They are those with which the records are read back.

        Raises:
            Throttled, Parked, Transient: not now. Asked again, it finds what has been put back as it is.
        """
        lost = _lost(concerned(jobs), histories)
        back = [replace(job, properties=lost[job.command.id]) for job in jobs if job.command.id in lost]
        for part in chunks(back, BATCH):
            path = self._api.objects(part[0].shape.path, "/batch/update")
            await self._api.post(path, {"inputs": [job.body() for job in part]})
        return {command: list(properties) for command, properties in lost.items()}


def _lost(jobs: Sequence[Job], histories: Mapping[str, Json]) -> dict[str, dict[str, str]]:
    """What somebody had entered, by command and property."""
    found: dict[str, dict[str, str]] = {}
    for job in jobs:
        shown = histories.get(job.target, {})
        for name, value in job.properties.items():
            edit = overlooked(shown.get(name) or [], value, job.command.version or 0)
            if edit is not None:
                found.setdefault(job.command.id, {})[name] = edit
    return found


def overlooked(history: Sequence[Json], written: str, judged: int) -> str | None:
    """The value that a write of ours went over; None: what it went over was known, or somebody entered more since.

    Args:
        history: of one property, newest first.
        written: our value, as HubSpot spells it.
        judged: the version of the record that the write was judged on, milliseconds since 1970.
    """
    try:
        newest, before = history[0], history[1]
        if str(newest["value"]) != written or newest["sourceType"] not in APPS or _source(before) == _source(newest):
            return None
        value = str(before["value"])
        return value if to_millis(parse_instant(before["timestamp"])) > judged and value != written else None
    except (IndexError, KeyError, TypeError, ValueError):
        return None  # what is not told cannot be put back


def _source(entry: Json) -> tuple[Any, Any]:
    return entry["sourceType"], entry.get("sourceId")
