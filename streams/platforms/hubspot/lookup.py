"""Looking up: whether a command whose answer was lost has been applied.

In: the command. Out: `Written` when it is there, None when it may be sent again. Invariant: None is said only of what
is safe to send again: creates go by a unique property and updates state whole values.
"""

from __future__ import annotations

from schemas.change import Change
from schemas.command import Command
from schemas.errors import Refused
from schemas.names import ref
from streams.platforms.hubspot.api import Api, Json
from streams.platforms.hubspot.batches import Job, job_of
from streams.platforms.hubspot.overlooked import Overlooked, traced
from streams.platforms.hubspot.payloads import properties_of
from streams.platforms.hubspot.reading import Reading
from streams.platforms.hubspot.shapes import PATHS, PLATFORM
from streams.platforms.hubspot.translation import sightings
from streams.platforms.interface import Seen, Written


class LookUp:
    """The looking-up part of the client. Reads by id and by unique property are up to date; search is not used."""

    def __init__(self, api: Api, reading: Reading) -> None:
        self._api = api
        self._reading = reading
        self._overlooked = Overlooked(api)

    async def look_up(self, command: Command) -> Written | None:
        """Find out.

        Raises:
            Throttled, Parked, Transient: not now.
        """
        try:
            job = job_of(command, self._reading.shapes)
        except Refused as refused:  # it can never have been sent
            return Written(command.id, "refused", command.ref, code=refused.code, message=refused.message)
        histories: dict[str, Json] = {}
        if job.creates:
            seen = await self._reading.find(job.shape, job.key)
        else:
            found, histories = await self._reading.read_back(job.shape.kind, [job.target], traced([job]))
            seen = next((each for each in found if not each.deleted), None)
        if seen is None or not await self._linked(job, seen):
            return None
        if not job.creates and seen.record_id != job.target:
            return None  # it lives on in another record: sent again, the command is answered with that one
        as_written = self._as_written(job, seen)
        if as_written and await self._overlooked.put_back([job.at(seen.record_id)], histories):
            return None  # it went over an edit, which stands again
        # Nobody else writes any key but an e-mail: the record is ours, and what people changed since is theirs.
        if not as_written and (not job.creates or job.shape.key == "email"):
            return None
        version = seen.version if as_written else 0  # of our own write, which nobody can tell any more
        return Written(command.id, "applied", ref(PLATFORM, seen.kind, seen.record_id), version, seen=[seen])

    def _as_written(self, job: Job, seen: Seen) -> bool:
        change = Change(
            tenant=job.command.tenant,
            platform=PLATFORM,
            side=job.command.side,
            kind=seen.kind,
            record_id=seen.record_id,
            version=seen.version,
            seen_at=self._api.clock(),
            raw=seen.raw,
        )
        try:
            (shown,) = sightings(change, shapes=self._reading.shapes)
        except Refused:  # it holds something that we did not write
            return False
        there = job.command.model_copy(update={"fields": {name: shown.fields.get(name) for name in job.command.fields}})
        return properties_of(there, self._reading.shapes) == job.properties

    async def _linked(self, job: Job, seen: Seen) -> bool:
        associations = dict(seen.raw.get("associations") or {})
        for kind, number in job.links.items():
            if kind not in associations:
                found = await self._reading.associated(job.shape.path, PATHS[kind], [seen.record_id])
                associations[kind] = found.get(seen.record_id, [])
            if number not in associations[kind]:
                return False
        return True
