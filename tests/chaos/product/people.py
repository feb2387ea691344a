"""People at work on both platforms, at a steady rate, whatever happens to us.

In: a rate, lots. Out: edits through the platforms' own screens; the platforms write down who typed what, and the
recount reads it there. Each field is edited on the side that owns it, so that the last value typed has to win.
"""

import threading
import time
from random import Random  # noqa: TID251 - its seed is an argument
from typing import Any, Self

from console.demo.people import Finance, Sales

__all__ = ["Crowd", "firm"]

LOOK_AROUND = 2.0  # seconds: people see what others made
REST = 20  # times as long as a look took: what there is to see grows, and the work that it makes must not
DEEDS = {"rename": 5, "call": 4, "agree": 5, "meet": 2, "know": 1, "win": 4, "pay": 4}  # how often each


class Crowd:
    """They begin with `start` and have stopped when `stop` returns."""

    def __init__(self, sales: Sales, finance: Finance, rate: float, lots: Random) -> None:
        self._sales, self._finance = sales, finance
        self._rate = rate
        self._lots = lots
        self._over = threading.Event()
        self._failed: BaseException | None = None
        self._looks_at = 0.0  # when they look around again
        self._companies: list[str] = []
        self._contacts: list[str] = []
        self._bills: list[dict[str, Any]] = []
        self._number = 0
        self._turns: dict[tuple[str, str], int] = {}  # when a deed was last done to a record
        self._turn = 0
        self._thread = threading.Thread(target=self._run, name="people", daemon=True)

    def start(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End; what went wrong among the people themselves is raised here."""
        self._over.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        began, done = time.monotonic(), 0
        try:
            while not self._over.wait(max(0.0, began + done / self._rate - time.monotonic())):
                done += 1
                self._look_around()
                name = self._lots.choices(list(DEEDS), list(DEEDS.values()))[0]
                getattr(self, f"_{name}")()
        except BaseException as error:  # noqa: BLE001 - raised by `stop`
            self._failed = error

    def _look_around(self) -> None:
        began = time.monotonic()
        if began < self._looks_at:
            return
        firms, shelves = self._sales.records("companies"), self._finance.shelves()
        self._companies = [row["id"] for row in firms if not _probe(row["properties"].get("name"))]
        self._contacts = [row["ContactID"] for row in shelves["Contacts"] if not _probe(row["Name"])]
        bills = [row for row in shelves["Invoices"] if row["Type"] == "ACCREC" and row["Status"] == "AUTHORISED"]
        self._bills = [row for row in bills if row["AmountDue"]]
        took = time.monotonic() - began
        self._looks_at = began + max(LOOK_AROUND, REST * took)

    def _word(self) -> str:
        self._number += 1
        return f"{self._lots.randrange(16**6):06x}{self._number:05}"

    def _next(self, deed: str, names: list[str]) -> str:
        """The record whose turn it is, longest ago first: the next edit of a field would hide that one was lost."""
        self._lots.shuffle(names)
        name = min(names, key=lambda name: self._turns.get((deed, name), 0))
        self._turn += 1
        self._turns[deed, name] = self._turn
        return name

    def _rename(self) -> None:
        self._sales.edit("companies", self._next("rename", self._companies), name=f"Firm {self._word()}")

    def _call(self) -> None:
        phone = str(self._lots.randrange(2 * 10**6, 9 * 10**6))
        self._sales.edit("companies", self._next("call", self._companies), phone=phone)

    def _agree(self) -> None:
        terms = {"Sales": {"Day": self._lots.randrange(1, 31), "Type": "DAYSAFTERBILLDATE"}}
        self._finance.post("Contacts", {"ContactID": self._next("agree", self._contacts), "PaymentTerms": terms})

    def _meet(self) -> None:
        firm(self._sales, f"Firm {self._word()}")

    def _know(self) -> None:
        self._finance.put("Contacts", {"Name": f"Firm {self._word()}", "DefaultCurrency": "NZD"})

    def _win(self) -> None:
        deal = self._sales.create(
            "deals", {"companies": self._lots.choice(self._companies)},
            dealname=f"Deal {self._word()}", dealstage="contractsent", pipeline="default", deal_currency_code="NZD",
        )  # fmt: skip
        for _ in range(self._lots.randrange(1, 3)):
            quantity, price = str(self._lots.randrange(1, 9)), f"{self._lots.randrange(1, 500)}.10"
            self._sales.create("line_items", {"deals": deal}, name="line", quantity=quantity, price=price)
        self._sales.edit("deals", deal, dealstage="closedwon")

    def _pay(self) -> None:
        if not self._bills:
            return
        bill = self._bills.pop(self._lots.randrange(len(self._bills)))
        part = bill["AmountDue"] if self._lots.random() < 1 / 2 else round(bill["AmountDue"] / 2, 2)
        if part:
            self._finance.put("Payments", {
                "Invoice": {"InvoiceID": bill["InvoiceID"]}, "Account": {"Code": "090"}, "Date": "2026-11-01",
                "Amount": str(part),
            })  # fmt: skip


def firm(sales: Sales, name: str) -> str:
    """Sales meets a firm; returns the company's id."""
    domain = f"{name.lower().replace(' ', '')}.example"
    return sales.create("companies", name=name, domain=domain, revmark_currency="NZD")


def _probe(name: object) -> bool:
    return str(name).startswith("Probe")
