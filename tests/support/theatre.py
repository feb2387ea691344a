"""A performance for tests: the demo's own stage and story, on the session's broker, with something going wrong.

Also the end state of both platforms with everything left out that differs from run to run, so that two performances can
be compared to the letter.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from console.demo.account import Account, Entry
from console.demo.cast import Cast, assemble
from console.demo.people import Finance, Sales
from console.demo.stage import Options, Stage
from console.demo.story import Story
from console.demo.witness import Witness
from schemas.contract import Contract, load_contract
from streams.broker.progress import silent
from streams.topics import Topic, Topics
from tests.support.broker import read
from tests.support.recount import Records, compacted

PATIENCE = 90.0  # seconds a step may take while workers are killed under it, on two busy cores
TIMES = re.compile(r"(createdate|lastmodified|created|updated|date_entered|date_exited|_timestamp|closedate|hs_.*date)")
IDS = re.compile(r"(_id|_ids|_source.*|hs_object.*)$")


@dataclass
class Performance:
    """One performance, ready to be played."""

    stage: Stage
    story: Story
    account: Account
    sales: Sales
    finance: Finance
    cast: Cast
    witness: Witness

    @property
    def topics(self) -> Topics:
        """The deployment's topics."""
        return self.stage.topics

    @property
    def contract(self) -> Contract:
        """What was agreed."""
        return load_contract(self.stage.options.folder / "contract.yaml")

    def records(self, topic: Topic) -> Records:
        """A topic's records by partition, in order; what was written twice, as its origin says, is one."""
        found: Records = defaultdict(list)
        met = set[tuple[int, Any]]()
        for record in asyncio.run(read(self.stage.broker, self.topics.name(topic))):
            made = (record.partition, tuple(record.headers))
            if made not in met:
                found[record.partition].append((record.key, record.value))
            met |= {made} if record.headers else set()
        return found

    def kept(self, topic: Topic) -> dict[str, Any]:
        """The rows that a compacted topic leaves."""
        return compacted(self.records(topic))

    def differences(self) -> list[Entry]:
        """The steps that did not see what they expected."""
        return [entry for entry in self.account.entries if not entry.ok]

    def halt(self) -> None:
        """Stop all of Revmark, as a machine that is switched off; the platforms go on."""
        for name in [name for name in self.stage.processes if name != "sandbox"]:
            self.stage.processes.pop(name).kill()

    def forget_local_state(self) -> None:
        """Remove every worker's local state."""
        shutil.rmtree(self.stage.options.folder / "state")

    def every_record(self) -> list[str]:
        """All records of both platforms, as `revmark explain` is asked for them."""
        kinds = {"companies": "company", "contacts": "contact", "products": "product", "deals": "deal",
                 "invoices": "invoice"}  # fmt: skip
        found = [f"hubspot:{kind}:{row['id']}" for name, kind in kinds.items() for row in self.sales.records(name)]
        shelves = {"Contacts": "contact", "Items": "item", "Invoices": "invoice", "Payments": "payment",
                   "CreditNotes": "credit_note", "Prepayments": "prepayment",
                   "Overpayments": "overpayment"}  # fmt: skip
        for name, kind in shelves.items():
            key = f"{name.removesuffix('s')}ID"
            found += [f"xero:{kind}:{row[key]}" for row in self.finance.shelf(name)]
        return found + [f"xero:person:{row['ContactID']}" for row in self.finance.shelf("Contacts")]

    def end_state(self) -> dict[str, Any]:
        """Both platforms' records as plain values."""
        hubspot = self.sales.state()["objects"]
        kinds = ("companies", "contacts", "products", "deals", "invoices")
        shelves = ("Contacts", "Items", "Invoices", "Payments", "CreditNotes", "Prepayments", "Overpayments")
        xero = {name: self.finance.shelf(name) for name in shelves}
        return {
            **{kind: sorted(repr(_plain(row["properties"])) for row in hubspot[kind]) for kind in kinds},
            **{name: sorted(repr(_figures(row)) for row in rows) for name, rows in xero.items()},
        }


@contextmanager
def performance(folder: Path, broker: str, prefix: str, **more: Any) -> Iterator[Performance]:
    """Bring the stage up, assemble the cast, and strike everything afterwards."""
    options = Options(folder, broker=broker, prefix=f"{prefix}.", page=False, patience=PATIENCE, **more)
    with Stage(options, silent) as stage:
        stage.prepare()
        sales, finance = Sales(stage.hubspot["url"]), Finance(stage.xero["url"], stage.xero["tenant_id"])
        cast = assemble(sales, finance)
        topics = stage.topics
        witness = Witness(stage.broker, [topics.name(topic) for topic in topics], topics.partitions)
        account = Account(tell=lambda _entry: None, alarm=lambda: "", patience=PATIENCE)
        story = Story(stage, account, sales, finance, cast, witness)
        try:
            yield Performance(stage, story, account, sales, finance, cast, witness)
        finally:
            witness.close()
            sales.close()
            finance.close()


def _plain(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in sorted(properties.items())
        if value not in {None, ""} and not TIMES.search(name) and not IDS.search(name)
    }


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    names = ("Name", "Code", "InvoiceNumber", "CreditNoteNumber", "Status", "ContactStatus", "Reference", "Description",
             "EmailAddress", "FirstName", "LastName")  # fmt: skip
    amounts = ("Total", "AmountDue", "AmountPaid", "AmountCredited", "RemainingCredit", "Amount")
    return {
        **{name: row[name] for name in names if row.get(name)},
        **{name: f"{Decimal(str(row[name])):.2f}" for name in amounts if row.get(name) is not None},
    }
