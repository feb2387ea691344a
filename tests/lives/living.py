"""A life as it is lived: sales and finance do what a customer's story says, one deed after the other.

Flows in: a life, both platforms. Flows out: what people type there. Invariant: the deeds and their pauses follow from
the life's seed; a deed for which there is nothing on the books is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal
from random import Random
from typing import Any

from sandbox.xero.balances import amount_due, remaining_credit
from schemas.money import minor_digits
from tests.lives.life import CURRENCIES, DAYS, Life, Line
from tests.simulation.ordering import SHIPPED
from tests.simulation.platforms import Declined, Platforms, Record
from tests.volume.ledgers import LINE_OF, PRIMARY_COMPANY, made

BEGAN = "2026-08-06"  # the first day of what recurs: some weeks before the world, and in the middle of a week
QUOTE_OF, LINE_OF_QUOTE = 64, 68  # HubSpot's types of association: a quote's deal, a line item's quote
LOOK = 30.0  # seconds between two looks at whether a bill is there
LOOKS = 10  # of those, before somebody gives up
PAUSES = (1.0, 15.0, 90.0, 200.0)  # seconds between two deeds: within one poll, and beyond
CENTS = 2  # decimals that Xero keeps of an amount, where the currency has as many or more
MONEY_IN = (("Overpayments", "OverpaymentID"), ("Prepayments", "PrepaymentID"))
CREDITS = (("CreditNotes", "CreditNoteID"), *MONEY_IN)


@dataclass
class Living:
    """One life, as far as it has come."""

    life: Life
    both: Platforms
    lots: Random = field(init=False)
    company: str = ""
    deals: list[str] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=list)
    sold: dict[str, list[tuple[Line, ...]]] = field(default_factory=dict)  # of each deal, as sales has typed it by now
    amended: set[str] = field(default_factory=set)  # invoices that are no longer what was sold
    done: int = 0

    def __post_init__(self) -> None:
        """Draw lots of its own."""
        self.lots = Random(f"living/{self.life.seed}")

    async def live(self) -> None:
        """Do one deed after the other."""
        for name in self.life.deeds:
            await asyncio.sleep(self.lots.choice(PAUSES) + self.lots.random())
            try:
                await getattr(self, name.replace(" ", "_"))()
                self.done += 1
            except Declined:
                continue  # a platform says no, or there is nothing to do it to

    # sales

    async def sell(self) -> None:
        """Meet a customer, and win a first order."""
        name = f"Customer {self.life.seed:06}"
        self.company = await made(self.both, "companies", {
            "name": name, "domain": f"{name.lower().replace(' ', '')}.example", "revmark_currency": self.life.currency,
            "revmark_shipping_street": "1 Quay Street", "revmark_shipping_country": self.life.country,
        })  # fmt: skip
        await self.reorder()

    async def reorder(self) -> None:
        """Win another order of the same customer."""
        ordered = self.life.orders[len(self.deals)]
        deal = await made(self.both, "deals", {
            "dealname": f"Order {self.life.seed:06}-{len(self.deals) + 1}", "dealstage": "contractsent",
            "pipeline": "default", "deal_currency_code": self.life.currency,
        }, self.company, PRIMARY_COMPANY)  # fmt: skip
        parent, kind, more = deal, LINE_OF, dict[str, str]()
        if self.life.trade == "quote":
            parent, kind = await self._quote(deal), LINE_OF_QUOTE
        if self.life.trade == "subscription":
            more = {"recurringbillingfrequency": "weekly", "hs_recurring_billing_start_date": BEGAN}
        self.lines.append([await made(self.both, "line_items", _typed(line, place) | more, parent, kind)
                           for place, line in enumerate(ordered)])  # fmt: skip
        self.deals.append(deal)
        self.sold[deal] = [ordered]
        if self.life.trade == "quote":
            await self._edit("quotes", parent, hs_status="ACCEPTED")
        await self._edit("deals", deal, dealstage="closedwon", **({"closedate": f"{BEGAN}T00:00:00Z"} if more else {}))
        await self._billed()

    async def want_more(self) -> None:
        """The customer wants more of something that recurs."""
        await self._want(lambda quantity: quantity + self.lots.randrange(1, 5))

    async def want_less(self) -> None:
        """The customer wants less of it, and keeps some."""
        await self._want(lambda quantity: quantity / 2)

    async def _want(self, change: Callable[[Decimal], Decimal]) -> None:
        deal, ordered = self.deals[-1], list(self.sold[self.deals[-1]][-1])
        place = self.lots.randrange(len(ordered))
        ordered[place] = replace(ordered[place], quantity=f"{change(Decimal(ordered[place].quantity)):f}")
        self.sold[deal].append(tuple(ordered))
        await self._edit("line_items", self.lines[-1][place], quantity=ordered[place].quantity)

    async def _quote(self, deal: str) -> str:
        """Write a quote of a deal, and send it out."""
        return await made(self.both, "quotes", {
            "hs_title": f"Offer {deal}", "hs_expiration_date": "2026-12-31", "hs_currency": self.life.currency,
            "hs_status": "APPROVAL_NOT_NEEDED",
        }, deal, QUOTE_OF)  # fmt: skip

    async def ship_part(self) -> None:
        """Ship a share of each line."""
        for line, ordered in zip(self.lines[-1], self.life.orders[len(self.deals) - 1], strict=True):
            share = (Decimal(ordered.quantity) * self.lots.randrange(0, 8) / 10).quantize(Decimal("0.1"), ROUND_DOWN)
            await self._edit("line_items", line, **{SHIPPED: f"{share:f}"})

    async def ship(self) -> None:
        """Ship all of it."""
        for line, ordered in zip(self.lines[-1], self.life.orders[len(self.deals) - 1], strict=True):
            await self._edit("line_items", line, **{SHIPPED: ordered.quantity})
        await self._billed()

    async def call_off(self) -> None:
        """The customer calls the order off."""
        await self._edit("deals", self.deals[-1], dealstage="closedlost")

    async def win_again(self) -> None:
        """The customer wants it after all."""
        await self._edit("deals", self.deals[-1], dealstage="closedwon")

    # finance

    async def post(self) -> None:
        """Post what lies as a draft."""
        await self._billed()
        row = self._one([row for row in self._invoices() if row["Status"] == "DRAFT"])
        await self._finance("POST", "Invoices", {"InvoiceID": row["InvoiceID"], "Status": "AUTHORISED"})

    async def bill_by_hand(self) -> None:
        """Type an invoice that no deal knows of, dated as finance likes, with its tax on top or within."""
        await self._bill(self.life.currency)

    async def bill_abroad(self) -> None:
        """Type an invoice in a currency that is not the customer's."""
        await self._bill(self.lots.choice([each for each in CURRENCIES if each != self.life.currency]))

    async def amend(self) -> None:
        """Finance puts another line onto an invoice on which there is no money."""
        row = self._one([row for row in self._open() if self._due(row) == row["Total"]])
        kept = [{"LineItemID": each["LineItemID"]} for each in row["LineItems"]]
        self.amended.add(row["InvoiceID"])
        await self._finance("POST", "Invoices", {
            "InvoiceID": row["InvoiceID"], "LineItems": [*kept, self._line("Freight", row["CurrencyCode"])],
        })  # fmt: skip

    async def redate(self) -> None:
        """Finance moves an invoice on which there is no money to another day."""
        row = self._one([row for row in self._open() if self._due(row) == row["Total"]])
        await self._finance("POST", "Invoices", {"InvoiceID": row["InvoiceID"], "Date": self._day()})

    async def take_back(self) -> None:
        """Finance takes an allocation back."""
        held = {row[key]: kind for kind, key, row in self._credits(CREDITS, ("AUTHORISED", "PAID"))}
        shelf = self.both.organisation.allocations
        row = self._one([row for id_ in held for row in shelf.find("credit", id_) if not row["IsDeleted"]])
        path = f"{held[row['_credit']]}/{row['_credit']}/Allocations/{row['AllocationID']}"
        await self._finance("DELETE", path, None)

    async def pay(self) -> None:
        """The customer pays all that is due."""
        rows = self._open()
        for row in rows or [self._one([])]:
            await self._pay("Invoice", row, self._due(row))

    async def pay_part(self) -> None:
        """The customer pays a share of an invoice."""
        row = self._one(self._open())
        await self._pay("Invoice", row, self._share(self._due(row), row["CurrencyCode"]))

    async def bounce(self) -> None:
        """A payment comes back: finance deletes it."""
        held = {row["InvoiceID"] for row in self._invoices()}
        rows = [row for target in sorted(held) for row in self.both.organisation.payments.find("target", target)]
        row = self._one([row for row in rows if row["Status"] != "DELETED"])
        await self._finance("POST", "Payments", {"PaymentID": row["PaymentID"], "Status": "DELETED"})

    async def overpay(self) -> None:
        """More money comes than is due."""
        await self._money("RECEIVE-OVERPAYMENT")

    async def prepay(self) -> None:
        """Money comes before there is anything to pay."""
        await self._money("RECEIVE-PREPAYMENT")

    async def credit(self) -> None:
        """Finance credits an invoice in full."""
        row = self._one(self._open())
        await self._credit(self._due(row), row)

    async def credit_part(self) -> None:
        """Finance credits a share of an invoice."""
        row = self._one(self._open())
        await self._credit(self._share(self._due(row), row["CurrencyCode"]), row)

    async def credit_loose(self) -> None:
        """Finance writes a credit note, and does nothing with it yet."""
        row = self._one([row for row in self._invoices() if row["Status"] in {"AUTHORISED", "PAID"}])
        await self._credit(self._share(row["Total"], row["CurrencyCode"]), None, row["CurrencyCode"])

    async def use_credit(self) -> None:
        """Finance allocates what is left of a credit note."""
        await self._use(CREDITS[:1])

    async def use_money(self) -> None:
        """Finance allocates money that came before or beyond an invoice."""
        await self._use(MONEY_IN)

    async def refund(self) -> None:
        """All of a credit that is left goes back."""
        kind, key, row = self._credit_left(CREDITS)
        await self._pay(kind.removesuffix("s"), row, self._left(row, key))

    async def refund_part(self) -> None:
        """A share of a credit goes back."""
        kind, key, row = self._credit_left(CREDITS)
        await self._pay(kind.removesuffix("s"), row, self._share(self._left(row, key), row["CurrencyCode"]))

    async def void(self) -> None:
        """Finance voids an invoice on which there is no money."""
        row = self._one([row for row in self._open() if self._due(row) == row["Total"]])
        await self._finance("POST", "Invoices", {"InvoiceID": row["InvoiceID"], "Status": "VOIDED"})

    async def void_credit(self) -> None:
        """Finance voids a credit note that nobody has used."""
        rows = [row for kind, key, row in self._credits(CREDITS[:1]) if self._left(row, key) == row["Total"]]
        row = self._one(rows)
        await self._finance("POST", "CreditNotes", {"CreditNoteID": row["CreditNoteID"], "Status": "VOIDED"})

    # what is on the books

    def stage(self, deal: str) -> str:
        """Where a deal stands; empty: it is not there."""
        row = self.both.portal.store.get(self.both.portal.catalogue.get("deals"), int(deal))
        return "" if row is None else row.values().get("dealstage", "")

    def invoices(self) -> list[Record]:
        """All of the customer's invoices; none where Xero has no such customer."""
        try:
            return self._invoices()
        except Declined:
            return []

    def _contact(self) -> str:
        kind = self.both.portal.catalogue.get("companies")
        record = self.both.portal.store.get(kind, int(self.company))
        contact = record.values().get("xero_contact_id") if record is not None else None
        if not contact:
            raise Declined("no customer at Xero yet")
        return str(contact)

    def _invoices(self) -> list[Record]:
        return list(self.both.organisation.invoices.find("contact", f"ACCREC/{self._contact()}"))

    def _open(self) -> list[Record]:
        return [row for row in self._invoices() if row["Status"] == "AUTHORISED" and self._due(row) > 0]

    def _due(self, row: Record) -> Decimal:
        return amount_due(self.both.organisation, row)

    def _left(self, row: Record, key: str) -> Decimal:
        return remaining_credit(self.both.organisation, row, row[key])

    def _credits(
        self, kinds: Sequence[tuple[str, str]], statuses: Sequence[str] = ("AUTHORISED",)
    ) -> list[tuple[str, str, Record]]:
        contact = self._contact()
        return [
            (kind, key, row) for kind, key in kinds for row in self.both.organisation.shelves[kind]
            if row["_contact"] == contact and row["Status"] in statuses
        ]  # fmt: skip

    def _credit_left(self, kinds: Sequence[tuple[str, str]]) -> tuple[str, str, Record]:
        found = self._credits(kinds)
        if not found:
            raise Declined("there is no credit")
        return self.lots.choice(found)

    async def _billed(self) -> None:
        """Wait until each of the orders has a bill; some never have one."""
        for _ in range(LOOKS):
            try:
                numbers = {row["InvoiceNumber"] for row in self._invoices()}
            except Declined:
                numbers = set()
            if all(f"RM-{deal}" in numbers for deal in self.deals):
                return
            await asyncio.sleep(LOOK)

    # what they come to

    def _price(self, currency: str) -> str:
        amount = Decimal(self.lots.choice((333, 1_999, self.lots.randrange(1, 10**6))))
        return f"{amount.scaleb(-minor_digits(currency)):f}"

    def _share(self, amount: Decimal, currency: str) -> str:
        """Some of it, at least one unit of what Xero keeps."""
        unit = Decimal(1).scaleb(-min(minor_digits(currency), CENTS))
        share = (amount * self.lots.choice((25, 33, 50, 66)) / 100).quantize(unit, ROUND_DOWN)
        return f"{max(unit, share):f}"

    def _day(self) -> str:
        return self.lots.choice(DAYS).format(self.lots.randrange(1, 29))

    def _one(self, rows: list[Record]) -> Record:
        if not rows:
            raise Declined("there is none")
        return self.lots.choice(rows)

    # what is typed

    async def _edit(self, kind: str, record: str, **properties: str) -> None:
        await self.both.sales.do("PATCH", f"people/{kind}/{record}", {"properties": properties})

    async def _finance(self, method: str, path: str, body: Any) -> Any:
        return await self.both.finance.do(method, f"people/{path}", body)

    def _line(self, words: str, currency: str) -> Record:
        return {"Description": words, "Quantity": "1", "UnitAmount": self._price(currency), "AccountCode": "200",
                "TaxType": self.lots.choice(("OUTPUT2", "NONE"))}  # fmt: skip

    async def _bill(self, currency: str) -> None:
        await self._finance("PUT", "Invoices", {
            "Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": self._contact()}, "Date": self._day(),
            "DueDate": "2026-11-20", "CurrencyCode": currency, "LineItems": [self._line("Repair", currency)],
            "LineAmountTypes": self.lots.choice(("Exclusive", "Inclusive", "NoTax")),
        })  # fmt: skip

    async def _pay(self, name: str, row: Record, amount: Decimal | str) -> None:
        await self._finance("PUT", "Payments", {
            name: {f"{name}ID": row[f"{name}ID"]}, "Account": {"Code": bank(row["CurrencyCode"])}, "Date": self._day(),
            "Amount": str(amount),
        })  # fmt: skip

    async def _money(self, kind: str) -> None:
        line = {**self._line("In advance", self.life.currency), "TaxType": "NONE"}
        await self._finance("PUT", "BankTransactions", {
            "Type": kind, "Contact": {"ContactID": self._contact()}, "Date": self._day(), "LineItems": [line],
            "BankAccount": {"Code": bank(self.life.currency)},
        })  # fmt: skip

    async def _credit(self, amount: Decimal | str, invoice: Record | None, currency: str = "") -> None:
        currency = currency if invoice is None else invoice["CurrencyCode"]
        line = {"Description": "Goodwill", "Quantity": "1", "UnitAmount": str(amount), "TaxType": "NONE",
                "AccountCode": "200"}  # fmt: skip
        noted = await self._finance("PUT", "CreditNotes", {
            "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": self._contact()},
            "Date": self._day(), "CurrencyCode": currency, "LineItems": [line],
        })  # fmt: skip
        if invoice is not None:
            number = noted["CreditNotes"][0]["CreditNoteID"]
            await self._allocate(f"CreditNotes/{number}", invoice, amount)

    async def _use(self, kinds: Sequence[tuple[str, str]]) -> None:
        kind, key, row = self._credit_left(kinds)
        invoice = self._one([each for each in self._open() if each["CurrencyCode"] == row["CurrencyCode"]])
        await self._allocate(f"{kind}/{row[key]}", invoice, min(self._left(row, key), self._due(invoice)))

    async def _allocate(self, credit: str, invoice: Record, amount: Decimal | str) -> None:
        body = {"Amount": str(amount), "Date": self._day(), "Invoice": {"InvoiceID": invoice["InvoiceID"]}}
        await self._finance("PUT", f"{credit}/Allocations", body)


def bank(currency: str) -> str:
    """The code of the bank account in a currency."""
    return f"BANK-{currency}"


def _typed(line: Line, place: int) -> dict[str, str]:
    said = {"name": f"Line {place}", "quantity": line.quantity, "price": line.price}
    return (
        said
        | {"hs_position_on_quote": f"{place}"}
        | ({"hs_discount_percentage": line.discount} if line.discount else {})
    )
