"""A witness: a world that was played, as the invariants look at it.

Flows in: a world. Flows out: what the platforms hold, what their own logs say was called and written, what stands on
the topics. Nothing is asked of a worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sandbox.log import Write
from schemas.contract import Contract
from schemas.wire import decode
from streams.topics import Topic, Topics
from tests.simulation.checks.judging import Judged, judged
from tests.simulation.world import World
from tests.support.recount import Records, compacted, drawer

Row = dict[str, Any]
WRITE = tuple(each.name for each in fields(Write))


class Sales:
    """HubSpot's own account."""

    def __init__(self, world: World) -> None:
        """Of this world."""
        self._world = world

    def writes(self) -> list[Row]:
        """Every write of ours."""
        return self._writes

    @cached_property
    def _writes(self) -> list[Row]:
        return [_shown(row) for row in self._world.platforms.writes("hubspot")]

    def state(self) -> Any:
        """Everything it holds."""
        return self._state

    @cached_property
    def _state(self) -> Any:
        return self._world.platforms.portal.state()

    def records(self, kind: str) -> list[Row]:
        """Live records."""
        return self._world.platforms.records(kind)


class Finance:
    """Xero's own account."""

    def __init__(self, world: World) -> None:
        """Of this world."""
        self._world = world

    def writes(self) -> list[Row]:
        """Every write of ours."""
        return self._writes

    @cached_property
    def _writes(self) -> list[Row]:
        return [_shown(row) for row in self._world.platforms.writes("xero")]

    def shelf(self, resource: str) -> list[Row]:
        """All records of a resource."""
        return self._world.platforms.shelf(resource)

    def invoices(self) -> list[Row]:
        """Sales invoices."""
        return self._world.platforms.invoices()


class Witness:
    """What was seen of a world."""

    def __init__(self, world: World) -> None:
        """Look at `world`."""
        self.world = world
        self.sales, self.finance = Sales(world), Finance(world)
        self.contract: Contract = world.contract
        self.topics: Topics = world.topics
        self._kept: dict[str, dict[str, Any]] = {}
        self._rows: dict[str, list[list[Row | None]]] = {}

    def records(self, topic: Topic) -> Records:
        """A topic's records by partition, in order."""
        rows = self.world.broker.records
        name = self.topics.name(topic)
        return {
            partition: [(row.key, row.value) for row in rows[name, partition]]
            for partition in range(self.world.broker.partitions)
        }

    def kept(self, topic: Topic) -> dict[str, Any]:
        """The rows that a compacted topic leaves, worked out once."""
        if topic.name not in self._kept:
            self._kept[topic.name] = compacted(self.records(topic))
        return self._kept[topic.name]

    def read(self, topic: Topic) -> list[Row]:
        """A topic's records that can be read, partition by partition, in order; the others are in quarantine."""
        return [row for partition in self.rows(topic) for row in partition if row is not None]

    def rows(self, topic: Topic) -> list[list[Row | None]]:
        """A topic's records by partition, None for one that cannot be read: read once, nobody changes them."""
        if topic.name not in self._rows:
            partitions = self.records(topic).values()
            self._rows[topic.name] = [[_read(value) for _, value in partition] for partition in partitions]
        return self._rows[topic.name]

    def ledgered(self, state: str) -> Iterator[tuple[Row, datetime]]:
        """The commands that came to this state, each time one did, by the topic's own times."""
        for command, at, _ in self.said(state):
            yield command, at

    def said(self, state: str) -> Iterator[tuple[Row, datetime, str]]:
        """The same, with what the lane said of it."""
        for row, at in self._ledger:
            if row.get("state") == state:
                yield row["command"], at, row["message"]

    @cached_property
    def _ledger(self) -> list[tuple[Row, datetime]]:
        """All that stands on the ledger's topic, with its times."""
        topic = self.topics.name(self.topics.ledger)
        return [
            (decode(record.value or b"{}"), datetime.fromtimestamp(record.timestamp / 1000, UTC))
            for partition in range(self.world.broker.partitions)
            for record in self.world.broker.records[topic, partition]
        ]

    @cached_property
    def changes(self) -> list[Row]:
        """What was captured."""
        rows = self.read(self.topics.changes)
        return [row for row in rows if row["type"] == "change" and isinstance(row.get("raw"), dict)]

    @cached_property
    def judged(self) -> Judged:
        """What its facts come to once more."""
        return judged(self)

    @cached_property
    def waiting_ids(self) -> set[str]:
        """Canonical ids of records whose last version waits for a person, as a deal that has lost its company."""
        known, tenant = self.kept(self.topics.known), self.world.settings.tenant
        waiting = {
            name.split("|", 1)[1]
            for name, row in drawer(known, "v").items()
            if any(not each.get("told") for each in row.get("s", ()))
        }
        bound = drawer(known, "i").items()
        return {row["id"] for name, row in bound if name.removeprefix(f"{tenant}|r|") in waiting}

    @cached_property
    def ended(self) -> set[str]:
        """References of records that people deleted, restored, merged or archived, and of those they were linked to.

        What becomes of their fields is the two platforms' own affair; that nothing is made twice of them is not.
        """
        platforms = self.world.platforms
        gone: set[str] = set()
        for row in platforms.portal.writes.writes:
            if row.actor == "person" and row.action in {"delete", "restore", "merge"}:
                body = row.body if isinstance(row.body, dict) else {}
                ids = {row.id, *(str(body[name]) for name in ("primaryObjectId", "objectIdToMerge") if name in body)}
                gone |= {f"{row.resource}/{each}" for each in ids}
        for row in platforms.xero.state.writes.writes:
            body = row.body if isinstance(row.body, dict) else {}
            if row.actor == "person" and body.keys() & {"ContactStatus", "MergedToContactID"}:
                gone |= {f"Contacts/{each}" for each in (row.id, body.get("MergedToContactID")) if each}
        for pair in self._links():
            gone |= pair if pair & gone else set()
        return gone

    @cached_property
    def moved(self) -> set[str]:
        """Ids of deals that people gave to another company."""
        rows = [row for row in self.world.platforms.portal.writes.writes if row.actor == "person"]
        given = Counter(
            row.id for row in rows if (row.resource, row.action) == ("deals", "associate")
            and isinstance(row.body, dict) and row.body["to"]["type"] == "companies"
        )  # fmt: skip
        return {deal for deal, times in given.items() if times > 1}

    def _links(self) -> list[set[str]]:
        """Companies and contacts that were ever linked, from either side."""
        links = [
            {f"companies/{change['record_id']}", f"Contacts/{linked}"}
            for change in self.changes
            if change["kind"] == "company"
            and (linked := (change["raw"].get("properties") or {}).get("xero_contact_id"))
        ]
        rows = self.finance.shelf("Contacts")
        numbers = {row["ContactID"]: row["ContactNumber"] for row in rows if row.get("ContactNumber")}
        return links + [{f"companies/{number}", f"Contacts/{each}"} for each, number in numbers.items()]

    @cached_property
    def ended_ids(self) -> set[str]:
        """The same, as ids alone."""
        return {each.rpartition("/")[2] for each in self.ended}

    @cached_property
    def ended_numbers(self) -> set[str]:
        """Numbers of the invoices of customers that people ended: a bill without its mirror is theirs to look at."""
        rows = self.finance.invoices()
        return {row["InvoiceNumber"] for row in rows if row["_contact"] in self.ended_ids}

    def moment(self, platform: str, at: datetime) -> datetime:
        """A platform's time as the world's own clock shows it."""
        return at - self.world.platforms.clocks[platform].ahead


def _shown(write: Write) -> Row:
    """A line of a platform's log, its body as it is there: nobody changes it."""
    return {name: getattr(write, name) for name in WRITE}


def _read(value: bytes | None) -> Row | None:
    try:
        row = decode(value or b"")
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and "type" in row else None
