"""What HubSpot is told as an event, on the timeline of a deal."""

from __future__ import annotations

from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, scenario
from tests.scenarios.plays.money import STANDING, billed


@scenario(
    "An invoice that is paid, whose payment bounces and is made again, is told to HubSpot as one event of its deal"
)
def paid_is_one_event(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    customer.pays(deal, "15.00")
    yield Then("a part is paid", ("part_paid", "100.00", "15.00"), lambda: customer.shown(deal, *STANDING))
    yield Then("no event of it", [], lambda: customer.timeline(deal))
    rest = customer.pays(deal, "100.00")
    yield Then("an event", [("invoice_paid", f"RM-{deal}", "115.00")], lambda: customer.timeline(deal))
    customer.takes_back(rest)
    yield Then("owed again", ("part_paid", "100.00", "15.00"), lambda: customer.shown(deal, *STANDING))
    customer.pays(deal, "100.00")
    yield Then("paid again", ("paid", "0.00", "115.00"), lambda: customer.shown(deal, *STANDING))
    yield Then("still one event", [("invoice_paid", f"RM-{deal}", "115.00")], lambda: customer.timeline(deal))
