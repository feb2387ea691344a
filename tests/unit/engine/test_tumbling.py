from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine import Misconfigured, Tumbling

SPAN = st.integers(0, 10_000)


@given(at=st.integers(-(10**15), 10**15), size=st.integers(1, 10**9))
def test_windows_lie_side_by_side(at: int, size: int):
    start = Tumbling(size, retention=0).start(at)
    assert start <= at < start + size
    assert start % size == 0


@given(grace=SPAN, more=SPAN, watermark=st.integers(-20_000, 20_000))
def test_a_window_closes_before_it_expires_and_never_while_its_own_time_is_the_newest(
    grace: int, more: int, watermark: int
):
    windows = Tumbling(100, grace=grace, retention=grace + more)
    assert windows.is_closed(0, watermark) or not windows.is_expired(0, watermark)
    assert not windows.is_closed(windows.start(watermark), watermark)
    assert windows.is_closed(0, 100 + grace)
    assert not windows.is_closed(0, 99 + grace)
    assert windows.is_expired(0, 100 + grace + more)
    assert not windows.is_expired(0, 99 + grace + more)


def test_spans_are_timedeltas_or_milliseconds():
    hours = Tumbling(timedelta(hours=1), grace=timedelta(seconds=1.5), retention=timedelta(days=2), ahead=5)
    assert hours == Tumbling(3_600_000, grace=1500, retention=172_800_000, ahead=5)


def test_windows_that_could_not_work_are_refused():
    with pytest.raises(Misconfigured, match="holds nothing"):
        Tumbling(0, retention=1)
    with pytest.raises(Misconfigured, match="deleted before they close"):
        Tumbling(10, grace=2, retention=1)
    with pytest.raises(Misconfigured, match="ahead is -1"):
        Tumbling(10, retention=1, ahead=-1)
    with pytest.raises(Misconfigured, match="whole number of milliseconds"):
        Tumbling(timedelta(microseconds=1), retention=1)
