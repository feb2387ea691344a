"""Looking up: whether commands whose answers were lost have been applied.

In: commands. Out: of each `Written` when it is there, else None: it may be sent again once its call cannot arrive any
more. Invariant: None is said only of what is safe to send again then: creates go by a unique property, updates state
whole values, and events have a uuid. As many as a batch reads are asked for in one: creates of a kind by their unique
property, updates by their records.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from schemas.change import Change
from schemas.command import Command
from schemas.errors import Refused
from schemas.names import Entity, ref
from streams.platforms.hubspot.api import Api, Json
from streams.platforms.hubspot.batches import Job, job_of
from streams.platforms.hubspot.limits import BATCH, HISTORIES
from streams.platforms.hubspot.overlooked import Overlooked, traced
from streams.platforms.hubspot.payloads import properties_of
from streams.platforms.hubspot.reading import Reading, chunks
from streams.platforms.hubspot.shapes import PLATFORM
from streams.platforms.hubspot.translation import sightings
from streams.platforms.interface import Seen, Written

EMAIL = "email"  # the one key that somebody may have had before us


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
        jobs, told = self._made_ready([command])
        for job in jobs:
            told |= await self._look([job])
        return told[command.id]

    async def look_up_many(self, commands: Sequence[Command]) -> AsyncIterator[dict[str, Written | None]]:
        """Find out about many, batch by batch; a batch that HubSpot refuses is left to be asked for one by one.

        Raises:
            Throttled, Parked, Transient: not now; what was given stands.
        """
        jobs, told = self._made_ready(commands)
        yield told
        for batch in _batches(jobs):
            try:
                yield await self._look(batch)
            except Refused:
                continue

    def _made_ready(self, commands: Sequence[Command]) -> tuple[list[Job], dict[str, Written | None]]:
        """What to look for, and what can never have been sent."""
        jobs: list[Job] = []
        told: dict[str, Written | None] = {}
        for command in commands:
            if command.entity is Entity.EVENT:  # nothing shows for certain that one has not come: it is sent again
                told[command.id] = None
                continue
            try:
                jobs.append(job_of(command, self._reading.shapes))
            except Refused as refused:
                told[command.id] = Written(
                    command.id, "refused", command.ref, code=refused.code, message=refused.message
                )
        return jobs, told

    async def _look(self, jobs: Sequence[Job]) -> dict[str, Written | None]:
        """Find out about commands of one kind that are all creates or all updates, no more than a batch reads."""
        shape, creates = jobs[0].shape, jobs[0].creates
        histories: dict[str, Json] = {}
        if creates:
            found = await self._reading.find(shape, [job.key for job in jobs])
            keyed = {str(each.raw["properties"].get(shape.key) or "").lower(): each for each in found}
            shown = {job.command.id: keyed.get(job.key.lower()) for job in jobs}
        else:
            # What was merged away lives on in another record: sent again, the command is answered with that one.
            targets = [job.target for job in jobs]
            found, histories = await self._reading.read_back(shape.kind, targets, traced(jobs))
            there = {each.record_id: each for each in found if each.kind == shape.kind and not each.deleted}
            shown = {job.command.id: there.get(job.target) for job in jobs}
        ends = await self._ends(jobs, [each for each in shown.values() if each is not None])
        linked = [
            (job, seen)
            for job in jobs
            if (seen := shown[job.command.id]) is not None
            and all(number in ends[kind].get(seen.record_id, []) for kind, number in job.links.items())
        ]
        as_written = {job.command.id: self._as_written(job, seen) for job, seen in linked}
        ours = [job.at(seen.record_id) for job, seen in linked if as_written[job.command.id]]
        back = await self._overlooked.put_back(ours, histories)  # what went over an edit, which stands again
        answers: dict[str, Written | None] = {job.command.id: None for job in jobs}
        for job, seen in linked:
            if job.command.id not in back:
                answers[job.command.id] = _answer(job, seen, as_written=as_written[job.command.id])
        return answers

    async def _ends(self, jobs: Sequence[Job], seen: Sequence[Seen]) -> dict[str, dict[str, list[str]]]:
        """What the records are linked with, by the kinds that the commands link: those that a reading does not show."""
        ends: dict[str, dict[str, list[str]]] = {}
        for kind in dict.fromkeys(kind for job in jobs for kind in job.links):
            ends[kind] = {each.record_id: each.raw.get("associations", {}).get(kind, []) for each in seen}
            if kind not in jobs[0].shape.parents and seen:
                ends[kind] = await self._reading.associated(
                    jobs[0].shape.path, self._reading.path(kind), list(ends[kind])
                )
        return ends

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


def _answer(job: Job, seen: Seen, *, as_written: bool) -> Written | None:
    # Nobody else writes any key but an e-mail: the record is ours, and what people changed since is theirs. But one of
    # which every write states all may be there as an earlier write has left it.
    if not as_written and (not job.creates or job.shape.key == EMAIL or job.shape.whole):
        return None
    version = seen.version if as_written else 0  # of our own write, which nobody can tell any more
    shown = [seen] if job.shape.followed else []
    return Written(job.command.id, "applied", ref(PLATFORM, seen.kind, seen.record_id), version, seen=shown)


def _batches(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """Creates of a kind together, and updates of a kind."""
    for creates, kind in dict.fromkeys((job.creates, job.shape.kind) for job in jobs):
        some = [job for job in jobs if (job.creates, job.shape.kind) == (creates, kind)]
        yield from chunks(some, BATCH if creates else HISTORIES)
