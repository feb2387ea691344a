"""I2, I8, I10, I14: nothing is made twice, the ledger is true, the topics give the tables and hold no secret."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from schemas.ledger import SETTLED
from schemas.names import record_id
from tests.simulation.witness import Witness
from tests.support import recount
from tests.support.recount import drawer

WRITTEN = {"create", "update"}
CRM = {"companies", "contacts", "products", "deals", "invoices"}
NAMES = {"ContactID", "ContactNumber", "InvoiceID", "InvoiceNumber", "ItemID", "Code", "Contact"}  # of what is written
GRAIN = timedelta(milliseconds=1)  # of the platforms' and the topics' times


def made_twice(witness: Witness) -> list[str]:
    """I2: natural keys under which the platforms' own logs show two creates of ours.

    One that people deleted while the answer to its create was lost is not found again, and is made once more.
    """
    made = Counter(
        (row["resource"], tuple(sorted(row["keys"].items())))
        for row in [*witness.sales.writes(), *witness.finance.writes()]
        if row["action"] == "create" and row["id"] not in witness.ended_ids
    )
    return [f"{resource} {dict(keys)} was made {count} times" for (resource, keys), count in made.items() if count > 1]


def overtaken(witness: Witness) -> list[str]:
    """I2: writes in the platforms' logs that landed after one of the same field that was sent later.

    Whoever sends again while a call may still be on its way has the older value land over the newer one.
    """
    found = []
    for platform in ("hubspot", "xero"):
        newest: dict[tuple[str, str, str], float] = {}
        sent = witness.world.platforms.sent(platform)
        for row in witness.world.platforms.writes(platform):
            if row.action not in WRITTEN or not isinstance(row.body, dict) or row.sequence not in sent:
                continue
            at = sent[row.sequence]
            fields = [name for name in row.body if name not in row.keys and name not in NAMES]
            late = [name for name in fields if newest.get((row.resource, row.id, name), at) > at]
            newest |= {
                (row.resource, row.id, name): max(at, newest.get((row.resource, row.id, name), at)) for name in fields
            }
            if late:
                found.append(f"{platform} {row.action} {row.resource} {row.id}: {late} landed over what was sent later")
    return found


def unclaimed(witness: Witness) -> list[str]:
    """I8: writes in the platforms' logs before which no claim for their record stands on the ledger's topic.

    A record's claims are found by its reference or by its natural key; after a merge also by the ids it had.
    """
    claims = _claims(witness)
    found = []
    for platform in ("hubspot", "xero"):
        for row in witness.world.platforms.writes(platform):
            if row.action not in WRITTEN or (platform == "hubspot" and row.resource not in CRM):
                continue
            names = {row.id.lower(), *(value.lower() for value in row.keys.values())}
            before = witness.moment(platform, row.at) + GRAIN
            if not any(at <= before for name in names for at in claims.get(name, ())):
                found.append(f"{platform} {row.action} {row.resource} {row.id}: nobody had claimed it: {row.body}")
    return found


def _claims(witness: Witness) -> dict[str, list[datetime]]:
    """When each record was claimed, by the topic's own times, under all that it can be called by."""
    claims: defaultdict[str, list[datetime]] = defaultdict(list)
    for command, at in witness.ledgered("claimed"):
        for name in (command["natural_key"], command["ref"] and record_id(command["ref"])):
            if name:
                claims[str(name).lower()].append(at)
    for kind in witness.sales.state()["objects"].values():
        for row in kind:
            # A write may have met the survivor of one merge, which another has ended since: all of them are one.
            names = [str(row["id"]), *map(str, row["merged_ids"])]
            if len(names) > 1:
                together = [at for name in names for at in claims.get(name, ())]
                claims.update(dict.fromkeys(names, together))
    return claims


def in_flight(witness: Witness) -> list[str]:
    """I8: entries of the ledger's topic that are still under way although all is at rest."""
    rows = witness.kept(witness.topics.ledger).values()
    return [
        f"{row['command']['id']} is {row['state']}: {row['message']}" for row in rows if row["state"] not in SETTLED
    ]


def differing(witness: Witness) -> list[str]:
    """I10: tables that a replay of the topics into nothing does not give, and commands that it would send."""
    topics, contract = witness.topics, witness.contract
    versions, identity, _ = recount.replay_capture(contract, witness.records(topics.changes))
    judged = witness.judged
    documents, windows = recount.replay_reconcile(witness.records(topics.documents))
    published = recount.replay_publish(witness.records(topics.occurrences))
    kept = witness.kept
    pairs = {
        "versions": (versions, drawer(kept(topics.known), "v")),
        "identity": (identity, drawer(kept(topics.known), "i")),
        "records": (judged.records, drawer(kept(topics.accounts), "r")),
        "customers": (judged.customers, drawer(kept(topics.accounts), "c")),
        "documents": (documents, drawer(kept(topics.books), "d")),
        "windows": (windows, drawer(kept(topics.books), "w")),
        "published": (published, kept(topics.published)),
    }
    found = [
        f"{name} {key}: replayed {once.get(key)!r}, kept {stood.get(key)!r}"
        for name, (once, stood) in pairs.items()
        for key in sorted({*once, *stood})
        if once.get(key) != stood.get(key)
    ]
    known = {row["command"]["id"] for row in kept(topics.ledger).values()}
    return found + [
        f"a replay sends {name}" for name in sorted({asked.command["id"] for asked in judged.asked} - known)
    ]


def leaked(witness: Witness) -> list[str]:
    """I14: tokens and secrets of either platform that stand on any topic, changelogs among them."""
    secrets = {name: text.encode() for name, text in witness.world.platforms.secrets().items()}
    found = set()
    for (topic, _), rows in witness.world.broker.records.items():
        text = b"\n".join(part for row in rows for part in (row.key, row.value) if part)
        found |= {f"{name} is on {topic}" for name, secret in secrets.items() if secret in text}
    return sorted(found)
