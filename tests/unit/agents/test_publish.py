from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.steps.publish import Publish
from schemas.revenue import RevenueEvent
from tables.view import MemoryView
from tests.support.judging import START


def event(name: str, customer: str = "company:1") -> RevenueEvent:
    """An occurrence."""
    return RevenueEvent(
        id=name, type="invoice_posted", tenant="main", customer=customer, day="2026-09-01", occurred_at=START
    )


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["company:1", "company:2"])), max_size=30))
def test_each_event_comes_out_once_and_its_customers_numbers_have_no_gap(arrivals: list[tuple[str, str]]):
    published = MemoryView()
    out: dict[str, list[RevenueEvent]] = {}
    for name, customer in arrivals:
        result = Publish()([event(name, customer).to_bytes()], published)
        assert sum(result.counts.values()) == 1
        for output in result.outputs:
            assert (output.topic, output.key) == ("revenue", f"main|{customer}".encode())
            out.setdefault(customer, []).append(RevenueEvent.from_bytes(output.value))
    for customer, events in out.items():
        assert [one.sequence for one in events] == list(range(1, len(events) + 1))
        assert [one.id for one in events] == list(dict.fromkeys(n for n, who in arrivals if who == customer))


def test_what_is_no_event_is_refused_and_leaves_no_gap():
    published = MemoryView()
    result = Publish()([event("a").to_bytes(), b"{}", None, event("b").to_bytes()], published)
    assert [index for index, _ in result.refused] == [1, 2]
    assert [RevenueEvent.from_bytes(output.value).sequence for output in result.outputs] == [1, 2]


def test_an_event_says_the_same_when_it_is_published_except_its_number():
    (output,) = Publish()([event("a").to_bytes()], MemoryView()).outputs
    assert RevenueEvent.from_bytes(output.value) == event("a").model_copy(update={"sequence": 1})
