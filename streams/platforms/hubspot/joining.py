"""Joining: creates of people whom HubSpot has already, under their e-mail address.

In: jobs of one kind. Out: the same, those of people who are there as writes to them; and who is not joined, with why.
Invariant: of who is there no more is written than is empty; nobody is taken from another company.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from schemas.command import Command
from schemas.names import ref
from streams.platforms.hubspot.abreast import abreast
from streams.platforms.hubspot.api import Json
from streams.platforms.hubspot.batches import Job
from streams.platforms.hubspot.limits import BATCH
from streams.platforms.hubspot.reading import Reading, chunks
from streams.platforms.hubspot.shapes import CONTACT, PLATFORM

EMAIL = "email"  # only an e-mail can be known before us; the other keys are the ERP's ids, which nobody else writes
# The addresses beside it, with ";" between: a merge leaves there the one that gave way, and each finds the contact.
FURTHER = "hs_additional_emails"
COMPANY = "company"
HALF_MADE = 10_000  # records, about 2 MB: what waits for its associations at once is less than a hundred batches
# Without the address: what is said is kept among the decisions, and of an erased person nothing personal is.
SAID = (
    "its e-mail address is that of {contact} already, of {company}: one address is one contact there. "
    "Next: give one of the two another address, or, where they are one person, take the contact from that company; "
    "then: revmark quarantine replay"
)
BUSY = "its e-mail address is that of {contact}, which another is being joined to, for {company}: it is looked at anew"
LEFT = "{contact} was there a moment ago and is not any more: it is looked for anew"


@dataclass(frozen=True, slots=True)
class Joined:
    """The jobs that are to be written, those that are refused, and those that have to wait, with why."""

    jobs: list[Job]
    taken: list[tuple[Job, str]] = field(default_factory=list)
    busy: list[tuple[Job, str]] = field(default_factory=list)


class Joining:
    """Looks who is there.

    Whom this client has made and not yet associated it remembers: HubSpot may have joined them to a company meanwhile,
    by the domain of their address. That need not survive: what is forgotten is whose its first company says.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._half_made: dict[str, str] = {}  # canonical id -> HubSpot's

    def made(self, jobs: Iterable[Job]) -> None:
        """These were not there, and are now, without their associations."""
        self._half_made |= {job.command.record: job.target for job in jobs if job.shape.key == EMAIL}
        for oldest in list(self._half_made)[:-HALF_MADE]:
            del self._half_made[oldest]

    def ended(self, commands: Iterable[Command]) -> None:
        """Nothing of these comes again."""
        for command in commands:
            self._half_made.pop(command.record, None)

    async def joined(self, jobs: list[Job], companies: dict[str, str]) -> Joined:
        """Of a create that finds somebody there already, write only what is empty there: the rest is people's own.

        It is written by the id, if at all: an upsert by e-mail has to say all, and would write the address itself
        once more.

        `companies`: to which one each contact is joined by what is written side by side, contact -> company; added to.
        Two may find one contact, by two of its addresses: one of them waits until HubSpot says whose it has become.

        Raises:
            Throttled, Parked, Transient: nothing is known, and nothing was written.
        """
        named = [job for job in jobs if job.creates and job.shape.key == EMAIL]
        if not named:
            return Joined(jobs)
        shape = named[0].shape
        keys = [job.key for job in named]
        asked = [*shape.properties, FURTHER]
        records = await self._reading.batch(shape.path, keys, asked, id_property=shape.key)
        there = {address: record for record in records for address in _addresses(record)}
        found = [_joined(job, there[job.key.lower()]) if job.key.lower() in there else job for job in jobs]
        others = [job for job in found if job.joins and self._half_made.get(job.command.record) != job.target]
        wanting = [job for job in others if COMPANY in job.links]
        ends = await self._reading.associated(shape.path, self._reading.path(COMPANY), [job.target for job in wanting])
        taken = await self._taken(wanting, ends)
        left = await self._left([job for job in wanting if not ends.get(job.target)])
        over = {*taken, *left}
        busy = left | _busy([job for job in found if job.joins and job.command.id not in over], companies)
        jobs = [job for job in found if job.command.id not in {*taken, *busy}]
        self._joined(jobs)
        return Joined(jobs, _told(found, taken), _told(found, busy))

    def _joined(self, jobs: Iterable[Job]) -> None:
        """These are joined: whom one of them finds is not half another's any more."""
        theirs = {job.target: job.command.record for job in jobs if job.joins}
        self._half_made = {
            record: target for record, target in self._half_made.items() if theirs.get(target, record) == record
        }

    async def _left(self, jobs: Sequence[Job]) -> dict[str, str]:
        """Those whose contact has no company since it is not there any more: command id -> what is said of it.

        Merged away since it was found, it may live on in another company's, and what is linked with it links that one.
        """
        if not jobs:
            return {}
        shape = jobs[0].shape
        still = {each["id"] for each in await self._reading.batch(shape.path, [job.target for job in jobs], [EMAIL])}
        return {job.command.id: _said(LEFT, job) for job in jobs if job.target not in still}

    async def _taken(self, jobs: Sequence[Job], ends: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Those who are people of another company already: command id -> what is said of it.

        Whose a contact is, its first company says: to join it to a second one would take it from its counterpart in
        the books of the first. Where the company to be joined has ended, the link tells that; where it was merged away,
        it is the one that it lives on in.
        """
        path = self._reading.path(COMPANY)
        firsts = {job.command.id: ends[job.target][0] for job in jobs if ends.get(job.target)}
        apart = [job for job in jobs if firsts.get(job.command.id, job.links[COMPANY]) != job.links[COMPANY]]
        wanted = sorted({job.links[COMPANY] for job in apart})
        names = [each["id"] for each in await self._reading.batch(path, wanted, ["name"])] if wanted else []
        homes = dict(zip(names, names, strict=True))
        homes |= await self._reading.survivors(COMPANY, [each for each in wanted if each not in homes])
        return {
            job.command.id: _said(SAID, job, firsts[job.command.id])
            for job in apart
            if homes.get(job.links[COMPANY], firsts[job.command.id]) != firsts[job.command.id]
        }


async def known_by(reading: Reading, values: Sequence[str]) -> dict[str, str]:
    """Whom these addresses find who show another: address -> reference.

    Raises:
        Throttled, Parked, Transient, Refused: nothing is known.
    """
    shape, names = reading.shape(CONTACT.kind), [EMAIL, FURTHER]
    asked = {each.strip().lower(): each for each in values}
    found: dict[str, str] = {}
    parts = chunks(sorted(asked), BATCH)
    for records in await abreast(reading.batch(shape.path, part, names, id_property=EMAIL) for part in parts):
        for record in records:
            _, *further = _addresses(record)
            found |= {asked[each]: ref(PLATFORM, shape.kind, record["id"]) for each in further if each in asked}
    return found


def _busy(jobs: Iterable[Job], companies: dict[str, str]) -> dict[str, str]:
    """Those who find a contact that another one is joining to another company: command id -> what is said of it."""
    wanting = [job for job in jobs if COMPANY in job.links]
    return {
        job.command.id: _said(BUSY, job, company)
        for job in wanting
        if (company := companies.setdefault(job.target, job.links[COMPANY])) != job.links[COMPANY]
    }


def _told(jobs: Iterable[Job], said: Mapping[str, str]) -> list[tuple[Job, str]]:
    """Nothing is known of their records as theirs."""
    return [(job.at(""), said[job.command.id]) for job in jobs if job.command.id in said]


def _said(words: str, job: Job, company: str = "") -> str:
    return words.format(contact=ref(PLATFORM, job.shape.kind, job.target), company=ref(PLATFORM, COMPANY, company))


def _addresses(record: Json) -> list[str]:
    """All that find a contact, of which it shows the first as its own; in lower case."""
    held = record["properties"]
    return [each.strip().lower() for each in f"{held.get(EMAIL) or ''};{held.get(FURTHER) or ''}".split(";")]


def _joined(job: Job, record: Json) -> Job:
    """A create on the record that is there."""
    held = record["properties"]
    lacking = {name: value for name, value in job.properties.items() if not held.get(name)}
    return replace(job, target=str(record["id"]), properties=lacking, joins=True)
