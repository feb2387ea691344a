"""What people do on the page: the same words, on the same topics, as the command line's, with who and why.

In: JSON from an operator (`console.access.guard` has seen to that). Out: a word on its topic, and in a sentence what
came of it: `done`, `sent` (it lies on the topic, and no worker took it up yet) or `refused`. Invariant: each is on the
topic `audit` before it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal, TypeVar

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console import amending, answering, named
from console.access.people import Person
from console.access.trail import Trail
from console.commands.links import check
from console.page.bodies import Answer, Body, Drop, Edited, LetGo, Link, PutBack
from console.page.feed import Feed
from console.projection.delivery import topics_of
from console.projection.filters import Filters
from console.projection.held import Bytes
from console.projection.listing import EVERYTHING, quarantined
from console.projection.refusals import Refusal
from console.projection.reviews import answered, open_review
from console.projection.store import Store
from console.quarantining import Going, Say, drop, replay, tell, whole
from console.retrying import drop as forgo
from console.retrying import retry
from console.word import Place, Word, place, put, taken_up
from schemas.errors import Refused, RevmarkError, Transient
from schemas.wire import faults
from streams.settings import Settings

MOST = 5 * 1024 * 1024  # bytes of one word: an edit may hold a record, and a topic takes four
WAIT = 20.0  # seconds for a worker to take a word up: a person is looking on

Read = TypeVar("Read")
Asked = TypeVar("Asked", bound=Body)


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a word."""

    state: Literal["done", "sent", "refused"]
    said: str


class Acts:
    """The acts of one deployment."""

    def __init__(self, settings: Settings, feed: Feed, trail: Trail, wait: float = WAIT) -> None:
        self._settings = settings
        self._wait = wait
        self._trail = trail
        self._feed = feed
        self._topics = topics_of(settings)

    def routes(self) -> list[Route]:
        """A route for each."""
        return [
            self._route("answer", Answer, self.answer),
            self._route("let-go", LetGo, self.let_go),
            self._route("link", Link, self.link),
            self._route("put-back", PutBack, self.put_back),
            self._route("drop", Drop, self.drop),
            self._route("edit", Edited, self.edit),
        ]

    def _route(self, name: str, model: type[Asked], act: Callable[[Asked, str], Awaitable[Came]]) -> Route:
        async def endpoint(request: Request) -> Response:
            person: Person = request.state.person
            try:
                came = await self._kept(model.model_validate(orjson.loads(await _body(request))), person.who, act)
            except (orjson.JSONDecodeError, ValidationError) as error:
                said = faults(error) if isinstance(error, ValidationError) else "no JSON"
                return JSONResponse(asdict(Came("refused", said)), 400)
            except RevmarkError as error:
                status = 503 if isinstance(error, Transient) else 409
                return JSONResponse(asdict(Came("refused", error.message)), status)
            return JSONResponse(asdict(came))

        return Route(f"/api/act/{name}", endpoint, methods=["POST"])

    async def _kept(self, body: Asked, who: str, act: Callable[[Asked, str], Awaitable[Came]]) -> Came:
        """Do it, between what is kept of it before and after."""
        deed = await self._trail.begin(*body.told, who=who, why=body.why)
        try:
            came = await act(body, who)
        except RevmarkError as error:
            await self._trail.end(deed, "failed" if isinstance(error, Transient) else "refused", error.message)
            raise
        await self._trail.end(deed, came.state, came.said)
        return came

    async def answer(self, body: Answer, who: str) -> Came:
        """Choose the side that stands in a review."""
        review = await self._read(lambda store: open_review(store, body.review))
        word = answering.choice(review, answering.side_of(body.side), who, body.why, datetime.now(UTC))
        lies = await place(self._settings, self._topics.facts, f"{word.tenant}|{word.customer}", word)
        if (stays := await self._taken(lies)) is not None:
            return stays
        came = await self._read(lambda store: answered(store, word.answer))
        if not came:
            return Came("refused", "taken up, and nothing was decided: the record may have moved")
        if not answering.carried_out(came[0]):
            return Came("refused", came[0].reason)
        return Came("done", "; ".join(answering.done(each) for each in sorted(came, key=lambda it: str(it.written_to))))

    async def let_go(self, body: LetGo, who: str) -> Came:
        """Let a stopped rule go on."""
        found = await self._read(lambda store: answering.stopped(store, body.entity, body.rule))
        for each in found:
            word = answering.release(each, who, body.why, datetime.now(UTC))
            lies = await place(self._settings, self._topics.lane(each.platform), each.connection, word)
            if (stays := await self._taken(lies)) is not None:
                return stays
        return Came("done", "; ".join(map(answering.goes_on, found)))

    async def link(self, body: Link, who: str) -> Came:
        """Say that two records are one, or are not."""
        left, right = check(body.left, body.right, body.why)
        lies = await put(Word(self._settings, left, right, same=body.same, who=who, why=body.why))
        said = "are one from now on" if body.same else "are not one"
        return await self._taken(lies) or Came("done", f"{left} and {right} {said}")

    async def put_back(self, body: PutBack, who: str) -> Came:
        """Put records back on their topics, and have refused commands judged anew."""
        say = Say(who, body.why)
        wanted = list(dict.fromkeys(body.names))

        def look(store: Store) -> tuple[list[Going], list[tuple[Refusal, str]]]:
            refused = [each for name in wanted if (each := named.refused(store, name)) is not None]
            records = [named.record(store, name) for name in wanted if name not in {each.name for each in refused}]
            tenant = self._settings.tenant
            owned = [(each, named.customer(store, tenant, each)) for each in refused]
            return [named.going(store, each) for each in records], owned

        records, owned = await self._read(look)
        returned = await replay(self._settings, records, say) if records else []
        asked = await retry(self._settings, owned, say) if owned else []
        # They were put back in their order: the last of a partition is taken up after the others.
        lying = [*(each.place for each in returned), *(each.place for each in asked)]
        last = {(each.topic, each.partition): each for each in lying}
        for lies in last.values():
            if (stays := await self._taken(lies)) is not None:
                return stays
        back = {each.place.name for each in returned}
        again = await self._read(
            lambda store: [each for each in quarantined(store, Filters(state="held"), EVERYTHING) if each.name in back]
        )
        if again:
            return Came("refused", "; ".join(f"held again as {each.name}: {each.reason}" for each in again))
        judged = "; judged anew, and written again where the contract still says so" if asked else ""
        return Came("done", f"put back and taken up{judged}")

    async def drop(self, body: Drop, who: str) -> Came:
        """Say that a record, or a refused write, is not needed."""
        say = Say(who, body.why)
        refused = await self._read(lambda store: named.refused(store, body.name))
        if refused is not None:
            await forgo(self._settings, refused, say)
        else:
            held = await self._read(lambda store: named.record(store, body.name))
            await drop(self._settings, [Bytes(held.topic, held.partition, held.offset, None, None)], say)
        await self._feed.abreast()
        return Came("done", f"{body.name} is dropped; it stays readable")

    async def edit(self, body: Edited, who: str) -> Came:
        """Keep another value in place of a record's own, or of what a refused command writes."""
        say = Say(who, body.why)
        nothing = "Nothing was changed"
        refused = await self._read(lambda store: named.refused(store, body.name, nothing))
        if refused is not None:
            edit = amending.of_command(self._settings, refused, body.value, say)
        else:
            held = await self._read(lambda store: named.record(store, body.name, nothing))
            kept = await self._read(lambda store: named.lying(store, held, nothing))
            lying = kept if kept.complete else await whole(self._settings, kept)
            edit = amending.of_record(self._settings, held, lying, body.value, say)
        if edit is None:
            return Came("refused", f"nothing was changed in {body.name}")
        await tell(self._settings, [edit])
        await self._feed.abreast()
        return Came("done", f"{body.name} is edited; what was there stays beside it. Put it back when it is right")

    async def _read(self, build: Callable[[Store], Read]) -> Read:
        def read() -> Read:
            store = Store(self._feed.folder, read_only=True)
            try:
                return build(store)
            finally:
                store.close()

        return await asyncio.to_thread(read)

    async def _taken(self, lies: Place) -> Came | None:
        """Wait until a worker has taken a word up, and this page has read what came of it; None: it went well."""
        if not await taken_up(self._settings, lies, self._wait):
            return Came("sent", "it is on its topic, and is taken up as soon as a worker runs")
        await self._feed.abreast()
        found = await self._read(lambda store: store.rows("SELECT reason FROM quarantine WHERE key = ?", [lies.name]))
        return Came("refused", f"{found[0]['reason']}; it is in quarantine as {lies.name}") if found else None


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > MOST:
            raise Refused(f"more than {MOST:,} bytes. Nothing was sent", code="usage")
    return bytes(found)
