import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.errors import Transient
from tests.support.tracing import AT_ONCE, CALLER, TRACE, Otlp, Spans, StatusCode, caused_by, parent_of

ABOUT = {"service.name": "test"}
PATIENCE = 30.0  # seconds


def test_a_span_is_a_child_of_the_context_that_caused_it_and_links_to_others():
    spans = Spans()
    other = CALLER.replace(b"b7ad", b"b7ae")
    span = spans.tracer.begin("write xero/invoice", parent=CALLER, links=[other], attempts=2)
    assert span is not None
    with span:
        span.set(outcome="applied")
    (found,) = spans.all()
    assert parent_of(found) == f"{TRACE}-b7ad6b7169203331"
    assert [f"{link.context.span_id:016x}" for link in found.links] == ["b7ae6b7169203331"]
    assert dict(found.attributes or {}) == {"revmark.attempts": 2, "revmark.outcome": "applied"}
    assert span.context == caused_by(found)
    assert spans.tracer.counts() == {"sent": 1, "failed": 0, "dropped": 0}


def test_of_traces_a_share_begins_and_what_belongs_to_one_is_always_recorded():
    spans = Spans(share=0.0)
    assert [spans.tracer.begin("webhook xero") for _ in range(50)] == [None] * 50
    child = spans.tracer.begin("capture", parent=CALLER)
    assert child is not None
    child.end()
    assert spans.names() == ["capture"]
    some = Spans(share=0.5)
    drawn = [some.tracer.begin("webhook xero") is not None for _ in range(400)]
    assert 100 < sum(drawn) < 300  # one in ten to the twenty-third that it is not


def test_a_span_whose_body_raises_has_failed_and_says_of_it_no_more_than_its_kind():
    spans = Spans()
    span = spans.tracer.begin("read xero/contact", parent=CALLER)
    assert span is not None
    with pytest.raises(ValueError, match="Jane"), span:
        raise ValueError("Jane Doe's number is wrong")
    (found,) = spans.all()
    assert (found.status.status_code, found.status.description) == (StatusCode.ERROR, "ValueError")
    assert not found.events


def test_a_span_that_is_ended_twice_is_one():
    collector = Collector()
    collector.open.set()
    tracer = Otlp(collector, 1.0, ABOUT, queue=1)
    span = tracer.begin("capture")
    assert span is not None
    span.end()
    span.end()
    tracer.flush()
    ended(tracer, 1)  # nothing holds its place
    tracer.flush()
    assert tracer.counts() == {"sent": 2, "failed": 0, "dropped": 0}


class Collector:
    """Takes spans, once it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.asked = threading.Event()
        self.taken = 0
        self.error: Exception | None = None

    def __call__(self, spans: Sequence[Any]) -> None:
        self.asked.set()
        assert self.open.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        self.taken += len(spans)


def ended(tracer: Otlp, number: int) -> None:
    for _ in range(number):
        span = tracer.begin("capture", parent=CALLER)
        assert span is not None
        span.end()


def test_a_collector_that_hangs_holds_nobody_up_and_what_it_does_not_take_is_dropped_and_counted():
    collector = Collector()
    tracer = Otlp(collector, 1.0, ABOUT, queue=AT_ONCE)
    ended(tracer, AT_ONCE)
    assert collector.asked.wait(PATIENCE)  # it has all of them, and hangs
    ended(tracer, 7)
    assert tracer.counts() == {"sent": 0, "failed": 0, "dropped": 7}
    collector.open.set()
    tracer.flush()
    assert tracer.counts() == {"sent": AT_ONCE, "failed": 0, "dropped": 7}
    ended(tracer, 3)
    tracer.flush()
    assert collector.taken == AT_ONCE + 3


@pytest.mark.parametrize("error", [Transient("nobody answers"), ZeroDivisionError()])
def test_a_collector_that_is_away_is_said_once_and_when_it_is_back(error: Exception, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO", "streams.tracing.otlp")
    collector = Collector()
    collector.open.set()
    collector.error = error
    tracer = Otlp(collector, 1.0, ABOUT)
    for _ in range(3):
        ended(tracer, 1)
        tracer.flush()
    collector.error = None
    ended(tracer, 1)
    tracer.flush()
    assert tracer.counts() == {"sent": 1, "failed": 3, "dropped": 0}
    said = [record.message for record in caplog.records if record.name == "streams.tracing.otlp"]
    why = "nobody answers" if isinstance(error, Transient) else "ZeroDivisionError"
    assert said == [f"spans are not taken, and are lost until they are: {why}", "spans are taken again"]


def test_whoever_closes_waits_no_longer_than_it_said_for_a_collector_that_hangs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("streams.tracing.otlp.CLOSE_SECONDS", 0.05)
    collector = Collector()
    tracer = Otlp(collector, 1.0, ABOUT)
    ended(tracer, 1)
    tracer.close()
    assert "traces-close" in [thread.name for thread in threading.enumerate()]  # it waits on, for itself
    assert collector.taken == 0
    collector.open.set()


def test_the_last_spans_are_sent_on_closing():
    collector = Collector()
    collector.open.set()
    tracer = Otlp(collector, 1.0, ABOUT)
    ended(tracer, 3)
    tracer.close()
    deadline = time.monotonic() + PATIENCE
    while collector.taken < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert collector.taken == 3
    ended(tracer, 1)  # what ends later is lost, and nobody hears of it
