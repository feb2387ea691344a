"""One HubSpot account: everything it holds and knows.

In: settings. Out: the parts the routes work with. Invariant: all state of the pretend HubSpot hangs from
here, and all of it shows in `state`.
"""

import secrets
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import datetime
from random import Random  # noqa: TID251 - the seeded generator is made here and handed on as an attribute

from sandbox.clock import Clock, SystemClock
from sandbox.hubspot import actors
from sandbox.hubspot.access import Access
from sandbox.hubspot.actors import Actor
from sandbox.hubspot.associations import Associations, Node
from sandbox.hubspot.custom_events import CustomEvents
from sandbox.hubspot.definitions import Dictionary, choices
from sandbox.hubspot.events import Announcer
from sandbox.hubspot.index import Index
from sandbox.hubspot.journal import Journal
from sandbox.hubspot.object_types import STANDARD, Catalogue, ObjectType
from sandbox.hubspot.owners import Owner, seeded
from sandbox.hubspot.pipelines import STAGE_PROPERTIES, Pipelines
from sandbox.hubspot.quirks import Quirks
from sandbox.hubspot.quota import BURST, SEARCH_SECOND, Quota
from sandbox.hubspot.records import CALCULATED, Record
from sandbox.hubspot.standard import definitions
from sandbox.hubspot.store import Store
from sandbox.hubspot.writer import Writer
from sandbox.log import CallLog, WriteLog
from sandbox.wire import iso

PORTAL_ID = 62_515
APP_ID = 54_321
DAY_LIMIT = 625_000  # calls a day: a Professional account
SEARCH_LAG = 2.0  # seconds; HubSpot says "a few moments"
_INSTANT: ContextVar[datetime | None] = ContextVar("instant", default=None)  # of the call under way


def _in_milliseconds(now: datetime) -> datetime:
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class OneInstant:
    """As long as it lasts, the portal's time stands still."""

    __slots__ = ("_clock", "_token")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __enter__(self) -> None:
        """Stop the time; one that stands already goes on standing."""
        self._token = _INSTANT.set(_INSTANT.get() or _in_milliseconds(self._clock.now()))

    def __exit__(self, *_: object) -> None:
        """Let it go on."""
        _INSTANT.reset(self._token)


class Portal:
    """The account, and the app installed in it."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        portal_id: int = PORTAL_ID,
        app_id: int = APP_ID,
        token: str | None = None,
        client_id: str = "sandbox-client",
        client_secret: str | None = None,
        scopes: Iterable[str] | None = None,
        burst_limit: int = BURST,
        day_limit: int = DAY_LIMIT,
        search_limit: int = SEARCH_SECOND,
        search_lag: float = SEARCH_LAG,
        time_zone: str = "UTC",
        currency: str = "USD",
        payments_enabled: bool = True,
        enterprise: bool = True,
        pipeline_limit: int | None = None,
        quirks: Quirks | None = None,
        seed: int = 0,
    ) -> None:
        self.clock = clock or SystemClock()
        self.portal_id = portal_id
        self.app_id = app_id
        self.time_zone = time_zone
        self.currency = currency
        self.payments_enabled = payments_enabled
        self.enterprise = enterprise
        self.pipeline_limit = pipeline_limit  # of each type of object: how many a subscription of HubSpot's allows
        self.quirks = quirks or Quirks()
        self.lots = Random(seed)  # noqa: S311 - repeatable, not secret
        self.token = token or f"pat-na1-{secrets.token_hex(16)}"
        self.client_secret = client_secret or secrets.token_hex(16)
        self.access = Access(self.clock, client_id, self.client_secret, self.token, scopes, portal_id, app_id)
        self.quota = Quota(self.clock, burst_limit, day_limit, time_zone, search_limit)
        self.catalogue = Catalogue(portal_id)
        self.dictionary = Dictionary()
        self.pipelines = Pipelines()
        self.associations = Associations()
        self.owners: dict[str, Owner] = {}
        self.store = Store(ids_start_alike=self.quirks.ids_start_alike)
        self.index = Index(self.now, search_lag, self.lots.random)
        self.calls = CallLog()
        self.writes = WriteLog()
        self.journal = Journal(self)
        self.announcer = Announcer(self)
        self.writer = Writer(self)
        self.app = actors.app(self.quirks.own_source_type, app_id, "Sandbox app")
        self.system = Actor("person", CALCULATED)
        self.custom_events = CustomEvents(self)
        self._invoices = 1_000
        self._object_type_ids = 0
        for kind in STANDARD:
            self.dictionary.add(kind, definitions(kind))

    def seed_defaults(self) -> None:
        """Give the account what HubSpot starts it with: pipelines, owners; and subscribe the app to all."""
        now = self.now()
        self.pipelines.seed({kind.type_id: kind for kind in self.catalogue.types}, now)
        for kind in self.catalogue.types:
            self.refresh_stages(kind)
        self.owners.update((owner.id, owner) for owner in seeded(now))
        for kind in self.catalogue.types:
            self.announcer.subscribe_to_all(kind)

    def refresh_stages(self, kind: ObjectType) -> None:
        """Let the options of the pipeline and stage properties follow the pipelines."""
        if names := STAGE_PROPERTIES.get(kind.type_id):
            known = self.dictionary.of(kind)
            pipelines = self.pipelines.of(kind).values()
            known[names[0]].options = choices({p.id: p.label for p in pipelines})
            known[names[1]].options = choices({s.id: s.label for p in pipelines for s in p.stages.values()})

    def credentials(self) -> dict[str, object]:
        """Give what a client needs to connect."""
        return {
            "token": self.token,
            "client_id": self.access.client_id,
            "client_secret": self.client_secret,
            "webhook_secret": self.client_secret,
            "refresh_token": self.access.grant.refresh_token,
            "developer_key": self.access.developer_key,
            "portal_id": self.portal_id,
            "app_id": self.app_id,
        }

    def now(self) -> datetime:
        """Give the instant of the act under way, in whole milliseconds as HubSpot keeps time."""
        return _INSTANT.get() or _in_milliseconds(self.clock.now())

    def one_instant(self) -> OneInstant:
        """Let everything within happen at the same millisecond, as one call's effects do."""
        return OneInstant(self.clock)

    def next_invoice_number(self) -> str:
        """Give the number of the next invoice HubSpot numbers itself."""
        self._invoices += 1
        return f"INV-{self._invoices}"

    def next_object_type_id(self) -> str:
        """Give the type id of the next custom object."""
        self._object_type_ids += 1
        return f"2-{self.portal_id}{self._object_type_ids:02d}"

    def live(self, node: Node) -> Record | None:
        """Give the record at a node unless it is archived."""
        record = self.store.at(self.catalogue.get(node[0]), node[1])
        return None if record is None or record.archived else record

    def live_ids(self, node: Node, to_type: str) -> list[int]:
        """Give the ids a record is associated with, archived ones left out."""
        return [i for i in self.associations.ids(node, to_type) if self.live((to_type, i)) is not None]

    def neighbours(self, record: Record, type_name: str) -> list[Record]:
        """Give the live records of a type that a record is associated with."""
        to_type = self.catalogue.get(type_name).type_id
        ids = self.associations.ids((record.kind.type_id, record.id), to_type)
        return [found for i in ids if (found := self.live((to_type, i))) is not None]

    def keys(self, record: Record) -> dict[str, str]:
        """Give a record's natural keys."""
        names = [*self.dictionary.unique_names(record.kind), "email", "domain", "hs_number", "hs_sku"]
        return {n: record.get(n) for n in names if n != "hs_object_id" and record.get(n)}

    def log(self, actor: Actor, action: str, record: Record, body: object = None) -> None:
        """Enter an accepted write in the log."""
        self.writes.record(self.now(), actor.role, action, record.kind.name, str(record.id), self.keys(record), body)

    def state(self) -> dict[str, object]:
        """Show everything, for recounts."""
        return {
            "portal_id": self.portal_id,
            "objects": {
                kind.name: [_shown(record) for record in self.store.all(kind)] for kind in self.catalogue.types
            },
            "associations": self.associations.listing(),
            "custom_events": self.custom_events.state(),
            "subscriptions": [
                {"id": s.id, "action": s.action, "type_id": s.type_id, "property": s.property_name}
                for s in self.announcer.subscriptions
            ],
        }


def _shown(record: Record) -> dict[str, object]:
    return {
        "id": str(record.id),
        "properties": record.values(),
        "created_at": iso(record.created),
        "updated_at": iso(record.updated),
        "archived": record.archived,
        "merged_ids": [str(i) for i in record.merged_ids],
    }
