"""Writes: what happens in HubSpot when a record is made, changed, archived, restored or associated.

In: checked values and an actor. Out: records with history, moved dates, webhooks, a search index that will
follow, and one entry in the write log. Invariant: one accepted request for one record is one entry in the
log.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sandbox.hubspot import calculation
from sandbox.hubspot.actors import Actor
from sandbox.hubspot.association_types import AssociationType
from sandbox.hubspot.associations import Change
from sandbox.hubspot.errors import conflict, invalid
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import CALCULATED, Record, Source
from sandbox.wire import iso

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

FURTHER_EMAILS = "hs_additional_emails"
PARENTS_TO_RECOMPUTE = {
    "line_items": ("invoices", "quotes"), "commerce_payments": ("invoices",),
    "companies": ("companies",),  # those below one that goes, comes back or is merged
}  # fmt: skip


class Writer:
    """The only hand that changes records."""

    def __init__(self, portal: "Portal") -> None:
        self._portal = portal

    def create(
        self, kind: ObjectType, values: Mapping[str, str], actor: Actor, body: object = None
    ) -> Record:  # fmt: skip
        """Make a record of checked values."""
        portal = self._portal
        now = portal.now()
        record = Record(kind, portal.store.new_id(kind), now, now)
        portal.store.add(record)
        system = {
            "hs_object_id": str(record.id),
            kind.created: iso(now),
            "hs_object_source": actor.source.type,
            "hs_object_source_id": actor.source.id or "",
            "hs_object_source_label": actor.source.type,
            "hs_object_source_detail_1": actor.source.label or "",
        }
        if actor.user_id is not None:
            system["hs_object_source_user_id"] = system["hs_created_by_user_id"] = str(actor.user_id)
        if values.get("hs_invoice_billable") == "true" and not values.get("hs_number"):
            system["hs_number"] = portal.next_invoice_number()
        for name, value in system.items():
            if value:
                self._put(record, name, value, actor.source)
        changed = self._set(record, {n: v for n, v in values.items() if v}, actor.source)
        changed |= self._follow(record)
        self._stamp(record, actor)
        portal.log(actor, "create", record, body if body is not None else dict(values))
        portal.announcer.creation(record, actor)
        portal.announcer.changes(record, changed, actor)
        self._recompute_parents(record)
        return record

    def update(self, record: Record, values: Mapping[str, str], actor: Actor, body: object = None) -> Record:
        """Change a record to checked values."""
        quirks = self._portal.quirks
        changed = self._set(record, values, actor.source)
        changed |= self._follow(record)
        if changed or quirks.noop_bumps_modified:
            self._stamp(record, actor)
        self._portal.log(actor, "update", record, body if body is not None else dict(values))
        fired = dict.fromkeys(values, True) if quirks.noop_fires_webhook else {}
        self._portal.announcer.changes(record, changed | {n: record.get(n) for n in fired}, actor)
        self._recompute_parents(record)
        return record

    def archive(self, record: Record, actor: Actor) -> None:
        """Put a record in the recycle bin."""
        if (
            record.kind.name == "invoices"
            and self._portal.quirks.delete_requires_unpaid_invoice
            and record.get("hs_invoice_billable") != "false"
            and record.get("hs_invoice_status") not in {"draft", "open"}
        ):
            raise invalid("Only draft and open invoices can be deleted.")
        record.archived_at = record.updated = self._portal.now()
        self._portal.store.release(record)
        self._portal.index.follow(record)
        self._portal.log(actor, "delete", record)
        self._portal.announcer.deletion(record, actor)
        self._recompute_parents(record)

    def restore(self, record: Record, actor: Actor) -> None:
        """Take a record out of the recycle bin, as only people can."""
        for name in [*self._portal.dictionary.unique_names(record.kind), "email"]:
            holder = self._portal.store.holder(record.kind, name, record.get(name))
            if holder is not None:
                raise conflict(record.kind.singular.capitalize(), holder.id)
        record.archived_at = None
        self.claim_all(record)
        self._stamp(record, actor)
        self._portal.log(actor, "restore", record)
        self._portal.announcer.restoration(record, actor)
        self._recompute_parents(record)

    def associate(
        self, origin: Record, target: Record, types: Iterable[AssociationType], actor: Actor
    ) -> None:  # fmt: skip
        """Associate two records."""
        wanted = list(types)
        changes = self._portal.associations.add(
            (origin.kind.type_id, origin.id), (target.kind.type_id, target.id), wanted
        )
        self.associated(origin, target, changes, actor, "associate", [t.id for t in wanted])

    def dissociate(
        self, origin: Record, target: Record, type_ids: Iterable[int] | None, actor: Actor
    ) -> None:  # fmt: skip
        """Part two records, or take labels off."""
        changes = self._portal.associations.remove(
            (origin.kind.type_id, origin.id), (target.kind.type_id, target.id), type_ids
        )
        self.associated(origin, target, changes, actor, "dissociate", None)

    def associated(
        self, origin: Record, target: Record, changes: list[Change], actor: Actor, action: str,
        type_ids: list[int] | None,
    ) -> None:  # fmt: skip
        """Let dates, totals, log and webhooks follow a change of associations."""
        portal = self._portal
        body = {"to": {"type": target.kind.name, "id": str(target.id)}, "types": type_ids}
        portal.log(actor, action, origin, body)
        if not changes:
            return
        touched = dict.fromkeys(change.origin for change in changes)  # in order: the index may draw lots for each
        for type_id, record_id in touched:
            kind = portal.catalogue.get(type_id)
            if (record := portal.store.at(kind, record_id)) is not None:
                followed = self._follow(record)
                self._stamp(record, actor)
                portal.announcer.changes(record, followed, actor)
        for change in changes:
            portal.announcer.association(change, actor)

    def tamper(self, record: Record, name: str, value: str) -> None:
        """Change a value silently: no date, no history, no webhook; the search index still follows."""
        previous = record.get(name)
        record.overwrite(name, value)
        self._claim(record, name, value, previous)
        self._portal.index.follow(record)

    def put_quietly(self, record: Record, values: Mapping[str, str], source: Source) -> None:
        """Set values without webhook or log, for the makings of a merge."""
        self._set(record, values, source)
        self._follow(record)

    def followed(self, record: Record) -> None:
        """Let those follow that are worked out from a record."""
        self._recompute_parents(record)

    def stamp(self, record: Record, actor: Actor) -> None:
        """Move a record's modified date to now."""
        self._stamp(record, actor)

    def _set(self, record: Record, values: Mapping[str, str], source: Source) -> dict[str, str]:
        changed = {name: value for name, value in values.items() if record.get(name) != value}
        for name, value in changed.items():
            self._put(record, name, value, source)
        return changed

    def _put(self, record: Record, name: str, value: str, source: Source) -> None:
        portal = self._portal
        previous = record.get(name)
        quirks = portal.quirks
        depth = quirks.contact_history_depth if record.kind.name == "contacts" else quirks.history_depth
        record.put(name, value, portal.now(), source, depth)
        self._claim(record, name, value, previous)

    def _follow(self, record: Record) -> dict[str, str]:
        return self._set(record, calculation.following(self._portal, record), CALCULATED)

    def _stamp(self, record: Record, actor: Actor) -> None:
        record.updated = self._portal.now()
        record.put(record.kind.modified, iso(record.updated), record.updated, CALCULATED, 1)
        if actor.user_id is not None:
            self._put(record, "hs_updated_by_user_id", str(actor.user_id), CALCULATED)
        self._portal.index.follow(record)

    def _claim(self, record: Record, name: str, value: str, previous: str = "") -> None:
        """Let an identifying value lead to the record; a contact's further addresses do so too."""
        store = self._portal.store
        definition = self._portal.dictionary.find(record.kind, name)
        if name == FURTHER_EMAILS:
            for each in previous.split(";"):
                store.claim(record, "email", "", each)
            for each in value.split(";"):
                store.claim(record, "email", each)
        elif name == "email" or (definition is not None and definition.unique):
            store.claim(record, name, value, previous)

    def claim_all(self, record: Record) -> None:
        """Let all identifying values lead to the record."""
        for name, value in record.values().items():
            if value:
                self._claim(record, name, value)

    def _recompute_parents(self, record: Record) -> None:
        for parent_kind in PARENTS_TO_RECOMPUTE.get(record.kind.name, ()):
            for parent in self._portal.neighbours(record, parent_kind):
                if followed := self._follow(parent):
                    actor = self._portal.system
                    self._stamp(parent, actor)
                    self._portal.announcer.changes(parent, followed, actor)
