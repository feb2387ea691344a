"""What recurs: started, renewed, amended for the days that are left, paused, over; and what customers agree to hear."""

from __future__ import annotations

from datetime import date
from functools import partial

from tests.scenarios.agreements import DELIVERED, LOST, PAUSED
from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, holds
from tests.scenarios.playbill import scenario as any_scenario
from tests.scenarios.recurring import billed, lives, says, share, subscribes, weeks
from tests.scenarios.seen import day_of

scenario = partial(any_scenario, contract="prorated")
SEATS = ("2", "50.00")
SOLD = ("order_created", "subscription_started")


def added(customer: Customer, deal: str, week: date) -> Then:
    """The third week has a further bill, of what a third seat is worth for the days that are left of it."""
    return Then("the days that are left are billed", (["", "-2", "-3", "-3.1"], (["its days"], True)), lambda: (
        [part for part, _, _ in customer.bills(deal)], share(customer, f"{deal}-3.1", "50.00", week),
    ))  # fmt: skip


@scenario("A subscription that is sold today: its first week is billed in advance, and the deal says when the next is")
def subscription_started(customer: Customer) -> Play:
    deal = subscribes(customer, customer.today(), SEATS)
    yield billed(customer, deal, 1)
    begins = date.fromisoformat(day_of(customer.invoice(deal)))
    yield says(customer, deal, f"running: weekly, 1 period billed, the next on {weeks(begins, 1)}")
    yield lives(customer, deal, *SOLD)
    yield Then("each week's worth", ["100.00"], lambda: customer.amounts("subscription_started"))


@scenario("A subscription that began weeks ago: each week that has begun is billed once, its fee with the first")
def weeks_billed_once_each(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS, once=("1", "200.00"))
    three = [("", "AUTHORISED", "345.00"), ("-2", "AUTHORISED", "115.00"), ("-3", "AUTHORISED", "115.00")]
    yield Then("three weeks, the fee with the first", three, lambda: customer.bills(deal))
    days = [weeks(since, count).isoformat() for count in range(3)]
    yield Then("each on its day", days, lambda: [
        day_of(customer.invoice(f"{deal}{part}")) for part, _, _ in customer.bills(deal)
    ])  # fmt: skip
    yield says(customer, deal, f"running: weekly, 3 periods billed, the next on {weeks(since, 3)}")
    customer.pays(f"{deal}-2", "115.00")
    yield Then("one is paid", ("115.00", "460.00"), lambda: customer.shown(deal, "amount_paid", "amount_due"))
    yield Then("all in HubSpot", ["", "-2", "-3"], lambda: [row[0] for row in customer.mirrors(deal)])


@scenario("A term of two weeks is followed by another: all four are billed once, and the renewal is told once")
def renewed_by_itself(customer: Customer) -> Play:
    since = customer.ago(24)
    deal = subscribes(customer, since, SEATS, term="2")
    yield billed(customer, deal, 4)
    yield lives(customer, deal, *SOLD, "renewal_booked")
    yield says(customer, deal, f"running: weekly, 4 periods billed, the next on {weeks(since, 4)}")


@scenario("A term ends within days: sales is told of its renewal once, whatever is edited and paid meanwhile")
def renewal_due(customer: Customer) -> Play:
    since = customer.ago(24)
    deal = subscribes(customer, since, SEATS, term="4")
    end = weeks(since, 4)
    told = [f"the term ends on {end}, 100.00 NZD weekly"]
    yield Then("told", (told, str(end)), lambda: (customer.tasks(), customer.trigger(deal, "renew_by")))
    yield billed(customer, deal, 4)
    customer.pays(f"{deal}-4", "115.00")
    customer.amends(deal, quantity="1")
    yield lives(customer, deal, *SOLD, "subscription_amended")
    yield Then("paid", "115.00", lambda: customer.shown(deal, "amount_paid")[0])
    yield Then("told once", told, customer.tasks)


@scenario("A seat more in the middle of a week: the days that are left of it are billed, once, and say which they are")
def amended_with_proration(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    yield billed(customer, deal, 3)
    customer.amends(deal, quantity="3")
    yield added(customer, deal, weeks(since, 2))
    yield lives(customer, deal, *SOLD, "subscription_amended", "subscription_prorated")
    yield Then("four bills posted", 4, lambda: customer.events(deal).count("invoice_posted"))
    yield Then("all in HubSpot", 4, lambda: len(customer.mirrors(deal)))


@scenario("A seat less in the middle of a week: nothing is credited, and the deal says what a person may credit")
def amended_to_less(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    yield billed(customer, deal, 3)
    customer.amends(deal, quantity="1")
    running = f"running: weekly, 3 periods billed, the next on {weeks(since, 3)}; credit "
    yield holds("the deal says so", lambda: customer.shown(deal, "order_status")[0].startswith(running))
    yield billed(customer, deal, 3)
    yield Then("nothing credited", [], lambda: customer.amounts("credit_memo_issued"))


@scenario("A seat more while the customer is on credit hold: it waits, and is billed for its days once that is lifted")
def amended_on_credit_hold(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    yield billed(customer, deal, 3)
    customer.held(on=True)
    yield Then("HubSpot shows the hold", ("true",), lambda: customer.in_hubspot("revmark_credit_hold"))
    customer.amends(deal, quantity="3")
    yield says(customer, deal, f"held: {customer.name} is on credit hold in the ERP")
    yield billed(customer, deal, 3)
    customer.held(on=False)
    yield added(customer, deal, weeks(since, 2))
    yield says(customer, deal, f"running: weekly, 3 periods billed, the next on {weeks(since, 3)}")


@scenario("The deal of a subscription is deleted by mistake, and restored: it goes on, and no week is billed again")
def deleted_and_restored_subscription(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    three = Then("all in HubSpot", 3, lambda: len(customer.mirrors(deal)))
    yield three
    customer.desks.sales.delete("deals", deal)
    yield lives(customer, deal, *SOLD, "subscription_churned")
    customer.desks.sales.restore("deals", deal)
    yield lives(customer, deal, *SOLD, "subscription_churned", "subscription_resumed")
    yield says(customer, deal, f"running: weekly, 3 periods billed, the next on {weeks(since, 3)}")
    yield billed(customer, deal, 3)
    yield three


@scenario("Sales follows a subscription in HubSpot: what a week is worth, when the next is billed, and when it is over")
def subscription_followed(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    following = str(weeks(since, 3))
    yield Then("it runs", [("running", "3", following, "100.00")], lambda: customer.subscription(deal))
    customer.moves(deal, PAUSED)
    yield Then("paused", [("paused", "3", "", "100.00")], lambda: customer.subscription(deal))
    customer.moves(deal, DELIVERED)
    yield Then("it goes on", [("running", "3", following, "100.00")], lambda: customer.subscription(deal))
    customer.moves(deal, LOST)
    yield Then("over", [("ended", "3", "", "100.00")], lambda: customer.subscription(deal))


@scenario("A subscription is paused: a seat more is not billed meanwhile, but from the day on which it is resumed")
def paused_and_resumed(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    yield billed(customer, deal, 3)
    customer.moves(deal, PAUSED)
    yield says(customer, deal, "paused: weekly, 3 periods billed, none that begins meanwhile")
    customer.amends(deal, quantity="3")
    yield lives(customer, deal, *SOLD, "subscription_paused", "subscription_amended")
    yield billed(customer, deal, 3)
    customer.moves(deal, DELIVERED)
    yield added(customer, deal, weeks(since, 2))
    moves = ("subscription_paused", "subscription_amended", "subscription_resumed", "subscription_prorated")
    yield lives(customer, deal, *SOLD, *moves)


@scenario("A subscription is called off: nothing is billed after it, and what was posted stands and is paid")
def called_off_subscription(customer: Customer) -> Play:
    since = customer.ago(17)
    deal = subscribes(customer, since, SEATS)
    yield billed(customer, deal, 3)
    customer.moves(deal, LOST)
    over = "ended: weekly, 3 periods billed, over since "
    yield holds("over", lambda: customer.shown(deal, "order_status")[0].startswith(over))
    yield lives(customer, deal, *SOLD, "subscription_churned")
    customer.amends(deal, quantity="9")
    for part in ("", "-2", "-3"):
        customer.pays(f"{deal}{part}", "115.00")
    yield Then("paid", ("345.00", "0.00"), lambda: customer.shown(deal, "amount_paid", "amount_due"))
    yield Then("nothing more", [("", "PAID", "115.00"), ("-2", "PAID", "115.00"), ("-3", "PAID", "115.00")],
               lambda: customer.bills(deal))  # fmt: skip


@scenario("A customer is thanked after agreeing to it: not for what was paid before, and once for what is paid then")
def thanked_with_consent(customer: Customer) -> Play:
    first, second = customer.wins(SEATS), customer.wins(SEATS)
    for deal in (first, second):
        yield Then("billed", [("", "posted", "115.00", "115.00", "1")], lambda deal=deal: customer.mirrors(deal))
    customer.pays(first, "115.00")
    withheld = ("automation.thanks", "withhold")
    yield holds("not told, and why", lambda: withheld in customer.decided("", label=f"RM-{first}"))
    customer.sales_edits(marketing_consent="yes")
    yield Then("agreed", ["consent_granted"], lambda: customer.told("consent_granted", "consent_withdrawn"))
    payment = customer.pays(second, "115.00")
    yield Then("thanked", [f"thank for RM-{second}"], customer.tasks)
    customer.takes_back(payment)
    yield Then("it bounced", ("posted",), lambda: customer.shown(second, "invoice_status"))
    customer.pays(second, "115.00")
    yield Then("paid again", ("paid",), lambda: customer.shown(second, "invoice_status"))
    yield Then("thanked once", ([f"thank for RM-{second}"], ["", f"RM-{second}"]), lambda: (
        customer.tasks(), [customer.trigger(deal, "thank_you_for") for deal in (first, second)],
    ))  # fmt: skip
