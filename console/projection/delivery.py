"""What the projection is fed: records as they lay on a topic, and which topics those are."""

from __future__ import annotations

from dataclasses import dataclass

from streams.settings import Settings
from streams.topics import Topics

# Topics whose records are kept as rows, by their bare name -> the table they fill.
SHELVES = {
    "decisions": "decisions",
    "ledger": "ledger",
    "totals": "totals",
    "variances": "variances",
    "revenue": "events",
    "quarantine": "quarantine",
    "brakes": "brakes",
    "readings": "readings",
    "audit": "deeds",
    "signatures": "signatures",
    "nights": "nights",
    "tables.cursors": "connections",  # of these rows only how each connection stands
}
# Changelogs of tables that are kept row by row, by their bare topic name -> the table: what both sides of every record
# show and agreed on, and which records are one. Rows of these say how things stand; nothing else of a worker is needed.
STATES = {"tables.accounts": "accounts", "tables.known": "known"}
# Topics that are only counted, to show what moves.
COUNTED = ("changes", "facts", "lanes.hubspot", "lanes.xero")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record. `topic` is the bare name, without the deployment's prefix; `timestamp` is in milliseconds."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0

    @property
    def key_text(self) -> str:
        """The key as text; bytes that are none are written as hex."""
        try:
            return (self.key or b"").decode()
        except UnicodeDecodeError:
            return (self.key or b"").hex()


def topics_of(settings: Settings) -> Topics:
    """The deployment's topics."""
    return Topics(prefix=settings.topic_prefix, partitions=settings.partitions, replication=settings.replication)
