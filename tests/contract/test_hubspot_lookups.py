"""Many writes whose answers were lost, looked up in a pretend HubSpot."""

from tests.contract.test_hubspot_writing import COMPANY, INVOICE
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import GUID, command


async def test_many_lost_answers_are_looked_up_together_and_answered_as_one_by_one():
    ann = {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"}
    world = await World().furnish()
    company = await world.made("companies", name="Acme", phone="1")
    gone = await world.made("companies", name="Rata")
    await world.person(f"companies/{gone}", "DELETE")
    there = f"hubspot/company/{company}"
    made = [
        command("company", COMPANY, natural_key=GUID, id="made"),
        command("contact", ann, links={"company": there}, id="linked"),
        command("invoice", INVOICE, natural_key=GUID, links={"company": there}, id="billed"),
    ]
    assert [each.state for each in await world.write(*made)] == ["applied"] * 3
    commands = [
        *made,
        command("company", COMPANY, natural_key=GUID.replace("6", "7"), id="never made"),
        command("contact", ann, links={"company": "hubspot/company/777"}, id="linked elsewhere"),
        command("company", {"phone": "1"}, there, id="shown"),
        command("company", {"phone": "2"}, there, id="shown otherwise"),
        command("company", {"phone": "1"}, f"hubspot/company/{gone}", id="gone"),
        command("company", {"nmae": "x"}, there, id="cannot be written"),
    ]
    alone = {each.id: await world.client.look_up(each) for each in commands}
    before = len(world.calls("/batch/read"))
    together: dict[str, object] = {}
    async for answers in world.client.look_up_many(commands):
        together |= answers
    assert together == alone
    assert {name for name, each in alone.items() if each is not None and each.state == "applied"} == {
        "made", "linked", "billed", "shown",
    }  # fmt: skip
    assert len(world.calls("/batch/read")) - before < len(commands) + 4
