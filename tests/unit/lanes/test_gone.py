"""A record that is gone: a write that was meant for it asks nobody, and its end is told."""

import pytest

from schemas.fact import GONE
from tests.support.lane import Shift
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
    if step != "recorded" or waited:
        assert set(ends(shift)) == {(before, True)}
