"""Versions: the high-water mark of every record on every side. Keyed by tenant and reference.

A row is `{"v": version, "h": content hash, "t": seen, "s": [...]}`: milliseconds, hash and milliseconds; `s` holds the
sightings of a record that cannot go on yet (its customer is unknown, or it may be somebody already known). Where edits
have a time of their own, `o` holds the versions that were told, so that an older one is told once as well.
"""

from __future__ import annotations

from typing import Any, Literal

from schemas.change import Change
from schemas.instants import to_millis
from schemas.names import Ref, digest, ref
from schemas.sighting import Sighting
from schemas.wire import encode
from tables.showings import KEPT, hear
from tables.view import View

Arrivals = Literal["new", "duplicate", "stale"]


def key(tenant: str, reference: str) -> str:
    """The row's key."""
    return f"{tenant}|{reference}"


def change_ref(change: Change) -> Ref:
    """The reference of the record that changed."""
    return ref(change.platform, change.kind, change.record_id)


def weigh(view: View, change: Change) -> tuple[Arrivals, dict[str, Any]]:
    """Whether the change adds anything, and the row that stands if it is admitted; nothing is written.

    A lower version is stale. The same version with the same content is a duplicate; with other content it is news
    when it was seen later (platforms do not move the time for every change). A duplicate counts as new where a person
    wants it judged anew; what is stale never does.
    """
    row: dict[str, Any] = view.get(key(change.tenant, change_ref(change))) or {}
    if row and change.version < row["v"]:
        return "stale", row
    content = digest(encode(change.raw).decode(), str(change.deleted))
    seen = to_millis(change.seen_at)
    if row and change.version == row["v"]:
        if content == row["h"]:
            return ("new", {**row, "t": max(seen, row["t"])}) if change.anew else ("duplicate", row)
        if seen < row["t"]:
            return "stale", row
    return "new", {**row, "v": change.version, "h": content, "t": seen}


def admit(view: View, change: Change, row: dict[str, Any], *, dates: bool = False) -> None:
    """Raise the high-water mark to what `weigh` made of the change; `dates`: its versions say when it was edited."""
    told = {"o": _told(row, change)} if dates else {}
    view[key(change.tenant, change_ref(change))] = {**row, **told}


def overtaken(view: View, change: Change) -> bool:
    """Whether a newer version has overtaken this one before it was told."""
    row = view.get(key(change.tenant, change_ref(change))) or {}
    told = row.get("o", ())
    if not told or change.version in told or change.version >= row["v"]:
        return False
    return len(told) < KEPT or change.version > told[0]


def tell_late(view: View, change: Change) -> None:
    """Note that a version was told after a newer one."""
    name = key(change.tenant, change_ref(change))
    row = view.get(name) or {}
    view[name] = {**row, "o": _told(row, change)}


def _told(row: dict[str, Any], change: Change) -> list[int]:
    return hear(row.get("o", []), change.version)


def expect(view: View, tenant: str, reference: str) -> None:
    """Let the next reading of a record count as news, whatever it shows: it has to be told anew."""
    row = view.get(key(tenant, reference))
    if row:
        view[key(tenant, reference)] = {**row, "h": ""}


def mark_of(view: View, tenant: str, reference: str) -> int:
    """The high-water mark of a record; 0 for one never seen."""
    row = view.get(key(tenant, reference))
    return int(row["v"]) if row else 0


def park(view: View, tenant: str, reference: str, sightings: list[dict[str, Any]]) -> None:
    """Keep the sightings of a record that cannot go on yet."""
    row = view.get(key(tenant, reference)) or {"v": 0, "h": "", "t": 0}
    view[key(tenant, reference)] = {**row, "s": sightings}


def parked(view: View, tenant: str, reference: str) -> list[dict[str, Any]]:
    """The sightings kept for a record."""
    row = view.get(key(tenant, reference))
    return list(row.get("s", ())) if row else []


def release(view: View, tenant: str, reference: str) -> None:
    """Forget the sightings kept for a record."""
    row = view.get(key(tenant, reference))
    if row and "s" in row:
        view[key(tenant, reference)] = {name: value for name, value in row.items() if name != "s"}


def to_row(sighting: Sighting, change: Change) -> dict[str, Any]:
    """A sighting as JSON, with what its fact will need of the change.

    A record made by our own create knows its canonical id; a second entity in the same record does not.
    """
    ours = sighting.ref == change_ref(change)
    return {
        "entity": sighting.entity.value,
        "ref": sighting.ref,
        "fields": sighting.fields,
        **({"entered": sighting.entered} if sighting.entered else {}),
        "keys": sighting.keys,
        "parents": sighting.parents,
        "deleted": sighting.deleted or change.deleted,
        "ended": "erased" if sighting.erased else "archived" if sighting.archived else "",
        "merged_from": list(sighting.merged_from),
        "side": change.side.value,
        "version": change.version,
        "seen_at": to_millis(change.seen_at),
        "canonical": change.canonical if ours else None,
        "customer": change.customer if ours else None,
    }
