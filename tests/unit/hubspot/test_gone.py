"""What is gone has the platform's own time, or the last that was seen of it, or none: never our clock's."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from streams.platforms.interface import Seen
from streams.platforms.memory import Memory
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.vendor import Vendor, record, refusal, results

HOURS = [-24, 0, 24]


@pytest.mark.parametrize("hours", HOURS)
async def test_a_deletion_has_hubspots_time_of_it_whatever_our_clock_says(hours: int):
    world = World(skew_hours=hours)
    company = await world.made("companies", name="Gone")
    before = await world.one("company", company)
    world.later(60)
    await world.person(f"companies/{company}", "DELETE")
    world.later(3600)
    gone = await world.one("company", company)
    assert gone.deleted
    assert 60_000 <= gone.version - before.version < 120_000
    await world.person(f"companies/{company}/restore")
    back = await world.one("company", company)
    assert (back.deleted, back.version > gone.version) == (False, True)


async def test_a_record_that_is_shown_late_is_newer_than_its_absence():
    shown: list[dict[str, Any]] = []

    def answer(request: Request, body: Any) -> Response:  # noqa: ARG001 - as the vendor answers
        return results(*(each for each in shown if "archived" not in request.query_params))

    vendor = Vendor(answer)
    (absent,) = await vendor.client.read("product", ["5"])
    assert (absent.deleted, absent.version) == (True, 0)
    shown.append(record("5", updated="2020-01-01T00:00:00Z"))
    (there,) = await vendor.client.read("product", ["5"])
    assert (there.deleted, there.version > absent.version) == (False, True)


async def test_what_the_recycle_bin_does_not_show_has_the_last_version_that_was_seen():
    shown = [record("5", updated="2020-01-01T00:00:00Z")]

    def answer(request: Request, body: Any) -> Response:  # noqa: ARG001 - as the vendor answers
        if "archived" in request.query_params:
            return refusal(400, "archived is not supported here")
        return results(*shown)

    vendor = Vendor(answer)
    (there,) = await vendor.client.read("product", ["5"])
    shown.clear()
    (gone,) = await vendor.client.read("product", ["5"])
    assert (gone.deleted, gone.version) == (True, there.version)


async def test_a_time_before_1970_says_nothing():
    vendor = Vendor(lambda _request, _body: results(record("5", updated="0001-01-01T00:00:00Z")))
    (seen,) = await vendor.client.read("product", ["5"])
    assert seen.version == 0


def test_what_was_longest_unseen_is_forgotten_first():
    memory = Memory(size=2)
    for number, version in (("A", 5), ("b", 7), ("a", 3), ("c", 9)):
        memory.note([Seen("item", number, version, {})])
    assert [memory.version("item", number) for number in ("a", "b", "c", "d")] == [5, 0, 9, 0]
    assert memory.version("contact", "c") == 0
