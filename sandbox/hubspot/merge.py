"""Merges and erasures.

In: two records of a type, or one contact to erase. Out: the record that is left. Sources: changelog
"updated merge functionality for contacts and companies"; contacts guide. Invariant: contacts and companies
get a new id, both old ids lead to it; other types keep the primary's id.
"""

from typing import TYPE_CHECKING

from sandbox.hubspot.actors import Actor
from sandbox.hubspot.errors import Problem, invalid, not_found
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record, Source
from sandbox.wire import iso

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

MERGES_LIMIT = 250  # merges a record can take part in
MERGED = Source("MERGE_OBJECTS")
SYSTEM = {"hs_object_id", "createdate", "hs_createdate", "hs_lastmodifieddate", "lastmodifieddate"}


def merge(portal: "Portal", kind: ObjectType, primary_id: int, other_id: int, actor: Actor) -> Record:
    """Merge the second record into the first."""
    if not kind.mergeable and not kind.custom:
        raise invalid(f"{kind.singular} objects cannot be merged.")
    if primary_id == other_id:
        raise invalid("A record cannot be merged with itself.")
    primary, other = _live(portal, kind, primary_id), _live(portal, kind, other_id)
    if primary is other:
        raise invalid("These records are merged already.")
    if len(primary.merged_ids) + len(other.merged_ids) >= MERGES_LIMIT:
        raise Problem(414, f"A record can take part in at most {MERGES_LIMIT} merges.")
    moved = {
        name: value for name, value in other.values().items() if value and not primary.get(name) and name not in SYSTEM
    }
    portal.store.release(other)
    if kind.merge_makes_new_id:
        result = _successor(portal, primary)
        absorbed = [primary, other]
    else:
        result = primary
        absorbed = [other]
    result.merged_ids = sorted(
        {*primary.merged_ids, *other.merged_ids, *(record.id for record in absorbed)}
    )  # fmt: skip
    for record in absorbed:
        record.merged_into = result.id
        portal.store.alias(kind, record.id, result.id)
        portal.associations.move((kind.type_id, record.id), (kind.type_id, result.id))
        portal.index.follow(record)
    moved["hs_merged_object_ids"] = ";".join(map(str, result.merged_ids))
    moved.update(_second_names(primary, other))
    portal.writer.put_quietly(result, moved, MERGED)
    portal.writer.stamp(result, actor)
    portal.writer.followed(result)
    portal.log(actor, "merge", result, {"primaryObjectId": str(primary_id), "objectIdToMerge": str(other_id)})
    portal.announcer.merge(primary.id, [other.id], result, len(moved), actor)
    return result


def _second_names(primary: Record, other: Record) -> dict[str, str]:
    """Keep the address or domain of the record that gives way as a further one of the record that stays."""
    names = {"contacts": ("email", "hs_additional_emails"), "companies": ("domain", "hs_additional_domains")}
    if primary.kind.name not in names:
        return {}
    name, further = names[primary.kind.name]
    kept = [*primary.get(further).split(";"), *other.get(further).split(";"), other.get(name)]
    added = [value for value in dict.fromkeys(kept) if value and value != (primary.get(name) or other.get(name))]
    return {further: ";".join(added)} if added else {}


def _live(portal: "Portal", kind: ObjectType, record_id: int) -> Record:
    record = portal.store.get(kind, record_id)
    if record is None or record.archived:
        raise not_found(str(record_id))
    return record


def _successor(portal: "Portal", primary: Record) -> Record:
    portal.store.release(primary)
    result = Record(primary.kind, portal.store.new_id(primary.kind), primary.created, primary.updated)
    result.history = {name: list(versions) for name, versions in primary.history.items()}
    portal.store.add(result)
    portal.writer.claim_all(result)
    result.put("hs_object_id", str(result.id), portal.now(), MERGED, 1)
    result.put(primary.kind.created, iso(result.created), portal.now(), MERGED, 1)
    return result


def erase(portal: "Portal", record: Record, actor: Actor) -> None:
    """Erase a contact for good."""
    if email := record.get("email"):
        portal.store.erased.add(email.lower())
    record.archived_at = portal.now()
    portal.store.remove(record)
    portal.associations.drop((record.kind.type_id, record.id))
    portal.index.forget(record)
    portal.writes.record(portal.now(), actor.role, "gdpr-delete", record.kind.name, str(record.id))
    portal.announcer.privacy_deletion(record, actor)
