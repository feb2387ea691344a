"""What sales, finance and subscribers see of one customer: of both systems' own state, and of the topics."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from console.demo.people import Record
from tests.scenarios.agreements import SUBSCRIPTION
from tests.scenarios.desks import Desks

COMPANY, DEAL, INVOICE, ORDER = "0-2", "0-3", "0-53", "0-123"  # HubSpot's object types
CUSTOM = "2-"  # how those of custom objects begin


@dataclass
class Seen:
    """One customer, as people see it."""

    name: str
    desks: Desks
    currency: str = "NZD"
    company: str = ""
    contact: str = ""
    lines: dict[str, list[str]] = field(default_factory=dict)

    def invoice(self, number: str) -> Record:
        """An invoice in Xero, by a deal's id and perhaps the part behind it, or by its own number."""
        found = [row for row in self.desks.shelf("Invoices") if row["InvoiceNumber"] in {f"RM-{number}", number}]
        if not found:
            raise LookupError(f"Xero has no invoice RM-{number}")
        return found[0]

    def invoices(self) -> list[Record]:
        """All its invoices in Xero."""
        return [row for row in self.desks.shelf("Invoices") if row["_contact"] == self.contact]

    def bills(self, deal: str) -> list[tuple[str, str, str]]:
        """A deal's invoices in Xero: part, status and total."""
        number = f"RM-{deal}"
        first, more = {number}, (f"{number}-", f"{number}.")
        rows = [row for row in self.desks.shelf("Invoices")
                if row["InvoiceNumber"] in first or row["InvoiceNumber"].startswith(more)]  # fmt: skip
        return [(row["InvoiceNumber"].removeprefix(number), row["Status"], money(row["Total"])) for row in rows]

    def billed_to(self, number: str) -> str:
        """The name of the contact that an invoice in Xero is to be paid by."""
        contact = self.invoice(number)["_contact"]
        return next(str(row["Name"]) for row in self.desks.shelf("Contacts") if row["ContactID"] == contact)

    def credit_notes(self, deal: str) -> list[tuple[str, ...]]:
        """A deal's credit notes of ours in Xero: part, status, total, what is left."""
        found = []
        for row in self._notes(deal):
            part = row["CreditNoteNumber"].removeprefix(f"RM-{deal}").removesuffix("-CR")
            found.append((part, row["Status"], money(row["Total"]), money(row["RemainingCredit"])))
        return found

    def credit_note(self, deal: str) -> str:
        """The id of a deal's credit note."""
        return str(self._notes(deal)[0]["CreditNoteID"])

    def _notes(self, deal: str) -> list[Record]:
        numbers = tuple(f"RM-{deal}{part}" for part in ("-CR", "-2-CR"))
        return [row for row in self.desks.shelf("CreditNotes") if row["CreditNoteNumber"] in numbers]

    def mirrors(self, deal: str) -> list[tuple[str, ...]]:
        """A deal's invoices in HubSpot: part, status, total, due, of how many companies."""
        found = []
        for record in self.desks.associated(DEAL, deal, INVOICE):
            row = self.desks.properties("invoices", record)
            owners = len(self.desks.associated(INVOICE, record, COMPANY))
            part = str(row["revmark_invoice_number"]).removeprefix(f"RM-{deal}")
            names = ("invoice_status", "total", "amount_due")
            found.append((part, *(str(row[f"revmark_{name}"]) for name in names), str(owners)))
        return sorted(found)

    def shown(self, deal: str, *names: str) -> tuple[str, ...]:
        """What the deal shows of its order."""
        row = self.desks.properties("deals", deal)
        return tuple(str(row.get(f"revmark_{name}") or "") for name in names)

    def order(self, deal: str) -> list[tuple[str, ...]]:
        """The records of a deal's order in HubSpot: stage, how many bills stand, what is billed, paid and due."""
        rows = [self.desks.properties("orders", record) for record in self.desks.associated(DEAL, deal, ORDER)]
        return [
            (
                str(row["hs_pipeline_stage"]).removeprefix("revmark_"),
                str(len([number for number in str(row.get("revmark_bills") or "").split(", ") if number])),
                *(str(row[f"revmark_{name}"]) for name in ("billed", "paid", "due")),
            )
            for row in rows
        ]

    def subscription(self, deal: str) -> list[tuple[str, ...]]:
        """The records of a deal's subscription in HubSpot: how it is, periods billed, next day, what one is worth."""
        names = ("subscription_status", "periods", "next_bill_on", "amount")
        kept = {str(row["id"]): row["properties"] for row in self.desks.records(SUBSCRIPTION)}
        ends = {end for of, end in self.desks.pairs(DEAL, deal) if of.startswith(CUSTOM) and end in kept}
        return [tuple(str(kept[end].get(f"revmark_{name}") or "") for name in names) for end in sorted(ends)]

    def trigger(self, deal: str, name: str) -> str:
        """A property of a deal that an automation sets."""
        return str(self.desks.properties("deals", deal).get(name) or "")

    def timeline(self, deal: str) -> list[tuple[str, ...]]:
        """The custom events of a deal: name, and what each says."""
        sent = [row for row in self.desks.sent() if row["object_id"] == deal]
        return [(row["event"], *(value for _, value in sorted(row["properties"].items()))) for row in sent]

    def in_hubspot(self, *names: str) -> tuple[str, ...]:
        """What the company shows."""
        row = self.desks.properties("companies", self.company)
        return tuple(str(row.get(name) or "") for name in names)

    def balance(self) -> str:
        """What HubSpot says that the customer owes."""
        return self.in_hubspot("revmark_balance_due")[0]

    def in_xero(self, *names: str) -> tuple[str, ...]:
        """What the contact shows."""
        row = next(row for row in self.desks.shelf("Contacts") if row["ContactID"] == self.contact)
        return tuple(str(row.get(name) or "") for name in names)

    def street(self) -> tuple[str, str]:
        """The shipping address' street in HubSpot and in Xero."""
        row = next(row for row in self.desks.shelf("Contacts") if row["ContactID"] == self.contact)
        streets = [each.get("AddressLine1", "") for each in row["Addresses"] if each["AddressType"] == "STREET"]
        return (self.in_hubspot("revmark_shipping_street")[0], streets[0] if streets else "")

    def events(self, deal: str) -> list[str]:
        """The revenue events of a deal, each once, in their order."""
        return [row["type"] for row in self._events() if row["deal"] in self._known(deal)]

    def amounts(self, kind: str) -> list[str]:
        """The amounts of the customer's revenue events of one kind."""
        return [row["money"]["amount"] for row in self._events() if row["type"] == kind and self._is_mine(row)]

    def named(self, kind: str, role: str) -> list[str]:
        """What the customer's revenue events of one kind say that they are about, in a role."""
        return [row["refs"].get(role, "") for row in self._events() if row["type"] == kind and self._is_mine(row)]

    def told(self, *kinds: str) -> list[str]:
        """The customer's revenue events of some kinds, in their order."""
        return [row["type"] for row in self._events() if row["type"] in kinds and self._is_mine(row)]

    def _events(self) -> list[Record]:
        once = {row["id"]: row for row in self.desks.told("revenue")}
        return sorted(once.values(), key=lambda row: (row["customer"] or "", row["sequence"]))

    def _known(self, deal: str) -> set[str]:
        return {row["deal"] for row in self._events() if row["refs"].get("crm") == f"hubspot/deal/{deal}"} - {None, ""}

    def _is_mine(self, row: Record) -> bool:
        return str(row["customer_name"]) == self.name

    def decided(self, field: str, **equal: Any) -> list[tuple[str, str]]:
        """Rule and ruling of what was decided about a field where it held these values."""
        return [
            (row["rule"], row["ruling"]) for row in self.desks.told("decisions")
            if row["field"] == field and all(row[name] == value for name, value in equal.items())
        ]  # fmt: skip

    def decided_on(self, deal: str, field: str) -> list[tuple[str, str]]:
        """The same, of a deal."""
        return self.decided(field, label=self.desks.properties("deals", deal)["dealname"])

    def decided_here(self, field: str, **equal: Any) -> list[tuple[str, str]]:
        """The same, of the company."""
        return self.decided(field, label=self.name, **equal)

    def was_kept(self) -> bool:
        """Whether what was deleted in HubSpot was decided to stay in Xero."""
        return any(rule == "guard.finance_kept" for rule, _ in self.decided_here(""))

    def proposals(self) -> list[tuple[str, str]]:
        """Pairs of records that were proposed as one."""
        return [(row["crm"], row["erp"]) for row in self.desks.told("decisions") if row["ruling"] == "propose"]

    def streets_taken_back(self) -> list[str]:
        """Streets that sales typed and that did not stand."""
        return [
            (row["crm"] or {}).get("street", "") for row in self.desks.told("decisions")
            if row["label"] == self.name and row["field"] == "shipping_address" and row["ruling"] == "write_back"
        ]  # fmt: skip

    def review(self, listed: str) -> str:
        """The id of the customer's own review, of those that `revmark review list --json` has listed."""
        rows = [json.loads(line) for line in listed.splitlines() if line.startswith("{")]
        return next((str(row["id"]) for row in rows if row["label"] == self.name), "")

    # records by what people call them

    def tasks(self) -> list[str]:
        """What HubSpot's tasks say that name the customer."""
        subjects = [str(row["properties"]["hs_task_subject"]) for row in self.desks.records("tasks")]
        named = f"{self.name}: "
        return sorted(subject.removeprefix(named) for subject in subjects if subject.startswith(named))

    def contacts(self) -> list[Record]:
        """Xero's contacts of the customer's name."""
        return [row for row in self.desks.shelf("Contacts") if row["Name"] == self.name]

    def companies(self) -> list[Record]:
        """HubSpot's companies of the customer's name."""
        return [row for row in self.desks.records("companies") if row["properties"]["name"] == self.name]

    def people(self, ending: str) -> int:
        """How many people of HubSpot have an e-mail address that ends so."""
        rows = self.desks.records("contacts")
        return sum(str(row["properties"].get("email") or "").endswith(ending) for row in rows)

    def products(self, sku: str) -> list[Record]:
        """HubSpot's products of a SKU."""
        return [row for row in self.desks.records("products") if row["properties"].get("hs_sku") == sku]

    def prices(self, sku: str) -> list[str]:
        """Their prices."""
        return [money(row["properties"]["price"]) for row in self.products(sku)]

    def phone_in_xero(self) -> str:
        """The contact's telephone."""
        row = next(row for row in self.desks.shelf("Contacts") if row["ContactID"] == self.contact)
        kept = next(each for each in row["Phones"] if each["PhoneType"] == "DEFAULT")
        parts = (kept.get(f"Phone{part}") for part in ("CountryCode", "AreaCode", "Number"))
        return " ".join(part for part in parts if part)

    def linked(self, company: str) -> bool:
        """Whether a company has its number of Xero."""
        return bool(self.desks.properties("companies", company).get("xero_contact_id"))

    def mirrored(self, deal: str) -> list[str]:
        """The ids of a deal's invoices in HubSpot."""
        return self.desks.associated(DEAL, deal, INVOICE)

    def shown_by_hand(self, number: str) -> list[tuple[str, str]]:
        """Total and due of an invoice in HubSpot that no deal knows of."""
        rows = [row["properties"] for row in self.desks.records("invoices")]
        return [(str(row["revmark_total"]), str(row["revmark_amount_due"])) for row in rows
                if row["revmark_invoice_number"] == number]  # fmt: skip

    def billed(self, deal: str) -> str:
        """What all of a deal's bills come to."""
        return money(sum(Decimal(total) for _, _, total in self.bills(deal)))

    def days_to_pay(self, deal: str) -> int:
        """Days from a bill's date to its due date."""
        row = self.invoice(deal)
        first, last = (date.fromisoformat(str(row[name])[:10]) for name in ("Date", "DueDate"))
        return (last - first).days


def money(value: Any) -> str:
    """An amount as Xero keeps it."""
    return f"{Decimal(str(value)):.2f}"


def day_of(row: Record) -> str:
    """A document's date, YYYY-MM-DD."""
    return str(row["Date"])[:10]


def slug(name: str) -> str:
    """A name as a domain has it."""
    return "".join(each for each in name.lower() if each.isalnum())
