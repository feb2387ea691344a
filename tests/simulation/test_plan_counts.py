"""A plan counts what then happens: links, creates, joins, updates, refusals, reviews, and what brakes hold."""

from typing import Any

import pytest

from console.demo.cast import win_deal
from schemas.plan import Plan
from tests.simulation.planned import Theatre, theatre
from tests.simulation.tallies import done, planned, remember
from tests.simulation.test_plan import plan
from tests.support.contracts import contract

LONG = "X" * 60
HONEY = [("HONEY-1", "Manuka honey, 1 kg", "10", "48.50")]


def compared(stage: Theatre) -> Plan:
    """Plan, let the workers do it, and see that both count the same."""
    since = remember(stage.world)
    made = plan(stage)
    stage.run(stage.world.sync())
    assert planned(made) == done(stage.world, since)
    return made


def strangers(stage: Theatre) -> None:
    """People in HubSpot who belong to no company; one of them is also the primary person of a contact in Xero."""
    stage.sales.create("contacts", email="lone@nowhere.example", firstname="Lone")
    stage.sales.create("contacts", email="Known@elsewhere.example", firstname="Other")
    stage.finance.put(
        "Contacts", {"Name": "Elsewhere", "FirstName": "Known", "EmailAddress": "known@elsewhere.example"}
    )
    stage.finance.put("Contacts", {"Name": "Mailless", "FirstName": "Mo", "LastName": "Less"})


def shared(stage: Theatre) -> None:
    """One person in the books of two customers, which HubSpot keeps as one contact of one company."""
    for name in ("Northern Works", "Southern Works"):
        stage.finance.put("Contacts", {"Name": name, "FirstName": "Books", "EmailAddress": "books@keeper.example"})


def namesakes(stage: Theatre) -> None:
    """Companies of one name, of which Xero takes one, and one that was archived there."""
    for number in (1, 2):
        stage.sales.create("companies", name="Twin Works", domain=f"twin{number}.example")
    stage.sales.create("companies", domain="nameless.example")
    gone = stage.finance.put("Contacts", {"Name": "Long gone"})
    stage.finance.post("Contacts", {"ContactID": gone["ContactID"], "ContactStatus": "ARCHIVED"})
    stage.sales.create("companies", name="Long gone", domain="gone.example")


def misfits(stage: Theatre) -> None:
    """Products that Xero has no room for."""
    stage.sales.create("products", name="No code", price="1.00")
    stage.sales.create("products", name="Long code", hs_sku=LONG, price="1.00")
    stage.sales.create("products", name=LONG, hs_sku="LONG", price="1.00")
    for number in (1, 2):
        stage.sales.create("products", name=f"Same code {number}", hs_sku="SAME", price="1.00")


def merged(stage: Theatre) -> None:
    """People whom HubSpot knows by two addresses since a merge: one of a company, and one of none."""
    ends = {"of": {"companies": stage.cast.companies["Tui"]}, "lone": {}}
    for name, of in ends.items():
        first, other = [
            stage.sales.create("contacts", of, email=f"{kind}{name}@keeper.example", firstname=name)
            for kind in ("", "old")
        ]
        stage.sales.merge("contacts", first, other)
    for number, address in enumerate(("oldof", "oldlone", "lone")):
        finance = {"Name": f"Works {number}", "FirstName": "Bo", "EmailAddress": f"{address}@keeper.example"}
        stage.finance.put("Contacts", finance)


WORLDS = {"strangers": strangers, "namesakes": namesakes, "misfits": misfits, "shared": shared, "merged": merged}


@pytest.mark.parametrize("name", WORLDS)
def test_the_first_sync_counts_as_planned(name: str):
    with theatre() as stage:
        WORLDS[name](stage)
        compared(stage)


def test_whoever_is_there_already_is_joined_and_not_made_again():
    with theatre() as stage:
        strangers(stage)
        made = compared(stage)
        (joined,) = [write for write in made.writes if write.action == "join"]
        known = stage.sales.find("contacts", "email", "known@elsewhere.example")[0]["id"]
        assert joined.refs["crm"] == f"hubspot/contact/{known}"
        assert joined.fields == {}, "what people have entered there stays"


def test_who_is_known_by_a_further_address_is_no_create():
    with theatre() as stage:
        merged(stage)
        told = [write for write in compared(stage).writes if write.platform == "hubspot"]
        writes = {write.label: write for write in told if write.label.endswith("@keeper.example")}
        lone, of = [
            f"hubspot/contact/{stage.sales.find('contacts', 'email', f'{name}@keeper.example')[0]['id']}"
            for name in ("lone", "of")
        ]
        assert f"is {of} already, of another company" in writes["oldof@keeper.example"].refused
        (joined,) = [write for write in writes.values() if write.action == "join"]
        assert joined.refs["crm"] == lone
        (other,) = [
            f"{name}@keeper.example" for name in ("oldlone", "lone") if joined.label != f"{name}@keeper.example"
        ]
        assert f"is {lone} already" in writes[other].refused, "two customers do not share one contact"


def test_a_refusal_is_told_with_its_reason():
    with theatre() as stage:
        namesakes(stage)
        misfits(stage)
        refused = {write.label: write.refused for write in compared(stage).writes if write.refused}
        assert "Twin Works is already" in refused["Twin Works"]
        assert "30 characters" in refused["Long code"]


def test_the_next_sync_counts_as_planned():
    with theatre() as stage:
        strangers(stage)
        stage.run(stage.world.sync())
        hold(stage, "Rimu")
        win_deal(stage.sales, stage.cast, "Tui", "Honey for Tui", HONEY)
        win_deal(stage.sales, stage.cast, "Tui", "Nothing for Tui", [])
        rimu = stage.sales.find("companies", "name", "Rimu Books")[0]["id"]
        stage.cast.companies["Rimu"] = rimu
        win_deal(stage.sales, stage.cast, "Rimu", "Honey for Rimu", HONEY)
        stage.sales.edit("companies", stage.cast.companies["Harakeke"], name="Tui Robotics")
        compared(stage)


def hold(stage: Theatre, name: str) -> None:
    group = stage.world.platforms.shelf("ContactGroups")[0]["ContactGroupID"]
    members = {"Contacts": [{"ContactID": stage.cast.contacts[name]}]}
    stage.finance.put(f"ContactGroups/{group}/Contacts", members)


def renamed(stage: Theatre, count: int) -> None:
    for number in range(count):
        record = stage.sales.find("companies", "name", f"Branch {number}")[0]["id"]
        stage.sales.edit("companies", record, name=f"Renamed {number}")


def branches(stage: Theatre) -> None:
    """Five companies that both platforms have."""
    for number in range(5):
        stage.sales.create("companies", name=f"Branch {number}", domain=f"branch{number}.example")
    stage.run(stage.world.sync())


def braked(**more: Any) -> Any:
    return contract({"brakes": [{"about": "company", "records": 2, **more}]})


def test_a_brake_that_would_stop_a_rule_is_told():
    with theatre(contract=braked(rule="owner")) as stage:
        branches(stage)
        renamed(stage, 5)
        made = compared(stage)
        (brake,) = made.brakes
        assert (brake.platform, brake.entity.value, brake.rule) == ("xero", "company", "owner")
        assert (brake.bound, brake.at, brake.held) == (2, 3, 3)
        assert brake.first.startswith("Renamed")
        assert sum(write.held == "owner" for write in made.writes) == 3


def test_what_a_brake_holds_already_is_planned_as_held():
    with theatre(contract=braked(rule="owner")) as stage:
        branches(stage)
        renamed(stage, 4)
        stage.run(stage.world.sync())
        renamed_again = stage.sales.find("companies", "name", "Branch 4")[0]["id"]
        stage.sales.edit("companies", renamed_again, name="Renamed as well")
        (brake,) = compared(stage).brakes
        assert (brake.stopped_before, brake.held) == (True, 3)


def test_a_brake_that_counts_the_first_reading_is_foreseen():
    with theatre(contract=braked(rule="create", first_reading=True)) as stage:
        for number in range(5):
            stage.sales.create("companies", name=f"Branch {number}", domain=f"branch{number}.example")
        since = remember(stage.world)
        made = plan(stage)
        stage.run(stage.world.sync())
        assert {(brake.platform, brake.held) for brake in made.brakes} == {("xero", 4)}
        # Which of them pass depends on who asks first, and so does what follows from it: how many do not.
        of_companies = [
            {key: n for key, n in found.items() if key[0] == "company"}
            for found in (planned(made), done(stage.world, since))
        ]
        assert of_companies[0] == of_companies[1]
