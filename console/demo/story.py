"""The story: quote to cash, played by people in two systems and checked in both.

Every check looks at the platforms' own state and create logs or at the topics, never into a worker.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from console.demo.account import Account
from console.demo.cast import Cast, win_deal
from console.demo.people import Finance, Record, Sales
from console.demo.stage import Stage
from console.demo.witness import Witness

HONEY = [("HONEY-1", "Manuka honey, 1 kg", "10", "48.50"), ("BOX-L", "Shipping box, large", "4", "3.20")]
ROBOT = [("ARM-7", "Robot arm", "1", "1200.00")]
ROBOT_TOTAL = "1380.00"  # with 15 % GST
HONEY_TOTAL = "572.47"  # (485.00 + 12.80) and GST per line, rounded half up: 72.75 + 1.92


class Story:
    """One performance."""

    def __init__(
        self, stage: Stage, account: Account, sales: Sales, finance: Finance, cast: Cast, witness: Witness
    ) -> None:
        """Play on `stage`, with what `cast` has put there."""
        self.stage = stage
        self.account = account
        self.sales = sales
        self.finance = finance
        self.cast = cast
        self.witness = witness

    def play(self) -> None:
        """All acts, in order."""
        self.first_sync()
        self.closed_won()
        self.written_back()
        self.paid()
        self.conflict()
        self.credit_hold()
        self.reconciled()
        self.subscribed()
        self.nothing_twice()

    # 1

    def first_sync(self) -> None:
        """Both systems are read, linked, and completed."""
        expect = self.account.expect
        expect("first sync: what is missing is created, nothing twice", {
            "hubspot companies": ["Harakeke Foods", "Kauri Logistics", "Rimu Books", "Tui Robotics"],
            "xero contacts": ["Harakeke Foods", "Kauri Logistics Limited", "Rimu Books", "Tui Robotics"],
            "hubspot products": ["ARM-7", "BOX-L", "HONEY-1"],
            "xero items": ["ARM-7", "BOX-L", "HONEY-1"],
        }, self._both)  # fmt: skip
        linked = ["Harakeke Foods", "Rimu Books", "Tui Robotics"]
        expect("first sync: the ERP's ids are kept in HubSpot", linked, lambda: [
            name for name in linked
            if self._company(name)["xero_contact_id"] == self.finance.contact(name)["ContactID"]
        ])  # fmt: skip
        expect("first sync: people are on both sides", {
            "hubspot": ["hana@harakeke.example", "rawiri@rimu.example", "tama@tui.example"],
            "xero": ["hana@harakeke.example", "kiri@kauri.example", "rawiri@rimu.example", "tama@tui.example"],
        }, self._people)  # fmt: skip
        expect("first sync: price follows the ERP, description the CRM", ("48.50", "From the East Cape"), self._honey)
        expect("first sync: history is not billed", 1, lambda: len(self.finance.invoices()))
        pair = (f"hubspot/company/{self.cast.companies['Kauri']}", f"xero/contact/{self.cast.contacts['Kauri']}")
        expect("first sync: a shared domain only proposes", pair, lambda: next(
            (row["crm"], row["erp"]) for row in self._seen("decisions") if row["ruling"] == "propose"
        ))  # fmt: skip
        self.stage.run("link", *pair, "--yes", "--why", "same customer, says finance")
        expect("a person accepts the proposal: linked, not duplicated", {
            "xero id": self.cast.contacts["Kauri"], "companies": 4, "contacts": 4, "name": "Kauri Logistics",
        }, self._kauri)  # fmt: skip

    # 2

    def closed_won(self) -> None:
        """A deal is closed won: one invoice, mirrored and associated."""
        with self.account.step():
            deal = win_deal(self.sales, self.cast, "Tui", "Robot arm for Tui", ROBOT)
        number = f"RM-{deal}"
        self.account.expect("closed won: exactly one invoice in Xero, from the contract's defaults", [{
            "status": "AUTHORISED", "total": ROBOT_TOTAL, "account": "200", "tax": "OUTPUT2", "contact": "Tui Robotics",
        }], lambda: [self._bill(row) for row in self.finance.invoices(InvoiceNumber=number)])  # fmt: skip
        self.account.expect("closed won: the invoice is in HubSpot, with its deal and company", {
            "mirrors": 1, "total": ROBOT_TOTAL, "due": ROBOT_TOTAL, "deal": True, "company": True,
        }, lambda: self._mirror(number, deal, self.cast.companies["Tui"]))  # fmt: skip
        self.account.expect("closed won: the deal shows its invoice, the company is a customer", (
            number, "posted", "customer",
        ), lambda: (
            self._deal(deal)["revmark_invoice_number"], self._deal(deal)["revmark_invoice_status"],
            self._company("Tui Robotics")["lifecyclestage"],
        ))  # fmt: skip

    # 3

    def written_back(self) -> None:
        """A sales rep edits what finance owns."""
        with self.account.step():
            harakeke = self.cast.companies["Harakeke"]
            self.sales.edit("companies", harakeke, revmark_payment_terms="90 DAYSAFTERBILLDATE")
        self.account.expect("finance owns payment terms: the edit is taken back, with the reason", (
            "30 DAYSAFTERBILLDATE", "the ERP owns it: the edit in the CRM is taken back",
        ), lambda: (
            self._company("Harakeke Foods")["revmark_payment_terms"],
            self._decided("payment_terms", "write_back")["reason"],
        ))  # fmt: skip

    # 4

    def paid(self) -> None:
        """Money moves in Xero: part payment, rest, credit note, refund."""
        deal = self.cast.deals["Robot arm for Tui"]
        invoice = self.finance.invoices(InvoiceNumber=f"RM-{deal}")[0]
        with self.account.step():
            self._pay(invoice, "380.00", "2026-11-10")
        self.account.expect("part payment: invoice, deal and company follow", {
            "invoice": ("1000.00", "380.00"), "deal": ("part_paid", "1000.00"), "company": ("1000.00", "380.00"),
        }, lambda: self._standing(deal, "Tui Robotics"))  # fmt: skip
        with self.account.step():
            self._pay(invoice, "900.00", "2026-11-12")
            note = self.finance.put("CreditNotes", {
                "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": invoice["_contact"]},
                "Date": "2026-11-13", "CreditNoteNumber": "CN-0001",
                "LineItems": [{"Description": "Goodwill", "Quantity": "1", "UnitAmount": "120.00", "TaxType": "NONE",
                               "AccountCode": "200"}],
            })  # fmt: skip
            self.finance.put(f"CreditNotes/{note['CreditNoteID']}/Allocations", {
                "Amount": "100.00", "Date": "2026-11-13", "Invoice": {"InvoiceID": invoice["InvoiceID"]},
            })  # fmt: skip
        self.account.expect("rest paid and credited: all follow, the unused credit is the customer's", {
            "invoice": ("0.00", "1280.00"), "deal": ("paid", "0.00"), "company": ("-20.00", "900.00"),
        }, lambda: self._standing(deal, "Tui Robotics"))  # fmt: skip
        with self.account.step():
            self.finance.put("Payments", {
                "CreditNote": {"CreditNoteID": note["CreditNoteID"]}, "Account": {"Code": "090"},
                "Date": "2026-11-14", "Amount": "20.00", "Reference": "refund",
            })  # fmt: skip
        self.account.expect(
            "refund: the balance is even", "0.00", lambda: self._company("Tui Robotics")["revmark_balance_due"]
        )

    # 5

    def conflict(self) -> None:
        """Both sides edit one field at once."""
        with self.account.step():
            rimu = self._company_row("Rimu Books")["id"]
            contact = self.finance.contact("Rimu Books")
            self.sales.edit("companies", rimu, name="Rimu Books & Paper")
            self.finance.post("Contacts", {"ContactID": contact["ContactID"], "Name": "Rimu Books Ltd"})
        self.account.expect("both sides edit the name: the contract decides for the CRM, and says so", {
            "hubspot": True, "xero": True, "rule": "owner",
        }, lambda: {
            "hubspot": bool(self.sales.find("companies", "name", "Rimu Books & Paper")),
            "xero": bool(self.finance.contact("Rimu Books & Paper")),
            "rule": next(row["rule"] for row in self._seen("decisions")
                         if row["field"] == "name" and row["chosen"] == "Rimu Books & Paper"),
        })  # fmt: skip

    # credit hold: the guard that holds an order, and lets it go

    def credit_hold(self) -> None:
        """Finance puts a customer on hold; a won deal waits; the hold is lifted."""
        contact = self.finance.contact("Harakeke Foods")
        group = self.finance.shelf("ContactGroups")[0]["ContactGroupID"]
        with self.account.step():
            self.finance.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": contact["ContactID"]}]})
        self.account.expect(
            "credit hold: HubSpot shows it", "true", lambda: self._company("Harakeke Foods")["revmark_credit_hold"]
        )
        with self.account.step():
            deal = win_deal(self.sales, self.cast, "Harakeke", "Honey for the season", HONEY)
        held = "held: Harakeke Foods is on credit hold in the ERP"
        self.account.expect("credit hold: a won deal is held, no invoice", (held, 0), lambda: (
            self._deal(deal)["revmark_order_status"], len(self.finance.invoices(InvoiceNumber=f"RM-{deal}")),
        ))  # fmt: skip
        with self.account.step():
            self.finance.delete(f"ContactGroups/{group}/Contacts/{contact['ContactID']}")
        self.account.expect("hold lifted: the order goes through, once", (1, HONEY_TOTAL), lambda: (
            len(self.finance.invoices(InvoiceNumber=f"RM-{deal}")),
            _money(self.finance.invoices(InvoiceNumber=f"RM-{deal}")[0]["Total"]),
        ))  # fmt: skip

    # 6

    def reconciled(self) -> None:
        """Windows agree; a tampered mirror is a variance that names it, and disappears when repaired."""
        self.account.expect(
            "reconciliation: both sides state the same per day and currency", self._recount(), self._windows
        )
        deal = self.cast.deals["Robot arm for Tui"]
        number = f"RM-{deal}"
        with self.account.step():
            mirror = self.sales.find("invoices", "revmark_invoice_number", number)[0]["id"]
            self.sales.tamper("invoices", mirror, revmark_total="1480.00")
            self.stage.run("sweep", "hubspot")
        named = (number, "amount", "100.00")
        self.account.expect("tampered behind our back: a variance names the invoice", named, lambda: next(
            (row["number"], row["kind"], row["difference"]) for row in self._seen("variances")
            if row["number"] == number and row["kind"] == "amount"
        ))  # fmt: skip
        self.account.expect("repaired: the figure is right again and no variance is open", (ROBOT_TOTAL, []), lambda: (
            self.sales.properties("invoices", mirror)["revmark_total"], self._open_variances(),
        ))  # fmt: skip

    # 7

    def subscribed(self) -> None:
        """What others read on the public topic."""
        self.account.expect("revenue events: each once, in order per customer", {
            "order_created": 2, "invoice_posted": 2, "payment_received": 2, "credit_memo_issued": 1,
            "credit_allocated": 1, "refund_made": 1, "credit_hold_changed": 2,
        }, self._events)  # fmt: skip

    def late_deal(self) -> None:
        """One more deal, after whatever has been done to Revmark."""
        with self.account.step():
            deal = win_deal(self.sales, self.cast, "Kauri", "A late deal", ROBOT)
        self.account.expect(
            "a late deal: billed once", 1, lambda: len(self.finance.invoices(InvoiceNumber=f"RM-{deal}"))
        )

    def nothing_twice(self) -> None:
        """Counted at the platforms, not by us."""
        creates = [row for row in self.finance.writes() if row["action"] == "create"]
        bills = [row for row in creates if row["resource"].lower().startswith("invoice")]
        self.account.expect("no second invoice: Xero's create log", 2, lambda: len(bills), patience=0)

    # what is seen

    def totals(self) -> list[Record]:
        """The windows as last stated."""
        last = {(row["day"], row["currency"], row["side"]): row for row in self._seen("totals")}
        return [row for _, row in sorted(last.items()) if row["invoices"]]

    def writes(self) -> dict[str, int]:
        """API writes each platform has accepted."""
        return {"hubspot": len(self.sales.writes()), "xero": len(self.finance.writes())}

    def _seen(self, topic: str) -> list[Record]:
        return self.witness.seen(f"{self.stage.options.prefix}{topic}")

    def _both(self) -> Any:
        return {
            "hubspot companies": sorted(row["properties"]["name"] for row in self.sales.records("companies")),
            "xero contacts": sorted(row["Name"] for row in self.finance.shelf("Contacts")),
            "hubspot products": sorted(row["properties"]["hs_sku"] for row in self.sales.records("products")),
            "xero items": sorted(row["Code"] for row in self.finance.shelf("Items")),
        }

    def _people(self) -> Any:
        return {
            "hubspot": sorted(row["properties"]["email"] for row in self.sales.records("contacts")),
            "xero": sorted(row["EmailAddress"] for row in self.finance.shelf("Contacts") if row.get("EmailAddress")),
        }

    def _honey(self) -> tuple[str, str]:
        honey = self.sales.find("products", "hs_sku", "HONEY-1")[0]["properties"]
        item = next(row for row in self.finance.shelf("Items") if row["Code"] == "HONEY-1")
        return (_money(honey["price"]), item.get("Description", ""))

    def _kauri(self) -> Any:
        kauri = self.sales.properties("companies", self.cast.companies["Kauri"])
        named = [row for row in self.finance.shelf("Contacts") if row["ContactID"] == self.cast.contacts["Kauri"]]
        return {
            "xero id": kauri["xero_contact_id"],
            "companies": len(self.sales.records("companies")),
            "contacts": len(self.finance.shelf("Contacts")),
            "name": named[0]["Name"],
        }

    def _company_row(self, name: str) -> Record:
        return self.sales.find("companies", "name", name)[0]

    def _company(self, name: str) -> Record:
        return dict(self._company_row(name)["properties"])

    def _deal(self, deal: str) -> Record:
        return self.sales.properties("deals", deal)

    def _mirror(self, number: str, deal: str, company: str) -> Any:
        mirrors = self.sales.find("invoices", "revmark_invoice_number", number)
        links = {(*map(str, row["from"]), *map(str, row["to"])) for row in self.sales.state()["associations"]}
        invoice = str(mirrors[0]["id"])
        return {
            "mirrors": len(mirrors),
            "total": mirrors[0]["properties"]["revmark_total"],
            "due": mirrors[0]["properties"]["revmark_amount_due"],
            "deal": ("0-53", invoice, "0-3", deal) in links,
            "company": ("0-53", invoice, "0-2", company) in links,
        }

    def _bill(self, row: Record) -> Record:
        line = row["LineItems"][0]
        contacts = {contact["ContactID"]: contact["Name"] for contact in self.finance.shelf("Contacts")}
        return {
            "status": row["Status"],
            "total": _money(row["Total"]),
            "account": line["AccountCode"],
            "tax": line["TaxType"],
            "contact": contacts[row["_contact"]],
        }

    def _standing(self, deal: str, company: str) -> Any:
        mirror = self.sales.find("invoices", "revmark_invoice_number", f"RM-{deal}")[0]["properties"]
        shown, owner = self._deal(deal), self._company(company)
        return {
            "invoice": (mirror["revmark_amount_due"], mirror["revmark_amount_paid"]),
            "deal": (shown["revmark_invoice_status"], shown["revmark_amount_due"]),
            "company": (owner["revmark_balance_due"], owner["revmark_last_payment_amount"]),
        }

    def _pay(self, invoice: Record, amount: str, day: str) -> None:
        self.finance.put("Payments", {
            "Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Account": {"Code": "090"}, "Date": day, "Amount": amount,
        })  # fmt: skip

    def _decided(self, field: str, ruling: str) -> Record:
        return next(row for row in self._seen("decisions") if row["field"] == field and row["ruling"] == ruling)

    def _recount(self) -> dict[str, tuple[int, str]]:
        """Totals per currency, recounted from Xero's own books."""
        counted = [row for row in self.finance.invoices() if row["Status"] in {"AUTHORISED", "PAID"}]
        total = sum((Decimal(str(row["Total"])) for row in counted), Decimal(0))
        return {side: (len(counted), f"{total:.2f}") for side in ("crm", "erp")}

    def _windows(self) -> dict[str, tuple[int, str]]:
        sums: dict[str, tuple[int, Decimal]] = {}
        for row in self.totals():
            count, total = sums.get(row["side"], (0, Decimal(0)))
            sums[row["side"]] = (count + row["invoices"], total + Decimal(row["total"]))
        return {side: (count, f"{total:.2f}") for side, (count, total) in sorted(sums.items())}

    def _open_variances(self) -> list[str]:
        last = {row["id"]: row for row in self._seen("variances")}
        return sorted(row["number"] for row in last.values() if row["state"] == "open")

    def _events(self) -> dict[str, int]:
        seen = self._seen("revenue")
        for customer in {row["customer"] for row in seen}:
            numbers = [row["sequence"] for row in seen if row["customer"] == customer]
            if numbers != list(range(1, len(numbers) + 1)):
                raise RuntimeError(f"sequence of {customer}: {numbers}")
        return {kind: sum(row["type"] == kind for row in seen) for kind in dict.fromkeys(row["type"] for row in seen)}


def _money(value: Any) -> str:
    return f"{Decimal(str(value)):.2f}"
