"""I1 and I13: whatever the platforms hold was heard, and whatever was heard came to an end that can be seen."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from schemas.instants import to_millis
from schemas.wire import decode
from tests.simulation.mischief import POISON, SENTINEL
from tests.simulation.witness import Witness
from tests.support.recount import drawer

CRM = {"companies": "company", "contacts": "contact", "products": "product", "deals": "deal", "invoices": "invoice"}
ERP = {"Contacts": ("contact", "ContactID"), "Items": ("item", "ItemID"), "Invoices": ("invoice", "InvoiceID"),
       "Payments": ("payment", "PaymentID"), "CreditNotes": ("credit_note", "CreditNoteID"),
       "Prepayments": ("prepayment", "PrepaymentID"), "Overpayments": ("overpayment", "OverpaymentID")}  # fmt: skip
AT_WORK = 10_000  # milliseconds in which a batch of polls may be under way when the world ends
READ = ("changes", "facts", "lanes.hubspot", "lanes.xero")


def held(witness: Witness) -> Iterator[tuple[str, int]]:
    """Every live record of both platforms with the time of its last change, in their own milliseconds."""
    for path, kind in CRM.items():
        for row in witness.sales.records(path):
            yield f"hubspot/{kind}/{row['id']}", to_millis(row["updated"])
    for shelf, (kind, key) in ERP.items():
        for row in witness.finance.shelf(shelf):
            if row.get("Type") not in {"ACCPAY", "ACCPAYCREDIT"} and row.get("UpdatedDateUTC"):
                yield f"xero/{kind}/{row[key]}", to_millis(row["UpdatedDateUTC"])


def unheard(witness: Witness) -> list[str]:
    """I1: records that a platform changed later than the last that was captured of them."""
    captured: dict[str, int] = {}
    for row in witness.changes:
        name = f"{row['platform']}/{row['kind']}/{row['record_id']}"
        captured[name] = max(captured.get(name, -1), row["version"])
    return [
        f"{name} changed at {version}, captured at {captured.get(name, 'no time')}"
        for name, version in held(witness)
        if captured.get(name, -1) < version
    ]


def untold(witness: Witness) -> list[str]:
    """I1: live records of which no fact was told at their last version, and which do not wait under their name.

    A record that ended before anybody had heard of it is nobody's.
    """
    ended = witness.ended_ids
    told: dict[str, int] = {}
    for row in witness.read(witness.topics.facts):
        if row["type"] == "fact" and "ref" in row:
            told[row["ref"]] = max(told.get(row["ref"], -1), row["version"])
    rows = drawer(witness.kept(witness.topics.known), "v")
    waiting = {name.split("|", 1)[1] for name, row in rows.items() if row.get("s")}
    tenant = witness.world.settings.tenant
    marks = {name.removeprefix(f"{tenant}|"): row["v"] for name, row in rows.items()}
    found = []
    for name, _ in held(witness):
        kind = name.split("/")[1]
        if kind in {"company", "deal", "product", "item"} or (kind == "contact" and name.startswith("xero")):
            version = marks.get(name, -1)
            if name not in waiting and told.get(name, -1) < version and name.rpartition("/")[2] not in ended:
                found.append(f"{name} at {version}: told at {told.get(name, 'no time')}, and it does not wait")
    return found


def unjudged(witness: Witness) -> list[str]:
    """I1: records of topics that nobody has committed since a while: they would still have an effect."""
    broker, ours = witness.world.broker, {*READ, "documents", "occurrences"}
    since = to_millis(witness.world.hours()) - AT_WORK
    return [
        f"{place}: {left} left"
        for place, left in broker.waiting().items()
        if place[0] in ours and broker.records[place][-left].timestamp < since
    ]


def aside(witness: Witness) -> list[str]:
    """I13: what cannot be read is in quarantine, each with its place and a reason that repeats nothing of it.

    Nothing else is there: people and platforms write what can be read.
    """
    rows = witness.world.broker.records
    planted = {
        (name, partition, record.offset)
        for name in READ
        for partition in range(witness.world.broker.partitions)
        for record in rows[name, partition]
        if record.value in POISON
    }
    kept: dict[tuple[str, int, int], Any] = {}
    found = []
    for partition in witness.records(witness.topics.quarantine).values():
        for _, value in partition:
            row = decode(value or b"{}")
            kept[row["topic"], row["partition"], row["offset"]] = row
            if not row["reason"] or SENTINEL in row["reason"]:
                found.append(f"a reason says nothing, or too much: {row['reason']!r}")
    found += [f"{place} cannot be read and is not in quarantine" for place in sorted(planted - kept.keys())]
    for place in sorted(kept.keys() - planted):
        value = base64.b64decode(kept[place]["value"] or b"")
        found.append(f"{place} is in quarantine: {kept[place]['reason']}: {value[:200]!r}")
    return found
