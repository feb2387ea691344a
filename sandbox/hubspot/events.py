"""Webhook events: what HubSpot tells a subscriber.

In: writes, as they happen. Out: events in HubSpot's form for each subscription that fits. Sources: webhooks
guide, generic-webhooks changelog. Invariant: an event carries ids and at most one value; nothing promises
order.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sandbox.hubspot import values
from sandbox.hubspot.actors import Actor
from sandbox.hubspot.associations import Change
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record
from sandbox.wire import epoch_ms

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

ANY = "*"  # our shorthand: a subscription to every property clients may write
NEVER = {"hs_lastmodifieddate", "num_unique_conversion_events", "lastmodifieddate"}  # no subscription exists
NO_ASSOCIATION_EVENTS = {"0-7"}  # products
REPEAT_EVERY = 50  # one event id in so many repeats the one before
ACTIONS = ("creation", "deletion", "merge", "restore", "propertyChange", "associationChange")


@dataclass(slots=True)
class Subscription:
    """One thing an app wants to hear of."""

    id: int
    action: str
    type_id: str
    generic: bool  # object.creation with objectTypeId, not contact.creation
    property_name: str | None = None
    active: bool = True

    def name(self, kind: ObjectType) -> str:
        """Give subscriptionType."""
        return f"{'object' if self.generic else kind.singular}.{self.action}"


class Announcer:
    """Turns writes into events."""

    def __init__(self, portal: "Portal") -> None:
        self._portal = portal
        self.subscriptions: list[Subscription] = []
        self._by_subject: dict[tuple[str, str], list[Subscription]] = {}
        self.publish: Callable[[dict[str, object]], None] = lambda _event: None
        self._subscription_ids = itertools.count(1_001)
        self._last_id = 0
        self._sent = 0

    def subscribe(
        self, action: str, kind: ObjectType, property_name: str | None = None, *, generic: bool | None = None
    ) -> Subscription:
        """Add a subscription; types without named webhooks get the generic form."""
        subscription = Subscription(
            next(self._subscription_ids),
            action,
            kind.type_id,
            not kind.named_webhooks if generic is None else generic,
            property_name,
        )
        self.subscriptions.append(subscription)
        self._by_subject.setdefault((action, kind.type_id), []).append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Drop a subscription."""
        self.subscriptions.remove(subscription)
        self._by_subject[subscription.action, subscription.type_id].remove(subscription)

    def subscribe_to_all(self, kind: ObjectType) -> None:
        """Subscribe to everything about a type."""
        for action in ACTIONS:
            if action == "associationChange" and kind.type_id in NO_ASSOCIATION_EVENTS:
                continue
            self.subscribe(action, kind, ANY if action == "propertyChange" else None)
        if kind.name == "contacts":
            self.subscribe("privacyDeletion", kind)

    def creation(self, record: Record, actor: Actor) -> None:
        """Tell of a new record."""
        self._tell("creation", record, actor, {"changeFlag": "CREATED"})
        self._portal.journal.note("CREATE", record.kind, {"objectId": record.id, "propertyChanges": {}})

    def deletion(self, record: Record, actor: Actor) -> None:
        """Tell of an archived record."""
        self._tell("deletion", record, actor, {"changeFlag": "DELETED"})
        self._portal.journal.note("DELETE", record.kind, {"objectId": record.id})

    def restoration(self, record: Record, actor: Actor) -> None:
        """Tell of a restored record."""
        self._tell("restore", record, actor, {"changeFlag": "RESTORED"})
        self._portal.journal.note("RESTORE", record.kind, {"objectId": record.id})

    def privacy_deletion(self, record: Record, actor: Actor) -> None:
        """Tell of an erased contact; HubSpot sends the ordinary deletion as well."""
        self._tell("privacyDeletion", record, actor, {})
        self._portal.journal.note("GDPR_DELETE", record.kind, {"objectId": record.id})
        self.deletion(record, actor)

    def changes(self, record: Record, changed: Mapping[str, str], actor: Actor) -> None:
        """Tell of each changed property."""
        told: dict[str, object] = {}
        for name, value in changed.items():
            if name in NEVER:
                continue
            definition = self._portal.dictionary.find(record.kind, name)
            shown = value
            if self._portal.quirks.datetimes_in_webhooks_as_ms:
                shown = values.raw(definition, value)
            told[name] = shown
            automatic = definition is not None and definition.read_only
            self._tell(
                "propertyChange",
                record,
                actor,
                {"propertyName": name, "propertyValue": shown, "isSensitive": False},
                partial(_hears_of, name=name, automatic=automatic),
            )
        if told:
            self._portal.journal.note("UPDATE", record.kind, {"objectId": record.id, "propertyChanges": told})

    def merge(
        self, primary_id: int, merged_ids: list[int], result: Record, moved: int, actor: Actor
    ) -> None:  # fmt: skip
        """Tell of a merge."""
        details: dict[str, object] = {
            "objectId": primary_id,
            "primaryObjectId": primary_id,
            "mergedObjectIds": merged_ids,
            "newObjectId": result.id,
            "numberOfPropertiesMoved": moved,
            "changeFlag": "MERGED",
        }
        self._tell("merge", result, actor, details)
        said = ("objectId", "primaryObjectId", "mergedObjectIds", "newObjectId")
        self._portal.journal.note("MERGE", result.kind, {name: details[name] for name in said})

    def association(self, change: Change, actor: Actor) -> None:
        """Tell of one direction of an association."""
        portal = self._portal
        origin, target = portal.catalogue.get(change.origin[0]), portal.catalogue.get(change.target[0])
        details: dict[str, object] = {
            "associationType": f"{origin.singular}_to_{target.singular}".upper(),
            "associationTypeId": change.type.id,
            "associationCategory": change.type.category,
            "fromObjectId": change.origin[1],
            "toObjectId": change.target[1],
            "fromObjectTypeId": origin.type_id,
            "toObjectTypeId": target.type_id,
            "associationRemoved": change.removed,
            "isPrimaryAssociation": change.type.primary,
        }
        self._send("associationChange", origin, actor, details)
        action = "ASSOCIATION_REMOVED" if change.removed else "ASSOCIATION_ADDED"
        self._portal.journal.note(action, origin, details)

    def _tell(
        self, action: str, record: Record, actor: Actor, details: dict[str, object],
        fits: Callable[[Subscription], bool] = lambda _s: True,
    ) -> None:  # fmt: skip
        self._send(action, record.kind, actor, {"objectId": record.id, **details}, fits)

    def _send(
        self, action: str, kind: ObjectType, actor: Actor, details: dict[str, object],
        fits: Callable[[Subscription], bool] = lambda _s: True,
    ) -> None:  # fmt: skip
        portal = self._portal
        for subscription in self._by_subject.get((action, kind.type_id), ()):
            if not subscription.active or not fits(subscription):
                continue
            event: dict[str, object] = {
                "eventId": self._new_id(),
                "subscriptionId": subscription.id,
                "portalId": portal.portal_id,
                "appId": portal.app_id,
                "occurredAt": epoch_ms(portal.now()),
                "subscriptionType": subscription.name(kind),
                "attemptNumber": 0,
                "changeSource": actor.source.type,
                **details,
            }
            if actor.source.id is not None:
                event["sourceId"] = actor.source.id
            if subscription.generic:
                event["objectTypeId"] = kind.type_id
            self.publish(event)

    def _new_id(self) -> int:
        self._sent += 1
        if not (self._portal.quirks.colliding_event_ids and self._sent % REPEAT_EVERY == 0):
            self._last_id = self._portal.lots.randrange(1, 2**31)
        return self._last_id


def _hears_of(subscription: Subscription, *, name: str, automatic: bool) -> bool:
    return subscription.property_name == name or (subscription.property_name == ANY and not automatic)
