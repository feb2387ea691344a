"""Every topic: name, key, value schema, partitions, retention, cleanup policy. Nothing else creates topics.

All share one partition count, so that a key sits in the same partition of every topic it is used on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

DEFAULT_PREFIX = "revmark."
FOREVER = timedelta(milliseconds=-1)  # Kafka's word for "never deleted"
QUARTER = timedelta(days=92)  # a finance quarter can be replayed from its first day
YEARS = timedelta(days=400)  # a year's audit can still read every decision
SAFE_REPLICATION = 3  # from here on one broker may be away while another is lost
IN_SYNC = "2"  # brokers that hold a record before it counts as written: with one, acks=all promises nothing
FINDINGS = "Fact | Outcome | Choice | Retry | Dawn"
LANE_WORK = "Command | Withdrawal | Read | Poll | Backfill | Resume | Release | Approval"
MAX_RECORD = 4 * 1024 * 1024  # bytes: a Xero invoice with hundreds of lines stays under 1 MB
# Bytes of one record batch: under what our topics take, and all that may be changed at once (see agents.delivery).
BATCH_BYTES = MAX_RECORD - 256 * 1024
ORIGIN = "origin"  # a header: what a record was made of, by which one that was written twice is known


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it must exist on the broker."""

    name: str
    key: str
    schema: str
    cleanup: Literal["delete", "compact"] = "delete"
    retention: timedelta = QUARTER
    public: bool = False
    worked: bool = False  # agents read it: it can be played again, and what is in quarantine goes back onto it

    def config(self, replication: int = 1) -> dict[str, str]:
        """The broker's settings for this topic, where it is kept on so many brokers."""
        settings = {"cleanup.policy": self.cleanup, "max.message.bytes": str(MAX_RECORD)}
        if self.cleanup == "delete":
            keep = -1 if self.retention == FOREVER else int(self.retention.total_seconds() * 1000)
            settings["retention.ms"] = str(keep)
        if replication >= SAFE_REPLICATION:
            settings["min.insync.replicas"] = IN_SYNC
        return settings


def _table(name: str, key: str) -> Topic:
    return Topic(f"tables.{name}", key, "state", cleanup="compact")


@dataclass(frozen=True)
class Topics:
    """The topics of one deployment, under one prefix."""

    prefix: str = DEFAULT_PREFIX
    partitions: int = 4
    replication: int = 1

    # what comes in
    changes: Topic = field(default=Topic("changes", "tenant", "Change | Mark | Link | Erasure", worked=True))
    facts: Topic = field(default=Topic("facts", "tenant|customer", FINDINGS, worked=True))
    lanes_hubspot: Topic = field(default=Topic("lanes.hubspot", "connection", LANE_WORK, worked=True))
    lanes_xero: Topic = field(default=Topic("lanes.xero", "connection", LANE_WORK, worked=True))
    # what is decided
    decisions: Topic = field(default=Topic("decisions", "tenant|customer", "Verdict", retention=YEARS))
    occurrences: Topic = field(default=Topic("occurrences", "tenant|customer", "RevenueEvent", worked=True))
    documents: Topic = field(default=Topic("documents", "tenant", "DocumentVersion", worked=True))
    quarantine: Topic = field(
        default=Topic("quarantine", "topic|partition|offset", "Quarantined | Settlement", retention=FOREVER)
    )
    ledger: Topic = field(default=Topic("ledger", "connection|command", "LedgerEntry", cleanup="compact"))
    brakes: Topic = field(default=Topic("brakes", "connection|entity|rule", "BrakeState", cleanup="compact"))
    readings: Topic = field(default=Topic("readings", "connection|reading|kind", "ReadingState", cleanup="compact"))
    signatures: Topic = field(default=Topic("signatures", "tenant|night", "Signature", cleanup="compact"))
    nights: Topic = field(default=Topic("nights", "tenant|night", "Night", cleanup="compact"))
    audit: Topic = field(default=Topic("audit", "tenant|deed", "Deed", retention=YEARS))
    # what others read
    revenue: Topic = field(default=Topic("revenue", "tenant|customer", "RevenueEvent", retention=FOREVER, public=True))
    totals: Topic = field(
        default=Topic("totals", "tenant|day|currency|subsidiary|side", "Total", cleanup="compact", public=True)
    )
    variances: Topic = field(default=Topic("variances", "variance id", "Variance", cleanup="compact", public=True))
    # what the tables are rebuilt from
    # One table per agent: what one finding changes reaches the broker in one record batch, all of it or nothing.
    known: Topic = field(default=_table("known", "v|tenant|reference, i|tenant|name, o|topic|partition"))
    accounts: Topic = field(
        default=_table("accounts", "r|tenant|customer|record, c|tenant|customer, o|topic|partition")
    )
    cursors: Topic = field(default=_table("cursors", "connection|kind"))
    books: Topic = field(
        default=_table("books", "d|tenant|document, w|tenant|day|currency|subsidiary|side, o|topic|partition")
    )
    published: Topic = field(default=_table("published", "tenant|customer"))

    def __iter__(self) -> Iterator[Topic]:
        """Every topic, in the order of the flow."""
        return (value for value in vars(self).values() if isinstance(value, Topic))

    def name(self, topic: Topic) -> str:
        """The topic's name on the broker."""
        return f"{self.prefix}{topic.name}"

    def lane(self, platform: str) -> Topic:
        """The lane topic of a platform."""
        return {"hubspot": self.lanes_hubspot, "xero": self.lanes_xero}[platform]
