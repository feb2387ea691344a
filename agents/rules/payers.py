"""Payers: whose customer a deal is, where the contract has a company's parent company pay for it.

In: what each company of the CRM says of its parent, and of its subsidiary. Out: the customer of a deal, or for whose
record it waits. One level: who pays for the parent does not count, so that there is no circle. The company that buys
goes along with the deal: what it says of its subsidiary must not be lost where another pays.
"""

from __future__ import annotations

from agents.rules.likeness import Row
from agents.rules.people import People
from agents.rules.placing import Waits
from agents.rules.succession import Succession
from schemas.names import CanonicalId, Entity, Side
from tables.identity import Identity

# What the rule means, in a sentence for people.
SAYS = {"bill_to": "What a company buys is billed to its parent company in the CRM, where it has one."}
BUYER = "buyer"  # of a deal's fields and of what it is related to: the company that buys, where another one pays


class Payers:
    """The rules over one tenant's companies; what they lead to is noted with the succession."""

    def __init__(self, identity: Identity, succession: Succession, people: People, *, parents: bool) -> None:
        """Judge over `identity`; `parents`: the contract bills them."""
        self.identity = identity
        self.succession = succession
        self.people = people
        self.parents = parents

    def hear(self, row: Row, *, known: bool) -> None:
        """Note who pays for a company; `known`: it was before, so that its deals may have been placed."""
        if not self.parents or row["entity"] != Entity.COMPANY.value or row["side"] != Side.CRM.value or row["deleted"]:
            return
        company, now = row["ref"], row["parents"].get("payer")
        for each in self.identity.losers(company):
            self.succession.again += self.identity.paying.adopt(company, each)
        members = (company, *self.identity.losers(company))
        were = [self.identity.paying.payer(each) for each in members]
        if not self.identity.paying.note(members, now, row["fields"].get("subsidiary")):
            return
        self.succession.woken += [each for each in dict.fromkeys(were) if each not in {None, now}]
        if known and any((now, *were)):
            self.succession.again.append(company)

    def of(self, company: str) -> str:
        """The record of the company that pays."""
        root = self.identity.follow(company)
        payer = self.identity.paying.payer(root if self.identity.known(root) else company) if self.parents else None
        return company if payer is None or self.identity.follow(payer) == root else payer

    def customer(self, company: str) -> CanonicalId | Waits:
        """The customer that pays for a company's deals, or for whose record they wait."""
        own = self.people.owner(company)
        if own is None:
            return Waits("record", (company,))
        payer = self.of(company)
        paying = own if payer == company else self.identity.customer(self.identity.follow(payer))
        return paying or Waits("record", (payer,))

    def tell(self, row: Row, company: str, customer: str) -> None:
        """Say on a deal which company buys, where its customer is another one."""
        fields = {name: value for name, value in row["fields"].items() if name != BUYER}
        if self.parents and customer != self.people.owner(company):
            fields[BUYER] = self._buyer(company)
        row["fields"] = fields

    def astray(self, deal: str) -> bool:
        """Whether a deal that was placed has another customer by now, or its buyer another subsidiary."""
        company = self.identity.belongs(deal)
        if company is None or not self.parents:
            return self.identity.astray(deal)
        now = self.customer(company)
        if isinstance(now, Waits):
            return now.on != (company,)
        was, bought = self.identity.customer(deal), self.identity.bought(deal)
        return now != was or bought != (self._buyer(company) if now != self.people.owner(company) else None)

    def children(self, payer: str) -> list[str]:
        """The companies for which one pays, as they live on after merges."""
        found = self.identity.paying.children(payer) if self.parents else ()
        return sorted({self.identity.follow(child) for child in found})

    def _buyer(self, company: str) -> dict[str, str | None]:
        root = self.identity.follow(company)
        name = root if self.identity.known(root) else company
        return {"ref": company, "subsidiary": self.identity.paying.subsidiary(name)}
