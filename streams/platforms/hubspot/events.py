"""Custom events: what happened, sent one by one; beside records, for an event has no property to be found again by.

In: commands of the entity event. Out: one `Written` for each. Invariants: an event's uuid follows from its cause, so
that whatever is sent again is the same event; what HubSpot says no to, also for want of a scope or a tier, is refused
for that event alone, and the connection goes on.
Sources: HubSpot's guide to sending custom events and its reference of `POST /events/{version}/send`: the name is
`pe{HubID}_{name}`, the answer has no body, and of events with one uuid within a year the first counts. There is no
look-up: what the API shows of events says nothing of those that it does not show yet. So a lost answer is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from schemas.command import Command
from schemas.entities import Event
from schemas.errors import Parked, Refused, Throttled, Transient, Unknown
from schemas.names import Entity, ref
from streams.platforms.hubspot.abreast import abreast
from streams.platforms.hubspot.api import FORBIDDEN, Api, Json, Reply
from streams.platforms.hubspot.batches import put_off
from streams.platforms.hubspot.payloads import NEXT, links_of
from streams.platforms.hubspot.shapes import PLATFORM
from streams.platforms.interface import Written

CONFLICT = 409  # "the first will be accepted and all others will be rejected", and nothing says by which status
LONGEST = 1024  # characters of a property's value; the guide's figure
KIND = Entity.EVENT.value
_OURS = UUID("7c0cf2a4-6f0e-5a43-9b1e-3d9e5c1f8a57")  # of our events; drawn once, and never another


def uuid_of(command: Command) -> str:
    """The event's uuid, from the cause that its record is named for: another command of the same cause has the same."""
    return str(uuid5(_OURS, f"{command.tenant}|{command.record}"))


def occurrence_of(command: Command, portal: str) -> Json:
    """What is sent.

    Raises:
        Refused: it can never be sent as it is.
    """
    if command.kind != "create" or not command.natural_key:
        raise Refused("an event is only ever made, and by its cause", code="no_key")
    event, links = Event.model_validate(command.fields), links_of(command)
    if not event.name or len(links) != 1:
        raise Refused(f"an event has a name and one record that it is of. {NEXT}", code="links")
    for name, value in event.properties.items():
        if len(value) > LONGEST:
            said = f"{name} of the event {event.name} has {len(value)} characters, and HubSpot takes {LONGEST}. {NEXT}"
            raise Refused(said, code=name)
    (number,) = links.values()
    return {
        "eventName": f"pe{portal}_{event.name}",
        "objectId": number,
        "occurredAt": event.occurred_at,
        "properties": {name: value for name, value in event.properties.items() if value},
        "uuid": uuid_of(command),
    }


class Events:
    """The event-sending part of the client."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._portal = ""  # HubSpot's id of the account, asked for once

    async def send(self, commands: Sequence[Command]) -> list[Written]:
        """Send; one answer per command. It raises nothing: what else was written in this turn stands."""
        if not commands:
            return []
        try:
            await self._ask_portal()
        except (Throttled, Parked, Transient) as error:
            return [put_off(command.id, error, self._api.clock()) for command in commands]
        except Refused as error:
            return [Written(each.id, "refused", code=error.code, message=error.message) for each in commands]
        return await abreast(self._one(command) for command in commands)

    async def _ask_portal(self) -> None:
        if not self._portal:
            reply = (await self._api.get(f"/account-info/{self._api.version}/details")).granted()
            self._portal = str(reply.body.get("portalId") or "")

    async def _one(self, command: Command) -> Written:
        try:
            if command.tier != 1:
                self._api.pace.later_tiers()
            path = f"/events/{self._api.version}/send"
            reply = await self._api.post(path, occurrence_of(command, self._portal), writes=True, alone=True)
        except Refused as refused:
            return Written(command.id, "refused", code=refused.code, message=refused.message)
        except Unknown as lost:
            return Written(command.id, "unknown", code=lost.code, message=lost.message)
        except (Throttled, Parked, Transient) as error:
            return put_off(command.id, error, self._api.clock())
        if reply.refused and reply.status != CONFLICT:
            return Written(command.id, "refused", code=reply.code, message=_said(command, reply))
        return Written(command.id, "applied", ref(PLATFORM, KIND, uuid_of(command)))


def _said(command: Command, reply: Reply) -> str:
    """What happened, what is left, and what to do."""
    name, again = command.fields["name"], "then have it sent: revmark quarantine list"
    if reply.status == FORBIDDEN:
        step = "Custom events need an Enterprise subscription and the scope analytics.behavioral_events.send. Give both"
        why = reply.lacks
    else:
        step, why = "See that it is defined, with: revmark provision", reply.message
    return f"the event {name} was not sent: {why}. Nobody was told, and everything else goes on. {step}, {again}"
