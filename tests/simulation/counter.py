"""A counter: sales sells, the warehouse ships, finance's books say what became of it, in a world at work.

Flows in: deals and what is shipped of them. Flows out: each deal's invoices at both platforms, as people read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schemas.revenue import RevenueEvent
from tests.simulation.ordering import SHIPPED
from tests.simulation.planned import Theatre

DEAL, INVOICE = "0-3", "0-53"  # HubSpot's object types


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice in finance's books."""

    number: str
    status: str
    lines: tuple[tuple[str, str], ...]  # description and quantity
    net: Decimal
    tax: Decimal
    total: Decimal


class Sale:
    """One deal, from both screens."""

    def __init__(
        self, stage: Theatre, lines: Iterable[tuple[str, str]], *, name: str = "Honey", won: bool = True, **more: str
    ) -> None:
        """Make a deal of Tui Robotics with lines (quantity, price), win it, and let the workers work."""
        self.stage = stage
        stage.run(stage.world.sync())
        self.deal = stage.sales.create(
            "deals", {"companies": stage.cast.companies["Tui"]},
            dealname=name, dealstage="contractsent", pipeline="default", deal_currency_code="NZD",
        )  # fmt: skip
        self.lines = [
            stage.sales.create("line_items", {"deals": self.deal}, name=f"Line {place}", quantity=quantity,
                               price=price, hs_position_on_quote=str(place), **more)
            for place, (quantity, price) in enumerate(lines)
        ]  # fmt: skip
        self.move("closedwon" if won else "contractsent")

    def move(self, stage: str) -> None:
        """Sales moves the deal."""
        self.stage.sales.edit("deals", self.deal, dealstage=stage)
        self.work()

    def ship(self, *quantities: str | None) -> None:
        """The warehouse says how much of each line has been shipped by now."""
        for line, quantity in zip(self.lines, quantities, strict=False):
            if quantity is not None:
                self.stage.sales.edit("line_items", line, **{SHIPPED: quantity})
        self.work()

    def work(self) -> None:
        """Let a while pass, and the workers work."""
        self.stage.pass_by(10)
        self.stage.run(self.stage.world.sync())

    def bills(self) -> list[Bill]:
        """The deal's invoices at Xero, in the order in which they were made."""
        rows = [row for row in self.stage.finance.invoices() if row["InvoiceNumber"].startswith(f"RM-{self.deal}")]
        return [
            Bill(
                number=row["InvoiceNumber"].removeprefix(f"RM-{self.deal}"),
                status=row["Status"],
                lines=tuple((line["Description"], f"{Decimal(str(line['Quantity'])):f}") for line in row["LineItems"]),
                net=Decimal(str(row["SubTotal"])),
                tax=Decimal(str(row["TotalTax"])),
                total=Decimal(str(row["Total"])),
            )
            for row in rows
        ]

    def mirrors(self) -> list[dict[str, Any]]:
        """The deal's invoices at HubSpot, by number."""
        ends = {each["from"][1] for each in self.stage.sales.state()["associations"]
                if tuple(each["to"]) == (DEAL, int(self.deal)) and each["from"][0] == INVOICE}  # fmt: skip
        rows = [row for row in self.stage.sales.records("invoices") if int(row["id"]) in ends]
        return sorted((row["properties"] for row in rows), key=lambda row: str(row["revmark_invoice_number"]))

    def shown(self, *names: str) -> list[Any]:
        """What the deal shows of its order, without Revmark's prefix."""
        held = self.stage.sales.properties("deals", self.deal)
        return [held.get(f"revmark_{name}") for name in names]

    def told(self) -> list[str]:
        """The types of this deal's revenue events, in order."""
        return [each.type for each in self.events()]

    def events(self) -> list[RevenueEvent]:
        """The revenue events of this deal, in order."""
        world = self.stage.world
        events = [RevenueEvent.from_bytes(each.value) for each in world.all(world.topics.revenue)]
        known = {each.deal for each in events if each.refs.get("crm") == f"hubspot/deal/{self.deal}"}
        return [each for each in sorted(events, key=lambda each: each.sequence) if each.deal in known]
