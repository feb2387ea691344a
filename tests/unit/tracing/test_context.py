import asyncio

import pytest

from streams.tracing import TRACEPARENT, Carrier, carried, context_in
from streams.tracing.context import CARRIED
from tests.support.tracing import CALLER, TRACE


def test_what_is_produced_meanwhile_is_of_the_context_and_nothing_before_or_after():
    assert carried() == ()
    with Carrier(CALLER):
        assert carried() == ((TRACEPARENT, CALLER),)
    assert carried() == ()


def test_an_inner_context_goes_before_an_outer_one():
    other = CALLER.replace(b"b7ad", b"b7ae")
    with Carrier(CALLER):
        with Carrier(other):
            assert carried() == ((TRACEPARENT, other),)
        assert carried() == ((TRACEPARENT, CALLER),)


def test_a_span_carries_its_trace_on_to_so_many_records_and_no_more_however_often_it_is_opened():
    carrier = Carrier(CALLER)
    found = []
    for _ in range(CARRIED + 5):
        with carrier:
            found.append(carried())
    assert [bool(each) for each in found] == [True] * CARRIED + [False] * 5


async def test_what_another_task_produces_is_not_of_it():
    async def other() -> None:
        begun.set()
        await going.wait()
        found.append(carried())

    begun, going, found = asyncio.Event(), asyncio.Event(), []
    task = asyncio.create_task(other())
    await begun.wait()
    with Carrier(CALLER):
        going.set()
        await task
    assert found == [()]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        CALLER[:-1],
        CALLER + b"-more",
        CALLER.upper(),
        CALLER.replace(b"-01", b"-00"),  # it was not drawn
        CALLER.replace(TRACE.encode(), b"0" * 32),
        b"01" + CALLER[2:],
        b"\xff" * 55,
    ],
)
def test_a_header_that_is_no_context_of_ours_is_none(content: bytes):
    assert context_in(((TRACEPARENT, content),)) is None


def test_a_context_is_found_beside_other_headers():
    assert context_in((("origin", b"x"), (TRACEPARENT, CALLER))) == CALLER
    assert context_in((("origin", b"x"),)) is None
    assert context_in(()) is None
