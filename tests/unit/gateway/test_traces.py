from streams.tracing import TRACEPARENT
from tests.support.tracing import CALLER, ReadableSpan, Spans, caused_by
from tests.unit.gateway.callers import Callers, Log

DEAL = {"eventId": 1, "subscriptionType": "deal.propertyChange", "objectId": 101, "propertyName": "amount",
        "propertyValue": "Jane Doe", "occurredAt": 1_788_253_200_000, "attemptNumber": 0}  # fmt: skip


def noted(span: ReadableSpan) -> dict[str, object]:
    return {name.removeprefix("revmark."): value for name, value in (span.attributes or {}).items()}


async def test_a_request_that_is_drawn_carries_its_trace_onto_what_it_asks_for():
    spans, callers = Spans(), Callers()
    callers.gateway.tracer = spans.tracer
    company = {**DEAL, "eventId": 2, "subscriptionType": "company.propertyChange", "objectId": 7}
    assert await callers.hubspot(DEAL, company) == 200
    span = spans.one("webhook hubspot")
    assert noted(span) == {"platform": "hubspot", "events": 2, "records": 2, "answer": 200}
    assert callers.log.headers == [((TRACEPARENT, caused_by(span)),)] * 2
    assert "Jane" not in span.to_json()
    assert "101" not in str(noted(span))


async def test_one_that_is_not_drawn_carries_nothing():
    spans, callers = Spans(share=0.0), Callers()
    callers.gateway.tracer = spans.tracer
    assert await callers.hubspot(DEAL) == 200
    assert callers.log.headers == [()]
    assert spans.names() == []


async def test_what_a_caller_says_of_a_trace_is_not_believed():
    spans, callers = Spans(share=0.0), Callers()
    callers.gateway.tracer = spans.tracer
    body = b"[]"
    headers = [
        *callers.hubspot_headers(body),
        ("traceparent", CALLER.decode()),
    ]
    assert (await callers.send("/webhooks/hubspot", body, headers)).status_code == 200
    assert spans.names() == []


async def test_a_request_that_is_turned_away_says_with_what():
    spans, callers = Spans(), Callers(log=Log(away=True))
    callers.gateway.tracer = spans.tracer
    assert await callers.hubspot(DEAL) == 503
    assert (await callers.send("/webhooks/xero", b"{}", [("content-type", "application/json")])).status_code == 401
    assert noted(spans.one("webhook hubspot"))["answer"] == 503
    assert noted(spans.one("webhook xero")) == {"platform": "xero", "answer": 401}
