"""The group that means credit hold: while it is not there, nobody is shown as free and nobody has left it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from schemas.change import Change
from schemas.contract import load_contract
from schemas.contract import template as template_text
from schemas.names import Side
from streams.checkup.xero import _hold_group
from streams.platforms.interface import Seen
from streams.platforms.xero.translation import sightings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.xero.organisations import Rig

LOSSES = {
    "renamed": ("POST", {"Name": "Credit hold (old)"}),
    "archived": ("POST", {"Status": "DELETED"}),
}


def hold(seen: Seen) -> Any:
    """What the contact's sighting says; "unset" where it says nothing."""
    change = Change(
        tenant="acme", platform="xero", side=Side.ERP, kind=seen.kind, record_id=seen.record_id, version=seen.version,
        seen_at="2026-09-01T00:00:00Z", deleted=seen.deleted, raw=seen.raw,
    )  # fmt: skip
    return sightings(change)[0].fields.get("credit_hold", "unset")


def holds(seen: list[Seen]) -> dict[str, Any]:
    return {each.record_id: hold(each) for each in seen}


async def away(rig: Rig, group: str, how: str) -> None:
    method, body = LOSSES[how]
    await rig.act(method, f"ContactGroups/{group}", body)


@pytest.mark.parametrize("how", LOSSES)
async def test_when_the_group_goes_nobody_has_moved_and_nobody_is_shown_as_free(rig: Rig, how: str):
    held, free = await rig.contact("Held"), await rig.contact("Free")
    group = await rig.group(held)
    seen, cursor = await rig.polled("contact")
    assert holds(seen) == {held: True, free: False}
    await rig.clock.advance(7200)
    _, cursor = await rig.polled("contact", cursor)
    await away(rig, group, how)
    assert (await rig.polled("contact", cursor))[0] == []
    _, cursor = await rig.polled("contact", cursor)
    for each in (held, free):
        await rig.act("POST", f"Contacts/{each}", {"TaxNumber": "7"})
    seen, cursor = await rig.polled("contact", cursor)
    assert holds(seen) == {held: "unset", free: "unset"}
    assert holds(await rig.client.read("contact", [held, free])) == {held: "unset", free: "unset"}


async def test_between_two_polls_a_reading_does_not_believe_that_a_held_contact_is_free(rig: Rig):
    held, free = await rig.contact("Held"), await rig.contact("Free")
    group = await rig.group(held)
    await rig.polled("contact")
    await rig.act("POST", f"ContactGroups/{group}", {"Name": "Credit hold (old)"})
    assert hold((await rig.client.read("contact", [held]))[0]) == "unset"
    await rig.act("POST", f"ContactGroups/{group}", {"Name": "Credit hold"})
    await rig.act("DELETE", f"ContactGroups/{group}/Contacts/{held}")
    client = rig.make()
    async for _ in client.poll("contact", None):
        pass
    await rig.join(group, held)
    assert holds(await client.read("contact", [held, free])) == {held: True, free: False}


async def test_who_left_is_free_at_the_next_reading(rig: Rig):
    held = await rig.contact("Held")
    group = await rig.group(held)
    await rig.polled("contact")
    await rig.act("DELETE", f"ContactGroups/{group}/Contacts/{held}")
    assert hold((await rig.client.read("contact", [held]))[0]) is False


async def test_when_the_group_comes_back_everybody_is_shown_with_what_it_says(rig: Rig):
    stays, leaves, free = [await rig.contact(name) for name in ("Stays", "Leaves", "Free")]
    group = await rig.group(stays, leaves)
    _, cursor = await rig.polled("contact")
    await rig.act("POST", f"ContactGroups/{group}", {"Name": "Credit hold (old)"})
    await rig.clock.advance(7200)
    _, cursor = await rig.polled("contact", cursor)
    young = await rig.contact("Young")
    seen, cursor = await rig.polled("contact", cursor)
    assert holds(seen) == {young: "unset"}
    await rig.act("DELETE", f"ContactGroups/{group}/Contacts/{leaves}")
    await rig.clock.advance(7200)
    _, cursor = await rig.polled("contact", cursor)
    await rig.act("POST", f"ContactGroups/{group}", {"Name": "Credit hold"})
    seen, cursor = await rig.polled("contact", cursor)
    assert holds(seen) == {stays: True, leaves: False, free: False, young: False}
    assert seen[0].record_id == leaves  # who left is news by itself, with Xero's time of the reading
    await rig.clock.advance(7200)
    _, cursor = await rig.polled("contact", cursor)
    assert (await rig.polled("contact", cursor))[0] == []


async def test_a_group_that_was_never_there_says_nothing_until_it_is_made(rig: Rig):
    rig.client = rig.make(hold_group="On stop")
    held, free = await rig.contact("Held"), await rig.contact("Free")
    seen, cursor = await rig.polled("contact")
    assert holds(seen) == {held: "unset", free: "unset"}
    await rig.clock.advance(7200)
    await rig.group(held, name="On stop")
    seen, cursor = await rig.polled("contact", cursor)
    shown = {each.record_id: each.raw["ContactGroups"] for each in seen}
    assert [each["Name"] for each in shown[held]] == ["On stop"]
    assert shown[free] == []


async def test_the_checkup_says_that_the_group_is_missing_and_what_to_do(rig: Rig, tmp_path: Path):
    path = tmp_path / "contract.yaml"
    path.write_text(template_text())
    contract = load_contract(path)
    assert (await _hold_group(rig.client, contract)).ok
    group = await rig.group()
    await rig.act("POST", f"ContactGroups/{group}", {"Name": "Stopped"})
    found = await _hold_group(rig.client, contract)
    assert not found.ok
    assert "nobody can say who is on credit hold" in found.detail
    assert "Stopped" in found.next_step
    assert "make the contact group 'Credit hold' in Xero" in found.next_step
    off = contract.model_copy(update={"guards": contract.guards.model_copy(update={"credit_hold": False})})
    assert (await _hold_group(rig.client, off)).ok
