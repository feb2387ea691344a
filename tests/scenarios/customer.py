"""A customer of a scenario: what sales and finance do with it, and what each of them sees of it.

Every scenario has a customer of its own, so that many are played side by side and none sees another's.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.scenarios.agreements import DELIVERED, HERE
from tests.scenarios.seen import Seen, day_of, slug
from tests.simulation.ordering import SHIPPED

WRITTEN_ON = "2026-09-01"  # the date of what finance writes by hand
Typed = Callable[..., "Future[str]"]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Customer(Seen):
    """One customer, from both screens. `typed` runs a command of Revmark's and gives what it said.

    `in_doubt`: workers are killed, so that what was being written is written again, perhaps over an edit that nobody
    has read: it is taken back, and no decision says so.
    """

    typed: Typed = field(kw_only=True)
    in_doubt: bool = False
    clock: Callable[[], datetime] = _now

    def today(self) -> date:
        """The day where the customers are."""
        return self.clock().astimezone(HERE).date()

    def ago(self, days: int) -> date:
        """A day before it."""
        return self.today() - timedelta(days=days)

    def enters(self, **properties: str) -> None:
        """Both systems hold the customer, and HubSpot its id in Xero."""
        self._banks()
        self.opens()
        self.meets("", xero_contact_id=self.contact, **properties)
        self.finance_edits(ContactNumber=self.company)

    def is_known(self, history: str) -> bool:
        """Whether Revmark has read all that was there: the last is a deal won before, and each customer's terms."""
        judged = any(row["label"] == history for row in self.desks.told("decisions"))
        linked = bool(self.company) and self.linked(self.company)
        return judged and (not linked or bool(self.in_hubspot("revmark_payment_terms")[0]))

    # sales

    def meets(self, name: str = "", /, **properties: str) -> str:
        """Sales enters a company; it is the customer's own if there was none."""
        name = name or self.name
        made = self.desks.sales.create(
            "companies", **{"name": name, "domain": f"{slug(name)}.example", "revmark_currency": self.currency}
            | properties
        )  # fmt: skip
        self.company = self.company or made
        return made

    def quotes(self, *lines: tuple[str, ...], company: str = "", stage: str = "contractsent", **more: str) -> str:
        """Sales makes a deal of lines: quantity, price, and perhaps the discount in percent or the SKU."""
        sales = self.desks.sales
        deal = sales.create("deals", {"companies": company or self.company}, **{
            "dealname": f"Order of {self.name}", "dealstage": stage, "pipeline": "default",
            "deal_currency_code": self.currency,
        } | more)  # fmt: skip
        for line in lines:
            self.adds(deal, *line)
        return deal

    def adds(self, deal: str, quantity: str, price: str, discount: str = "", sku: str = "", **more: str) -> None:
        """Sales adds a line to a deal."""
        place = len(self.lines.setdefault(deal, []))
        more |= {name: value for name, value in (("hs_discount_percentage", discount), ("hs_sku", sku)) if value}
        self.lines[deal].append(self.desks.sales.create(
            "line_items", {"deals": deal}, name=f"Line {place + 1}", quantity=quantity, price=price,
            hs_position_on_quote=str(place), **more,
        ))  # fmt: skip

    def wins(self, *lines: tuple[str, ...], **more: str) -> str:
        """Sales wins a deal of these lines."""
        deal = self.quotes(*lines, **more)
        self.moves(deal, DELIVERED)
        return deal

    def moves(self, deal: str, stage: str) -> None:
        """Sales moves a deal."""
        self.desks.sales.edit("deals", deal, dealstage=stage)

    def amends(self, deal: str, place: int = 0, **properties: str) -> None:
        """Sales edits a line of a deal."""
        self.desks.sales.edit("line_items", self.lines[deal][place], **properties)

    def ships(self, deal: str, *quantities: str) -> None:
        """The warehouse says how much of each line has been shipped by now."""
        for place, quantity in enumerate(quantities):
            self.amends(deal, place, **{SHIPPED: quantity})

    def sales_edits(self, **properties: str) -> None:
        """Sales edits the company."""
        self.desks.sales.edit("companies", self.company, **properties)

    # finance

    def opens(self, name: str = "", /, **fields: Any) -> str:
        """Finance enters a contact; it is the customer's own if there was none."""
        name = name or self.name
        made = self.desks.finance.put("Contacts", {
            "Name": name, "DefaultCurrency": self.currency,
            "PaymentTerms": {"Sales": {"Day": 20, "Type": "DAYSAFTERBILLDATE"}},
        } | fields)  # fmt: skip
        self.contact = self.contact or made["ContactID"]
        return str(made["ContactID"])

    def finance_edits(self, **fields: Any) -> None:
        """Finance edits the contact."""
        self.desks.finance.post("Contacts", {"ContactID": self.contact, **fields})

    def pays(self, number: str, amount: str) -> str:
        """The customer pays on an invoice; finance enters it."""
        row = self.invoice(number)
        return str(self.desks.finance.put("Payments", {
            "Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": self.bank()}, "Date": day_of(row),
            "Amount": amount,
        })["PaymentID"])  # fmt: skip

    def bank(self) -> str:
        """The account at the bank that takes the customer's currency."""
        return "090" if self.currency == "NZD" else f"B{self.currency}"

    def _banks(self) -> None:
        """Finance does business in the customer's currency, with an account at the bank."""
        finance, shelves = self.desks.finance, self.desks.finance.shelves()
        if not any(row["Code"] == self.currency for row in shelves["Currencies"]):
            finance.put("Currencies", {"Code": self.currency, "Description": self.currency})
        if not any(row.get("Code") == self.bank() for row in shelves["Accounts"]):
            finance.put("Accounts", {
                "Code": self.bank(), "Name": f"Bank in {self.currency}", "Type": "BANK", "CurrencyCode": self.currency,
                "BankAccountNumber": f"12010203456{sum(map(ord, self.currency)):05}",
            })  # fmt: skip

    def takes_back(self, payment: str) -> None:
        """Finance deletes a payment that bounced."""
        self.desks.finance.post("Payments", {"PaymentID": payment, "Status": "DELETED"})

    def credits(self, amount: str, shares: dict[str, str] | None = None) -> str:
        """Finance writes a credit note without tax, and allocates shares of it to invoices."""
        day = day_of(next(iter(self.invoices())))
        note = self.desks.finance.put("CreditNotes", {
            "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": self.contact}, "Date": day,
            "CurrencyCode": self.currency,
            "LineItems": [{"Description": "Credit", "Quantity": "1", "UnitAmount": amount, "TaxType": "NONE",
                           "AccountCode": "200"}],
        })  # fmt: skip
        for number, share in (shares or {}).items():
            self.allocates("CreditNotes", note["CreditNoteID"], number, share)
        return str(note["CreditNoteID"])

    def advances(self, kind: str, amount: str) -> str:
        """Money comes before an invoice or beyond it: `PREPAYMENT` or `OVERPAYMENT`."""
        day = day_of(next(iter(self.invoices())))
        return str(self.desks.finance.put("BankTransactions", {
            "Type": f"RECEIVE-{kind}", "Contact": {"ContactID": self.contact}, "BankAccount": {"Code": self.bank()},
            "Date": day, "LineItems": [{"Description": "In advance", "Quantity": "1", "UnitAmount": amount,
                                        "AccountCode": "200", "TaxType": "NONE"}],
        })[f"{kind.capitalize()}ID"])  # fmt: skip

    def allocates(self, kind: str, document: str, number: str, amount: str) -> None:
        """Finance allocates a credit to an invoice."""
        row = self.invoice(number)
        self.desks.finance.put(f"{kind}/{document}/Allocations", {
            "Amount": amount, "Date": day_of(row), "Invoice": {"InvoiceID": row["InvoiceID"]},
        })  # fmt: skip

    def refunds(self, kind: str, document: str, amount: str) -> None:
        """Finance pays a credit out: of a `CreditNote`, a `Prepayment` or an `Overpayment`."""
        self.desks.finance.put("Payments", {
            kind: {f"{kind}ID": document}, "Account": {"Code": self.bank()}, "Amount": amount,
            "Date": day_of(next(iter(self.invoices()))),
        })  # fmt: skip

    def sets_status(self, number: str, status: str) -> None:
        """Finance posts (`AUTHORISED`) or voids (`VOIDED`) an invoice."""
        row = self.invoice(number)
        self.desks.finance.post(f"Invoices/{row['InvoiceID']}", {"InvoiceID": row["InvoiceID"], "Status": status})

    def sets_credit_note(self, deal: str, status: str) -> None:
        """Finance approves (`AUTHORISED`) or deletes (`DELETED`) the credit note of a deal's bill."""
        self.desks.finance.post("CreditNotes", {"CreditNoteID": self.credit_note(deal), "Status": status})

    def held(self, *, on: bool) -> None:
        """Finance puts the customer on credit hold, or lifts it."""
        finance = self.desks.finance
        group = f"ContactGroups/{self.desks.shelf('ContactGroups')[0]['ContactGroupID']}/Contacts"
        if on:
            finance.put(group, {"Contacts": [{"ContactID": self.contact}]})
        else:
            finance.delete(f"{group}/{self.contact}")

    def bills_by_hand(self, number: str, amount: str) -> str:
        """Finance writes an invoice that no deal knows of."""
        return str(self.desks.finance.put("Invoices", {
            "Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": number, "Date": WRITTEN_ON,
            "Contact": {"ContactID": self.contact}, "DueDate": WRITTEN_ON,
            "LineItems": [{"Description": "By hand", "Quantity": "1", "UnitAmount": amount, "AccountCode": "200",
                           "TaxType": "OUTPUT2"}],
        })["InvoiceNumber"])  # fmt: skip

    def agrees_on(self, number: str, due: str) -> None:
        """Finance and the customer agree on another due date."""
        row = self.invoice(number)
        self.desks.finance.post(f"Invoices/{row['InvoiceID']}", {"InvoiceID": row["InvoiceID"], "DueDate": due})

    def adds_freight(self, number: str, amount: str) -> None:
        """Finance puts a line onto a draft."""
        row = self.invoice(number)
        freight = {"Description": "Freight", "Quantity": "1", "UnitAmount": amount, "AccountCode": "200",
                   "TaxType": "OUTPUT2"}  # fmt: skip
        self.desks.finance.post(f"Invoices/{row['InvoiceID']}", {
            "InvoiceID": row["InvoiceID"],
            "LineItems": [*({"LineItemID": each["LineItemID"]} for each in row["LineItems"]), freight],
        })  # fmt: skip

    # whoever answers Revmark's questions

    def types(self, *words: str) -> Callable[[], str]:
        """Type a command of Revmark's; what it said, once it has ended, and nothing until then."""
        said = self.typed(*words)
        return lambda: said.result() if said.done() else ""
