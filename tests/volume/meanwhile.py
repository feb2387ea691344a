"""What people do while the month ends, and when it is seen on the other side.

Flows in: what is there. Flows out: one change every few seconds, and for each the time until the other platform's own
log shows our write of it. Invariant: every change is of a record of its own, so that its arrival cannot be another's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulation.platforms import Platforms
from tests.volume.ledgers import DAY, Ledgers

Kind = str
KINDS: tuple[Kind, ...] = ("hold", "payment", "name")
FIRST_TIER = ("hold", "payment")  # under the shipped contract; a company's name is of the second


@dataclass(frozen=True, slots=True)
class Change:
    """One change by a person, and how its arrival looks: this property of this record, in that platform's log."""

    kind: Kind
    at: datetime
    platform: str
    record: str
    name: str


@dataclass(slots=True)
class Meanwhile:
    """Everything that people have done."""

    both: Platforms
    ledgers: Ledgers
    done: list[Change] = field(default_factory=list)

    async def act(self, at: datetime) -> None:
        """Do the next thing, to the next bystander."""
        kind = KINDS[len(self.done) % len(KINDS)]
        company = self.ledgers.bystanders[len(self.done)]
        contact, invoice = self.ledgers.contacts[company], self.ledgers.invoices[company]
        finance = self.both.finance
        if kind == "hold":
            group = self.both.shelf("ContactGroups")[0]["ContactGroupID"]
            body: Any = {"Contacts": [{"ContactID": contact}]}
            await finance.do("PUT", f"people/ContactGroups/{group}/Contacts", body)
            self.done.append(Change(kind, at, "hubspot", company, "revmark_credit_hold"))
        elif kind == "payment":
            body = {"Invoice": {"InvoiceID": invoice}, "Account": {"Code": "090"}, "Date": DAY, "Amount": "40.00"}
            await finance.do("PUT", "people/Payments", body)
            self.done.append(Change(kind, at, "hubspot", self._mirror(invoice), "revmark_amount_paid"))
        else:
            body = {"properties": {"name": f"Renamed {company}"}}
            await self.both.sales.do("PATCH", f"people/companies/{company}", body)
            self.done.append(Change(kind, at, "xero", contact, "Name"))

    def _mirror(self, invoice: str) -> str:
        kind = self.both.portal.catalogue.get("invoices")
        found = self.both.portal.store.holder(kind, "xero_invoice_id", invoice)
        assert found is not None, f"the invoice {invoice} was not mirrored"
        return str(found.id)

    def seconds(self) -> dict[Kind, list[float | None]]:
        """For each kind how long its changes took; None: it never came."""
        first: dict[tuple[str, str, str], list[datetime]] = {}
        for platform in ("hubspot", "xero"):
            for row in self.both.writes(platform):
                for name in row.body if isinstance(row.body, dict) else ():
                    first.setdefault((platform, row.id, name), []).append(row.at)
        found: dict[Kind, list[float | None]] = {kind: [] for kind in KINDS}
        for one in self.done:
            times = [at for at in first.get((one.platform, one.record, one.name), ()) if at >= one.at]
            found[one.kind].append((times[0] - one.at).total_seconds() if times else None)
        return found
