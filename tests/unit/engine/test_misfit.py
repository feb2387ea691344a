import pytest

from streams.engine.misfit import TOMBSTONES_KEPT, misfit


@pytest.mark.parametrize(
    ("reach", "begin", "end"),
    [
        (None, 0, 0),  # nothing anywhere
        (None, 70, 90),
        (9, 0, 10),  # caught up
        (0, 0, 10),
        (4, 5, 10),  # the next record is the first there is
        (9, 10, 10),  # all of it was removed, and all of it is here
    ],
)
def test_local_state_that_can_be_caught_up(reach: int | None, begin: int, end: int):
    assert misfit(reach, begin, end) is None


@pytest.mark.parametrize(
    ("reach", "begin", "end", "why"),
    [
        (10, 0, 10, "made anew"),
        (0, 0, 0, "made anew"),
        (3, 5, 10, "removed"),
        (3, 10, 10, "removed"),
    ],
)
def test_local_state_that_must_be_rebuilt(reach: int, begin: int, end: int, why: str):
    assert why in str(misfit(reach, begin, end))


def test_local_state_that_was_elsewhere_while_deletions_were_forgotten():
    day = TOMBSTONES_KEPT // 7
    assert misfit(4, 0, 10, age=6 * day) is None
    assert misfit(None, 0, 10, age=8 * day) is None
    assert "until 8.5 days ago" in str(misfit(4, 0, 10, age=17 * day // 2))
    assert misfit(4, 0, 10, age=6 * day + 1)  # catching up takes time as well
