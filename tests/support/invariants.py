"""The invariants, as functions over evidence: counted at the platforms and on the topics, never asked of a worker.

A performance on the real broker is evidence, and so is a simulated world.

Numbers and wording follow the list that defines correct: I1 no loss, I2 no duplicate effect, I3 convergence, I5
ownership, I8 ledger truth, I9 money, I14 no secrets. I10 (replay) is in `recount`; I4 (termination) needs time to pass
and is asserted where it does. Each returns what violates it, so that a failure names all of it at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from schemas.contract import Contract
from schemas.ledger import SETTLED
from schemas.names import Entity, record_id
from schemas.wire import decode, encode
from streams.topics import Topic, Topics
from tests.support.recount import Records, drawer

if TYPE_CHECKING:
    from tests.support.theatre import Performance

# What Revmark may write to Xero on a contact: finance's own fields (terms, balances, groups) are not among them.
XERO_CONTACT = {"ContactID", "Name", "ContactNumber", "FirstName", "LastName", "EmailAddress", "Phones", "Addresses",
                "DefaultCurrency", "TaxNumber"}  # fmt: skip
XERO_WRITTEN = {"Contacts", "Items", "Invoices"}
XERO_CREDITED = {"CreditNotes", "Allocations"}  # written as well, where the contract has posted bills credited
# What Revmark may write to HubSpot on a deal: what became of it, never what sales wants.
HUBSPOT_DEAL = {"revmark_order_status", "revmark_invoice_number", "revmark_invoice_status", "revmark_amount_due",
                "revmark_amount_paid"}  # fmt: skip


# Of the demo's people, what is nobody's company: names and addresses stay out of logs.
PEOPLE = ("Ropata", "Ngata", "Tamihana", "hana@", "kiri@", "rawiri@")
Row = dict[str, Any]


class Sales(Protocol):
    """HubSpot's own account of itself."""

    def writes(self) -> list[Row]:
        """Every write of ours that it accepted."""
        ...

    def state(self) -> Any:
        """Everything it holds."""
        ...

    def records(self, kind: str) -> list[Row]:
        """Live records of a kind."""
        ...


class Finance(Protocol):
    """Xero's own account of itself."""

    def writes(self) -> list[Row]:
        """Every write of ours that it accepted."""
        ...

    def shelf(self, resource: str) -> list[Row]:
        """All records of a resource."""
        ...

    def invoices(self) -> list[Row]:
        """Sales invoices."""
        ...


class Evidence(Protocol):
    """What can be looked at without asking a worker."""

    @property
    def sales(self) -> Sales:
        """HubSpot."""
        ...

    @property
    def finance(self) -> Finance:
        """Xero."""
        ...

    @property
    def contract(self) -> Contract:
        """What was agreed."""
        ...

    @property
    def topics(self) -> Topics:
        """The deployment's topics."""
        ...

    def records(self, topic: Topic) -> Records:
        """A topic's records by partition, in order."""
        ...

    def kept(self, topic: Topic) -> dict[str, Any]:
        """The rows that a compacted topic leaves; nobody changes them."""
        ...


def violations(play: Performance) -> dict[str, list[str]]:
    """Every invariant that does not hold, with what violates it."""
    found = violated(play)
    if secrets := leaked(play):
        found["I14 no secrets"] = secrets
    return found


def violated(play: Evidence) -> dict[str, list[str]]:
    """The same without those that need more than evidence."""
    checks: dict[str, Callable[[Evidence], list[str]]] = {
        "I1 no loss": unsettled,
        "I2 no duplicate effect": made_twice,
        "I3 convergence": apart,
        "I5 ownership": overstepped,
        "I8 ledger truth": untrue_entries,
        "I9 money": miscounted,
    }
    return {name: found for name, check in checks.items() if (found := check(play))}


def _values(play: Evidence, topic: Topic) -> list[Row]:
    found = [row for rows in play.records(topic).values() for _, value in rows if (row := _readable(value)) is not None]
    return [row for row in found if isinstance(row, dict)]


def _readable(value: bytes | None) -> Any:
    """What cannot be read is in quarantine, and no business of the invariants here."""
    try:
        return decode(value or b"null")
    except (ValueError, RecursionError):
        return None


def unsettled(play: Evidence) -> list[str]:
    """Commands that were asked for and have no settled entry in the ledger."""
    topics = play.topics
    asked = {
        row["id"]
        for lane in (topics.lanes_hubspot, topics.lanes_xero)
        for row in _values(play, lane)
        if row.get("type") == "command"
    }
    ledger = play.kept(topics.ledger)
    settled = {row["command"]["id"] for row in ledger.values() if row["state"] in SETTLED}
    return [f"command {name} is not settled" for name in sorted(asked - settled)]


def made_twice(play: Evidence) -> list[str]:
    """Records that the platforms' own create logs show twice under one natural key."""
    made = Counter(
        (row["resource"], tuple(sorted(row["keys"].items())))
        for row in [*play.sales.writes(), *play.finance.writes()]
        if row["action"] == "create"
    )
    return [f"{resource} {dict(keys)} was made {count} times" for (resource, keys), count in made.items() if count > 1]


def apart(play: Evidence) -> list[str]:
    """Fields of the contract on which the two sides of one record differ.

    Unless a person was asked, or a platform refused the very value: both are told in the decisions.
    """
    contract = play.contract
    asked = {(row["record"], row["field"]) for row in _values(play, play.topics.decisions) if row["ruling"] == "review"}
    refused = {
        (row["command"]["record"], name, encode(value))
        for row in play.kept(play.topics.ledger).values()
        if row["state"] == "refused"
        for name, value in row["command"]["fields"].items()
    }
    found = []
    for state in drawer(play.kept(play.topics.accounts), "r").values():
        if state["crm"]["deleted"] or state["erp"]["deleted"]:
            continue  # nobody writes onto a record that is gone, nor from it
        clause = contract.clause(Entity(state["entity"]))
        crm, erp = state["crm"]["fields"], {**state["erp"]["fields"], **state["derived"]}
        for name in clause.fields if clause else ():
            if name not in crm or name not in erp or (crm[name] or None) == (erp[name] or None):
                continue
            wanted = {(state["id"], name, encode(value)) for value in (crm[name], erp[name])}
            if (state["id"], name) not in asked and not wanted & refused:
                found.append(f"{state['id']} {name}: {crm[name]!r} and {erp[name]!r}")
    return found


def overstepped(play: Evidence) -> list[str]:
    """Writes of ours that touched what the contract gives to the other side, in the platforms' write logs."""
    found = []
    written = XERO_WRITTEN | (XERO_CREDITED if play.contract.timing.called_off_posted != "ask" else set())
    for row in play.finance.writes():
        body = row["body"] if isinstance(row["body"], dict) else {}
        fields = set(body) if row["resource"] == "Contacts" else set()
        if row["resource"] not in written or fields - XERO_CONTACT:
            found.append(f"xero {row['action']} {row['resource']}: {sorted(fields - XERO_CONTACT)}")
        if row["resource"] in XERO_CREDITED and row["action"] != "create":
            found.append(f"xero: a credit was changed: {row['resource']} {row['id']}")
        if row["resource"] == "Invoices" and row["action"] != "create" and body.get("Status") != "DELETED":
            # Xero deletes drafts only: what was posted it refuses to, and voids.
            found.append(f"xero: a posted invoice was changed: {row['id']}")
    told = {each.set.property for each in play.contract.automations if each.set and each.set.of == "deal"}
    for row in play.sales.writes():
        body = row["body"] if isinstance(row["body"], dict) else {}
        others = set(body.get("properties", body)) - HUBSPOT_DEAL - told
        if row["resource"] == "deals" and row["action"] == "update" and others:
            found.append(f"hubspot deal {row['id']}: {sorted(others)}")
    return found


def untrue_entries(play: Evidence) -> list[str]:
    """Applied entries whose record the platform does not hold, and creates the ledger does not know."""
    settled = [row for row in play.kept(play.topics.ledger).values() if row["state"] in {"applied", "refused"}]
    entries = [row for row in settled if row["state"] == "applied"]
    rows = [row for kind in play.sales.state()["objects"].values() for row in kind]
    held = {str(name) for row in rows for name in (row["id"], *row["merged_ids"])}
    held |= {row["uuid"] for row in play.sales.state()["custom_events"]}
    for shelf in ("Contacts", "Items", "Invoices", "CreditNotes"):
        held |= {row[f"{shelf.removesuffix('s')}ID"] for row in play.finance.shelf(shelf)}
    known = {record_id(row["outcome"]["ref"]) for row in entries if row["outcome"] and row["outcome"]["ref"]}
    # What was made, and only a link of it refused, as of a deal that is gone, is refused, and names its record.
    refused = (row["outcome"]["ref"] for row in settled if row["state"] == "refused" and row["outcome"])
    made_all_the_same = {record_id(ref) for ref in refused if ref}
    allocated = {each["invoice"] for row in entries for each in row["command"]["fields"].get("allocations") or ()}
    made = [row for row in [*play.sales.writes(), *play.finance.writes()] if row["action"] == "create"]
    return [
        *(f"the ledger says {name} was written, and no platform has it" for name in sorted(known - held)),
        *(
            f"{row['resource']} {row['id']} was made and the ledger has no entry"
            for row in made
            if row["id"] not in known | made_all_the_same
            and not (row["resource"] == "Allocations" and row["body"]["Invoice"]["InvoiceID"] in allocated)
        ),
    ]


def miscounted(play: Evidence) -> list[str]:
    """Windows that differ from a recount of the platforms' own books, to the minor unit, and open variances."""
    kept = drawer(play.kept(play.topics.books), "w")
    stated = {
        tuple(name.split("|")[1:]): (row["invoices"], Decimal(row["total"]), Decimal(row["due"]))
        for name, row in kept.items()
        if isinstance(row, dict) and row["invoices"]
    }
    counted: dict[tuple[str, ...], tuple[int, Decimal, Decimal]] = {}
    subsidiary = play.contract.books
    for row in play.finance.invoices():
        if row["Status"] in {"AUTHORISED", "PAID"}:
            key = (str(row["Date"])[:10], row["CurrencyCode"], subsidiary, "erp")
            number, total, due = counted.get(key, (0, Decimal(0), Decimal(0)))
            counted[key] = (number + 1, total + Decimal(str(row["Total"])), due + Decimal(str(row["AmountDue"])))
    for row in play.sales.records("invoices"):
        shown = row["properties"]
        if shown.get("revmark_invoice_status") in {"posted", "paid"}:
            key = (shown["hs_invoice_date"][:10], shown["hs_currency"], subsidiary, "crm")
            number, total, due = counted.get(key, (0, Decimal(0), Decimal(0)))
            figures = Decimal(shown["revmark_total"]), Decimal(shown["revmark_amount_due"])
            counted[key] = (number + 1, total + figures[0], due + figures[1])
    wrong = [f"{key}: stated {stated.get(key)}, counted {counted.get(key)}" for key in sorted({*stated, *counted})
             if stated.get(key) != counted.get(key)]  # fmt: skip
    last = {row["id"]: row for row in _values(play, play.topics.variances)}
    return wrong + [f"open variance: {row['number']} {row['kind']}" for row in last.values() if row["state"] == "open"]


def leaked(play: Performance) -> list[str]:
    """Secrets of the deployment that stand on a topic, in a log or in local state; people's names in a log."""
    secrets = {
        name: str(value).encode()
        for credentials in (play.stage.hubspot, play.stage.xero)
        for name, value in credentials.items()
        if name in {"token", "client_secret", "webhook_secret", "refresh_token", "access_token", "webhook_key"}
    }
    found = []
    for topic in play.topics:
        for rows in play.records(topic).values():
            found += [
                f"{name} on {topic.name}"
                for _, value in rows
                for name, text in secrets.items()
                if text in (value or b"")
            ]
    for log in (play.stage.options.folder / "logs").glob("*.log"):
        found += [f"{name} in {log.name}" for name, text in secrets.items() if text in log.read_bytes()]
        found += [f"{name} in {log.name}" for name in PEOPLE if name.encode() in log.read_bytes()]
    for file in (play.stage.options.folder / "state").rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):  # a store that is in use moves its files
            held = file.read_bytes()
            found += [f"{name} in {file.name}" for name, text in secrets.items() if text in held]
    return sorted(set(found))
