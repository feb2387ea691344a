"""Finding out what became of a write whose answer was lost.

In: a command. Out: `applied` with the record, or None: it has not been applied. A create is looked for by its natural
key, an update by the fields that it wanted. Invariant: nothing is written here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from schemas.command import Command
from schemas.errors import Refused
from schemas.names import Entity
from streams.platforms.interface import Seen, Written
from streams.platforms.xero import evidence
from streams.platforms.xero.connection import Answer, Connection
from streams.platforms.xero.kinds import CONTACT, CREDIT_NOTE, INVOICE, ITEM, KINDS, PAGE_SIZE, Kind, reference
from streams.platforms.xero.payloads import Draft, draft
from streams.platforms.xero.questions import Question, questions
from streams.platforms.xero.reading import FIRST_HUNDRED, IDS_A_CALL, Reader, chunks
from streams.platforms.xero.translation import NONE, Own


class Finder:
    """Looks up commands and their rivals."""

    def __init__(self, connection: Connection, reader: Reader, own: Own = NONE) -> None:
        """Keep what to look through, and the fields of the customer's own."""
        self._own = own
        self._connection = connection
        self._reader = reader

    async def look_up(self, command: Command) -> Written | None:
        """Whether a command has been applied; None: it has not.

        Raises:
            Throttled, Parked, Transient: it is still unknown; look again.
        """
        made = self._draft(command)
        if made is None:
            return None
        if made.method == "PUT" and not made.under:
            return self._proof(command, made, await self._created(command))
        return self._proof(command, made, await self._reader.read(made.kind.name, [made.target or ""]))

    async def look_up_many(self, commands: Sequence[Command]) -> AsyncIterator[dict[str, Written | None]]:
        """The same of many, in few lists; what none of them can tell is looked up by itself.

        Raises:
            Throttled, Parked, Transient: what was given stands.
        """
        drafts = {command.id: self._draft(command) for command in commands}
        yield {name: None for name, made in drafts.items() if made is None}
        sent = [(command, made) for command in commands if (made := drafts[command.id]) is not None]
        for kind in KINDS.values():
            updates = [each for each in sent if (each[1].method == "POST" or each[1].under) and each[1].kind is kind]
            targets = list(dict.fromkeys(made.target or "" for _, made in updates))
            for some in chunks(targets, IDS_A_CALL):
                found = await self._reader.read(kind.name, some)
                yield {each.id: self._proof(each, made, found) for each, made in updates if made.target in some}
        for question in questions([command for command, made in sent if made.method == "PUT" and not made.under]):
            shown = await self._listed(question)
            if shown is not None:
                yield {each.id: self._proof(each, drafts[each.id], shown) for each in question.commands}

    async def _listed(self, question: Question) -> list[Seen] | None:
        """What a list shows; None: not all, or Xero will not filter so large an organisation's records."""
        try:
            answer = await self._connection.get(question.kind.path, query=question.query)
        except Refused:
            return None
        cut_off = question.kind.paged and len(answer.rows(question.kind.path)) >= PAGE_SIZE
        return None if cut_off else await self._whole(question.kind, answer)

    def _draft(self, command: Command) -> Draft | None:
        """What was sent for a command; None: it never was."""
        try:
            return draft(command, self._own)
        except Refused:
            return None

    def _proof(self, command: Command, made: Draft | None, shown: Sequence[Seen]) -> Written | None:
        """What records prove of a command: that it has been applied, or nothing."""
        if made is None:
            return None
        if made.under:
            seen = next((each for each in shown if _is(each, made) and evidence.allocates(command, each.raw)), None)
            return applied(command, made.ref_kind, seen) if seen else None
        if made.method == "PUT":
            seen = next((each for each in shown if evidence.is_ours(command, each.raw)), None)
        else:
            there = (each for each in shown if _is(each, made))
            seen = next((each for each in there if evidence.shows(command, each.raw, self._own)), None)
        if seen is None:
            return None
        written = applied(command, made.ref_kind, seen)
        # A record of ours that people have edited since: of our own write's version nobody can tell any more.
        return written if evidence.shows(command, seen.raw) else replace(written, version=0)

    async def namesake(self, command: Command) -> list[Seen]:
        """The contact that already has a company's name, as evidence for a person to link."""
        name = str(command.fields.get("name") or "")
        if command.entity is not Entity.COMPANY or not name:
            return []
        query = {**dict(CONTACT.query), **FIRST_HUNDRED, "searchTerm": name}
        answer = await self._connection.get(CONTACT.path, query=query)
        rows = [row for row in answer.rows(CONTACT.path) if str(row.get("Name", "")).casefold() == name.casefold()]
        return await self._reader.shown(CONTACT, rows, answer.at)

    async def _created(self, command: Command) -> list[Seen]:
        """Candidates, by natural key; `is_ours` decides."""
        key = command.natural_key or ""
        if command.entity is Entity.COMPANY:
            return await self._whole(CONTACT, await self._connection.get(CONTACT.path, key))
        if command.entity is Entity.PRODUCT:
            # Reading an item by its code is not documented, listing all of them is (facts B4).
            return await self._whole(ITEM, await self._connection.get(ITEM.path, query=dict(ITEM.query)))
        if command.entity is Entity.CREDIT_NOTE:
            # The list has no filter by number; `where` is documented for it (Xero's specification, getCreditNotes).
            query = {**dict(CREDIT_NOTE.query), **FIRST_HUNDRED, "where": f'CreditNoteNumber=="{key}"'}
            return await self._whole(CREDIT_NOTE, await self._connection.get(CREDIT_NOTE.path, query=query))
        query = {**dict(INVOICE.query), **FIRST_HUNDRED, "InvoiceNumbers": key}
        return await self._whole(INVOICE, await self._connection.get(INVOICE.path, query=query))

    async def _whole(self, kind: Kind, answer: Answer) -> list[Seen]:
        return [
            each for each in await self._reader.shown(kind, answer.rows(kind.path), answer.at) if each.kind == kind.name
        ]


def _is(seen: Seen, made: Draft) -> bool:
    """Whether a record is there, and is the one that was written."""
    return (seen.kind, seen.record_id.lower()) == (made.kind.name, (made.target or "").lower()) and not seen.deleted


def applied(command: Command, ref_kind: str, seen: Seen, *more: Seen) -> Written:
    """The outcome of a command that this record proves."""
    ref = reference(ref_kind, seen.record_id)
    return Written(command.id, "applied", ref=ref, version=seen.version, seen=[seen, *more])
