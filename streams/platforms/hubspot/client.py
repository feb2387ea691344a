"""HubSpot's client: the parts behind one face.

In and out: see `streams.platforms.interface`. Invariant: holds nothing that must survive; the lane keeps cursors and
the ledger, and `keep` of the grant stores refresh tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Unpack

import httpx

from schemas.command import Command
from schemas.errors import Refused
from schemas.names import Entity, Platform, Side
from streams.platforms.hubspot.api import NOT_FOUND, Api, Reply
from streams.platforms.hubspot.auth import Auth
from streams.platforms.hubspot.events import Events
from streams.platforms.hubspot.joining import known_by
from streams.platforms.hubspot.journal import Journal
from streams.platforms.hubspot.lookup import LookUp
from streams.platforms.hubspot.polling import Polling
from streams.platforms.hubspot.reading import Reading
from streams.platforms.hubspot.shapes import SHAPES, Shape
from streams.platforms.hubspot.writing import Writing
from streams.platforms.interface import Feed, Manner, Page, Seen, Written

CONFLICT = 409


def _now() -> datetime:
    return datetime.now(UTC)


class HubSpotClient:
    """One connection to one portal; fulfils `PlatformClient`."""

    platform: Platform = "hubspot"
    side = Side.CRM
    kinds: tuple[str, ...] = tuple(SHAPES)

    def __init__(
        self,
        base_url: str,
        version: str,
        auth: Auth,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        http: type[httpx.AsyncClient] = httpx.AsyncClient,
        clock: Callable[[], datetime] = _now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timezone: str = "UTC",
        shapes: Mapping[str, Shape] = SHAPES,
        journal: Journal | None = None,
        ours: Callable[[], None] = lambda: None,
    ) -> None:
        """Put the parts together.

        Args:
            base_url: of the API's host.
            version: the date-based API version.
            auth: gives access tokens.
            transport: the guarded network unless given.
            http: the client that sends through it.
            clock: aware UTC now.
            sleep: waits that many seconds.
            timezone: the portal's, where its day's quota begins anew.
            shapes: the contract's, with the customer's own fields.
            journal: the webhooks journal, where it is enabled.
            ours: raises when the connection may be another worker's by now; asked before each write.
        """
        self._journal = journal
        self._api = Api(
            base_url,
            version,
            auth,
            clock=clock,
            sleep=sleep,
            transport=transport,
            http=http,
            timezone=timezone,
            ours=ours,
        )
        self._reading = Reading(self._api, shapes)
        self._polling = Polling(self._api, self._reading)
        self._writing = Writing(self._api, self._reading)
        self._events = Events(self._api)
        self._look_up = LookUp(self._api, self._reading)

    @property
    def feed(self) -> Feed | None:
        """The webhooks journal, where it is enabled."""
        return self._journal

    async def read(self, kind: str, record_ids: Sequence[str]) -> list[Seen]:
        """Read records now. Kind `line_item` reads the deals that the line items belong to."""
        return await self._reading.read(kind, record_ids)

    def poll(self, kind: str, cursor: str | None, **manner: Unpack[Manner]) -> AsyncIterator[Page]:
        """Read what changed since `cursor`; everything when it is None or `sweep`.

        Everything is listed every time, and a record has one version however it is read: no more of it counts.
        """
        sweep, spare = manner.get("sweep", False), manner.get("spare", False)
        return self._polling.poll(kind, cursor, sweep=sweep, spare=spare)

    def since(self, kind: str, at: datetime) -> str:
        """The cursor of a poll that reads what was modified from `at` on."""
        return self._polling.since(kind, at)

    async def write(self, commands: Sequence[Command]) -> list[Written]:
        """Write, in batches, each record's commands in their order; then send events."""
        told = [each for each in commands if each.entity is Entity.EVENT]
        if not told:
            return await self._writing.write(commands)
        written = await self._writing.write([each for each in commands if each.entity is not Entity.EVENT])
        return written + await self._events.send(told)

    async def look_up(self, command: Command) -> Written | None:
        """Find out whether a command whose answer was lost has been applied."""
        return await self._look_up.look_up(command)

    def look_up_many(self, commands: Sequence[Command]) -> AsyncIterator[dict[str, Written | None]]:
        """Find out about many, a batch at a time."""
        return self._look_up.look_up_many(commands)

    async def known_by(self, entity: Entity, values: Sequence[str]) -> dict[str, str]:
        """Whom it finds by an address that they do not show: address -> reference."""
        return await known_by(self._reading, values) if entity is Entity.CONTACT else {}

    def spent(self) -> list[int]:
        """None: HubSpot counts by seconds, and its replies say what is left."""
        return []

    def resume(self, spent: Sequence[int]) -> None:  # noqa: ARG002 - the interface's
        """Another worker may have searched a moment ago, and of that no reply tells."""
        self._api.pace.resume()

    async def close(self) -> None:
        """Release connections."""
        await self._api.close()
        if self._journal is not None:
            await self._journal.close()

    async def account(self) -> dict[str, Any]:
        """The portal's id, time zone and currency, as HubSpot states them; for `revmark check`."""
        reply = (await self._api.get(f"/account-info/{self._api.version}/details")).granted()
        return reply.body

    async def property_names(self, path: str) -> set[str]:
        """The names of an object type's properties."""
        reply = (await self._api.get(self._properties(path))).granted()
        return {str(each.get("name")) for each in reply.results}

    async def create_group(self, path: str, name: str, label: str) -> None:
        """Make a property group unless it is there."""
        reply = await self._api.post(self._properties(path, "/groups"), {"name": name, "label": label})
        if reply.refused and reply.status != CONFLICT:
            raise Refused(f"hubspot refuses the property group {name}: {reply.message}", code=reply.code)

    async def create_properties(self, path: str, bodies: Sequence[dict[str, Any]]) -> None:
        """Make properties; HubSpot refuses one that is there."""
        reply = await self._api.post(self._properties(path, "/batch/create"), {"inputs": list(bodies)})
        if reply.refused or reply.errors:
            words = reply.errors[0].get("message") if reply.errors else reply.message
            raise Refused(f"hubspot refuses a property of {path}: {words}", code=reply.code)

    async def schemas(self) -> list[dict[str, Any]]:
        """The portal's custom objects: their schemas, with properties and associations."""
        return (await self._api.get(self._schemas())).granted().results

    async def create_schema(self, body: dict[str, Any]) -> None:
        """Make a custom object.

        Raises:
            Refused: HubSpot does not, as where one of that name is in the bin.
            Parked: the app may not, or the portal's tier has none.
        """
        _made(await self._api.post(self._schemas(), body), f"the custom object {body['name']}")

    async def associate_types(self, source: str, target: str, name: str) -> None:
        """Let records of a custom object be associated with those of another type, by type ids."""
        body = {"fromObjectTypeId": source, "toObjectTypeId": target, "name": name}
        _made(await self._api.post(self._schemas(f"/{source}/associations"), body), f"the association {name}")

    async def pipelines(self, path: str) -> list[dict[str, Any]]:
        """The pipelines of an object type, with their stages."""
        return (await self._api.get(self._pipelines(path))).granted().results

    async def create_pipeline(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make a pipeline; give it as it is there.

        Raises:
            Refused: HubSpot does not, as where the account may have no further one.
            Parked: the app may not.
        """
        return _made(await self._api.post(self._pipelines(path), body), f"the pipeline {body['label']}")

    async def create_stage(self, path: str, pipeline: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make a stage of a pipeline; give it as it is there."""
        reply = await self._api.post(self._pipelines(path, f"/{pipeline}/stages"), body)
        return _made(reply, f"the stage {body['label']} of the pipeline {pipeline}")

    async def event_definition(self, name: str) -> dict[str, Any] | None:
        """A custom event as the portal knows it, with its properties; None: it knows none of that name."""
        reply = await self._api.get(self._event_definitions(f"/{name}"))
        return None if reply.status == NOT_FOUND else reply.granted().body

    async def define_event(self, body: dict[str, Any]) -> None:
        """Make a custom event.

        Raises:
            Refused: HubSpot does not.
            Parked: the app may not, or the portal's tier has none.
        """
        _made(await self._api.post(self._event_definitions(), body), f"the event {body['name']}")

    async def extend_event(self, name: str, body: dict[str, Any]) -> None:
        """Give a custom event another property."""
        reply = await self._api.post(self._event_definitions(f"/{name}/property"), body)
        _made(reply, f"the property {body['name']} of the event {name}")

    def _event_definitions(self, rest: str = "") -> str:
        return f"/events/{self._api.version}/event-definitions{rest}"

    def _schemas(self, rest: str = "") -> str:
        return f"/crm-object-schemas/{self._api.version}/schemas{rest}"

    def _pipelines(self, path: str, rest: str = "") -> str:
        return f"/crm/pipelines/{self._api.version}/{path}{rest}"

    def _properties(self, path: str, rest: str = "") -> str:
        return f"/crm/properties/{self._api.version}/{path}{rest}"


def _made(reply: Reply, what: str) -> dict[str, Any]:
    if reply.refused:
        raise Refused(f"hubspot refuses {what}: {reply.message}", code=reply.code)
    return reply.body
