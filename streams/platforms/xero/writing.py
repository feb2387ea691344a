"""Writing commands, in batches, with one outcome each.

In: commands. Out: what became of each. The steps of a batch: 1. draft, 2. ask what a draft needs, 3. send, 4. read the
outcome of each element, 5. look into those that Xero calls duplicates. Invariants: a lost answer is `unknown` and
nothing is sent twice; one element's fault is not its neighbours'; once anything has been written, no error hides it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from schemas.command import Command
from schemas.errors import Parked, Refused, RevmarkError, Throttled, Transient, Unknown
from schemas.fact import GONE
from schemas.names import Entity, digest
from streams.platforms.interface import Seen, Written
from streams.platforms.xero import records
from streams.platforms.xero.connection import Answer, Connection, messages
from streams.platforms.xero.holds import Holds
from streams.platforms.xero.kinds import ALLOCATIONS, CONTACT, ITEM, Kind
from streams.platforms.xero.lookup import Finder, applied
from streams.platforms.xero.payloads import Draft, draft
from streams.platforms.xero.quota import Clock, Purpose
from streams.platforms.xero.reading import Reader
from streams.platforms.xero.translation import GONE as GONE_CONTACTS
from streams.platforms.xero.translation import NONE, Own

BATCH = 50  # documents a request: Xero's advice for its limit of 3.5 to 10 MB (facts B2)
# Whole-request refusals that may be one element's fault: bad content, and an id that is not there (facts B5, B6).
SHARED_FAULTS = frozenset({"400", "404"})
NOBODY = "00000000-0000-0000-0000-000000000000"  # the id that Xero echoes for what was not made (facts B5)
# What people have ended: an archived contact takes no writes over the API (facts B5).
_ENDED = re.compile(r"\barchived\b", re.IGNORECASE)
_TAKEN = re.compile(r"must be unique|already assigned|already exists|unique code", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Job:
    """A command and what to send for it."""

    command: Command
    draft: Draft


class Writer:
    """Writes to one organisation."""

    def __init__(
        self, connection: Connection, reader: Reader, holds: Holds, finder: Finder, clock: Clock, own: Own = NONE
    ) -> None:
        """Keep what to write through, and the fields of the customer's own."""
        self._own = own
        self._connection = connection
        self._reader = reader
        self._holds = holds
        self._finder = finder
        self._clock = clock

    async def write(self, commands: Sequence[Command]) -> list[Written]:
        """Write each command once.

        Raises:
            Parked, Transient: nothing of all this was written. Once something was, the rest is `again` instead.
        """
        done, jobs = _drafted(commands, self._own)
        sent = False
        try:
            jobs = await self._prepared(jobs, done)
            for batch in batches(jobs):
                outcomes = await self._send(batch)
                sent = sent or any(each.state in {"applied", "unknown"} for each in outcomes)
                done += outcomes
        except (Throttled, Parked, Transient) as error:
            if not sent and not isinstance(error, Throttled):
                raise
            answered = {each.command for each in done}
            done += [self._again(job.command, error) for job in jobs if job.command.id not in answered]
        return done

    def _again(self, command: Command, error: RevmarkError) -> Written:
        until: datetime = error.until if isinstance(error, Throttled | Parked) else self._clock()
        return Written(command.id, "again", code=error.code, message=error.message, until=until)

    async def _prepared(self, jobs: list[Job], done: list[Written]) -> list[Job]:
        """Step 2: the code of an item that is updated by id, and whether a contact has another primary person."""
        items = [job for job in jobs if job.draft.kind is ITEM and "Code" not in job.draft.element]
        people = [job for job in jobs if job.command.entity is Entity.CONTACT and job.command.kind == "create"]
        if not items and not people:
            return jobs
        shown: dict[str, dict[str, Any]] = {}
        ends: dict[str, Seen] = {}
        for kind, some in ((ITEM, items), (CONTACT, people)):
            if some:
                found = await self._reader.read(kind.name, [job.draft.target or "" for job in some])
                shown |= {each.record_id: each.raw for each in found}
                ends |= {each.record_id: each for each in found if each.deleted}
        kept: list[Job] = []
        for job in jobs:
            raw = shown.get(job.draft.target or "", {})
            if job in items and (end := ends.get(job.draft.target or "")):
                done.append(_gone(job, end))
            elif job in items and not raw.get("Code"):
                done.append(_refused(job, "the item has no code in Xero, by which alone it could be written", "code"))
            elif job in items:
                job.draft.element["Code"] = raw["Code"]
                kept.append(job)
            elif job in people and _occupied(raw, job.command):
                done.append(_refused(job, "the contact has another primary person in Xero", "occupied"))
            else:
                kept.append(job)
        return kept

    async def _send(self, batch: list[Job]) -> list[Written]:
        """Steps 3 to 5 for one request."""
        if batch[0].draft.under:
            return [await self._allocate(batch[0])]
        kind = batch[0].draft.kind
        query = {"summarizeErrors": "false", **{name: value for name, value in kind.query if name == "unitdp"}}
        key = digest(*(job.command.id for job in batch))
        body = {kind.path: [job.draft.element for job in batch]}
        try:
            # What goes along with a write of the first tier costs no call of its own.
            purpose: Purpose = "first" if any(job.command.tier == 1 for job in batch) else "write"
            answer = await self._connection.send(
                batch[0].draft.method, kind.path, query, body, key=key, purpose=purpose
            )
        except Unknown as error:
            return [_unknown(job, error) for job in batch]
        except Refused as error:
            return await self._whole_refusal(batch, error)
        rows = _elements(answer, kind, len(batch))
        if rows is None:
            lost = Unknown("Xero's answer does not list what was written", code="envelope")
            return [_unknown(job, lost) for job in batch]
        return [await self._outcome(job, row, answer.at) for job, row in zip(batch, rows, strict=True)]

    async def _allocate(self, job: Job) -> Written:
        """Set a credit note against an invoice. The answer shows neither of them: both are read as they are now."""
        under = job.draft.under
        path = f"{job.draft.kind.path}/{quote(under, safe='')}/{ALLOCATIONS}"
        try:
            await self._connection.send(
                job.draft.method, path, {}, {ALLOCATIONS: [job.draft.element]}, key=digest(job.command.id)
            )
        except Unknown as error:
            return _unknown(job, error)
        except Refused as error:
            return (await self._whole_refusal([job], error))[0]
        try:
            seen = await self._reader.read(job.draft.kind.name, [under])
        except RevmarkError:
            return Written(job.command.id, "applied", ref=job.command.ref)  # the polls show what has become of both
        first, *more = seen
        return applied(job.command, job.draft.ref_kind, first, *more)

    async def _whole_refusal(self, batch: list[Job], error: Refused) -> list[Written]:
        if "idempotency-key" in error.message.lower():
            # The key was used: an earlier sending of these commands arrived.
            return [_unknown(job, Unknown(error.message, code="idempotency")) for job in batch]
        if len(batch) == 1:
            return [await self._refusal(batch[0], error.message, error.code)]
        if error.code not in SHARED_FAULTS:
            return [_refused(job, error.message, error.code) for job in batch]
        # Nothing of a request refused as a whole is saved: send each alone, so that the fault stays with its own.
        outcomes: list[Written] = []
        for position, job in enumerate(batch):
            try:
                outcomes += await self._send([job])
            except (Throttled, Parked, Transient) as stop:
                return outcomes + [self._again(each.command, stop) for each in batch[position:]]
        return outcomes

    async def _outcome(self, job: Job, row: dict[str, Any], at: int) -> Written:
        errors = messages(row)
        if row.get("StatusAttributeString") == "ERROR" or errors:
            return await self._refusal(job, "; ".join(errors) or "Xero gives no reason", "400")
        kind = job.draft.kind
        if str(row.get(kind.id_field) or NOBODY) == NOBODY:
            return _unknown(job, Unknown("Xero's answer names no record", code="envelope"))
        if kind is CONTACT:
            row = await self._annotated(row)
        first, *more = records.with_payments(kind, row, at)
        return applied(job.command, job.draft.ref_kind, first, *more)

    async def _annotated(self, row: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._holds.annotated(row, trusted=False)
        except RevmarkError:
            return {name: value for name, value in row.items() if name != "ContactGroups"}  # unknown, not lifted

    async def _refusal(self, job: Job, message: str, code: str) -> Written:
        """A refusal in Xero's words; a number that is taken may be taken by ourselves, and a record may have ended."""
        if job.command.kind == "update" and (code == "404" or _ENDED.search(message)):
            return await self._end(job) or _refused(job, message, code)
        if not _TAKEN.search(message):
            return _refused(job, message, code)
        try:
            found = await self._finder.look_up(job.command)
            if found:
                return found
            namesakes = await self._finder.namesake(job.command)
        except RevmarkError as error:
            return _unknown(job, Unknown(f"{message}; the look-up failed: {error.message}", code="duplicate"))
        return Written(job.command.id, "refused", code="duplicate", message=message, seen=namesakes)

    async def _end(self, job: Job) -> Written | None:
        """What has become of a record that Xero will not have written to; None: it is there as ever."""
        try:
            found = await self._reader.read(job.draft.kind.name, [job.draft.target or ""])
        except Refused:
            return None
        except RevmarkError as error:
            return self._again(job.command, error)
        end = next((each for each in found if each.deleted or each.raw.get("ContactStatus") in GONE_CONTACTS), None)
        return None if end is None else _gone(job, end)


def batches(jobs: Sequence[Job]) -> list[list[Job]]:
    """Requests in the order of the commands: one method and kind each, no record twice, at most 50 elements."""
    made: list[list[Job]] = []
    for job in jobs:
        last = made[-1] if made else []
        fits = (
            last
            and not (job.draft.under or last[0].draft.under)  # an allocation is a request of its own
            and len(last) < BATCH
            and (last[0].draft.method, last[0].draft.kind) == (job.draft.method, job.draft.kind)
            and not _shared(last, job)
        )
        if fits:
            last.append(job)
        else:
            made.append([job])
    return made


def _shared(batch: Sequence[Job], job: Job) -> bool:
    target, key = job.draft.target, job.command.natural_key
    return any((target and each.draft.target == target) or (key and each.command.natural_key == key) for each in batch)


def _drafted(commands: Sequence[Command], own: Own) -> tuple[list[Written], list[Job]]:
    done: list[Written] = []
    jobs: list[Job] = []
    for command in commands:
        try:
            jobs.append(Job(command, draft(command, own)))
        except Refused as error:
            done.append(Written(command.id, "refused", code=error.code, message=error.message))
    return done, jobs


def _elements(answer: Answer, kind: Kind, count: int) -> list[dict[str, Any]] | None:
    """The outcome of each element, in the order sent; None where the answer cannot be matched to the request."""
    try:
        rows = answer.rows(kind.path)
    except Transient:
        return None
    return rows if len(rows) == count else None


def _occupied(raw: dict[str, Any], command: Command) -> bool:
    held = str(raw.get("EmailAddress") or "").strip().lower()
    return bool(held) and held != str(command.fields.get("email") or "").strip().lower()


def _refused(job: Job, message: str, code: str) -> Written:
    return Written(job.command.id, "refused", code=code, message=message)


def _gone(job: Job, end: Seen) -> Written:
    said = f"{job.command.ref} has ended in Xero: that is judged anew"
    return Written(job.command.id, "moved", version=end.version, code=GONE, message=said, seen=[end])


def _unknown(job: Job, error: Unknown) -> Written:
    return Written(job.command.id, "unknown", ref=job.command.ref, code=error.code, message=error.message)
