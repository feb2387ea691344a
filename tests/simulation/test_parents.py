"""Parent companies that pay, over both sandboxes: whoever pays when the bill is made gets it, once."""

from datetime import timedelta
from random import Random

import pytest

from tests.simulation.counter import Sale
from tests.simulation.evidence import violations
from tests.simulation.people import CHILD_TO_PARENT, PARENT
from tests.simulation.planned import Theatre, fulfilled, theatre
from tests.simulation.scenes import Scene, Story
from tests.simulation.trade import CONTRACTS
from tests.simulation.troubles import drawn
from tests.simulation.world import World, run
from tests.support.contracts import contract

OPERATIONS = 24  # deeds: about half a second a story
LINES = [("2", "50.00")]
COMPANY, DEAL = "0-2", "0-3"  # HubSpot's object types
DEEDS = {"crm_company": 2, "crm_deal": 8, "crm_win": 6, "crm_parent": 8, "crm_rename": 2, "crm_person": 1,
         "erp_hold": 1, "erp_payment": 3, "erp_terms": 2}  # fmt: skip


def story(seed: int) -> Story:
    """The story of a seed in which sales keeps changing whose parent a company has, and nobody is merged or deleted."""
    lots, at, scenes = Random(f"parents/{seed}"), 0.0, []
    pause = lots.choice((0.5, 2.0, 10.0))
    for number in range(OPERATIONS):
        at += lots.random() ** 2 * pause
        (kind,) = ["crm_company"] if number < 4 else lots.choices(list(DEEDS), list(DEEDS.values()))
        scenes.append(Scene(round(at, 3), kind, lots.getrandbits(32)))
    scenes += drawn(lots, at) if seed % 2 else []
    return Story(seed, tuple(sorted(scenes, key=lambda scene: scene.at)), "parents")


def bills(world: World) -> list[tuple[str, set[str], set[str], str]]:
    """Our bills: number, the companies whose customer was billed, those that were ever to pay, the company that buys.

    Who was to pay: the parents of the company from the deal's first moment on, itself where it had none. Where nothing
    goes wrong it is heard of within seconds, else at the next poll.
    """
    found, portal = [], world.platforms.portal
    late = timedelta(minutes=5) if world.story.seed % 2 else timedelta(seconds=5)
    ends = [(tuple(each["from"]), tuple(each["to"])) for each in portal.state()["associations"]]
    companies = {row.id: row for row in portal.store.all(portal.catalogue.get("companies"))}
    deals = {row.id: row for row in portal.store.all(portal.catalogue.get("deals"))}
    for bill in world.platforms.invoices():
        if bill["InvoiceNumber"].startswith("RM-"):
            deal = deals[int(bill["InvoiceNumber"].removeprefix("RM-").split("-")[0])]
            (buyer,) = [number for here, (kind, number) in ends if here == (DEAL, deal.id) and kind == COMPANY]
            since = deal.created - late
            named = companies[buyer].history.get(PARENT, [])  # the newest first
            before = [each.value for each in named if each.at < since][:1] or [""]
            to_pay = {each or str(buyer) for each in (*before, *(row.value for row in named if row.at >= since))}
            paid = {str(row.id) for row in companies.values() if row.get("xero_contact_id") == bill["_contact"]}
            found.append((bill["InvoiceNumber"], paid, to_pay, str(buyer)))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_invariants_hold_while_parents_come_and_go(seed: int):
    world = run(story(seed))
    assert violations(world) == {}
    assert [row for row in bills(world) if not row[1] & row[2]] == []


def test_some_bills_of_these_stories_are_a_parents():
    assert [row for row in bills(run(story(16))) if row[3] not in row[1]]


def above(stage: Theatre, child: str, parent: str) -> None:
    """Sales says which company is above another."""
    body = {"to_type": "companies", "to_id": parent, "type_ids": [CHILD_TO_PARENT]}
    stage.sales._do("POST", f"people/companies/{child}/associate", body)  # noqa: SLF001 - a deed of its own


def billed(stage: Theatre, sold: Sale) -> list[str]:
    """The names of the customers at Xero who got a bill of the deal."""
    contacts = {row["ContactID"]: row["Name"] for row in stage.world.platforms.shelf("Contacts")}
    rows = [row for row in stage.world.platforms.invoices() if row["InvoiceNumber"].startswith(f"RM-{sold.deal}")]
    return [contacts[row["_contact"]] for row in rows]


def test_a_parent_gets_the_bill_and_the_mirror_of_it_and_the_child_nothing():
    with theatre(contract=CONTRACTS["parents"]()) as stage:
        child, parent = stage.cast.companies["Tui"], stage.cast.companies["Harakeke"]
        above(stage, child, parent)
        sold = Sale(stage, LINES)
        name = stage.sales.properties("companies", parent)["name"]
        assert billed(stage, sold) == [name]
        (mirror,) = sold.mirrors()
        assert mirror["revmark_invoice_number"] == f"RM-{sold.deal}"
        ends = {tuple(each["to"]) for each in stage.sales.state()["associations"] if each["from"][0] == "0-53"}
        assert (COMPANY, int(parent)) in ends
        assert (COMPANY, int(child)) not in ends
        stage.sales._do("POST", f"people/companies/{child}/dissociate", {"to_type": "companies", "to_id": parent})  # noqa: SLF001
        sold.work()
        assert billed(stage, sold) == [name]
        own = Sale(stage, LINES, name="After the family broke up")
        assert billed(stage, own) == [stage.sales.properties("companies", child)["name"]]


def test_a_plan_foresees_whom_the_bill_goes_to():
    with theatre(contract=CONTRACTS["parents"]()) as stage:
        stage.run(stage.world.sync())
        above(stage, stage.cast.companies["Tui"], stage.cast.companies["Harakeke"])
        deal = stage.sales.create(
            "deals", {"companies": stage.cast.companies["Tui"]}, dealname="Honey", dealstage="contractsent",
            pipeline="default", deal_currency_code="NZD",
        )  # fmt: skip
        stage.sales.create("line_items", {"deals": deal}, name="Honey", quantity="2", price="50.00")
        stage.sales.edit("deals", deal, dealstage="closedwon")
        stage.pass_by(10)
        plan = stage.run(stage.world.plan())
        since = stage.world.hours()
        stage.run(stage.world.sync())
        assert fulfilled(plan, stage.world.written(since)) == []
        assert [write.name for write in plan.writes if f"RM-{deal}" in write.name], plan.writes


HERE = {"billing": {"bill_to": "parent"}, "subsidiary": {"name": "NZ", "crm": "billing_entity"}}


@pytest.mark.parametrize(("buys", "pays", "bills"), [("NZ", "NZ", 1), ("AU", "NZ", 0), ("NZ", "AU", 0)])
def test_neither_a_child_nor_a_payer_of_another_subsidiary_is_ever_billed(buys: str, pays: str, bills: int):
    with theatre(contract=contract(HERE)) as stage:
        child, parent = stage.cast.companies["Tui"], stage.cast.companies["Harakeke"]
        above(stage, child, parent)
        stage.sales.edit("companies", child, billing_entity=buys)
        stage.sales.edit("companies", parent, billing_entity=pays)
        sold = Sale(stage, LINES)
        assert len(billed(stage, sold)) == bills
        assert {each.subsidiary for each in sold.events()} == ({"NZ"} if bills else set())
        if not bills:
            (status,) = sold.shown("order_status")
            assert str(status).startswith("held: the company that ")
