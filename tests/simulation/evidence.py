"""What a world shows once it has come to rest, and what of it violates an invariant.

Flows in: a world that was played. Flows out: violations by invariant. Nothing is asked of a worker.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from schemas.contract import Contract
from schemas.wire import decode
from streams.topics import Topic, Topics
from tests.simulation.world import World
from tests.support import recount
from tests.support.invariants import violated
from tests.support.recount import Records, compacted, drawer

KEYS = {"ContactID", "InvoiceID", "ItemID", "Code", "id"}  # what names a record in a write of Xero's


UNHEARD = {"status", "drop_before", "drop_after", "latency"}  # faults after which a write may be repeated


class Sales:
    """HubSpot's own account."""

    def __init__(self, world: World) -> None:
        """Of this world."""
        self._world = world

    def writes(self) -> list[dict[str, Any]]:
        """Every write of ours."""
        return [asdict(row) for row in self._world.platforms.writes("hubspot")]

    def state(self) -> Any:
        """Everything it holds."""
        return self._world.platforms.portal.state()

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Live records."""
        return self._world.platforms.records(kind)


class Finance:
    """Xero's own account."""

    def __init__(self, world: World) -> None:
        """Of this world."""
        self._world = world

    def writes(self) -> list[dict[str, Any]]:
        """Every write of ours."""
        return [asdict(row) for row in self._world.platforms.writes("xero")]

    def shelf(self, resource: str) -> list[dict[str, Any]]:
        """All records of a resource."""
        return self._world.platforms.shelf(resource)

    def invoices(self) -> list[dict[str, Any]]:
        """Sales invoices."""
        return self._world.platforms.invoices()


class Evidence:
    """A world as the invariants look at it."""

    def __init__(self, world: World) -> None:
        """Look at `world`."""
        self.world = world
        self.sales, self.finance = Sales(world), Finance(world)
        self.contract: Contract = world.contract
        self.topics: Topics = world.topics

    def records(self, topic: Topic) -> Records:
        """A topic's records by partition, in order."""
        rows = self.world.broker.records
        name = self.topics.name(topic)
        return {
            partition: [(row.key, row.value) for row in rows[name, partition]]
            for partition in range(self.world.broker.partitions)
        }


def violations(world: World) -> dict[str, list[str]]:
    """Every invariant that does not hold, with what violates it."""
    if world.failures:
        return {"a worker ends": world.failures}
    evidence = Evidence(world)
    found = violated(evidence)
    found |= {
        "I3 the platforms agree": divided(evidence),
        "I4 termination": [*(["writes do not end"] if world.restless else []), *repeated(evidence)],
        "I10 replay": differing(evidence),
        "I13 nothing aside": aside(evidence),
    }
    return {name: rows for name, rows in found.items() if rows}


def divided(evidence: Evidence) -> list[str]:
    """Companies that the two platforms themselves call by two names, or that one of them does not have."""
    contacts = {row["ContactID"]: row for row in evidence.finance.shelf("Contacts")}
    linked = Counter(row["properties"].get("xero_contact_id") or "" for row in evidence.sales.records("companies"))
    found = [f"contact {name} is not in HubSpot" for name in sorted(contacts.keys() - linked.keys())]
    for row in evidence.sales.records("companies"):
        known = row["properties"].get("xero_contact_id") or ""
        if known not in contacts:
            found.append(f"company {row['id']} is not in Xero")
        elif contacts[known]["Name"] != row["properties"]["name"]:
            found.append(f"company {row['id']}: {row['properties']['name']} and {contacts[known]['Name']}")
    return found + [f"contact {name} has {count} companies" for name, count in linked.items() if name and count > 1]


def repeated(evidence: Evidence) -> list[str]:
    """Values that we wrote onto a record which had them from us already, with nobody else at it in between.

    A write whose answer is lost may be repeated with the same values, so this is asked of calmer stories only.
    """
    found: list[str] = []
    world = evidence.world
    if any(scene.what == "crash" or scene.more.get("kind") in UNHEARD for scene in world.story.scenes):
        return found
    for log in (world.platforms.portal.writes, world.platforms.xero.state.writes):
        ours: dict[tuple[str, str], dict[str, Any]] = {}
        for row in log.writes:
            body = row.body if isinstance(row.body, dict) else {}
            values = body.get("properties", body)
            if row.actor != "api":
                ours.pop((row.resource, row.id), None)
                continue
            known = ours.setdefault((row.resource, row.id), {})
            again = [] if row.action != "update" else [
                name for name, value in values.items() if name not in KEYS and known.get(name) == value
            ]  # fmt: skip
            if again and len(again) == len(values.keys() - KEYS):
                found.append(f"{row.resource} {row.id}: {again} written again at {row.at:%H:%M:%S}")
            known.update(values)
    return found


def aside(evidence: Evidence) -> list[str]:
    """Records in quarantine: nobody here writes what cannot be read."""
    rows = evidence.records(evidence.topics.quarantine).values()
    return [str(decode(value).get("reason")) for partition in rows for _, value in partition if value]


def differing(evidence: Evidence) -> list[str]:
    """Tables that a replay of the topics into nothing does not give, and commands that it would send."""
    topics, contract = evidence.topics, evidence.contract
    versions, identity, _ = recount.replay_capture(contract, evidence.records(topics.changes))
    accounts, customers, result = recount.replay_arbitrate(contract, evidence.records(topics.facts))
    documents, windows = recount.replay_reconcile(evidence.records(topics.documents))
    published = recount.replay_publish(evidence.records(topics.occurrences))
    kept = {topic.name: compacted(evidence.records(topic)) for topic in (
        topics.known, topics.accounts, topics.books, topics.published, topics.ledger)}  # fmt: skip
    pairs = {
        "versions": (versions, drawer(kept[topics.known.name], "v")),
        "identity": (identity, drawer(kept[topics.known.name], "i")),
        "records": (accounts, drawer(kept[topics.accounts.name], "r")),
        "customers": (customers, drawer(kept[topics.accounts.name], "c")),
        "documents": (documents, drawer(kept[topics.books.name], "d")),
        "windows": (windows, drawer(kept[topics.books.name], "w")),
        "published": (published, kept[topics.published.name]),
    }
    found = [
        f"{name} {key}: replayed {once.get(key)!r}, kept {stood.get(key)!r}"
        for name, (once, stood) in pairs.items()
        for key in sorted({*once, *stood})
        if once.get(key) != stood.get(key)
    ]
    known = {row["command"]["id"] for row in kept[topics.ledger.name].values()}
    return found + [f"a replay sends {name}" for name in sorted(recount.commands(result) - known)]
