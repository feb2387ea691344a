"""A record that is gone: a write that was meant for it asks nobody, and its end is told."""

from dataclasses import replace

import pytest

from schemas.command import Command
from schemas.fact import GONE
from streams.platforms.interface import Seen, Written
from tests.support.lane import MemoryPlatform, Shift
from tests.support.work import create
from tests.unit.lanes.test_supersession import judged, states, version, with_record


def ends(shift: Shift) -> list[tuple[int, bool]]:
    return [(each.version, each.gone) for each in shift.papers.changes() if each.record_id == "u1" and each.deleted]


@pytest.mark.parametrize("step", [None, "claimed", "called", "answered", "recorded", "produced"])
@pytest.mark.parametrize("waited", [0, 3600])
async def test_a_write_to_a_record_that_is_gone_is_superseded_by_its_end(step: str | None, waited: float):
    shift = with_record()
    wanted, before = judged(shift, 1), version(shift)
    shift.platform.erase("invoice", "u1")
    shift.clock.pass_by(waited)  # so long that it is compared first
    if step and not waited:
        assert not await shift.work(wanted, die_at=step)
        shift.clock.pass_by(30)
    await shift.work(wanted)
    await shift.rest()
    assert states(shift, wanted) == ["superseded"]
    told = {(each.state, each.version, each.code) for each in shift.papers.outcomes(wanted)}
    assert told == {("superseded", before, GONE)}, "as new as what was judged, so that it is believed"
    assert set(ends(shift)) == {(before, True)}


class Unlinked(MemoryPlatform):
    """A platform that makes what it is asked for, and finds no end for its link."""

    def _apply(self, command: Command) -> Written:
        made = super()._apply(command)
        end = Seen("contact", "k1", 0, {}, deleted=True)
        return replace(made, state="refused", code="link_company", message="no such company", seen=[end])


async def test_the_end_of_what_could_not_be_linked_is_told_as_news_of_all_that_is_known_of_it():
    shift = Shift()
    shift.platform = Unlinked(shift.clock)
    await shift.work(create(1))
    (told,) = shift.papers.outcomes()
    assert (told.state, told.code) == ("refused", "link_company")
    assert [(each.kind, each.record_id, each.deleted, each.gone) for each in shift.papers.changes()] == [
        ("contact", "k1", True, True)
    ]
