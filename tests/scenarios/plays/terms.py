"""Terms that end by themselves or by hand, and amendments that wait for the next week."""

from __future__ import annotations

from functools import partial

from tests.scenarios.agreements import DELIVERED, PAUSED
from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then
from tests.scenarios.playbill import scenario as any_scenario
from tests.scenarios.recurring import billed, lives, says, subscribes, weeks
from tests.simulation.ordering import PAYMENTS

scenario = partial(any_scenario, contract="whole_periods")
SEATS = ("2", "50.00")
SOLD = ("order_created", "subscription_started")


@scenario("A term of two weeks that nobody renews: both are billed, and nothing after its end")
def term_ends(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS, term="2")
    yield billed(customer, deal, 2)
    yield says(customer, deal, f"ended: weekly, 2 of 2 periods billed, over since {weeks(since, 2)}")
    yield lives(customer, deal, *SOLD, "subscription_churned")
    customer.pays(f"{deal}-2", "115.00")
    yield Then("what was billed is paid", "115.00", lambda: customer.shown(deal, "amount_paid")[0])
    yield Then("no third", ["", "-2"], lambda: [part for part, _, _ in customer.bills(deal)])


@scenario("A term that has ended is renewed with a seat more: what has begun meanwhile is billed as agreed now")
def renewed_by_hand(customer: Customer) -> Play:
    since = customer.ago(24)
    deal = subscribes(customer, since, SEATS, term="2")
    yield billed(customer, deal, 2)
    yield says(customer, deal, f"ended: weekly, 2 of 2 periods billed, over since {weeks(since, 2)}")
    customer.amends(deal, quantity="3", **{PAYMENTS: "5"})
    four = [("", "115.00"), ("-2", "115.00"), ("-3", "172.50"), ("-4", "172.50")]
    yield Then("the new term", four, lambda: [(part, total) for part, _, total in customer.bills(deal)])
    yield lives(customer, deal, *SOLD, "subscription_churned", "renewal_booked")
    yield says(customer, deal, f"running: weekly, 4 of 5 periods billed, the next on {weeks(since, 4)}")


@scenario("A seat more without proration: nothing is billed before the next week, and what was posted stands")
def amended_without_proration(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    yield billed(customer, deal, 3)
    customer.amends(deal, quantity="3")
    yield lives(customer, deal, *SOLD, "subscription_amended")
    yield Then("a week's worth from now on", ["150.00"], lambda: customer.amounts("subscription_amended"))
    yield billed(customer, deal, 3)
    yield says(customer, deal, f"running: weekly, 3 periods billed, the next on {weeks(since, 3)}")


@scenario("A subscription is paused and wanted again: nothing is billed by that, and it goes on with the next week")
def paused_without_amendment(customer: Customer) -> Play:
    since = customer.ago(10)
    deal = subscribes(customer, since, SEATS, term="4")
    yield billed(customer, deal, 2)
    customer.moves(deal, PAUSED)
    yield says(customer, deal, "paused: weekly, 2 of 4 periods billed, none that begins meanwhile")
    customer.moves(deal, DELIVERED)
    yield says(customer, deal, f"running: weekly, 2 of 4 periods billed, the next on {weeks(since, 2)}")
    yield lives(customer, deal, *SOLD, "subscription_paused", "subscription_resumed")
    yield billed(customer, deal, 2)


@scenario("A customer has given notice: nothing is billed from that day on; the notice is taken back, and it goes on")
def notice_given_and_taken_back(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS, contract_end=weeks(since, 1).isoformat())
    yield billed(customer, deal, 1)
    yield says(customer, deal, f"ended: weekly, 1 period billed, over since {weeks(since, 1)}")
    customer.desks.sales.edit("deals", deal, contract_end="")
    yield billed(customer, deal, 3)
    yield lives(customer, deal, *SOLD, "subscription_churned", "subscription_resumed")


@scenario("A subscription that is sold on credit hold is billed from the week in which the hold is lifted")
def sold_on_credit_hold(customer: Customer) -> Play:
    customer.held(on=True)
    yield Then("HubSpot shows the hold", ("true",), lambda: customer.in_hubspot("revmark_credit_hold"))
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    yield says(customer, deal, f"held: {customer.name} is on credit hold in the ERP")
    customer.held(on=False)
    yield Then("the third week", [("-3", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    yield lives(customer, deal, *SOLD)


@scenario("Lines of two rhythms on one deal: it is held and says so, and billed once they are one")
def two_rhythms(customer: Customer) -> Play:
    since = customer.ago(10)
    deal = subscribes(customer, since, SEATS, ("1", "20.00"))
    yield billed(customer, deal, 2, "138.00")
    customer.amends(deal, 1, recurringbillingfrequency="monthly")
    why = "its recurring lines differ in frequency, start or term: give each kind a deal of its own"
    yield says(customer, deal, f"held: {why}")
    customer.amends(deal, 1, recurringbillingfrequency="weekly")
    yield says(customer, deal, f"running: weekly, 2 periods billed, the next on {weeks(since, 2)}")
    yield billed(customer, deal, 2, "138.00")


@scenario("A week whose bill finance voids is not billed again; the other weeks stand")
def week_voided(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    yield billed(customer, deal, 3)
    customer.sets_status(f"{deal}-2", "VOIDED")
    yield Then("void in HubSpot", ["posted", "voided", "posted"], lambda: [row[1] for row in customer.mirrors(deal)])
    yield Then("what is owed", "230.00", customer.balance)
    yield Then("not made again", [("", "AUTHORISED"), ("-2", "VOIDED"), ("-3", "AUTHORISED")],
               lambda: [(part, status) for part, status, _ in customer.bills(deal)])  # fmt: skip
