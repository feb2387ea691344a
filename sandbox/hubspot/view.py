"""How a record looks over the wire.

In: a record and what was asked for. Out: HubSpot's form. Invariant: every property value is a string or
null; a property nobody defined is left out without a word, as the specification says.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sandbox.hubspot.index import Snapshot
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record
from sandbox.wire import iso

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

ASSOCIATED_LIMIT = 100  # associations shown with a record, the rest by paging (a figure from experience)


def names_shown(portal: "Portal", kind: ObjectType, asked: Iterable[str] | None) -> list[str]:
    """Give the properties to show: those asked for, or the type's defaults, and always the three."""
    wanted = list(asked) if asked else list(kind.defaults)
    known = portal.dictionary.of(kind)
    return sorted({name for name in (*wanted, *kind.shown) if name in known and not known[name].archived_at})


def _properties(portal: "Portal", values: Mapping[str, str], names: Iterable[str]) -> dict[str, str | None]:
    cleared = portal.quirks.cleared_reads_as
    return {name: (values[name] or cleared) if name in values else None for name in names}


def record_view(
    portal: "Portal",
    record: Record,
    asked: Iterable[str] | None = None,
    *,
    everything: bool = False,
    history: Iterable[str] | None = None,
    associations: Iterable[ObjectType] = (),
) -> dict[str, object]:
    """Give a record; with ``everything``, all properties that are set, as a create answers."""
    names = sorted(record.history) if everything else names_shown(portal, record.kind, asked)
    held = record.history
    shown: dict[str, object] = {
        "id": str(record.id),
        "properties": _properties(portal, {name: record.get(name) for name in names if name in held}, names),
        "createdAt": iso(record.created),
        "updatedAt": iso(record.updated),
        "archived": record.archived,
    }
    if record.archived_at is not None:
        shown["archivedAt"] = iso(record.archived_at)
    if history:
        known = portal.dictionary.of(record.kind)
        shown["propertiesWithHistory"] = {
            name: [version.wire() for version in record.history.get(name, [])] for name in history if name in known
        }
    found = {
        _heading(kind): listed for kind in associations if (listed := _associated(portal, record, kind)) is not None
    }
    if found:
        shown["associations"] = found
    shown["url"] = f"https://app.hubspot.com/contacts/{portal.portal_id}/record/{record.kind.type_id}/{record.id}"
    return shown


def _heading(kind: ObjectType) -> str:
    return kind.name.replace("_", " ") if kind.name == "line_items" else kind.name  # with a space, as seen


def _associated(portal: "Portal", record: Record, kind: ObjectType) -> dict[str, object] | None:
    entries = []
    node = (record.kind.type_id, record.id)
    for other, types in portal.associations.of(node, kind.type_id):
        if portal.live((kind.type_id, other)) is None:
            continue
        for each in types:
            name = f"{record.kind.singular}_to_{kind.singular}"
            labelled = len(portal.associations.types(*(node[0], kind.type_id))) > 1
            unlabelled = labelled and each.label is None
            entries.append({"id": str(other), "type": f"{name}_unlabeled" if unlabelled else name})
    if not entries:
        return None
    page: dict[str, object] = {"results": entries[:ASSOCIATED_LIMIT]}
    if len(entries) > ASSOCIATED_LIMIT:
        page["paging"] = {"next": {"after": entries[ASSOCIATED_LIMIT]["id"], "link": ""}}
    return page


def snapshot_view(portal: "Portal", snapshot: Snapshot, asked: Iterable[str] | None) -> dict[str, object]:
    """Give a record as search shows it: as the index knows it, not as it is."""
    return {
        "id": str(snapshot.id),
        "properties": _properties(portal, snapshot.values, names_shown(portal, snapshot.kind, asked)),
        "createdAt": iso(snapshot.created),
        "updatedAt": iso(snapshot.updated),
        "archived": False,
    }
