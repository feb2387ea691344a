"""What is gone has the last version that was seen of it, or none: it is never newer than what Xero shows later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.xero.organisations import Rig

NOWHERE = "99999999-9999-4999-8999-999999999999"


@pytest.mark.parametrize("count", [1, 5])
async def test_an_item_that_was_seen_and_is_gone_has_the_version_that_was_seen(rig: Rig, count: int):
    made = [str((await rig.act("PUT", "Items", {"Code": f"W-{each}"}))["ItemID"]) for each in range(count)]
    before = {each.record_id: each.version for each in await rig.client.read("item", made)}
    await rig.clock.advance(3600)
    await rig.act("DELETE", f"Items/{made[0]}")
    gone = {each.record_id: each for each in await rig.client.read("item", [made[0].upper(), *made[1:]])}
    assert gone[made[0].upper()].deleted
    assert gone[made[0].upper()].version == before[made[0]]


@pytest.mark.parametrize("kind", ["item", "contact", "invoice", "credit_note", "payment"])
async def test_a_record_that_is_shown_late_is_newer_than_its_absence(rig: Rig, kind: str):
    await rig.clock.advance(3600)
    (absent,) = await rig.client.read(kind, [NOWHERE])
    assert (absent.deleted, absent.version) == (True, 0)


async def test_a_record_that_a_poll_has_shown_is_known(rig: Rig):
    made = str((await rig.act("PUT", "Items", {"Code": "W-1"}))["ItemID"])
    (seen,), _ = await rig.polled("item")
    await rig.act("DELETE", f"Items/{made}")
    (gone,) = await rig.client.read("item", [made])
    assert (gone.deleted, gone.version) == (True, seen.version)
