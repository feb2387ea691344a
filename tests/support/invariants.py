"""The invariants, as functions over a performance: counted at the platforms and on the topics, never asked of a worker.

Numbers and wording follow the list that defines correct: I1 no loss, I2 no duplicate effect, I3 convergence, I5
ownership, I8 ledger truth, I9 money, I14 no secrets. I10 (replay) is in `recount`; I4 (termination) needs time to pass
and is asserted where it does. Each returns what violates it, so that a failure names all of it at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from schemas.contract import load_contract
from schemas.ledger import SETTLED
from schemas.names import Entity, record_id
from schemas.wire import decode
from streams.topics import Topic
from tests.support.broker import read
from tests.support.recount import Records, compacted, drawer
from tests.support.theatre import Performance

# What Revmark may write to Xero on a contact: finance's own fields (terms, balances, groups) are not among them.
XERO_CONTACT = {"ContactID", "Name", "ContactNumber", "FirstName", "LastName", "EmailAddress", "Phones", "Addresses",
                "DefaultCurrency", "TaxNumber"}  # fmt: skip
XERO_WRITTEN = {"Contacts", "Items", "Invoices"}
# What Revmark may write to HubSpot on a deal: what became of it, never what sales wants.
HUBSPOT_DEAL = {"revmark_order_status", "revmark_invoice_number", "revmark_invoice_status", "revmark_amount_due",
                "revmark_amount_paid"}  # fmt: skip


def violations(play: Performance) -> dict[str, list[str]]:
    """Every invariant that does not hold, with what violates it."""
    checks: dict[str, Callable[[Performance], list[str]]] = {
        "I1 no loss": unsettled,
        "I2 no duplicate effect": made_twice,
        "I3 convergence": apart,
        "I5 ownership": overstepped,
        "I8 ledger truth": untrue_entries,
        "I9 money": miscounted,
        "I14 no secrets": leaked,
    }
    return {name: found for name, check in checks.items() if (found := check(play))}


def records_of(play: Performance, topic: Topic) -> Records:
    """A topic's records by partition, in order."""
    found: Records = defaultdict(list)
    for record in asyncio.run(read(play.stage.broker, play.stage.topics.name(topic))):
        found[record.partition].append((record.key, record.value))
    return found


def _values(play: Performance, topic: Topic) -> list[dict[str, Any]]:
    return [decode(value) for rows in records_of(play, topic).values() for _, value in rows if value]


def unsettled(play: Performance) -> list[str]:
    """Commands that were asked for and have no settled entry in the ledger."""
    topics = play.stage.topics
    asked = {
        row["id"]
        for lane in (topics.lanes_hubspot, topics.lanes_xero)
        for row in _values(play, lane)
        if row["type"] == "command"
    }
    ledger = compacted(records_of(play, topics.ledger))
    settled = {row["command"]["id"] for row in ledger.values() if row["state"] in SETTLED}
    return [f"command {name} is not settled" for name in sorted(asked - settled)]


def made_twice(play: Performance) -> list[str]:
    """Records that the platforms' own create logs show twice under one natural key."""
    made = Counter(
        (row["resource"], tuple(sorted(row["keys"].items())))
        for row in [*play.sales.writes(), *play.finance.writes()]
        if row["action"] == "create"
    )
    return [f"{resource} {dict(keys)} was made {count} times" for (resource, keys), count in made.items() if count > 1]


def apart(play: Performance) -> list[str]:
    """Fields of the contract on which the two sides of one record differ, unless a person was asked."""
    contract = load_contract(play.stage.options.folder / "contract.yaml")
    asked = {
        (row["record"], row["field"]) for row in _values(play, play.stage.topics.decisions) if row["ruling"] == "review"
    }
    found = []
    for state in drawer(compacted(records_of(play, play.stage.topics.accounts)), "r").values():
        clause = contract.clause(Entity(state["entity"]))
        erp = {**state["erp"]["fields"], **state["derived"]}
        for name in clause.fields if clause else ():
            crm = state["crm"]["fields"]
            if (
                name in crm
                and name in erp
                and (crm[name] or None) != (erp[name] or None)
                and (state["id"], name) not in asked
            ):
                found.append(f"{state['id']} {name}: {crm[name]!r} and {erp[name]!r}")
    return found


def overstepped(play: Performance) -> list[str]:
    """Writes of ours that touched what the contract gives to the other side, in the platforms' write logs."""
    found = []
    for row in play.finance.writes():
        body = row["body"] if isinstance(row["body"], dict) else {}
        fields = set(body) if row["resource"] == "Contacts" else set()
        if row["resource"] not in XERO_WRITTEN or fields - XERO_CONTACT:
            found.append(f"xero {row['action']} {row['resource']}: {sorted(fields - XERO_CONTACT)}")
        if row["resource"] == "Invoices" and row["action"] != "create":
            found.append(f"xero: a posted invoice was changed: {row['id']}")
    for row in play.sales.writes():
        body = row["body"] if isinstance(row["body"], dict) else {}
        properties = set(body.get("properties", body))
        if row["resource"] == "deals" and row["action"] == "update" and properties - HUBSPOT_DEAL:
            found.append(f"hubspot deal {row['id']}: {sorted(properties - HUBSPOT_DEAL)}")
    return found


def untrue_entries(play: Performance) -> list[str]:
    """Applied entries whose record the platform does not hold, and creates the ledger does not know."""
    entries = [
        row for row in compacted(records_of(play, play.stage.topics.ledger)).values() if row["state"] == "applied"
    ]
    held = {str(row["id"]) for kind in play.sales.state()["objects"].values() for row in kind}
    for shelf in ("Contacts", "Items", "Invoices"):
        held |= {row[f"{shelf.removesuffix('s')}ID"] for row in play.finance.shelf(shelf)}
    known = {record_id(row["outcome"]["ref"]) for row in entries if row["outcome"] and row["outcome"]["ref"]}
    made = [row for row in [*play.sales.writes(), *play.finance.writes()] if row["action"] == "create"]
    return [
        *(f"the ledger says {name} was written, and no platform has it" for name in sorted(known - held)),
        *(
            f"{row['resource']} {row['id']} was made and the ledger has no entry"
            for row in made
            if row["id"] not in known
        ),
    ]


def miscounted(play: Performance) -> list[str]:
    """Windows that differ from a recount of the platforms' own books, to the minor unit, and open variances."""
    kept = drawer(compacted(records_of(play, play.stage.topics.books)), "w")
    stated = {
        tuple(name.split("|")[1:]): (row["invoices"], Decimal(row["total"]), Decimal(row["due"]))
        for name, row in kept.items()
        if isinstance(row, dict) and row["invoices"]
    }
    counted: dict[tuple[str, ...], tuple[int, Decimal, Decimal]] = {}
    for row in play.finance.invoices():
        if row["Status"] in {"AUTHORISED", "PAID"}:
            key = (str(row["Date"])[:10], row["CurrencyCode"], "", "erp")
            number, total, due = counted.get(key, (0, Decimal(0), Decimal(0)))
            counted[key] = (number + 1, total + Decimal(str(row["Total"])), due + Decimal(str(row["AmountDue"])))
    for row in play.sales.records("invoices"):
        shown = row["properties"]
        if shown.get("revmark_invoice_status") in {"posted", "paid"}:
            key = (shown["hs_invoice_date"][:10], shown["hs_currency"], "", "crm")
            number, total, due = counted.get(key, (0, Decimal(0), Decimal(0)))
            figures = Decimal(shown["revmark_total"]), Decimal(shown["revmark_amount_due"])
            counted[key] = (number + 1, total + figures[0], due + figures[1])
    wrong = [f"{key}: stated {stated.get(key)}, counted {counted.get(key)}" for key in sorted({*stated, *counted})
             if stated.get(key) != counted.get(key)]  # fmt: skip
    last = {row["id"]: row for row in _values(play, play.stage.topics.variances)}
    return wrong + [f"open variance: {row['number']} {row['kind']}" for row in last.values() if row["state"] == "open"]


def leaked(play: Performance) -> list[str]:
    """Secrets of the deployment that stand on a topic or in a log."""
    secrets = {
        name: str(value).encode()
        for credentials in (play.stage.hubspot, play.stage.xero)
        for name, value in credentials.items()
        if name in {"token", "client_secret", "webhook_secret", "refresh_token", "access_token", "webhook_key"}
    }
    found = []
    for topic in play.stage.topics:
        for rows in records_of(play, topic).values():
            found += [
                f"{name} on {topic.name}"
                for _, value in rows
                for name, text in secrets.items()
                if text in (value or b"")
            ]
    for log in (play.stage.options.folder / "logs").glob("*.log"):
        found += [f"{name} in {log.name}" for name, text in secrets.items() if text in log.read_bytes()]
    return sorted(set(found))
