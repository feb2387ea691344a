"""Overlooked edits: what somebody entered between our last look at a record and our write over it.

HubSpot writes unconditionally, so a look right before the write leaves a gap of milliseconds. Each property's history
tells afterwards what the write went over: it is put back, and the command comes again to be judged anew.

In: jobs that were written. Out: those whose edits were put back. Invariant: only what lies right under our own value,
was entered after the version that was judged, and is not of our own making, is put back.
Source: HubSpot's guide to objects (propertiesWithHistory: value, timestamp, sourceType, sourceId; newest first).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from schemas.instants import parse_instant, to_millis
from streams.platforms.hubspot.api import Api, Json
from streams.platforms.hubspot.batches import Job
from streams.platforms.hubspot.history import APPS, HISTORY
from streams.platforms.hubspot.limits import HISTORIES
from streams.platforms.hubspot.reading import Reading, chunks


class Overlooked:
    """Finds and puts back."""

    def __init__(self, api: Api, reading: Reading) -> None:
        self._api = api
        self._reading = reading

    async def put_back(self, jobs: Sequence[Job]) -> dict[str, list[str]]:
        """Put back what these writes went over: command id -> the properties that it was.

        What HubSpot refuses to take back stays as it is: the command comes again all the same, to be judged on that.

        Raises:
            Throttled, Parked, Transient: not now. Asked again, it finds what has been put back as it is.
            Refused: HubSpot does not show the histories.
        """
        asked = [job for job in jobs if job.command.compare and not job.creates and job.properties]
        found: dict[str, dict[str, str]] = {}
        for part in chunks(asked, HISTORIES):
            lost = await self._lost(part)
            back = [replace(job, properties=lost[job.command.id]) for job in part if job.command.id in lost]
            if back:
                path = self._api.objects(back[0].shape.path, "/batch/update")
                await self._api.post(path, {"inputs": [job.body() for job in back]})
                found |= lost
        return {command: list(properties) for command, properties in found.items()}

    async def _lost(self, jobs: Sequence[Job]) -> dict[str, dict[str, str]]:
        """What somebody had entered, by command and property."""
        names = sorted({name for job in jobs for name in job.properties})
        records = await self._reading.batch(
            jobs[0].shape.path, list(dict.fromkeys(job.target for job in jobs)), names, history=names
        )
        histories = {record["id"]: record.get(HISTORY) or {} for record in records}
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
