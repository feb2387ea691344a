"""The contact group that means credit hold, and who is in it.

In: the group's name. Out: its members as of the last look. A membership does not move a contact's `UpdatedDateUTC`, so
the group has to be looked at by itself; the look is kept in the contact poll's cursor, this object only remembers it.
Invariant: a group that is not there (renamed, archived, misspelt) says nothing: no contact is shown as free because of
it, and none as having left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streams.platforms.xero.connection import Connection
from streams.platforms.xero.quota import Purpose

GROUPS = "ContactGroups"


@dataclass(frozen=True, slots=True)
class Look:
    """The group's id (empty: there is none of that name) and its members' contact ids, as last known."""

    group: str = ""
    members: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        """Whether the group is there, so that who is not in it is free."""
        return bool(self.group)

    def lost(self) -> Look:
        """The group is there no more; who was in it stays known, for when it comes back."""
        return Look("", self.members)


class Holds:
    """Looks at the hold group of one organisation."""

    def __init__(self, connection: Connection, name: str) -> None:
        """Keep the group's name; nothing is looked at yet."""
        self._connection = connection
        self.name = name
        self.last: Look | None = None

    async def look(self, purpose: Purpose = "poll") -> Look:
        """Look now: one call where the group is known, two where it has to be found.

        Raises:
            Throttled, Parked, Transient: the last look stands.
        """
        group = self.last.group if self.last else ""
        members = await self._members(group, purpose) if group else None
        if members is None:
            group = await self._find(purpose)
            members = await self._members(group, purpose) if group else None
        self.last = (self.last or Look()).lost() if members is None else Look(group, members)
        return self.last

    def remember(self, look: Look | None) -> None:
        """Take up what a cursor has kept, unless a look was made since."""
        self.last = self.last or look

    async def known(self) -> Look:
        """The last look, or a first one."""
        return self.last or await self.look("read")

    async def annotated(self, raw: dict[str, Any], *, trusted: bool = True) -> dict[str, Any]:
        """The contact with its groups: as the reply says, else the hold group as of the last look.

        Without groups where membership is unknown. An empty list in the reply to a write is not `trusted`: it would
        lift a hold that nobody lifted.
        """
        stated = raw.get(GROUPS) if raw.get(GROUPS) or trusted else None
        if self._names(stated):
            return raw
        look = await self.known()
        held = str(raw.get("ContactID", "")).lower() in look.members
        if held and stated is not None and look.known:
            # It left, or the group has got another name, or is archived: only another look tells.
            look = await self.look("read")
        if not look.known:
            return {name: value for name, value in raw.items() if name != GROUPS}
        if stated is not None:
            return raw
        return {**raw, GROUPS: [{"ContactGroupID": look.group, "Name": self.name}] if held else []}

    def _names(self, groups: Any) -> bool:
        """Whether the hold group is among these."""
        rows = groups if isinstance(groups, list) else []
        return any(self._is(row) for row in rows if isinstance(row, dict))

    def _is(self, row: dict[str, Any]) -> bool:
        return str(row.get("Name", "")).strip().casefold() == self.name.strip().casefold()

    async def _find(self, purpose: Purpose) -> str:
        answer = await self._connection.get(GROUPS, purpose=purpose)
        for row in answer.rows(GROUPS):
            if self._is(row) and row.get("Status", "ACTIVE") == "ACTIVE":
                return str(row.get("ContactGroupID", ""))
        return ""

    async def _members(self, group: str, purpose: Purpose) -> frozenset[str] | None:
        """Contact ids in lower case; None when the group is there no more, or is called otherwise now."""
        answer = await self._connection.get(GROUPS, group, purpose=purpose)
        rows = answer.rows(GROUPS)
        if not rows or rows[0].get("Status", "ACTIVE") != "ACTIVE":
            return None
        if "Name" in rows[0] and not self._is(rows[0]):
            return None
        contacts = rows[0].get("Contacts") or []
        return frozenset(str(each["ContactID"]).lower() for each in contacts if each.get("ContactID"))
