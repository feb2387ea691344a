"""A worker that stood still amid a batch, whose commands another worker has settled meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from schemas.errors import Stale
from streams.engine.errors import Revoked
from streams.lanes.lane import Lane
from streams.platforms.interface import Seen
from tables import ledger
from tests.support.lane import CONNECTION, TENANT, MemoryDesk, MemoryPlatform, Papers, Shift
from tests.unit.lanes.test_supersession import judged


class Desk(MemoryDesk):
    """A desk whose batch is another worker's by now, if it is `revoked`."""

    def __init__(self, papers: Papers, *, revoked: bool) -> None:
        """Start from what is durable."""
        super().__init__(papers)
        self.revoked = revoked

    def check(self) -> None:
        """Say whose it is."""
        if self.revoked:
            raise Revoked("its new owner reads it again")


@pytest.mark.parametrize(("revoked", "raised"), [(True, Revoked), (False, Stale)])
async def test_its_batch_is_dropped_and_the_worker_goes_on(*, revoked: bool, raised: type[Exception]):
    shift = Shift()
    shift.platform.put("invoice", "u1", name="v0")
    wanted = judged(shift, 1)
    shift.clock.pass_by(3600)  # so long that its record is read before it is written
    desk = Desk(shift.papers, revoked=revoked)

    class Frozen(MemoryPlatform):
        async def read(self, kind: str, record_ids: Sequence[str]) -> list[Seen]:
            claimed = ledger.claim(desk.ledger, wanted, self.clock())
            ledger.move(desk.ledger, claimed, "applied", at=self.clock())
            return await super().read(kind, record_ids)

    platform = Frozen(shift.clock)
    platform.records = shift.platform.records
    with pytest.raises(raised):
        await Lane(platform, TENANT, CONNECTION, shift.clock).work(desk, [wanted])
    assert platform.applied == []
