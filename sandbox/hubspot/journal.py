"""The webhooks journal: the same events as webhooks, kept in order in files, for whoever asks.

In: writes, as they happen. Out: files of events by offset. Sources: HubSpot's guide to the webhooks journal and its
2026-09 specification (paths, offsets, a signed address for each file, three days, at most 10,000 events a file). What
stands inside a file is known from a tool that reads them and is unverified: so are the times as ISO 8601 and
`propertyChanges` as name and value. Invariant: a file never changes once it was published; files are in order.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sandbox.hubspot.errors import Problem
from sandbox.hubspot.object_types import ObjectType
from sandbox.wire import encode, iso

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

RETENTION = timedelta(days=3)  # the guide's
FILE_EVENTS = 10_000  # raised to this in July 2026
URL_SECONDS = 300  # how long the address of a file is good; HubSpot states it with each, and no figure
ACTIONS = frozenset({"CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE", "ASSOCIATION_ADDED", "ASSOCIATION_REMOVED",
                     "GDPR_DELETE"})  # fmt: skip
PATH = "/_files/journal"  # where files lie; HubSpot's lie on a host that no document names


@dataclass(frozen=True, slots=True)
class File:
    """One published file."""

    offset: str
    published: datetime
    body: bytes


class Journal:
    """What happened to an account, in files."""

    def __init__(self, portal: "Portal") -> None:
        self._portal = portal
        self._wanted: set[tuple[str, str]] = set()  # type id and action
        self._files: list[File] = []
        self._pending: list[dict[str, object]] = []
        self._repeats: list[dict[str, object]] = []
        self._noted = 0
        self.file_events = FILE_EVENTS
        self.held = False  # nothing is published: a gap in the delivery

    def subscribe(self, type_id: str, actions: Sequence[str]) -> None:
        """Let actions of a type be written from now on. Raises `Problem`."""
        if unknown := sorted(set(actions) - ACTIONS):
            raise Problem(400, f"Unknown actions: {', '.join(unknown)}")
        self._wanted.update((self._portal.catalogue.get(type_id).type_id, action) for action in actions)

    def note(self, action: str, kind: ObjectType, details: Mapping[str, object]) -> None:
        """Write an event down, if it is subscribed to."""
        if (kind.type_id, action) not in self._wanted:
            return
        association = action.startswith("ASSOCIATION")
        event: dict[str, object] = {
            "type": "ASSOCIATION" if association else "OBJECT",
            "portalId": self._portal.portal_id,
            "occurredAt": iso(self._portal.now()),
            "action": action,
            "objectTypeId": kind.type_id,
            **details,
        }
        self._pending.append(event)
        self._noted += 1
        every = self._portal.quirks.journal_repeats_every
        if every and self._noted % every == 0:
            self._repeats.append(event)

    def earliest(self) -> File | None:
        """Give the oldest file that is kept."""
        files = self._published()
        return files[0] if files else None

    def latest(self) -> File | None:
        """Give the newest file."""
        files = self._published()
        return files[-1] if files else None

    def after(self, offset: str) -> File | None:
        """Give the file behind an offset; None when it is the last. Raises `Problem` when it is not kept any more."""
        files = self._published()
        place = next((number for number, file in enumerate(files) if file.offset == offset), None)
        if place is None:
            raise Problem(404, "The offset has expired or does not exist", "OBJECT_NOT_FOUND")
        return files[place + 1] if place + 1 < len(files) else None

    def address(self, file: File, base: str) -> dict[str, object]:
        """Give where a file is fetched from, for a while."""
        expires = self._portal.now() + timedelta(seconds=URL_SECONDS)
        until = str(int(expires.timestamp()))
        signature = self._signature(file.offset, until)
        url = f"{base}{PATH}/{file.offset}.json?Expires={until}&Signature={signature}"
        return {"url": url, "expiresAt": iso(expires), "currentOffset": file.offset}

    def fetch(self, offset: str, until: str, signature: str) -> bytes | None:
        """Give a file to whoever has its address; None when the address is wrong or old."""
        if not until.isdigit() or not hmac.compare_digest(signature, self._signature(offset, until)):
            return None
        if int(until) < self._portal.now().timestamp():
            return None
        return next((file.body for file in self._published() if file.offset == offset), None)

    def _signature(self, offset: str, until: str) -> str:
        said = f"{offset}|{until}".encode()
        return hmac.new(self._portal.client_secret.encode(), said, hashlib.sha256).hexdigest()

    def _published(self) -> list[File]:
        now = self._portal.now()
        self._files = [file for file in self._files if now - file.published < RETENTION]
        while self._pending and not self.held:
            events, self._pending = self._pending[: self.file_events], self._pending[self.file_events :]
            offset = str(UUID(int=self._portal.lots.getrandbits(128), version=4))
            body = {"offset": offset, "journalEvents": events, "publishedAt": iso(now)}
            self._files.append(File(offset, now, encode(body)))
            # what comes twice comes again in a later file
            self._pending, self._repeats = [*self._pending, *self._repeats], []
        return self._files
