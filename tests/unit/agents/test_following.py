"""Which records of a batch are followed, and what goes on with them."""

from collections.abc import Mapping, Sequence

import pytest
from faust.types import TP

from agents.delivery import CHUNK, deliver
from agents.rules.result import Output, Result
from streams.engine import Record, RecordBatch
from streams.engine.record import Headers
from streams.topics import ORIGIN
from streams.tracing import TRACEPARENT, Tracer
from tests.support.shore import Shore, Table
from tests.support.tracing import CALLER, TRACE, Spans, StatusCode, caused_by, parent_of


def step(values: Sequence[bytes | None]) -> Result:
    """A fact and a decision of each record."""
    result = Result()
    for place, value in enumerate(values):
        if value == b"bad":
            result.refuse(place, "Jane Doe's number is wrong")
            continue
        result.outputs += [Output(topic, b"k", value or b"", place) for topic in ("facts", "decisions")]
    return result


async def delivered(
    values: Mapping[int, bytes], traced: Mapping[int, Headers], tracer: Tracer | None, *, away: bool = False
) -> Shore:
    shore = Shore(away=away)
    records = [Record(b"k", value, offset, 0, traced.get(offset, ())) for offset, value in values.items()]
    batch = RecordBatch(shore, TP("t.in", 3), records, epoch=1)  # type: ignore[arg-type] # all that it asks of an app
    table = batch.table(Table())  # type: ignore[arg-type] # all that it asks of a table
    await deliver(batch, table, step, prefix="t.", tracer=tracer, name="capture")
    return shore


def contexts(shore: Shore) -> dict[tuple[str, bytes | None], bytes]:
    found = {}
    for topic, (_, value, headers) in shore.said:
        for name, content in headers:
            if name == TRACEPARENT:
                found[topic, value] = content
    return found


HEADERS: Headers = (("other", b"x"), (TRACEPARENT, CALLER))


async def test_exactly_what_a_traced_record_has_caused_is_of_its_trace():
    spans = Spans()
    values = {offset: b"%d" % offset for offset in range(CHUNK + 20)}
    shore = await delivered(values, {7: HEADERS, CHUNK + 3: HEADERS}, spans.tracer)
    found = spans.all()
    assert [parent_of(span) for span in found] == [f"{TRACE}-b7ad6b7169203331"] * 2
    assert {span.name for span in found} == {"capture"}
    assert contexts(shore) == {
        (topic, value): caused_by(span)
        for span, value in zip(found, (b"7", b"%d" % (CHUNK + 3)), strict=True)
        for topic in ("t.facts", "t.decisions")
    }
    said = dict(found[0].attributes or {})
    assert said.pop("revmark.waited") > 0
    assert said == {
        "revmark.topic": "t.in", "revmark.partition": 3, "revmark.offset": 7,
        "revmark.made.facts": 1, "revmark.made.decisions": 1,
    }  # fmt: skip


async def test_a_traced_fact_still_says_what_it_was_made_of():
    shore = await delivered({1: b"1"}, {1: HEADERS}, Spans().tracer)
    (fact,) = [record for topic, record in shore.said if topic == "t.facts"]
    assert [name for name, _ in fact[2]] == [ORIGIN, TRACEPARENT]


@pytest.mark.parametrize("headers", [(), (("other", b"x"),), ((TRACEPARENT, b"nonsense"),)])
async def test_what_is_not_traced_goes_on_as_it_was(headers: Headers):
    spans = Spans()
    shore = await delivered({1: b"1"}, {1: headers}, spans.tracer)
    assert contexts(shore) == {}
    assert spans.names() == []


async def test_where_tracing_is_off_a_context_is_not_looked_for():
    on, off = Spans(), await delivered({1: b"1"}, {1: HEADERS}, None)
    assert contexts(off) == {}
    traced = await delivered({1: b"1"}, {}, on.tracer)
    assert off.said == traced.said  # to the byte


async def test_a_record_that_is_quarantined_says_so_and_not_why():
    spans = Spans()
    await delivered({1: b"bad"}, {1: HEADERS}, spans.tracer)
    (span,) = spans.all()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "quarantined")
    assert "Jane" not in span.to_json()


async def test_a_span_ends_when_what_it_has_caused_is_durable_and_has_failed_where_that_fails():
    spans = Spans()
    with pytest.raises(ConnectionError):
        await delivered({1: b"1"}, {1: HEADERS}, spans.tracer, away=True)
    (span,) = spans.all()
    assert span.status.description == "ConnectionError"
