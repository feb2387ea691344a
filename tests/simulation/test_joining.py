"""One e-mail address is one contact in HubSpot: who is refused for it, and that the way out which is named is one."""

from collections.abc import Callable

import pytest

from schemas.ledger import LedgerEntry
from schemas.names import Entity
from tests.simulation.planned import Theatre, theatre
from tests.simulation.test_gone import settled
from tests.support.judging import retry

SAM = "sam@tui.example"
ASSOCIATING = "/contacts/companies/batch/associate/default"


def entered(stage: Theatre, name: str, **person: str) -> str:
    """Finance enters a customer with a primary person, who is this one."""
    made = stage.finance.put("Contacts", {"Name": name, "DefaultCurrency": "NZD", **person})
    stage.pass_by(10)
    return f"xero/person/{made['ContactID']}"


def creates(stage: Theatre, address: str = SAM) -> list[LedgerEntry]:
    """What was asked for of people under an address, in order."""
    entries = [each for each in settled(stage).values() if each.command.entity is Entity.CONTACT]
    made = [each for each in entries if each.command.platform == "hubspot" and each.command.kind == "create"]
    return sorted((each for each in made if each.command.fields["email"] == address), key=lambda one: one.command.at)


def people(stage: Theatre, address: str = SAM) -> list[str]:
    return [each["id"] for each in stage.sales.find("contacts", "email", address)]


def companies(stage: Theatre, contact: str) -> list[str]:
    ends = [(row["from"], row["to"]) for row in stage.sales.state()["associations"]]
    return sorted({str(end[1]) for start, end in ends if (str(start[1]), end[0]) == (contact, "0-2")})


def partners(stage: Theatre) -> dict[str, str]:
    """HubSpot's people with Xero's, as they are known to be one."""
    rows = [row for key, row in stage.world.recorded().known.items() if key.startswith("i|")]
    return {row["crm"]: row["erp"] for row in rows if isinstance(row, dict) and row.get("crm") and row.get("erp")}


def say_again(stage: Theatre, entry: LedgerEntry) -> None:
    """What `revmark quarantine replay` says."""
    word, world = retry(entry.command), stage.world
    key = f"{word.tenant}|{word.customer}".encode()
    stage.run(world.broker.produce(world.topics.name(world.topics.facts), key, word.to_bytes(), ()))


def taken_off(stage: Theatre, contact: str, _: LedgerEntry) -> None:
    stage.sales.dissociate("contacts", contact, "companies", stage.cast.companies["Tui"])


def moved(stage: Theatre, contact: str, refused: LedgerEntry) -> None:
    (company,) = refused.command.links.values()
    stage.sales.associate("contacts", contact, "companies", company.rpartition("/")[2])


def readdressed(stage: Theatre, contact: str, _: LedgerEntry) -> None:
    stage.sales.edit("contacts", contact, email="samuel@tui.example")


@pytest.mark.parametrize(
    ("half", "way"),
    [(True, taken_off), (False, moved), (False, readdressed)],
    ids=["taken off", "moved", "readdressed"],
)
def test_the_way_out_that_a_refusal_names_is_one(way: Callable[[Theatre, str, LedgerEntry], None], *, half: bool):
    """`half`: we made the contact; before workers that came anew could associate it, HubSpot did, by its domain."""
    with theatre() as stage:
        stage.run(stage.world.sync())
        tui = stage.cast.companies["Tui"]
        if half:
            stage.sales.fault("status", method="POST", path=ASSOCIATING, params={"status": 423})
        else:
            stage.sales.create("contacts", {"companies": tui}, email=SAM, firstname="Sam", lastname="Heke")
        sam = entered(stage, "Sam Trading", FirstName="Sam", LastName="Heke", EmailAddress=SAM)
        stage.run(stage.world.sync())
        (contact,) = people(stage)
        if half:
            assert creates(stage)[-1].state == "waiting"
            stage.sales.associate("contacts", contact, "companies", tui)
            stage.sales.calm()
            stage.run(stage.world.sync())
        (refused,) = creates(stage)
        assert (refused.state, refused.code) == ("refused", "taken")
        assert companies(stage, contact) == [tui], "nobody is taken from another customer"

        way(stage, contact, refused)
        stage.pass_by(10)
        say_again(stage, refused)
        stage.run(stage.world.sync())
        (now,) = people(stage)
        assert (now == contact) is (way is not readdressed), "nobody is made twice"
        assert partners(stage)[f"hubspot/contact/{now}"] == sam
        (company,) = refused.command.links.values()
        assert company.rpartition("/")[2] in companies(stage, now)
