"""Writing: commands in batches, one answer for each.

In: commands. Out: `Written`. Steps, in order: 1. make ready, 2. clear a lifecycle that moves back, 3. write, 4. see
what became of records that a batch left out, 5. associate, 6. read back what was written, 7. put back edits that were
written over unseen.
Batches of one round go side by side: no record is in two of them, and what is linked was there before.
Invariant: a create goes by a unique property, so that sending it again makes nothing twice; a create is applied only
when its associations are there too; after an answer is lost nothing more is sent for that record; what was judged for
a record that was merged away is not written to the one it lives on in, which may be another customer's.
Sources: HubSpot's guides to objects, associations and error handling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.command import Command
from schemas.errors import Parked, Refused, RevmarkError, Throttled, Transient, Unknown
from schemas.fact import ABSENT, GONE, MERGED
from schemas.names import Ref, ref
from streams.platforms.hubspot.abreast import abreast
from streams.platforms.hubspot.api import Api, Json, Reply
from streams.platforms.hubspot.batches import Job, Sorting, job_of, put_off, rounds, sort_out
from streams.platforms.hubspot.joining import LEFT, Joining
from streams.platforms.hubspot.limits import BATCH, TRANSIENT
from streams.platforms.hubspot.overlooked import Overlooked, concerned, traced
from streams.platforms.hubspot.reading import ALIASED, Reading, chunks, merged_ids
from streams.platforms.hubspot.shapes import LIFECYCLE, PLATFORM, STAGES
from streams.platforms.interface import Seen, Written

BISECTED = {400, 404, 409}  # HubSpot refuses a whole batch for one bad input
NOT_FOUND = "OBJECT_NOT_FOUND"
FINAL = {"applied", "refused", "moved"}


@dataclass(slots=True)
class Run:
    """One call of `write`: the answers so far, and whether anything may have been written."""

    now: Callable[[], datetime]
    answers: dict[str, Written] = field(default_factory=dict)
    touched: bool = False
    stopped: dict[str, Written] = field(default_factory=dict)  # record -> the answer that keeps its next ones back
    companies: dict[str, str] = field(default_factory=dict)  # contact -> the company that somebody joins it to
    failed: RevmarkError | None = None  # what holds for the whole connection, as far as it is known

    def applied(self, job: Job, version: int | None, seen: list[Seen]) -> None:
        """It is there, with its associations."""
        self._answer(job, Written(job.command.id, "applied", _ref(job), version, seen=seen))

    def refused(self, job: Job, code: str, message: str, seen: Sequence[Seen] = ()) -> None:
        """HubSpot says no; of a create that was written all the same, to a link, whose end is `seen` if it is gone."""
        said = Written(job.command.id, "refused", _ref(job), job.version, code=code, message=message, seen=list(seen))
        self._answer(job, said)

    def moved(self, job: Job, seen: list[Seen]) -> None:
        """Nothing was written: the record lives on in another one, which is seen first."""
        said = f"{_ref(job)} was merged into {ref(PLATFORM, seen[0].kind, seen[0].record_id)}: that is judged anew"
        found = Written(job.command.id, "moved", version=seen[0].version, code=MERGED, message=said, seen=seen)
        self._answer(job, found)

    def gone(self, job: Job, seen: Seen) -> None:
        """Nothing was written: the record is not there any more, and nobody is asked about it."""
        said = f"{_ref(job)} is not there any more: that is judged anew"
        self._answer(job, Written(job.command.id, "moved", version=seen.version, code=GONE, message=said, seen=[seen]))

    def absent(self, job: Job) -> None:
        """Nothing was linked: the record, which is only shown there, is not there any more."""
        said = f"{_ref(job)} is not there any more: it is made anew"
        self._answer(job, Written(job.command.id, "moved", code=ABSENT, message=said))

    def unknown(self, jobs: Sequence[Job], code: str, message: str) -> None:
        """The answer was lost."""
        for job in jobs:
            self._stop(job, Written(job.command.id, "unknown", _ref(job), code=code, message=message))

    def put_off(self, jobs: Sequence[Job], error: RevmarkError) -> None:
        """Nothing was written for these."""
        if isinstance(error, Parked) or (isinstance(error, Transient) and self.failed is None):
            self.failed = error
        for job in jobs:
            self._stop(job, put_off(job.command.id, error, self.now(), _ref(job)))

    def check(self) -> None:
        """Once all that went side by side has ended, let the connection as a whole say what it met.

        Raises:
            Parked, Transient: nothing at all was written by this call.
        """
        if self.failed is not None and not self.touched:
            raise self.failed

    def ready(self, jobs: Sequence[Job]) -> list[Job]:
        """The jobs whose records' earlier ones are settled; the others are put off."""
        for job in jobs:
            if (before := self.stopped.get(job.command.record)) is not None:
                said = f"an earlier command of this record is {before.state}"
                until = before.until or self.now() + TRANSIENT
                self._answer(job, Written(job.command.id, "again", code="order", message=said, until=until))
        return [job for job in jobs if job.command.record not in self.stopped]

    def _stop(self, job: Job, written: Written) -> None:
        self.stopped[job.command.record] = written
        self._answer(job, written)

    def _answer(self, job: Job, written: Written) -> None:
        self.answers[job.command.id] = written


class Writing:
    """The writing part of the client."""

    def __init__(self, api: Api, reading: Reading) -> None:
        self._api = api
        self._reading = reading
        self._overlooked = Overlooked(api)
        self._joining = Joining(reading)

    async def write(self, commands: Sequence[Command]) -> list[Written]:
        """Write; one answer per command.

        Raises:
            Parked, Transient: nothing was written.
        """
        run = Run(self._api.clock)
        jobs: list[Job] = []
        for command in commands:
            try:
                jobs.append(job_of(command, self._reading.shapes))
            except Refused as refused:
                told = Written(command.id, "refused", command.ref, code=refused.code, message=refused.message)
                run.answers[command.id] = told
        for turn in rounds(self._in_time(run, jobs)):
            ready = run.ready(turn)
            groups = [
                [job for job in ready if job.creates is creates and job.shape.kind == kind]
                for creates in (True, False)
                for kind in self._reading.shapes
            ]
            await abreast(self._write(run, list(chunk)) for group in groups for chunk in chunks(group, BATCH))
            run.check()
        self._joining.ended(command for command in commands if run.answers[command.id].state in FINAL)
        return [run.answers[command.id] for command in commands]

    def _in_time(self, run: Run, jobs: list[Job]) -> list[Job]:
        """What may be sent of these: the last calls of a day are those of the first tier."""
        try:
            self._api.pace.later_tiers()
        except Throttled as error:
            run.put_off([job for job in jobs if job.command.tier != 1], error)
            return [job for job in jobs if job.command.tier == 1]
        return jobs

    async def _write(self, run: Run, jobs: list[Job]) -> None:
        jobs = await self._spare(run, await self._clear_lifecycles(run, jobs))
        written = [job for job in jobs if not job.creates and not job.properties]  # of links alone
        for creates in (True, False):
            written += await self._post(run, [job for job in jobs if job.creates is creates and job.properties])
        await self._read_back(run, await self._associate(run, written))

    async def _clear_lifecycles(self, run: Run, jobs: list[Job]) -> list[Job]:
        """HubSpot moves a lifecycle stage only forward unless it was cleared first."""
        moving = [job for job in jobs if not job.creates and job.properties.get(LIFECYCLE)]
        if not moving:
            return jobs
        shape = moving[0].shape
        try:
            records = await self._reading.batch(shape.path, [job.target for job in moving], [LIFECYCLE])
        except (Throttled, Parked, Transient) as error:
            run.put_off(jobs, error)
            return []
        stages = {record["id"]: str(record["properties"].get(LIFECYCLE) or "") for record in records}
        back = [job for job in moving if _moves_back(stages.get(job.target, ""), job.properties[LIFECYCLE])]
        cleared = await self._post(run, [replace(job, properties={LIFECYCLE: ""}) for job in back])
        held = {job.command.id for job in back} - {job.command.id for job in cleared}
        return [job for job in jobs if job.command.id not in held]

    async def _spare(self, run: Run, jobs: list[Job]) -> list[Job]:
        """Join who is there already. Give the jobs that are to be written."""
        try:
            joined = await self._joining.joined(jobs, run.companies)
        except (Throttled, Parked, Transient) as error:
            run.put_off(jobs, error)
            return []
        for job, said in joined.taken:
            run.refused(job, "taken", said)
        for job, said in joined.busy:
            run.put_off([job], Throttled(said, until=run.now(), code="joining"))
        return joined.jobs

    async def _post(self, run: Run, jobs: list[Job], *, follow: bool = True) -> list[Job]:
        """Write a batch; halve it as long as it is refused as a whole. Give the jobs that were written."""
        if not jobs:
            return []
        path = self._api.objects(jobs[0].shape.path, "/batch/upsert" if jobs[0].creates else "/batch/update")
        reply = await self._send(run, jobs, path, {"inputs": [job.body() for job in jobs]})
        if reply is None:
            return []
        if reply.refused and (lack := self._lacking(jobs[0], path, reply.code, reply.message)) is not None:
            run.put_off(jobs, lack)
            return []
        if reply.status in BISECTED and len(jobs) > 1:
            middle = len(jobs) // 2
            return await self._post(run, jobs[:middle]) + await self._post(run, jobs[middle:])
        if reply.refused:
            sorting = Sorting(refused=[(job, reply.code, reply.message) for job in jobs])
        else:
            sorting = sort_out(jobs, reply)
            run.touched = run.touched or bool(sorting.written or sorting.unsaid)
            new = {str(result.get("id")) for result in reply.results if result.get("new")}  # as an upsert says
            self._joining.made(job for job in sorting.written if job.creates and job.target in new)
        lost = [job for job, code, _ in sorting.refused if code == NOT_FOUND] + sorting.unsaid
        absent = [job for job in lost if follow and not job.creates]
        for job, code, message in sorting.refused:
            if (lack := self._lacking(job, path, code, message)) is not None:
                run.put_off([job], lack)
            elif job not in absent:
                run.refused(job, code, message)
        run.unknown([job for job in sorting.unsaid if job not in absent], "unsaid", "hubspot's reply does not name it")
        return sorting.written + await self._follow(run, absent)

    def _lacking(self, job: Job, path: str, code: str, message: str) -> Parked | None:
        """What it means that a record was refused, where that is not its own fault but what the portal has not."""
        without = self._api.without(path, message)
        if without is not None or not job.shape.whole:
            return without
        return self._api.unprovided(path, code, message, job.shape.key)

    async def _follow(self, run: Run, jobs: list[Job]) -> list[Job]:
        """See what became of records that a batch left out: merged away, gone, or there all the same."""
        there: list[Job] = []
        # Only what may have been merged away is asked for one by one: what comes back has another id then.
        for part in [[job] for job in jobs] if jobs and jobs[0].shape.kind in ALIASED else [jobs] if jobs else []:
            try:
                seen = await self._reading.read(part[0].shape.kind, [job.target for job in part])
            except (Throttled, Parked, Transient) as error:
                run.put_off(part, error)
                continue
            except Refused as error:
                for job in part:
                    run.refused(job, error.code, error.message)
                continue
            shown = {each.record_id: each for each in seen if each.kind == part[0].shape.kind}
            for job in part:
                found = shown.get(job.target, seen[0])
                if job.joins and (found.deleted or found.record_id != job.target):
                    said = LEFT.format(contact=_ref(job))
                    run.put_off([job.at("")], Throttled(said, until=run.now(), code="left"))
                elif found.deleted:
                    run.gone(job, found)
                elif found.record_id != job.target:
                    run.moved(job, seen)
                else:
                    there.append(job)
        return await self._post(run, there, follow=False)

    async def _associate(self, run: Run, jobs: list[Job]) -> list[Job]:
        """Make the associations. Give the jobs that have all of theirs."""
        whole = {job.command.id: job for job in jobs}
        for kind in dict.fromkeys(kind for job in jobs for kind in job.links):
            wanting = [job for job in whole.values() if kind in job.links]
            joined = {job.command.id for job in await self._join(run, wanting, kind)}
            for job in wanting:
                if job.command.id not in joined:
                    del whole[job.command.id]
        return list(whole.values())

    async def _join(self, run: Run, jobs: list[Job], kind: str) -> list[Job]:
        if not jobs:
            return []
        path = self._api.associations(jobs[0].shape.path, self._reading.path(kind), "/batch/associate/default")
        inputs = [{"from": {"id": job.target}, "to": {"id": job.links[kind]}} for job in jobs]
        reply = await self._send(run, jobs, path, {"inputs": inputs})
        if reply is None:
            return []
        partly = bool(reply.errors)
        if (reply.refused or partly) and len(jobs) > 1:  # its errors do not say which pair they mean
            middle = len(jobs) // 2  # what was made of it is made again, which changes nothing
            return await self._join(run, jobs[:middle], kind) + await self._join(run, jobs[middle:], kind)
        if reply.refused or partly:
            error = reply.errors[0] if partly else reply.body
            run.touched = True
            if not jobs[0].creates and not jobs[0].shape.followed and await self._absent(jobs[0]):
                run.absent(jobs[0])
                return []
            said = f"written, but not associated with {kind} {jobs[0].links[kind]}: {error.get('message')}"
            run.refused(jobs[0], f"link_{kind}", said, await self._ends(kind, jobs[0].links[kind]))
            return []
        run.touched = True
        return jobs

    async def _absent(self, job: Job) -> bool:
        """Whether a record that is never read is known not to be there; if nobody can say, its link was refused."""
        try:
            return not await self._reading.batch(job.shape.path, [job.target], [])
        except (Throttled, Parked, Transient, Refused):
            return False

    async def _ends(self, kind: str, number: str) -> list[Seen]:
        """The end of a record that could not be linked, if that is why: nothing else may tell of it."""
        try:
            return [each for each in await self._reading.read(kind, [number]) if each.deleted]
        except (Throttled, Parked, Transient, Refused):
            return []  # a poll or the next write tells

    async def _put_back(self, run: Run, jobs: list[Job], histories: Mapping[str, Json]) -> list[Job]:
        """Put back edits that nobody had heard of. Give the jobs that went over none: the others come again."""
        try:
            found = await self._overlooked.put_back(jobs, histories)
        except (Throttled, Parked, Transient) as error:
            return self._doubted(run, jobs, error)
        for job in jobs:
            if job.command.id in found:
                said = f"somebody had edited {', '.join(found[job.command.id])} meanwhile: it was put back"
                run.put_off([job], Throttled(said, until=run.now(), code="edited"))
        return [job for job in jobs if job.command.id not in found]

    @staticmethod
    def _doubted(run: Run, jobs: list[Job], error: RevmarkError) -> list[Job]:
        """What may have gone over an edit is looked up later. Give the others."""
        doubted = concerned(jobs)
        run.unknown(doubted, error.code, f"written, perhaps over an edit: {error.message}")
        return [job for job in jobs if job not in doubted]

    async def _send(self, run: Run, jobs: list[Job], path: str, body: dict[str, object]) -> Reply | None:
        """A write; None when it has no reply to act on, and the jobs have their answer."""
        try:
            return await self._api.post(path, body, writes=True)
        except Unknown as lost:
            run.touched = True
            run.unknown(jobs, lost.code, lost.message)
        except (Throttled, Parked, Transient) as error:
            run.put_off(jobs, error)
        return None

    async def _read_back(self, run: Run, jobs: list[Job]) -> None:
        """What was written is applied, whether or not it can be read back now, unless it went over an edit.

        What we made and somebody ended at once is applied as well, and its end goes with it: nothing shows it again.
        """
        if not jobs:
            return
        if not jobs[0].shape.followed:
            for job in jobs:
                run.applied(job, job.version, [])
            return
        try:
            targets = [job.target for job in jobs]
            seen, histories = await self._reading.read_back(jobs[0].shape.kind, targets, traced(jobs))
        except (Throttled, Parked, Transient, Refused) as error:
            seen = []  # a webhook or the next poll will show it
            jobs = self._doubted(run, jobs, error)
        else:
            jobs = await self._put_back(run, jobs, histories)
        by_id = {each.record_id: each for each in seen if not each.deleted}
        for each in list(by_id.values()):
            by_id |= {old: each for old in merged_ids(each.raw) if old not in by_id}
        ended = {each.record_id: each for each in seen if each.deleted}
        for job in jobs:
            found = by_id.get(job.target)
            # The version that our write made, as its reply says: what is read back may be somebody's edit since.
            made = job.version if job.version is not None or found is None else found.version
            if found is None and job.command.kind == "create" and (end := ended.get(job.target)) is not None:
                found = replace(end, version=max(end.version, made or 0))
            run.applied(job, made, [found] if found else [])


def _ref(job: Job) -> Ref | None:
    return ref(PLATFORM, job.shape.kind, job.target) if job.target else None


def _moves_back(stage: str, wanted: str) -> bool:
    """Whether a stage can only be reached by clearing first; a portal's own stages have an order we do not know."""
    if not stage or stage == wanted:
        return False
    if stage in STAGES and wanted in STAGES:
        return STAGES.index(wanted) < STAGES.index(stage)
    return True
