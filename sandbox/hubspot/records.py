"""Records: what one CRM object holds, with the history of every value.

In: values with their source and time. Out: properties as strings, versions newest first. Invariant: the
newest version of a property is its value; history is bounded, the value never lost.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.hubspot.object_types import ObjectType
from sandbox.wire import iso


@dataclass(frozen=True, slots=True)
class Source:
    """Who set a value: sourceType, sourceId and the rest of a version."""

    type: str
    id: str | None = None
    label: str | None = None
    user_id: int | None = None


CALCULATED = Source("CALCULATED")


@dataclass(frozen=True, slots=True)
class Version:
    """One value a property had."""

    value: str
    at: datetime
    source: Source

    def wire(self) -> dict[str, object]:
        """Give the form of `propertiesWithHistory`."""
        shown: dict[str, object] = {
            "value": self.value,
            "timestamp": iso(self.at),
            "sourceType": self.source.type,
        }
        if self.source.id is not None:
            shown["sourceId"] = self.source.id
        if self.source.label is not None:
            shown["sourceLabel"] = self.source.label
        if self.source.user_id is not None:
            shown["updatedByUserId"] = self.source.user_id
        return shown


@dataclass(slots=True)
class Record:
    """One record."""

    kind: ObjectType
    id: int
    created: datetime
    updated: datetime
    history: dict[str, list[Version]] = field(default_factory=dict)
    archived_at: datetime | None = None
    merged_into: int | None = None
    merged_ids: list[int] = field(default_factory=list)

    @property
    def archived(self) -> bool:
        """Tell whether the record is in the recycle bin."""
        return self.archived_at is not None

    def get(self, name: str) -> str:
        """Give a value, empty when unset."""
        versions = self.history.get(name)
        return versions[0].value if versions else ""

    def put(self, name: str, value: str, at: datetime, source: Source, depth: int) -> None:
        """Set a value."""
        versions = self.history.setdefault(name, [])
        versions.insert(0, Version(value, at, source))
        del versions[depth:]

    def overwrite(self, name: str, value: str) -> None:
        """Change a value behind everyone's back: no new version, no date."""
        versions = self.history.get(name)
        if versions:
            versions[0] = Version(value, versions[0].at, versions[0].source)
        else:
            self.history[name] = [Version(value, self.updated, Source("UNKNOWN"))]

    def values(self) -> dict[str, str]:
        """Give all values."""
        return {name: versions[0].value for name, versions in self.history.items()}
